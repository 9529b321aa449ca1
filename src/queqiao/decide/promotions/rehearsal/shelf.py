"""The goods of a rule, by price: what a shopper would add to reach what it asks."""

from bisect import bisect_left
from collections.abc import Iterable

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.matching.goods_test import in_scope


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

    def dearest_of(self, count: int) -> list[Goods]:
        """Return the dearest ``count`` goods, or all."""
        return self._goods[-count:]

    def dearest(self) -> Goods | None:
        """Return the dearest goods."""
        return self._goods[-1] if self._goods else None


def is_meant(document: PromotionDocument, goods: Goods) -> bool:
    """Say whether goods are in a rule's scope."""
    return in_scope(document.scope, goods.sku, goods.facts, goods.price_minor)


def shelf_of(goods: Iterable[Goods], document: PromotionDocument) -> Shelf:
    """Return those of the goods that are a rule's."""
    return Shelf(one for one in goods if is_meant(document, one))
