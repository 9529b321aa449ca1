"""The cheapest goods that fill a shortfall: which, and how many of each."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from queqiao.catalog.contracts import Facts, Goods, PriceIndex
from queqiao.decide.promotions.benefits.filling import Filling, Supply
from queqiao.decide.promotions.documents.benefit import BundleBenefit, BuyGetBenefit
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.offers import in_scope
from queqiao.decide.promotions.shortfalls import Step

LOOKED_AT_MAX = 500
"""Goods of the catalogue that are looked at for one place, from the cheapest that would do."""

UNITS_TRIED = 10
"""So many units of one SKU are thought of to fill a sum of money."""

Addition = dict[str, int]
"""SKUs with how many units to add."""


class Held(NamedTuple):
    """A line of the cart: its goods with what they cost, and how many."""

    sku: str
    facts: Facts
    price: int
    quantity: int


class Shelves(NamedTuple):
    """Where add-ons come from: the goods by price, and what the cart holds already."""

    find: Callable[[str], Goods | None]
    by_price: PriceIndex
    currency: str
    cart: Sequence[Held]

    def cheapest(self, scopes: Sequence[Scope], at_least: int = 1) -> Iterator[Goods]:
        """Yield goods that are in all scopes and cost at least so much, the cheapest first."""
        for sku in dict.fromkeys(islice(self._rising(scopes, at_least), LOOKED_AT_MAX)):
            goods = self.find(sku)
            if goods is not None and self._is_sold(goods) and _are_in(scopes, goods):
                yield goods

    def _rising(self, scopes: Sequence[Scope], at_least: int) -> Iterator[str]:
        narrow = min(scopes, key=_breadth)
        if narrow.skus:
            found = [goods for sku in narrow.skus if (goods := self.find(sku)) is not None]
            found = [goods for goods in found if goods.price_minor >= at_least]
            yield from (g.sku for g in sorted(found, key=lambda g: (g.price_minor, g.sku)))
        lists = [
            *(("category", name) for name in narrow.categories),
            *(("brand", name) for name in narrow.brands),
            *(("shop", name) for name in narrow.shops),
            *(("tag", name) for name in narrow.tags),
        ]
        if lists or not narrow.skus:
            yield from self.by_price.rising(at_least, lists or None)

    def _is_sold(self, goods: Goods) -> bool:
        return (
            goods.currency == self.currency
            and goods.price_minor > 0
            and (goods.stock is None or goods.stock > 0)
        )


def _are_in(scopes: Sequence[Scope], goods: Goods) -> bool:
    return all(in_scope(scope, goods.sku, goods.facts, goods.price_minor) for scope in scopes)


def _breadth(scope: Scope) -> tuple[bool, bool]:
    """Order scopes by how few goods they are likely to hold."""
    lists = scope.categories or scope.brands or scope.shops or scope.tags
    return not (scope.skus or lists), bool(lists)


def additions(step: Step, shelves: Shelves) -> Iterator[Addition]:
    """Yield what may fill a shortfall for little money, each kind of filling once."""
    offer = step.offer
    if step.unit == "minor":
        yield from _of_money(step.missing, offer.scope, shelves)
    elif step.unit == "kind":
        yield from _of_kinds(step.missing, offer.scope, shelves)
    elif isinstance(offer.stated, BundleBenefit):
        yield from _of_bundle(offer.stated, offer.scope, shelves)
    else:
        yield from _of_units(step.missing, [offer.scope], shelves)
        if isinstance(offer.stated, BuyGetBenefit) and offer.stated.get_goods is not None:
            yield from _of_units(step.missing, [offer.stated.get_goods], shelves)


def _of_money(missing: int, scope: Scope, shelves: Shelves) -> Iterator[Addition]:
    """Yield the goods whose units together cost least of those that reach the sum.

    Of goods that need so many units, the cheapest costs least; few units are better than many, and
    goods that the cart holds than others.
    """
    held = {line.sku for line in shelves.cart}
    found: dict[tuple[int, int, bool, str], Addition] = {}
    for units in range(1, UNITS_TRIED + 1):
        at_least = -(-missing // units)
        for goods in islice(shelves.cheapest([scope], at_least), 1):
            _note(found, goods, missing, held)
    for sku in held:
        known = shelves.find(sku)
        if known is not None and known.price_minor > 0 and _are_in([scope], known):
            _note(found, known, missing, held)
    yield from (found[key] for key in sorted(found)[:1])


def _note(
    found: dict[tuple[int, int, bool, str], Addition], goods: Goods, missing: int, held: set[str]
) -> None:
    units = -(-missing // goods.price_minor)
    key = goods.price_minor * units, units, goods.sku not in held, goods.sku
    found[key] = {goods.sku: units}


def _of_kinds(missing: int, scope: Scope, shelves: Shelves) -> Iterator[Addition]:
    held = {line.sku for line in shelves.cart}
    fresh = (goods for goods in shelves.cheapest([scope]) if goods.sku not in held)
    chosen = {goods.sku: 1 for goods in islice(fresh, missing)}
    if len(chosen) == missing:
        yield chosen


def _of_units(missing: int, scopes: Sequence[Scope], shelves: Shelves) -> Iterator[Addition]:
    for goods in islice(shelves.cheapest(scopes), 1):
        yield {goods.sku: missing}


def _of_bundle(benefit: BundleBenefit, scope: Scope, shelves: Shelves) -> Iterator[Addition]:
    """Yield the cheapest goods for the places of the next bundle that the cart does not fill."""
    wanted: Addition = {}
    for place, lacking in _lacking(benefit, scope, shelves):
        goods = next(shelves.cheapest([place, scope]), None)
        if goods is None:
            return
        wanted[goods.sku] = wanted.get(goods.sku, 0) + lacking
    if wanted:
        yield wanted


def _lacking(benefit: BundleBenefit, scope: Scope, shelves: Shelves) -> Iterator[tuple[Scope, int]]:
    quantities = [item.quantity for item in benefit.items]
    supplies = [_supply(line, benefit, scope) for line in shelves.cart]
    for times in range(1, 1 + sum(line.quantity for line in shelves.cart) + 1):
        filling = Filling(supplies, [times * quantity for quantity in quantities])
        if not filling.is_full:
            for item, held in zip(benefit.items, filling.held, strict=True):
                lacking = times * item.quantity - sum(held.values())
                if lacking:
                    yield item.goods, lacking
            return


def _supply(line: Held, benefit: BundleBenefit, scope: Scope) -> Supply:
    items = [
        place
        for place, item in enumerate(benefit.items)
        if in_scope(item.goods, line.sku, line.facts, line.price)
        and in_scope(scope, line.sku, line.facts, line.price)
    ]
    return Supply(line.quantity, frozenset(items))
