"""第 N 件 N 折: percentages by the place of a unit in its group."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from queqiao.decide.promotions.benefits.compiled import Compiled, Goods, Missing, by_sku
from queqiao.decide.promotions.benefits.sums import Percent
from queqiao.decide.promotions.documents.benefit import NthUnitBenefit
from queqiao.decide.promotions.pricing.pieces import Group, Share, arranged
from queqiao.decide.promotions.rounding import Divide


class NthUnit(Compiled):
    """Units stand in a row; each gets the percentage of its place, again and again.

    Units behind the last discounted place of an unfinished group take no part.
    """

    __slots__ = ("_by_sku", "_dearest_first", "_last_goes_on", "_percents", "_repeat")
    takes_units: ClassVar[bool] = True
    reads_quantity = True

    def __init__(self, benefit: NthUnitBenefit) -> None:
        self._percents = [Percent(percent) if percent else None for percent in benefit.percents]
        self._repeat = benefit.repeat
        self._last_goes_on = benefit.last_goes_on
        self._dearest_first = benefit.arrange == "dearest_first"
        self._by_sku = benefit.within == "sku"

    def allot(self, goods: Goods, divide: Divide) -> list[Group]:
        """Return a group for each run of units with one percentage."""
        rows = by_sku(goods) if self._by_sku else [goods.shares]
        return [group for row in rows for group in self._on_row(row, divide)]

    def _on_row(self, shares: Sequence[Share], divide: Divide) -> Iterator[Group]:
        start, end = 0, self._taking(sum(share.count for share in shares))
        for run in arranged(shares, dearest_first=self._dearest_first):
            for place, count in self._places(start, min(end, start + run.count)):
                percent, part = self._percents[place], run.part(count)
                unit = part.basis // count
                yield Group(percent.each(unit, count, divide) if percent else 0, (part,))
            start = min(end, start + run.count)

    def _taking(self, quantity: int) -> int:
        """Return how many units from the first take part."""
        size = len(self._percents)
        if quantity >= size and self._last_goes_on:
            return quantity
        whole = quantity // size * size if self._repeat else min(quantity // size, 1) * size
        unfinished = self._percents[: quantity - whole] if self._repeat or not whole else ()
        return whole + max((n for n, percent in enumerate(unfinished, 1) if percent), default=0)

    def _places(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield each place in the group with how many units stand there, ``start`` to ``end``."""
        for place in range(len(self._percents)):
            count = self._standing(end, place) - self._standing(start, place)
            if count:
                yield place, count

    def _standing(self, end: int, place: int) -> int:
        """Return how many of the first ``end`` units stand at a place of the group."""
        size = len(self._percents)
        if end <= place:
            return 0
        if not self._last_goes_on:
            return (end - place + size - 1) // size
        return 1 if place < size - 1 else end - place

    def next_step(self, base: int, quantity: int) -> Missing | None:  # noqa: ARG002
        """Return how many units are missing to the next discounted place, of one SKU or of any."""
        taking = self._taking(quantity)
        steps = range(1, len(self._percents) + 1)
        more = next((more for more in steps if self._taking(quantity + more) > taking), None)
        return None if more is None or self._by_sku else Missing(more, "unit")

    def missing(self, goods: Goods) -> Missing | None:
        """Return how many units the row that lacks least still lacks."""
        rows = by_sku(goods) if self._by_sku else [goods.shares]
        quantities = [sum(share.count for share in row) for row in rows]
        first = next(place for place, percent in enumerate(self._percents, 1) if percent)
        lacking = [first - quantity for quantity in quantities if quantity < first]
        return Missing(min(lacking), "unit") if lacking else None
