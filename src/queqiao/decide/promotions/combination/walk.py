"""All ways side by side, run by run and promotion by promotion.

A row is a way so far: how far each promotion has come, how many units of the run are left, and a
bound of what it gives in all (from the worths of units). Rows that cannot come where the search
wants to are dropped; of rows with the same future only the best stays. At most ``width`` rows are
kept; what the others could have given is ``cut``.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from queqiao.decide.promotions.combination.step_tables import IMPOSSIBLE, Table
from queqiao.decide.promotions.combination.takers import NEVER, Taker
from queqiao.decide.promotions.combination.worths import Field, Worths

STEPS_A_ROW = 32
"""So many steps that are tried are as much work as a row that is kept."""

CODES_MAX = 1 << 62

FEW = 48
"""So few rows go on as they are until the run ends: to find those with the same future takes longer
than to go on with them."""


class Trace(NamedTuple):
    """The ways from rows to the next rows: from which, to which, by which step of which taker (-1:
    the run ended). Where only the best are kept, one leads to each row.
    """

    run: int
    taker: int
    parent: Table
    child: Table
    step: Table
    gain: Table


class Rows(NamedTuple):
    """Ways so far, in columns.

    ``most``: what the way may give in all. ``marks``: two bits for each promotion that takes every
    free unit: it is used; it has left one out.
    """

    key: Table
    left: Table
    most: Table
    marks: Table

    def at(self, places: Table) -> "Rows":
        """Return some of the rows."""
        return Rows(*[column[places] for column in self])

    @property
    def size(self) -> int:
        """Return how many rows there are."""
        return len(self.key)


class Ground:
    """What a search goes over: the takers, the units of each run, and the bounds from worths.

    ``lost`` (runs, K, M, S): by how much a step falls short of the bound.
    """

    def __init__(self, takers: Sequence[Taker], field: Field, worths: Worths) -> None:
        self.takers = takers
        self.worths = worths
        self.counts: list[int] = field.counts.tolist()
        self.radixes: list[int] = []
        self.product = 1
        for taker in takers:
            self.radixes.append(self.product)
            self.product *= taker.states
        must_take = [place for place, one in enumerate(takers) if one.terms.must_take]
        self.shift_of = {place: 2 * number for number, place in enumerate(must_take)}
        self.lost = field.lost(worths)
        self._marks = 1 << 2 * len(must_take)
        self._lefts = max(self.counts) + 1

    def codes(self, rows: Rows) -> Table:
        """Return one number for each row, the same for those with the same future."""
        key = rows.key
        if self.product * self._lefts * self._marks > CODES_MAX:
            key = np.unique(key, return_inverse=True)[1]
        codes: Table = (key * self._lefts + rows.left) * self._marks + rows.marks
        return codes


class Walk:
    """The rows of one search on their way over the runs, and the trace behind them.

    Ways that give less than ``floor`` are dropped. ``every``: all that lead to a row are traced.
    """

    def __init__(self, ground: Ground, floor: int, width: int, *, every: bool = False) -> None:
        self._ground = ground
        self._takers = ground.takers
        self._worths = ground.worths
        self._floor = floor
        self._width = width
        self._every = every
        self.traces: list[Trace] = []
        self.run = 0
        self.cut = NEVER
        self.work = 0

    def start(self) -> Rows:
        """Return the one row of a cart of which nothing is dealt out."""
        nothing = np.zeros(1, dtype=np.int64)
        return Rows(nothing, nothing, np.array([self._worths.bound]), nothing)

    def over_run(self, rows: Rows) -> Rows:
        """Return the rows after all takers took what they can of the next run."""
        run = self.run
        rows = rows._replace(left=np.full_like(rows.key, self._ground.counts[run]))
        inside = [place for place, taker in enumerate(self._takers) if taker.reaches[run]]
        for place in inside:
            self.work += rows.size * self._takers[place].steps[run] // STEPS_A_ROW
            rows = self._step(rows, place)
            self.work += rows.size
        rows = self._leave(rows, inside)
        self.run += 1
        return rows

    def _step(self, rows: Rows, place: int) -> Rows:
        """Return the rows after one taker took what it can of a run, in every way."""
        taker, radix = self._takers[place], self._ground.radixes[place]
        states = rows.key // radix % taker.states
        some = taker.steps[self.run]
        most = rows.most - self._ground.lost[self.run, place, :some][:, states]
        fits = (most >= self._floor) & (taker.units[:some, None] <= rows.left)
        step, parent = np.nonzero(fits)
        before = states[parent]
        units = taker.units[step]
        marks = rows.marks[parent]
        if taker.terms.must_take:
            marks = np.where(units > 0, marks | 1 << self._ground.shift_of[place], marks)
        made = Rows(
            rows.key[parent] + (taker.after[step, before] - before) * radix,
            rows.left[parent] - units,
            most[step, parent],
            marks,
        )
        return self._merged(made, place, parent, step, taker.gains[self.run][step, before])

    def _leave(self, rows: Rows, inside: Sequence[int]) -> Rows:
        """Return the rows at the end of a run: units that are left stay out of all promotions."""
        run, some = self.run, rows.left > 0
        most = rows.most - rows.left * self._worths.of_unit[run]
        key, marks = rows.key, rows.marks
        for place in inside:
            taker, radix = self._takers[place], self._ground.radixes[place]
            if taker.leave is not None or taker.lower is not None:
                states = key // radix % taker.states
                after = taker.at_end(states, run, stays_out=some)
                most -= self._shrunk(place, states, after)
                key = key + (after - states) * radix
            elif taker.terms.must_take and taker.gains[run].max() > 0:
                marks = np.where(some, marks | 2 << self._ground.shift_of[place], marks)
        parent = np.flatnonzero((most >= self._floor) & self._may_stand(marks))
        ended = Rows(key, np.zeros_like(key), most, marks).at(parent)
        return self._merged(ended, -1, parent, parent, np.zeros_like(parent))

    def _shrunk(self, place: int, states: Table, after: Table) -> Table:
        """Return by how much less a taker may still gain after the end of a run."""
        before, then = self._worths.at_end[self.run][place], self._worths.to_come[self.run + 1]
        return np.where(after == IMPOSSIBLE, -NEVER, before[states] - then[place][after])

    def _may_stand(self, marks: Table) -> NDArray[np.bool_]:
        """Say of rows whether no promotion both is used and left a free unit out."""
        fine = np.ones(marks.shape, dtype=bool)
        for shift in self._ground.shift_of.values():
            fine &= (marks >> shift & 3) != 3
        return fine

    def _merged(self, rows: Rows, place: int, parent: Table, step: Table, gain: Table) -> Rows:
        """Return one row of those with the same future, the best one, and no more than ``width``:
        the most promising.
        """
        if rows.size <= FEW and place >= 0:
            kept = np.arange(rows.size)
            self.traces.append(Trace(self.run, place, parent, kept, step, gain))
            return rows
        codes = self._ground.codes(rows)
        order = np.lexsort((-rows.most, codes))
        sorted_ = codes[order]
        first = np.ones(order.size, dtype=bool)
        first[1:] = sorted_[1:] != sorted_[:-1]
        child = np.empty_like(order)
        child[order] = np.cumsum(first) - 1
        rows = rows.at(order[first])
        kept = np.arange(order.size) if self._every else order[first]
        if rows.size > self._width:
            rows, child = self._narrowed(rows, child)
            kept = kept[child[kept] >= 0]
        self.traces.append(
            Trace(self.run, place, parent[kept], child[kept], step[kept], gain[kept])
        )
        return rows

    def _narrowed(self, rows: Rows, child: Table) -> tuple[Rows, Table]:
        """Return the most promising rows, and which the others became: -1 where it was dropped."""
        order = np.argpartition(-rows.most, self._width)
        self.cut = max(self.cut, int(rows.most[order[self._width :]].max()))
        kept = np.sort(order[: self._width])
        place = np.full(rows.size, -1)
        place[kept] = np.arange(self._width)
        return rows.at(kept), place[child]

    def back(self, row: int) -> list[list[int]]:
        """Return the steps that led to a row: of each taker in each run."""
        steps = [[0] * len(self._takers) for _ in self._ground.counts]
        for trace in reversed(self.traces):
            if trace.taker >= 0:
                steps[trace.run][trace.taker] = int(trace.step[row])
            row = int(trace.parent[row])
        return steps
