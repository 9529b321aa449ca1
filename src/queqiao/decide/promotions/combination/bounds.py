"""What one promotion gives at most, and what several do together. No allocation exceeds these."""

from collections.abc import Sequence
from decimal import Decimal

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
from queqiao.decide.promotions.pricing.outcomes import Placed
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


def upper_bound(basket: Basket, placed: Sequence[Placed]) -> int:
    """Return a discount that no allowed set of offers exceeds.

    Benefits never fall when their base grows, so none gives more than on the original prices.
    """
    room = basket.subtotal - sum(basket.floors or ())
    together = alone = 0
    totals = basket.totals
    for item in placed:
        offer, lines = item.offer, item.lines
        if len(lines) == 1:
            base = totals[lines[0]]
        elif len(lines) == len(totals):
            base = basket.subtotal
        else:
            base = sum([totals[index] for index in lines])
        if base < offer.subtotal_at_least:
            continue
        benefit = offer.benefit
        if isinstance(benefit, Sum) and not benefit.reads_quantity:
            gives = benefit.discount(base, 0, up)
        else:
            quantity = sum([basket.quantities[index] for index in lines])
            gives = most(item, base, quantity, len(lines))
        if offer.exclusive:
            alone = max(alone, gives)
        else:
            together += gives
    return min(room, max(together, alone))
