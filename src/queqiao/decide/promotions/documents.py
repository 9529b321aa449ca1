"""The types of promotions, coupon batches and calculation profiles, as operators write them.

Amounts are integers in minor units of the cart's currency. Times are RFC 3339.
"""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

AMOUNT_MAX = 10**12
"""Bound of one amount in a rule: ten thousand million yuan is a slip of the keyboard."""

Amount = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
Count = Annotated[int, Meta(ge=1, le=10**9)]
Share = Annotated[int, Meta(ge=0, le=100)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Names = Annotated[tuple[Name, ...], Meta(max_length=10_000)]


class _Document(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a document: an unknown field is a slip, so it is refused by its path."""


class Scope(_Document, frozen=True):
    """The goods that a promotion reads and discounts: a line that any list names is in it.

    All lists empty: every line.
    """

    skus: Names = ()
    categories: Names = ()
    brands: Names = ()
    shops: Names = ()
    tags: Names = ()


class Condition(_Document, frozen=True):
    """What must hold. Subtotal and quantity are of the goods in scope; lists mean any of them."""

    subtotal_at_least: Amount | None = None
    quantity_at_least: Count | None = None
    segments_any: Names = ()
    channels_any: Names = ()


class Tier(_Document, frozen=True):
    """满 ``at_least`` 减 ``discount``, both in minor units."""

    at_least: Amount
    discount: Amount


class ThresholdBenefit(_Document, frozen=True, tag_field="type", tag="threshold"):
    """满减: the highest tier reached; with ``repeat`` (每满) its one tier as often as it fits."""

    tiers: Annotated[tuple[Tier, ...], Meta(min_length=1, max_length=50)]
    repeat: bool = False
    cap: Amount | None = None


class PercentBenefit(_Document, frozen=True, tag_field="type", tag="percent"):
    """``percent`` off, an exact decimal such as ``"12.5"``; at most ``cap`` (封顶)."""

    percent: Decimal
    cap: Amount | None = None


class FixedBenefit(_Document, frozen=True, tag_field="type", tag="fixed"):
    """``amount`` off, at most what the goods in scope cost."""

    amount: Amount


Benefit = ThresholdBenefit | PercentBenefit | FixedBenefit


class Limits(_Document, frozen=True):
    """How often it may be used, in all and by one customer. Counted when a coupon is redeemed."""

    total: Count | None = None
    per_customer: Count | None = None


class Funding(_Document, frozen=True):
    """Who pays, in whole percent that sum to 100."""

    platform: Share = 100
    shop: Share = 0
    brand: Share = 0


class PromotionDocument(_Document, frozen=True):
    """One promotion. With ``code_batch`` it needs a code of that coupon batch."""

    name: Name
    benefit: Benefit
    starts_at: str | None = None
    ends_at: str | None = None
    priority: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] = 0
    exclusive: bool = False
    scope: Scope = Scope()
    condition: Condition = Condition()
    code_batch: Name | None = None
    currency: Name | None = None
    limits: Limits = Limits()
    funding: Funding = Funding()


class InlinePromotion(PromotionDocument, frozen=True):
    """A promotion given with a question instead of stored; without ``id`` it goes by its place."""

    id: Name | None = None


class CouponBatchDocument(_Document, frozen=True):
    """A batch of codes: ``count`` made from the system's key, or the listed ``codes``.

    ``uses_per_customer`` null means that only the other limits hold.
    """

    name: Name
    prefix: Annotated[str, Meta(max_length=16, pattern="^[A-Za-z0-9-]*$")] = ""
    count: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
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


Rounding = Literal["half_up", "half_down", "half_even", "down", "up", "none"]
Layer = Literal["promotion", "coupon"]


class Profile(_Document, frozen=True):
    """The calculation profile: how amounts are rounded, spread and stacked.

    - ``rounding``: of a percent discount to minor units. ``none`` rounds no single promotion: what
      is cut off is carried to the next percent promotion, so the sum is the exact one cut once.
    - ``remainder``: which lines and units get the spare minor units of a spread.
    - ``base``: conditions and benefits read the ``running`` total or the ``original`` price.
    - ``exclusivity``: ``first_exclusive_wins``: the first exclusive promotion that holds stands
      alone. ``by_priority``: it stops those after it, and gives way to those before it.
    - ``priority``: which number comes first. Equal numbers go by id.
    - ``minimum_price``: what a line may not give is taken by the others (``redistribute``) or is
      not given (``cap``).
    - ``selection``: all in ``sequence``, or the ``best_combination`` for the shopper.
    - ``layers``: promotions without and with a code, in this order.
    - ``tax``: prices include it.
    """

    rounding: Rounding = "half_up"
    remainder: Literal["first", "last", "largest_fraction"] = "largest_fraction"
    base: Literal["running", "original"] = "running"
    exclusivity: Literal["first_exclusive_wins", "by_priority"] = "by_priority"
    priority: Literal["high_first", "low_first"] = "high_first"
    minimum_price: Literal["redistribute", "cap"] = "redistribute"
    selection: Literal["sequence", "best_combination"] = "sequence"
    layers: tuple[Layer, ...] = ("promotion", "coupon")
    tax: Literal["inclusive"] = "inclusive"
