"""The search for the best allocation, and for the best one that gives no more than so much.

The second is where a step of a later offer would be missed: among all sums that allocations come
to, the highest that is not too high is wanted. When the rows are many, the search goes on anew from
each state that the first half of the runs reaches, and the sums of both halves are joined (Horowitz
and Sahni 1974): so many rows stand for the product of both.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from queqiao.decide.promotions.combination.step_tables import Table
from queqiao.decide.promotions.combination.takers import NEVER, Taker
from queqiao.decide.promotions.combination.walk import Ground, Rows, Walk
from queqiao.decide.promotions.combination.worths import Field, Worths

HALF = 256
"""With more rows than this a search for a sum goes on from the other half, and both are joined."""


class Found(NamedTuple):
    """``gain``: what the way gives, in thousandths; ``steps``: of each taker in each run."""

    gain: int
    steps: list[list[int]]


class Searched(NamedTuple):
    """The best way, if there is one; ``cut``: what a way that was dropped unsearched may give."""

    found: Found | None
    cut: int
    work: int


class Search:
    """One search over the takers of a cart."""

    def __init__(self, takers: Sequence[Taker], field: Field, worths: Worths) -> None:
        self._ground = Ground(takers, field, worths)
        self._field = field
        self._runs = len(field.counts)

    def best(self, known: int, width: int, work_max: int) -> Searched:
        """Return the best way that gives more than ``known``."""
        walk = Walk(self._ground, _one(known + 1), _one(-NEVER), width, sums=False)
        rows = self._start(0)
        while rows.size and walk.run < self._runs:
            if walk.work > work_max:
                return Searched(None, max(walk.cut, int(rows.most.max())), walk.work)
            rows = walk.over_run(rows)
        if not rows.size:
            return Searched(None, walk.cut, walk.work)
        row = int(rows.most.argmax())
        return Searched(Found(int(rows.most[row]), walk.back(row)), walk.cut, walk.work)

    def highest(self, floor: int, roof: int, width: int, work_max: int) -> Searched:
        """Return the way that gives the most from ``floor`` to ``roof``.

        A search that takes more than ``work_max`` rows ends without one: all may still come.
        """
        unit = self._field.unit
        floor, roof = -(-floor // unit) * unit, roof // unit * unit
        if floor > roof:
            return Searched(None, NEVER, 0)
        first = Walk(self._ground, _one(floor), _one(roof), width, sums=True)
        rows = self._start(int(self._ground.least_to_come[0, :, 0].sum()))
        while (
            rows.size
            and first.run < self._runs
            and (rows.size <= HALF or first.run < self._runs // 2)
        ):
            rows = first.over_run(rows)
            if first.work > work_max:
                return Searched(None, -NEVER, first.work)
        if not rows.size:
            return Searched(None, first.cut, first.work)
        return self._joined(first, rows, (floor, roof), width, work_max)

    def _joined(
        self, first: Walk, rows: Rows, within: tuple[int, int], width: int, work_max: int
    ) -> Searched:
        """Go on from each state that the first half reaches, then join the sums of both halves."""
        floor, roof = within
        order = np.lexsort((rows.least, rows.marks, rows.key))
        rows = rows.at(order)
        begins = np.flatnonzero(
            np.append(True, (rows.key[1:] != rows.key[:-1]) | (rows.marks[1:] != rows.marks[:-1]))
        )
        ends = np.append(begins[1:], rows.size) - 1
        lows = rows.least[begins]
        second = Walk(
            self._ground, floor - rows.least[ends] + lows, roof - 0 * lows, width, sums=True
        )
        second.run = first.run
        later = rows.at(begins)._replace(origin=np.arange(begins.size))
        while later.size and second.run < self._runs:
            later = second.over_run(later)
            if first.work + second.work > work_max:
                return Searched(None, -NEVER, first.work + second.work)
        work, cut = first.work + second.work, max(first.cut, second.cut)
        if not later.size:
            return Searched(None, cut, work)
        room = roof - (later.least - lows[later.origin])
        partner = _last_within(rows.least, begins, ends, later.origin, room)
        total = rows.least[partner] + later.least - lows[later.origin]
        total[(rows.least[partner] > room) | (total < floor)] = NEVER
        best = int(total.argmax())
        if total[best] == NEVER:
            return Searched(None, cut, work)
        steps = first.back(int(order[partner[best]]))
        for run, of_run in enumerate(second.back(best)[first.run :], first.run):
            steps[run] = of_run
        return Searched(Found(int(total[best]), steps), cut, work)

    def _start(self, least: int) -> Rows:
        return Rows(
            _one(0), _one(0), _one(self._ground.worths.bound), _one(least), _one(0), _one(0)
        )


def _one(value: int) -> Table:
    return np.array([value], dtype=np.int64)


def _last_within(sums: Table, begins: Table, ends: Table, origin: Table, room: Table) -> Table:
    """Return for each row the last place of its origin's sorted sums that is within its room."""
    low, high = begins[origin], ends[origin]
    while (low < high).any():
        middle = (low + high + 1) // 2
        fits = sums[middle] <= room
        low, high = np.where(fits, middle, low), np.where(fits, high, middle - 1)
    return low
