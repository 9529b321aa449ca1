"""The calculation profile: how amounts are rounded, spread and stacked."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, field

from queqiao.decide.promotions.documents.bounds import Amount, Count, Document, Name

Rounding = Literal["half_up", "half_down", "half_even", "down", "up", "none"]
Layer = Literal["price", "line", "order", "cross_shop", "coupon", "points", "shipping"]
LAYERS: tuple[Layer, ...] = (
    "price",
    "line",
    "order",
    "cross_shop",
    "coupon",
    "points",
    "shipping",
)
Among = Literal["all", "best", "least", "first"]
"""Which of several promotions give: all of them in turn, the one that gives most or least, or the
first that gives anything.
"""


class Profile(Document, frozen=True):
    """How promotions are reckoned.

    - ``rounding``: of a percent discount to minor units. ``none`` rounds no single promotion: what
      is cut off is carried to the next percent promotion, so the sum is the exact one cut once.
    - ``remainder``: which lines and units get the spare minor units of a spread.
    - ``base``: conditions and benefits read the ``running`` total or the ``original`` price.
    - ``exclusivity``: ``first_exclusive_wins``: the first exclusive promotion that holds stands
      alone. ``by_priority``: it stops those after it, and gives way to those before it.
    - ``priority``: which number comes first. Equal numbers go by id.
    - ``minimum_price``: what a line may not give is taken by the others (``redistribute``) or is
      not given (``cap``).
    - ``selection``: all in ``sequence``; the ``best_in_group`` of each group and layer; or the
      ``best_combination`` for the shopper.
    - ``layers``: their order. A promotion that names no layer stands in that of its benefit.
    - ``layer_among`` and ``group_among``: which promotions of one layer or of one group give;
      without mention, all of a layer, and of a group as ``selection`` says: all in sequence, else
      the best one.
    - ``one_per_unit``: layers in which a unit takes part in one promotion at most. With
      ``layer_among`` best, each line takes the one that gives most on it.
    - ``at_most``, ``layer_at_most``, ``group_at_most``: how many promotions may give in all, of a
      layer, of a group.
    - ``tax``: prices include it, or it comes on top; ``tax_rates`` in percent by tax category,
      ``tax_rate`` for goods without one, ``shipping_tax_rate`` for delivery; ``tax_level``: where
      it is rounded.
    - ``line_cap_percent``: no line gives more than this share of its original price, in all;
      ``order_cap_percent`` and ``order_cap`` bound the discount of the whole order.
    """

    rounding: Rounding = "half_up"
    remainder: Literal["first", "last", "largest_fraction"] = "largest_fraction"
    base: Literal["running", "original"] = "running"
    exclusivity: Literal["first_exclusive_wins", "by_priority"] = "by_priority"
    priority: Literal["high_first", "low_first"] = "high_first"
    minimum_price: Literal["redistribute", "cap"] = "redistribute"
    selection: Literal["sequence", "best_in_group", "best_combination"] = "sequence"
    layers: tuple[Layer, ...] = LAYERS
    layer_among: dict[Layer, Among] = field(default_factory=dict)
    group_among: Annotated[dict[Name, Among], Meta(max_length=1_000)] = field(default_factory=dict)
    one_per_unit: Annotated[tuple[Layer, ...], Meta(max_length=7)] = ()
    at_most: Count | None = None
    layer_at_most: dict[Layer, Count] = field(default_factory=dict)
    group_at_most: Annotated[dict[Name, Count], Meta(max_length=1_000)] = field(
        default_factory=dict
    )
    tax: Literal["inclusive", "exclusive"] = "inclusive"
    tax_rate: Decimal = Decimal(0)
    tax_rates: Annotated[dict[Name, Decimal], Meta(max_length=1_000)] = field(default_factory=dict)
    shipping_tax_rate: Decimal = Decimal(0)
    tax_level: Literal["unit", "line", "total"] = "line"
    line_cap_percent: Decimal | None = None
    order_cap_percent: Decimal | None = None
    order_cap: Amount | None = None


class ProfileDocument(Profile, frozen=True, kw_only=True):
    """A profile that is stored: questions name it by its id."""

    name: Name
