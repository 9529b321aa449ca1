"""The goods of a rule, by price: what a shopper would add to reach what it asks."""

from bisect import bisect_left
from collections.abc import Iterable

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.documents.scope import GoodsNames, Scope


class Shelf:
    """Goods of one currency in rising order of price."""

    __slots__ = ("_goods", "_prices")

    def __init__(self, goods: Iterable[Goods]) -> None:
        self._goods = sorted(goods, key=lambda one: (one.price_minor, one.sku))
        self._prices = [one.price_minor for one in self._goods]

    def __len__(self) -> int:
        return len(self._goods)

    def reaching(self, amount: int) -> Goods | None:
        """Return the cheapest goods of which one unit costs at least ``amount``."""
        place = bisect_left(self._prices, amount)
        return self._goods[place] if place < len(self._goods) else None

    def cheapest(self) -> Goods | None:
        """Return the cheapest goods that cost anything."""
        return self.reaching(1)

    def dearest(self) -> Goods | None:
        """Return the dearest goods."""
        return self._goods[-1] if self._goods else None


def in_scope(scope: Scope, goods: Goods) -> bool:
    """Say whether goods are in a scope, as ``documents/scope.py`` means it."""
    price = goods.price_minor
    if scope.price_at_least is not None and price < scope.price_at_least:
        return False
    if scope.price_at_most is not None and price > scope.price_at_most:
        return False
    if scope.excluded is not None and _named(scope.excluded, goods):
        return False
    everything = not (scope.skus or scope.categories or scope.brands or scope.shops or scope.tags)
    return everything or _named(scope, goods)


def _named(names: GoodsNames, goods: Goods) -> bool:
    facts = goods.facts
    return (
        goods.sku in names.skus
        or facts.brand in names.brands
        or facts.shop in names.shops
        or not set(names.categories).isdisjoint(facts.categories)
        or not set(names.tags).isdisjoint(facts.tags)
    )


def shelf_of(goods: Iterable[Goods], document: PromotionDocument) -> Shelf:
    """Return those of the goods that are a rule's."""
    return Shelf(one for one in goods if in_scope(document.scope, one))
