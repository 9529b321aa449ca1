"""Offers that cannot give on a cart, however its units are shared out: most that a shop has live.

A set of two goods holds for every cart with one of them, since its scope does; it gives nothing
without the other.
"""

from collections.abc import Sequence

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.documents.benefit import (
    BundleBenefit,
    BuyGetBenefit,
    NthUnitBenefit,
)
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.matching.goods_test import in_scope
from queqiao.decide.promotions.pricing.outcomes import Placed


def is_fillable(item: Placed, basket: Basket) -> bool:
    """Say whether the cart has the units that an offer needs to give anything."""
    match item.offer.stated:
        case BundleBenefit(items=places):
            return _fills(item, [(place.goods, place.quantity) for place in places], basket)
        case BuyGetBenefit() as benefit:
            return _is_bought_and_given(item, benefit, basket)
        case NthUnitBenefit(percents=percents, within=within):
            first = next(place for place, percent in enumerate(percents, 1) if percent)
            return _most_together(item, basket, by_sku=within == "sku") >= first
        case _:
            return True


def lines_in(scope: Scope, basket: Basket) -> list[int]:
    """Return the lines of the cart that are in a scope."""
    return [
        place
        for place, line in enumerate(basket.lines)
        if in_scope(scope, line.sku, line.facts, line.price)
    ]


def _units(lines: Sequence[int], basket: Basket) -> int:
    return sum([basket.quantities[line] for line in lines])


def _fills(item: Placed, places: Sequence[tuple[Scope, int]], basket: Basket) -> bool:
    mine = set(item.lines)
    if sum(quantity for _, quantity in places) > _units(item.lines, basket):
        return False
    return all(
        _units([line for line in lines_in(goods, basket) if line in mine], basket) >= quantity
        for goods, quantity in places
    )


def _is_bought_and_given(item: Placed, benefit: BuyGetBenefit, basket: Basket) -> bool:
    if benefit.get_goods is None:
        return _most_together(item, basket, by_sku=benefit.same_sku) > benefit.buy
    given = lines_in(benefit.get_goods, basket)
    return _units(item.lines, basket) >= benefit.buy and _units(given, basket) > 0


def _most_together(item: Placed, basket: Basket, *, by_sku: bool) -> int:
    """Return the units in scope, or those of the SKU with most."""
    if not by_sku:
        return _units(item.lines, basket)
    skus: dict[str, int] = {}
    for line in item.lines:
        sku = basket.lines[line].sku
        skus[sku] = skus.get(sku, 0) + basket.quantities[line]
    return max(skus.values(), default=0)
