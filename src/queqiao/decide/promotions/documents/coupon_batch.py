"""A batch of coupon codes."""

from typing import Annotated

from msgspec import Meta

from queqiao.decide.promotions.documents.bounds import Count, Document, Name


class CouponBatchDocument(Document, frozen=True, omit_defaults=False):
    """A batch of codes: ``count`` made from the system's key, or the listed ``codes``.

    ``uses_per_customer`` null means that only the other limits hold.
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
