"""What a unit is worth to promotions that compete for it, and the bound that follows.

Lagrange's relaxation: every promotion takes the units that it likes at the price of a worth, and
pays it; no unit is refused. Whatever the worths are, what all of them gain so, together with the
worth of all units, is at least what any allocation gives (each unit goes to one of them). The
worths are moved until the bound is near the best allocation (subgradient steps, Held and Karp
1971). All promotions are reckoned at once, in arrays.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from queqiao.decide.promotions.combination.step_tables import IMPOSSIBLE, Table
from queqiao.decide.promotions.combination.takers import NEVER, Taker

ROUNDS_MAX = 20
"""Subgradient steps; each costs as much as a small part of the search that follows."""

AIM, SLOWER = 0.7, 0.7
"""Steps aim at so much of the lowest bound, and are shortened so when a step has not lowered it.
Together with a beginning at half of what a unit brings at most, twenty steps come within 1.1 % of
the lowest bound that there is; from worths of nothing and towards nothing it was 7 %."""


class ToCome(NamedTuple):
    """What comes of each promotion from each of its states on.

    ``to_come`` (runs + 1, K, S): from before a run; ``at_end`` (runs, K, S): from before the end
    of a run, when its units are dealt out but for those that stay out.
    """

    to_come: Table
    at_end: Table


class Worths(NamedTuple):
    """``of_unit`` (runs): the worth of a unit. ``to_come`` and ``at_end``: what a promotion may
    gain beyond worths (``ToCome``). ``bound``: no allocation gives more.
    """

    of_unit: Table
    to_come: Table
    at_end: Table
    bound: int


class Field:
    """The promotions in arrays of one form: (runs, K, M, S), padded with steps never made."""

    def __init__(self, takers: Sequence[Taker], counts: Sequence[int]) -> None:
        steps = max(len(taker.units) for taker in takers)
        states = max(taker.states for taker in takers)
        self.counts = np.array(counts, dtype=np.int64)
        self._kinds = np.arange(len(takers))[:, None, None]
        self._each = np.arange(len(takers))[:, None]
        self._leaves = any(taker.leave is not None for taker in takers)
        self.gains = np.full((len(counts), len(takers), steps, states), NEVER, dtype=np.int64)
        self.after = np.zeros((len(takers), steps, states), dtype=np.int64)
        self.units = np.zeros((len(takers), steps), dtype=np.int64)
        self.leave = np.tile(np.arange(states), (len(takers), 1))
        self.ends = np.full((len(takers), states), NEVER, dtype=np.int64)
        self._lower: dict[int, Table] = {}
        for place, taker in enumerate(takers):
            self._fill(place, taker)

    @cached_property
    def _possible(self) -> list[int]:
        """Return of each run up to which step one can be made."""
        can = (self.gains != NEVER).any(axis=(1, 3))
        found: list[int] = (can.shape[1] - can[:, ::-1].argmax(axis=1)).tolist()
        return found

    @cached_property
    def unit(self) -> int:
        """Return what every gain, and so every sum of gains, is a multiple of."""
        return max(1, int(np.gcd.reduce(self.gains[self.gains != NEVER])))

    def _fill(self, place: int, taker: Taker) -> None:
        steps, states = taker.after.shape
        self.gains[:, place, :steps, :states] = taker.gains
        self.after[place, :steps, :states] = taker.after
        self.units[place, :steps] = taker.units
        self.ends[place, :states][taker.tables.ends] = 0
        if taker.leave is not None:
            known = np.arange(states)
            self.leave[place, :states] = np.where(taker.leave == IMPOSSIBLE, known, taker.leave)
        if taker.lower is not None:
            for run in np.flatnonzero(taker.descends).tolist():
                stays = np.tile(np.arange(self.ends.shape[1]), (len(self.ends), 1))
                self._lower.setdefault(run, stays)[place, :states] = taker.lower

    def most_of_unit(self) -> Table:
        """Return what a unit of each run brings at most, were it all that a step takes."""
        possible = np.where(self.gains == NEVER, 0, self.gains)
        of_units = possible // np.maximum(1, self.units)[None, :, :, None]
        most: Table = of_units.max(axis=(1, 2, 3))
        return most

    def to_come(self, worth: Table) -> tuple[ToCome, Table]:
        """Return what may be gained from each state on at these worths, and by which step."""
        found = self._room()
        chosen = np.empty_like(found.at_end)
        found.to_come[-1] = self._left(self.ends)
        paid = worth[:, None, None] * self.units
        for run in range(len(self.counts) - 1, -1, -1):
            found.at_end[run] = self._before_end(run, found.to_come[run + 1])
            some = self._possible[run]
            then = found.at_end[run][self._kinds, self.after[:, :some]]
            step = self.gains[run, :, :some] - paid[run, :, :some, None] + then
            chosen[run] = step.argmax(axis=1)
            found.to_come[run] = self._left(step.max(axis=1))
        return ToCome(*[np.maximum(values, NEVER) for values in found]), chosen

    def lost(self, worths: "Worths") -> Table:
        """Return (runs, K, M, S): by how much each step falls short of the bound of worths."""
        paid = (worths.of_unit[:, None, None] * self.units)[..., None]
        then = worths.at_end[:, self._kinds, self.after]
        got = self.gains - paid + then
        return np.where(got < NEVER // 2, -NEVER, worths.to_come[:-1, :, None] - got)

    def _room(self) -> ToCome:
        runs, each = len(self.counts), self.ends.shape
        return ToCome(*[np.empty((count, *each), dtype=np.int64) for count in (runs + 1, runs)])

    def _left(self, values: Table) -> Table:
        """Return values where a promotion may also go on as if units had stayed out before."""
        return np.maximum(values, values[self._each, self.leave]) if self._leaves else values

    def _before_end(self, run: int, values: Table) -> Table:
        if run not in self._lower:
            return values
        lower = self._lower[run]
        below = np.where(lower == IMPOSSIBLE, NEVER, values[self._each, lower])
        return self._left(below)

    def wanted(self, chosen: Table) -> Table:
        """Return how many units of each run all promotions together would take."""
        kinds = np.arange(chosen.shape[1])
        state = np.zeros(len(kinds), dtype=np.int64)
        wanted = np.empty(len(self.counts), dtype=np.int64)
        for run, steps in enumerate(chosen):
            step = steps[kinds, state]
            wanted[run] = self.units[kinds, step].sum()
            state = self.after[kinds, step, state]
            if run in self._lower:
                state = np.maximum(self._lower[run][kinds, state], 0)
        return wanted


def weigh(field: Field, rounds: int = ROUNDS_MAX) -> Worths:
    """Return worths whose bound is low."""
    worth = field.most_of_unit() // 2
    best: Worths | None = None
    pace = 1.0
    for _ in range(rounds):
        values, chosen = field.to_come(worth)
        bound = int(values.to_come[0, :, 0].sum() + (worth * field.counts).sum())
        if best is None or bound < best.bound:
            best = Worths(worth, *values, bound)
        else:
            pace *= SLOWER
        over = field.wanted(chosen) - field.counts
        over[(worth == 0) & (over < 0)] = 0
        length = int((over * over).sum())
        if not length:
            break
        step = pace * (bound - AIM * best.bound) / length
        worth = np.maximum(0, worth + (step * over).astype(np.int64))
    assert best is not None
    return best
