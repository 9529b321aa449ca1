"""What a promotion gives: one type for each kind of benefit."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from queqiao.decide.promotions.documents.bounds import Amount, Count, Document, Name, Price
from queqiao.decide.promotions.documents.scope import Scope

Level = Literal["order", "line", "unit"]
"""Where an amount is reckoned and rounded: once for all goods in scope, on each line, each unit."""

UnitChoice = Literal["cheapest", "dearest"]
Times = Annotated[int, Meta(ge=1, le=100_000)]
Units = Annotated[int, Meta(ge=1, le=1_000)]


class Pick(Document, frozen=True):
    """Only so many units, the cheapest or the dearest by what they still cost.

    ``within``: so many of the ``scope``, of each ``sku`` (限购: further ones at their usual price),
    or of each ``line``.
    """

    units: UnitChoice
    count: Units = 1
    within: Literal["scope", "sku", "line"] = "scope"


class Tier(Document, frozen=True):
    """满 ``at_least`` 减 ``discount`` (minor units), or ``percent`` off, or 阶梯价: one of them.

    With ``price`` (阶梯价) each unit costs it; one that costs less stays as it is.
    ``at_least`` is in minor units, or in units of goods where the benefit measures quantity.
    """

    at_least: Amount
    discount: Amount | None = None
    percent: Decimal | None = None
    price: Price | None = None


class ThresholdBenefit(Document, frozen=True, tag_field="type", tag="threshold"):
    """满减, 满折, 阶梯价: the highest tier reached; ``repeat`` (每满): one, as often as it fits.

    ``measure``: what the tiers compare: the ``amount`` of the goods in scope or their ``quantity``.
    ``cap`` bounds the discount in all.
    """

    tiers: Annotated[tuple[Tier, ...], Meta(min_length=1, max_length=50)]
    repeat: bool = False
    cap: Amount | None = None
    measure: Literal["amount", "quantity"] = "amount"


class PercentBenefit(Document, frozen=True, tag_field="type", tag="percent"):
    """``percent`` off, an exact decimal such as ``"12.5"``; at most ``cap`` (封顶)."""

    percent: Decimal
    cap: Amount | None = None
    level: Level = "order"
    pick: Pick | None = None


class FixedBenefit(Document, frozen=True, tag_field="type", tag="fixed"):
    """``amount`` off, at most what the goods cost: of the order, of each line or of each unit."""

    amount: Amount
    level: Level = "order"
    pick: Pick | None = None
    cap: Amount | None = None


class FixedPriceBenefit(Document, frozen=True, tag_field="type", tag="fixed_price"):
    """Each unit in scope costs ``price``; one that already costs less stays as it is."""

    price: Price
    pick: Pick | None = None


class PriceListBenefit(Document, frozen=True, tag_field="type", tag="price_list"):
    """Prices by SKU (会员价, 渠道价); one that already costs less stays as it is."""

    prices: Annotated[dict[Name, Price], Meta(min_length=1, max_length=50_000)]
    pick: Pick | None = None


class NthUnitBenefit(Document, frozen=True, tag_field="type", tag="nth_unit"):
    """第 N 件 N 折: ``percents`` off the first, second … unit of a group; then the next group.

    ``["0", "50"]``: the second at half price. Units stand in the order of ``arrange`` by what they
    still cost, so that with ``dearest_first`` the discount falls on the cheaper ones. ``within``:
    units of one SKU make a group, or any units in scope. Without ``repeat`` only the first group
    is discounted, and the last percent holds for all units beyond it where ``last_goes_on``.
    """

    percents: Annotated[tuple[Decimal, ...], Meta(min_length=2, max_length=20)]
    repeat: bool = True
    last_goes_on: bool = False
    arrange: Literal["dearest_first", "cheapest_first"] = "dearest_first"
    within: Literal["scope", "sku"] = "scope"


class BuyGetBenefit(Document, frozen=True, tag_field="type", tag="buy_get"):
    """买 X 送 Y: for ``buy`` units, ``get`` units at ``percent`` off (100: free) or at ``price``.

    ``get_goods`` None: units of the scope itself, or with ``same_sku`` of the SKU that was bought.
    Bought units are the dearest, given units the ``choose`` ones by what they still cost. What is
    given must be in the cart; goods that the shop adds by itself are a ``gift``.
    """

    buy: Units
    get: Units
    percent: Decimal = Decimal(100)
    price: Price | None = None
    get_goods: Scope | None = None
    same_sku: bool = False
    choose: UnitChoice = "cheapest"
    times_max: Times | None = None


class BundleItem(Document, frozen=True):
    """A place in a bundle: so many units of any of these goods."""

    goods: Scope = Scope()
    quantity: Units = 1


class BundleBenefit(Document, frozen=True, tag_field="type", tag="bundle"):
    """套装, N 件任选: units that fill all items cost ``price``, or ``percent`` or ``amount`` less.

    One item is any-n-for; several with lists are mix and match. As many bundles as the cart fills
    (at most ``times_max``), each from the dearest units first. A bundle that would cost more than
    its units is not made. ``scope`` of the promotion bounds the goods of every item.
    """

    items: Annotated[tuple[BundleItem, ...], Meta(min_length=1, max_length=20)]
    price: Price | None = None
    percent: Decimal | None = None
    amount: Amount | None = None
    times_max: Times | None = None
    choose: UnitChoice = "dearest"


class Gift(Document, frozen=True):
    """Goods that the shop adds; ``stock``: so many units in all, over all orders."""

    sku: Name
    quantity: Units = 1
    stock: Count | None = None


class GiftBenefit(Document, frozen=True, tag_field="type", tag="gift"):
    """满赠: goods added for nothing once the condition holds; ``choose``: so many of the list.

    ``every_amount`` or ``every_quantity`` (每满赠): once for each time the goods in scope hold it.
    ``instead``: in place of a gift that is not there whole, the first of these that is.
    """

    gifts: Annotated[tuple[Gift, ...], Meta(min_length=1, max_length=50)]
    instead: Annotated[tuple[Gift, ...], Meta(max_length=50)] = ()
    choose: Units | None = None
    every_amount: Amount | None = None
    every_quantity: Count | None = None
    times_max: Times | None = None


class ShippingBenefit(Document, frozen=True, tag_field="type", tag="shipping"):
    """包邮: ``percent`` (100: free) or ``amount`` off the shipping, or shipping at ``price``."""

    percent: Decimal | None = None
    amount: Amount | None = None
    price: Price | None = None
    cap: Amount | None = None


class PointsBenefit(Document, frozen=True, tag_field="type", tag="points"):
    """送积分: ``points`` for every ``every_amount`` paid for the goods in scope, at most ``cap``.

    Without ``every_amount``, ``points`` once.
    """

    points: Count
    every_amount: Amount | None = None
    cap: Count | None = None


class PointsPaymentBenefit(Document, frozen=True, tag_field="type", tag="points_payment"):
    """积分抵现: each ``points`` of the customer's pay ``worth`` minor units, in whole such steps.

    At most ``percent_max`` of what the goods still cost, and at most what the cart offers.
    """

    points: Count
    worth: Amount
    percent_max: Decimal = Decimal(100)
    points_max: Count | None = None


class CashbackBenefit(Document, frozen=True, tag_field="type", tag="cashback"):
    """返现: ``percent`` or ``amount`` of what is paid for the goods in scope, paid back later."""

    percent: Decimal | None = None
    amount: Amount | None = None
    cap: Amount | None = None


Benefit = (
    ThresholdBenefit
    | PercentBenefit
    | FixedBenefit
    | FixedPriceBenefit
    | PriceListBenefit
    | NthUnitBenefit
    | BuyGetBenefit
    | BundleBenefit
    | GiftBenefit
    | ShippingBenefit
    | PointsBenefit
    | PointsPaymentBenefit
    | CashbackBenefit
)

Reducible = PercentBenefit | FixedBenefit | ThresholdBenefit | ShippingBenefit | CashbackBenefit
"""Benefits that can give a part of what they would: those that a document may cap."""


def is_reducible(benefit: Benefit) -> bool:
    """Say whether a benefit can give a part of what it would."""
    return isinstance(benefit, Reducible)
