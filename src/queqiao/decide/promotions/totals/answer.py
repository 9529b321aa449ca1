"""The parts of the answer around the goods, as they go over the wire."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.benefits.points import PointsPayment
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.pricing.outcomes import Applied, Priced
from queqiao.decide.promotions.quote_types import (
    AppliedPromotion,
    FundingSplit,
    GiftChoice,
    GiftOption,
    QuotedGift,
    QuotedLine,
    QuotedPoints,
    ShopFunding,
    TaxRow,
    Unit,
)
from queqiao.decide.promotions.sharing import spread
from queqiao.decide.promotions.totals.compiled import Reward
from queqiao.decide.promotions.totals.funding import PLATFORM_ONLY, by_shop, split, split_by_shop
from queqiao.decide.promotions.totals.gifts import GiftRule
from queqiao.decide.promotions.totals.offered import points_used
from queqiao.decide.promotions.totals.points import PointsEarned
from queqiao.decide.promotions.totals.rewards import Rewarded
from queqiao.decide.promotions.totals.shipping import ShippingOff
from queqiao.decide.promotions.totals.taxes import Taxed, Taxes, is_untaxed, reckon_taxes

NO_POINTS = QuotedPoints()
_UNTAXED = Taxes([], 0, [])
Kind = Literal["items", "shipping", "gift", "points", "cashback"]
Shops = Sequence[str | None] | None
"""The shop of each line in the basket's order; None where all lines are of one shop."""


def shops_of(basket: Basket) -> Shops:
    """Return the shop of each line, None where there is nothing to tell apart."""
    shops = [line.facts.shop for line in basket.lines]
    return shops if len(set(shops)) > 1 else None


def all_on_goods(
    applied: Sequence[Applied], shops: Shops, *, only_money: bool
) -> list[AppliedPromotion]:
    """Write what the offers took off the goods; ``only_money``: none of them is paid in points."""
    if shops is not None or not only_money:
        return [applied_on_goods(item, shops) for item in applied]
    written: list[AppliedPromotion] = []
    for item in applied:
        placed, amount = item.placed, item.amount
        offer = placed.offer
        by_platform = offer.funding is PLATFORM_ONLY
        paid = FundingSplit(amount, 0, 0) if by_platform else _split(amount, offer.funding)
        written.append(AppliedPromotion(offer.id, offer.name, amount, paid, placed.code))
    return written


def applied_on_goods(applied: Applied, shops: Shops) -> AppliedPromotion:
    """Write what an offer took off the goods, and who pays it."""
    offer, amount = applied.placed.offer, applied.amount
    written = AppliedPromotion(
        offer.id, offer.name, amount, _split(amount, offer.funding), applied.placed.code
    )
    if isinstance(offer.benefit, PointsPayment):
        written = replace(written, points_used=offer.benefit.points_for(amount))
    if shops is None:
        return written
    amounts = by_shop(shops, applied.lines, applied.parts)
    return replace(written, funding_by_shop=_by_shop(amounts, offer.funding))


def applied_around(rewarded: Rewarded, priced: Priced, shops: Shops) -> AppliedPromotion:
    """Write what an offer gave around the goods, and who pays it."""
    offer, lines = rewarded.placed.offer, rewarded.placed.lines
    amount, value = rewarded.off_shipping, rewarded.value
    by_shops: list[ShopFunding] = []
    if shops is not None and amount + value:
        paid = [priced.running[line] for line in lines]
        parts = spread(amount + value, paid if any(paid) else [1] * len(paid), "largest_fraction")
        by_shops = _by_shop(by_shop(shops, lines, parts), offer.funding)
    return AppliedPromotion(
        offer.id,
        offer.name,
        amount,
        _split(amount + value, offer.funding),
        rewarded.placed.code,
        _kind(offer.reward),
        value,
        rewarded.points,
        funding_by_shop=by_shops,
    )


def _kind(reward: Reward | None) -> Kind:
    match reward:
        case ShippingOff():
            return "shipping"
        case GiftRule():
            return "gift"
        case PointsEarned():
            return "points"
        case _:
            return "cashback"


def _split(amount: int, percents: tuple[int, int, int]) -> FundingSplit:
    return FundingSplit(*split(amount, percents))


def _by_shop(
    amounts: Mapping[str | None, int], percents: tuple[int, int, int]
) -> list[ShopFunding]:
    parts = split_by_shop(amounts, percents)
    return [ShopFunding(part.shop, *part.parties) for part in parts]


def gifts(given: Sequence[Rewarded]) -> list[QuotedGift]:
    """Write the gifts as lines that cost nothing."""
    return [
        QuotedGift(item.placed.offer.id, gift.sku, gift.quantity, gift.value)
        for item in given
        for gift in item.gifts
    ]


def gift_choices(given: Sequence[Rewarded]) -> list[GiftChoice]:
    """Write what the shopper may still choose."""
    return [
        GiftChoice(
            item.placed.offer.id,
            item.choice.left,
            [GiftOption(*option) for option in item.choice.of],
        )
        for item in given
        if item.choice is not None
    ]


def points(priced: Priced, given: Sequence[Rewarded]) -> QuotedPoints:
    """Write the points that the order earns, and those that pay for a part of it."""
    used, worth = points_used(priced.applied)
    earned = sum(item.points for item in given)
    return QuotedPoints(earned, used, worth) if used or earned else NO_POINTS


def taxes_of(basket: Basket, lines: Sequence[QuotedLine], shipping: int, profile: Profile) -> Taxes:
    """Return the taxes of the lines (as quoted) and of delivery, in the basket's order."""
    if is_untaxed(profile):
        return _UNTAXED
    taxed = [
        Taxed(line.facts.tax_category, [unit.total for unit in lines[line.place].units])
        for line in basket.lines
    ]
    return reckon_taxes(taxed, shipping, profile)


def with_taxes(basket: Basket, lines: list[QuotedLine], taxes: Taxes) -> list[QuotedLine]:
    """Return the lines with the tax of each unit."""
    if taxes is _UNTAXED:
        return lines
    written = list(lines)
    for line, unit_taxes in zip(basket.lines, taxes.units, strict=True):
        quoted = written[line.place]
        units = [
            Unit(unit.discount, unit.total, tax)
            for unit, tax in zip(quoted.units, unit_taxes, strict=True)
        ]
        written[line.place] = replace(quoted, units=units, tax=sum(unit_taxes))
    return written


def tax_rows(taxes: Taxes) -> list[TaxRow]:
    """Write the taxes by category."""
    return [TaxRow(*part) for part in taxes.parts]
