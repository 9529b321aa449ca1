"""All ways side by side, run by run and promotion by promotion.

A row is a way so far: how far each promotion has come, how many units of the run are left, and
bounds of what it gives in all (from the worths of units). Rows that cannot come where the search
wants to are dropped; of rows with the same future only the best stays, or, where a sum is looked
for, one for each sum. At most ``width`` rows are kept; what the others could have given is ``cut``.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from queqiao.decide.promotions.combination.step_tables import IMPOSSIBLE, Table
from queqiao.decide.promotions.combination.takers import NEVER, Taker
from queqiao.decide.promotions.combination.worths import Field, Worths

STEPS_A_ROW = 32
"""So many steps that are tried are as much work as a row that is kept."""


class Trace(NamedTuple):
    """Which row each row came from, and by which step of which taker (-1: the run ended)."""

    run: int
    taker: int
    parent: Table
    step: Table


class Rows(NamedTuple):
    """Ways so far, in columns.

    ``most`` and ``least``: what the way may give in all, and must give. ``marks``: two bits for
    each promotion that takes every free unit: it is used; it has left one out. ``origin``: where
    the way began, in the second half of a search for a sum.
    """

    key: Table
    left: Table
    most: Table
    least: Table
    marks: Table
    origin: Table

    def at(self, places: Table) -> "Rows":
        """Return some of the rows."""
        return Rows(*(column[places] for column in self))

    @property
    def size(self) -> int:
        """Return how many rows there are."""
        return len(self.key)


class Window(NamedTuple):
    """What is looked for: the best way above ``floor``, or with ``sums`` the best up to ``roof``.

    ``floors`` and ``roofs`` are those of each origin.
    """

    floors: Table
    roofs: Table
    sums: bool


class Ground:
    """What a search goes over: the takers, the units of each run, and the bounds from worths."""

    def __init__(self, takers: Sequence[Taker], field: Field, worths: Worths) -> None:
        self.takers = takers
        self.worths = worths
        self.counts: list[int] = field.counts.tolist()
        self.radixes: list[int] = []
        self.product = 1
        for taker in takers:
            self.radixes.append(self.product)
            self.product *= taker.states
        self.must_take = [place for place, one in enumerate(takers) if one.terms.must_take]
        self._field = field

    @cached_property
    def least_to_come(self) -> Table:
        """Return what each taker must still give at least, from each state on."""
        return self._field.least_to_come()


class Walk:
    """The rows of one search on their way over the runs, and the trace behind them."""

    def __init__(
        self, ground: Ground, floors: Table, roofs: Table, width: int, *, sums: bool
    ) -> None:
        self._ground = ground
        self._takers = ground.takers
        self._worths = ground.worths
        self._window = Window(floors, roofs, sums)
        self._width = width
        self._traces: list[Trace] = []
        self.run = 0
        self.cut = NEVER
        self.work = 0

    def over_run(self, rows: Rows) -> Rows:
        """Return the rows after all takers took what they can of the next run."""
        run = self.run
        rows = rows._replace(left=np.full_like(rows.key, self._ground.counts[run]))
        inside = [place for place, taker in enumerate(self._takers) if taker.reaches[run]]
        for place in inside:
            self.work += rows.size * len(self._takers[place].units) // STEPS_A_ROW
            rows = self._narrow(*self._step(rows, place))
            self.work += rows.size
        rows, trace = self._leave(rows, inside)
        self._traces.append(trace)
        self.run += 1
        return rows

    def _step(self, rows: Rows, place: int) -> tuple[Rows, Trace]:
        """Return the rows after one taker took what it can of a run, in every way."""
        taker, radix = self._takers[place], self._ground.radixes[place]
        states = rows.key // radix % taker.states
        most = rows.most - self._lost(place)[:, states]
        fits = (most >= self._window.floors[rows.origin]) & (taker.units[:, None] <= rows.left)
        least = np.broadcast_to(rows.least, most.shape)
        if self._window.sums:
            least = rows.least + self._added(place)[:, states]
            fits &= least <= self._window.roofs[rows.origin]
        step, parent = np.nonzero(fits)
        before = states[parent]
        made = rows.at(parent)
        made = made._replace(
            key=made.key + (taker.after[step, before] - before) * radix,
            left=made.left - taker.units[step],
            most=most[step, parent],
            least=least[step, parent],
        )
        if taker.terms.must_take:
            used = np.where(taker.units[step] > 0, 1 << (2 * place), 0)
            made = made._replace(marks=made.marks | used)
        return self._merged(made, Trace(self.run, place, parent, step))

    def _lost(self, place: int) -> Table:
        """Return (M, S): by how much each step of a taker falls short of the bound."""
        taker, run = self._takers[place], self.run
        now, then = self._worths.to_come[run][place], self._worths.to_come[run + 1][place]
        paid = self._worths.of_unit[run] * taker.units
        got = taker.gains[run] - paid[:, None] + then[taker.after]
        return np.where(got < NEVER // 2, -NEVER, now[: taker.states] - got)

    def _added(self, place: int) -> Table:
        """Return (M, S): by how much each step of a taker raises what must be given."""
        taker, run, least = self._takers[place], self.run, self._ground.least_to_come
        now, then = least[run][place], least[run + 1][place]
        added: Table = taker.gains[run] + then[taker.after] - now[: taker.states]
        return added

    def _leave(self, rows: Rows, inside: Sequence[int]) -> tuple[Rows, Trace]:
        """Return the rows at the end of a run: units that are left stay out of all promotions."""
        run, some = self.run, rows.left > 0
        most = rows.most - rows.left * self._worths.of_unit[run]
        key, marks, least = rows.key, rows.marks, rows.least
        for place in inside:
            taker, radix = self._takers[place], self._ground.radixes[place]
            if taker.leave is not None:
                states = key // radix % taker.states
                after = taker.leave[states]
                then = self._worths.to_come[run + 1][place]
                shrunk = np.where(after == IMPOSSIBLE, -NEVER, then[states] - then[after])
                most = np.where(some, most - shrunk, most)
                if self._window.sums:
                    must = self._ground.least_to_come[run + 1][place]
                    least = np.where(some, least + must[after] - must[states], least)
                key = np.where(some, key + (after - states) * radix, key)
            elif taker.terms.must_take and taker.gains[run].max() > 0:
                marks = np.where(some, marks | 2 << (2 * place), marks)
        fits = (most >= self._window.floors[rows.origin]) & self._may_stand(marks)
        parent = np.flatnonzero(fits)
        ended = Rows(key, np.zeros_like(key), most, least, marks, rows.origin).at(parent)
        return self._merged(ended, Trace(run, -1, parent, parent))

    def _may_stand(self, marks: Table) -> NDArray[np.bool_]:
        """Say of rows whether no promotion both is used and left a free unit out."""
        fine = np.ones(marks.shape, dtype=bool)
        for place in self._ground.must_take:
            fine &= (marks >> (2 * place) & 3) != 3
        return fine

    def _merged(self, rows: Rows, trace: Trace) -> tuple[Rows, Trace]:
        """Return one row of those with the same future (and, for sums, the same gain): the best."""
        if rows.size < 2:
            return rows, trace
        columns = [rows.marks, rows.left, rows.key, rows.origin]
        order = np.lexsort((-rows.most, *columns))
        if self._window.sums:
            columns.append(rows.most)
        first = np.zeros(order.size, dtype=bool)
        first[0] = True
        for column in columns:
            sorted_ = column[order]
            first[1:] |= sorted_[1:] != sorted_[:-1]
        return _only(rows, trace, order[first])

    def _narrow(self, rows: Rows, trace: Trace) -> Rows:
        """Return at most ``width`` rows, and note what the others might have given.

        The most promising ones; where a sum is looked for, of all kinds, since any may lead there.
        """
        width = self._width
        if rows.size > width and not self._window.sums:
            order = np.argpartition(-rows.most, width)
            self.cut = max(self.cut, int(rows.most[order[width:]].max()))
            rows, trace = _only(rows, trace, order[:width])
        elif rows.size > width:
            self.cut = -NEVER
            order = np.lexsort((rows.least, rows.most))
            spaced = np.linspace(0, order.size - 1, width).astype(np.int64)
            rows, trace = _only(rows, trace, order[spaced])
        self._traces.append(trace)
        return rows

    def back(self, row: int) -> list[list[int]]:
        """Return the steps that led to a row: of each taker in each run."""
        steps = [[0] * len(self._takers) for _ in self._ground.counts]
        for trace in reversed(self._traces):
            if trace.taker >= 0:
                steps[trace.run][trace.taker] = int(trace.step[row])
            row = int(trace.parent[row])
        return steps


def _only(rows: Rows, trace: Trace, kept: Table) -> tuple[Rows, Trace]:
    return rows.at(kept), trace._replace(parent=trace.parent[kept], step=trace.step[kept])
