"""A batch of coupon codes."""

from typing import Annotated, Literal

from msgspec import Meta

from queqiao.decide.promotions.documents.bounds import Count, Document, Name, Names

Days = Annotated[int, Meta(ge=1, le=3_660)]
ReturnRule = Literal["never", "if_unexpired", "always"]


class PersonalCoupons(Document, frozen=True):
    """Coupons that belong to customers (领券、发券): a code is good for who holds it alone.

    - ``per_customer``: how many of the batch one customer may have, claimed or given.
    - ``claimable``: customers claim them, from ``claim_starts_at`` to before ``claim_ends_at``,
      those in one of ``segments_any`` if it names any. Otherwise they are only given out.
    - ``valid_days``: how long one is good, from when it is had to the end of that hour; never
      longer than the batch.
    """

    per_customer: Count = 1
    claimable: bool = True
    claim_starts_at: str | None = None
    claim_ends_at: str | None = None
    segments_any: Names = ()
    valid_days: Days | None = None


class CouponBatchDocument(Document, frozen=True, omit_defaults=False):
    """A batch of codes: ``count`` made from the system's key, or the listed ``codes``.

    - ``uses_per_customer`` null means that only the other limits hold.
    - ``personal``: codes belong to customers; null: a code is good for whoever knows it.
    - ``lock_minutes``: how long an unpaid order holds a code.
    - ``return_on_refund``: whether a refunded order gives its use back; ``always`` also when the
      coupon has expired meanwhile. A personal coupon is then good for at least
      ``return_valid_days`` more.
    """

    name: Name
    prefix: Annotated[str, Meta(max_length=16, pattern="^[A-Za-z0-9-]*$")] = ""
    count: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None
    codes: (
        Annotated[
            tuple[
                Annotated[str, Meta(min_length=3, max_length=40, pattern="^[A-Za-z0-9_-]*$")], ...
            ],
            Meta(max_length=100_000),
        ]
        | None
    ) = None
    uses_per_code: Count = 1
    uses_per_customer: Count | None = 1
    uses_total: Count | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    personal: PersonalCoupons | None = None
    lock_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 15
    return_on_refund: ReturnRule = "if_unexpired"
    return_valid_days: Days | None = None
