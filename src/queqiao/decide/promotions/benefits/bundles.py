"""套装 and N 件任选: units that fill all items of a bundle cost less together."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from queqiao.decide.promotions.benefits.compiled import Compiled, Goods, Missing
from queqiao.decide.promotions.benefits.filling import Filling, Supply, most_times
from queqiao.decide.promotions.benefits.sums import Fixed, Percent
from queqiao.decide.promotions.documents.benefit import BundleBenefit
from queqiao.decide.promotions.matching.goods_test import GoodsTest
from queqiao.decide.promotions.pricing.pieces import Group, Share, arranged
from queqiao.decide.promotions.rounding import Divide

Bundle = tuple[Share, ...]
TIMES_MAX = 100_000
"""A cart holds no more units than this."""


class Bundled(Compiled):
    """As many bundles as the goods fill, made of the dearest (or cheapest) units, best first."""

    __slots__ = ("_choose_dearest", "_discount", "_items", "_price", "_quantities", "_times_max")
    takes_units: ClassVar[bool] = True
    reads_quantity = True

    def __init__(self, benefit: BundleBenefit) -> None:
        self._items = [GoodsTest(item.goods) for item in benefit.items]
        self._quantities = [item.quantity for item in benefit.items]
        self._price = benefit.price
        self._discount: Percent | Fixed | None = None
        if benefit.percent is not None:
            self._discount = Percent(benefit.percent)
        elif benefit.amount is not None:
            self._discount = Fixed(benefit.amount)
        self._times_max = benefit.times_max or TIMES_MAX
        self._choose_dearest = benefit.choose == "dearest"

    def allot(self, goods: Goods, divide: Divide) -> list[Group]:
        """Return a group for each run of bundles that are made of equal units."""
        runs = arranged(goods.shares, dearest_first=self._choose_dearest)
        supplies = self._supplies(goods, runs)
        times = most_times(supplies, self._quantities, self._times_max)
        if not times:
            return []
        filling = Filling(supplies, [times * quantity for quantity in self._quantities])
        groups: list[Group] = []
        for count, bundle in self._bundles(runs, filling, times):
            off = self._off(bundle, count, divide)
            if off:
                groups.append(Group(off, [part.part(part.count * count) for part in bundle]))
        return groups

    def _supplies(self, goods: Goods, runs: Sequence[Share]) -> list[Supply]:
        lines = [frozenset(goods_test.lines(goods.basket)) for goods_test in self._items]
        items_of = {
            run.line: frozenset(item for item, places in enumerate(lines) if run.line in places)
            for run in runs
        }
        return [Supply(run.count, items_of[run.line]) for run in runs]

    def _bundles(
        self, runs: Sequence[Share], filling: Filling, times: int
    ) -> Iterator[tuple[int, Bundle]]:
        """Yield each make of bundle with how many there are of it, the best first."""
        rows = [
            _Row([runs[run].part(held[run]) for run in sorted(held)], quantity)
            for held, quantity in zip(filling.held, self._quantities, strict=True)
        ]
        while times:
            count = min(times, *(row.alike() for row in rows))
            yield count, tuple(part for row in rows for part in row.take(count))
            times -= count

    def _off(self, bundle: Bundle, count: int, divide: Divide) -> int:
        """Return what ``count`` such bundles cost less than their units."""
        if self._discount is None:
            cost = sum(part.cost for part in bundle)
            return max(0, cost - (self._price or 0)) * count
        return self._discount.each(sum(part.basis for part in bundle), count, divide)

    def missing(self, goods: Goods) -> Missing | None:
        """Return how many units the first bundle lacks; None where it would save nothing."""
        filling = Filling(self._supplies(goods, goods.shares), self._quantities)
        return None if filling.is_full else Missing(filling.lacking, "unit")


class _Row:
    """The units that stand for one item of all bundles, the best first."""

    __slots__ = ("_parts", "_quantity")

    def __init__(self, parts: list[Share], quantity: int) -> None:
        self._parts = parts[::-1]
        self._quantity = quantity

    def alike(self) -> int:
        """Return how many of the next bundles hold equal units here, at least one."""
        return max(1, self._parts[-1].count // self._quantity)

    def take(self, count: int) -> Iterator[Share]:
        """Yield the units for one of the next ``count`` bundles, and take those for all."""
        wanted = self._quantity
        while wanted:
            run = self._parts.pop()
            used = min(wanted, run.count)
            left = run.count - used * count
            if left:
                self._parts.append(run.part(left))
            wanted -= used
            yield run.part(used)
