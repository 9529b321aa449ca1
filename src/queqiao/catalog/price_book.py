"""The price book: what deciding needs of every SKU, small and immutable, swapped whole.

Prices stand in machine arrays; what many SKUs share (categories, brand, shop, tags, currency) is
kept once. 92,000 SKUs of a grocer's tree of goods take under 40 MB (tests hold it to that).
"""

from array import array
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from queqiao.catalog.facts import Facts
from queqiao.catalog.price_index import PriceIndex

NONE = -1
"""Stands for an absent price in the arrays; prices are never negative."""

UNCOUNTED = -(2**62)
"""Stands for an absent stock: one that is known may be negative."""

FOUND_MAX = 16_384
"""So many SKUs that were asked for are kept as they were answered, in about three megabytes."""


class Goods(msgspec.Struct, frozen=True, gc=False):
    """One SKU as it is priced, in minor units of ``currency``. ``stock`` None: not counted."""

    sku: str
    price_minor: int
    currency: str
    list_price_minor: int | None = None
    minimum_price_minor: int | None = None
    facts: Facts = Facts()
    stock: int | None = None


class PriceBook:
    """All SKUs at one moment. Never changes; safe between threads."""

    __slots__ = (
        "_currencies",
        "_facts",
        "_found",
        "_indexes",
        "_kinds",
        "_list",
        "_minimum",
        "_places",
        "_prices",
        "_stock",
    )

    def __init__(self, goods: Iterable[Goods] = ()) -> None:
        self._places: dict[str, int] = {}
        self._prices, self._list, self._minimum = array("q"), array("q"), array("q")
        self._kinds, self._stock = array("i"), array("q")
        kinds: dict[tuple[str, Facts], int] = {}
        parts: dict[Any, Any] = {}
        for item in goods:
            kind = item.currency, item.facts
            place = kinds.get(kind)
            if place is None:
                shared = Facts._make(parts.setdefault(part, part) for part in item.facts)
                place = kinds[item.currency, shared] = len(kinds)
            self._add(item, place)
        self._currencies = [currency for currency, _ in kinds]
        self._facts = [facts for _, facts in kinds]
        self._indexes: dict[str, PriceIndex] = {}
        self._found: dict[str, Goods] = {}

    def _add(self, goods: Goods, kind: int) -> None:
        if goods.sku in self._places:
            raise ValueError("a price book names each SKU once")
        self._places[goods.sku] = len(self._prices)
        self._prices.append(goods.price_minor)
        for column, price in (
            (self._list, goods.list_price_minor),
            (self._minimum, goods.minimum_price_minor),
        ):
            column.append(NONE if price is None else price)
        self._kinds.append(kind)
        self._stock.append(UNCOUNTED if goods.stock is None else goods.stock)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def goods(self, sku: str) -> Goods | None:
        """Return what is known of a SKU, None when it is not in the book."""
        found = self._found.get(sku)
        if found is None and (place := self._places.get(sku)) is not None:
            if len(self._found) >= FOUND_MAX:
                self._found.clear()
            found = self._found[sku] = self._goods(sku, place)
        return found

    def _goods(self, sku: str, place: int) -> Goods:
        kind, listed, minimum = self._kinds[place], self._list[place], self._minimum[place]
        stock = self._stock[place]
        return Goods(
            sku,
            self._prices[place],
            self._currencies[kind],
            None if listed == NONE else listed,
            None if minimum == NONE else minimum,
            self._facts[kind],
            None if stock == UNCOUNTED else stock,
        )

    def by_price(self, currency: str) -> PriceIndex:
        """Return the goods of a currency in the order of their prices; made at the first call."""
        index = self._indexes.get(currency)
        if index is None:
            index = self._indexes[currency] = PriceIndex(self._priced_in(currency))
        return index

    def _priced_in(self, currency: str) -> Iterator[tuple[int, str, Facts]]:
        for sku, place in self._places.items():
            kind = self._kinds[place]
            if self._currencies[kind] == currency:
                yield self._prices[place], sku, self._facts[kind]
