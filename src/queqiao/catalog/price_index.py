"""Goods in the order of their prices, all of them and those of each category, brand, shop and tag.

Made once for a price book and never changed: the cheapest goods from a price on are found by
bisection, however many there are.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge

from queqiao.catalog.facts import Facts

ListName = tuple[str, str]
"""``category``, ``brand``, ``shop`` or ``tag``, and its name."""


class PriceIndex:
    """SKUs by rank: the cheapest first, equal prices by SKU. Prices are minor units."""

    __slots__ = ("_lists", "_prices", "_skus")

    def __init__(self, goods: Iterable[tuple[int, str, Facts]]) -> None:
        ordered = sorted(goods, key=lambda item: item[:2])
        self._prices = array("q", [price for price, _, _ in ordered])
        self._skus = [sku for _, sku, _ in ordered]
        self._lists: dict[ListName, array[int]] = {}
        for rank, (_, _, facts) in enumerate(ordered):
            for name in _names(facts):
                self._lists.setdefault(name, array("i")).append(rank)

    def rising(self, at_least: int, lists: Sequence[ListName] | None = None) -> Iterator[str]:
        """Yield the SKUs that cost at least so much, the cheapest first.

        ``lists``: those that any of them holds, some perhaps twice; None: all.
        """
        first = bisect_left(self._prices, at_least)
        if lists is None:
            yield from (self._skus[rank] for rank in range(first, len(self._skus)))
            return
        found = [self._from(self._lists[name], first) for name in lists if name in self._lists]
        yield from (self._skus[rank] for rank in merge(*found))

    @staticmethod
    def _from(ranks: Sequence[int], first: int) -> Iterator[int]:
        return (ranks[place] for place in range(bisect_left(ranks, first), len(ranks)))


def _names(facts: Facts) -> Iterator[ListName]:
    yield from (("category", name) for name in facts.categories)
    yield from (("tag", name) for name in facts.tags)
    if facts.brand is not None:
        yield "brand", facts.brand
    if facts.shop is not None:
        yield "shop", facts.shop
