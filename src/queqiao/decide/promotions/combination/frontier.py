"""The search for the best allocation, and for all sums that good ones come to."""

from collections.abc import Sequence
from typing import NamedTuple

from queqiao.decide.promotions.combination.proof import Effort
from queqiao.decide.promotions.combination.sums import Sums
from queqiao.decide.promotions.combination.takers import Taker
from queqiao.decide.promotions.combination.walk import Ground, Rows, Walk
from queqiao.decide.promotions.combination.worths import Field, Worths


class Found(NamedTuple):
    """``gain``: what the way gives, in thousandths; ``steps``: of each taker in each run."""

    gain: int
    steps: list[list[int]]


class Searched(NamedTuple):
    """The best way, if there is one; ``cut``: what a way that was dropped unsearched may give."""

    found: Found | None
    cut: int


class Search:
    """One search over the takers of a cart."""

    def __init__(self, takers: Sequence[Taker], field: Field, worths: Worths) -> None:
        self._ground = Ground(takers, field, worths)
        self._field = field

    def best(self, known: int, width: int, effort: Effort) -> Searched:
        """Return the best way that gives more than ``known``."""
        walk = Walk(self._ground, known + 1, width)
        rows = self._walked(walk, effort)
        if rows is None or not rows.size:
            return Searched(None, walk.cut)
        row = int(rows.most.argmax())
        return Searched(Found(int(rows.most[row]), walk.back(row)), walk.cut)

    def sums(self, floor: int, width: int, effort: Effort) -> Sums | None:
        """Return all sums from ``floor`` on that ways come to; None where they are too many."""
        walk = Walk(self._ground, floor, width, every=True)
        rows = self._walked(walk, effort)
        if rows is None:
            return None
        sums = Sums(walk, floor, self._field.unit)
        effort.spend_rows(sums.work)
        return sums if sums.is_known else None

    def _walked(self, walk: Walk, effort: Effort) -> Rows | None:
        """Return the rows at the end of all runs; None where that is too much work."""
        rows = walk.start()
        for _ in self._field.counts:
            if not rows.size:
                break
            if effort.is_spent:
                walk.cut = max(walk.cut, int(rows.most.max()))
                return None
            before = walk.work
            rows = walk.over_run(rows)
            effort.spend_rows(walk.work - before)
        return rows
