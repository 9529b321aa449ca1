"""What one promotion gives at most, and what several do together. No allocation exceeds these."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.benefits.sums import Sum
from queqiao.decide.promotions.documents.benefit import (
    Benefit,
    BundleBenefit,
    BuyGetBenefit,
    FixedBenefit,
    NthUnitBenefit,
    PercentBenefit,
)
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed
from queqiao.decide.promotions.rounding import up


def most(item: Placed, base: int, quantity: int, lines: int) -> int:
    """Return a bound of what an offer gives on goods that cost ``base``.

    ``quantity`` units on so many ``lines``; each may be rounded up once.
    """
    benefit = item.offer.benefit
    if isinstance(benefit, Sum):
        return benefit.discount(base, quantity, up)
    bound = min(base, _most_on_units(item.offer.stated, base, quantity, lines))
    cap = benefit.cap
    return bound if cap is None else min(bound, cap)


def _most_on_units(benefit: Benefit, base: int, quantity: int, lines: int) -> int:
    match benefit:
        case PercentBenefit(percent=percent, level=level):
            return _share(base, percent) + (quantity if level == "unit" else lines)
        case FixedBenefit(amount=amount, level=level):
            return amount * {"order": 1, "line": lines, "unit": quantity}[level]
        case NthUnitBenefit(percents=percents):
            return _share(base, max(percents)) + quantity
        case BuyGetBenefit(price=None, get_goods=None, choose="cheapest"):
            given = up(base * benefit.get, benefit.buy + benefit.get)
            return _share(given, benefit.percent) + quantity
        case BundleBenefit():
            return _most_on_bundles(benefit, base, quantity)
        case _:
            return base


def _most_on_bundles(benefit: BundleBenefit, base: int, quantity: int) -> int:
    if benefit.percent is not None:
        return _share(base, benefit.percent) + quantity
    if benefit.amount is not None:
        return benefit.amount * (quantity // sum(item.quantity for item in benefit.items))
    return base


def _share(base: int, percent: Decimal) -> int:
    numerator, denominator = (percent / 100).as_integer_ratio()
    return base * numerator // denominator


def upper_bound(basket: Basket, placed: Sequence[Placed], gave: Sequence[Applied] = ()) -> int:
    """Return a discount that no allowed set of offers exceeds.

    Benefits never fall when their base grows, so none gives more than on the original prices.
    ``gave``: what some of the offers gave on what lines still cost. Where that, and of offers on
    several lines what they give on the original prices, fills the room, no other is looked at.
    """
    room = basket.subtotal - sum(basket.floors or ())
    if _least(basket, gave, room) >= room:
        return room
    together = alone = 0
    totals = basket.totals
    for item in placed:
        offer, lines = item.offer, item.lines
        if len(lines) == 1 and offer.is_short:  # nearly all are such, as where they are let through
            base = totals[lines[0]]
            benefit: Any = offer.benefit
            if base >= offer.subtotal_at_least:
                together += benefit.discount(base, 0, up)
        elif offer.exclusive:
            alone = max(alone, _gives(item, basket))
        else:
            together += _gives(item, basket)
    return min(room, max(together, alone))


def _least(basket: Basket, gave: Sequence[Applied], room: int) -> int:
    """Return what the offers that gave would give on the original prices, or less.

    Where they gave less than half of the room, the rest seldom fills it and is not looked at.
    """
    least = sum([applied.amount for applied in gave])
    if 2 * least < room:
        return least
    for applied in gave:
        if len(applied.lines) > 1:
            least += _gives(applied.placed, basket) - applied.amount
    return least


def _gives(item: Placed, basket: Basket) -> int:
    """Return the most that an offer gives on the original prices."""
    offer, lines, totals = item.offer, item.lines, basket.totals
    if len(lines) == 1:
        base = totals[lines[0]]
    elif len(lines) == len(totals):
        base = basket.subtotal
    else:
        base = sum([totals[index] for index in lines])
    if base < offer.subtotal_at_least:
        return 0
    benefit = offer.benefit
    if isinstance(benefit, Sum) and not benefit.reads_quantity:
        return benefit.discount(base, 0, up)
    quantity = sum([basket.quantities[index] for index in lines])
    return most(item, base, quantity, len(lines))
