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

ROUNDS_MAX = 16
"""Subgradient steps; each costs as much as a small part of the search that follows."""


class Worths(NamedTuple):
    """``of_unit`` (runs): the worth of a unit. ``to_come`` (runs + 1, K, S): what a promotion may
    gain beyond worths, from a state before a run. ``bound``: no allocation gives more.
    """

    of_unit: Table
    to_come: Table
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
        for place, taker in enumerate(takers):
            self._fill(place, taker)

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

    def to_come(self, worth: Table) -> tuple[Table, Table]:
        """Return what may be gained from each state on at these worths, and by which step."""
        runs = len(self.counts)
        values = np.empty((runs + 1, *self.ends.shape), dtype=np.int64)
        chosen = np.empty((runs, *self.ends.shape), dtype=np.int64)
        values[runs] = self._left(self.ends)
        paid = worth[:, None, None] * self.units
        for run in range(runs - 1, -1, -1):
            then = values[run + 1][self._kinds, self.after]
            step = self.gains[run] - paid[run][:, :, None] + then
            chosen[run] = step.argmax(axis=1)
            values[run] = self._left(step.max(axis=1))
        return np.maximum(values, NEVER), chosen

    def _left(self, values: Table) -> Table:
        """Return values where a promotion may also go on as if units had stayed out before."""
        return np.maximum(values, values[self._each, self.leave]) if self._leaves else values

    def least_to_come(self) -> Table:
        """Return (runs + 1, K, S): what must still come at least from each state on."""
        runs = len(self.counts)
        values = np.empty((runs + 1, *self.ends.shape), dtype=np.int64)
        values[runs] = self._left_least(-self.ends)
        possible = np.where(self.gains == NEVER, -NEVER, self.gains)
        for run in range(runs - 1, -1, -1):
            step = possible[run] + values[run + 1][self._kinds, self.after]
            values[run] = self._left_least(step.min(axis=1))
        return np.minimum(values, -NEVER)

    def _left_least(self, values: Table) -> Table:
        return np.minimum(values, values[self._each, self.leave]) if self._leaves else values

    def wanted(self, chosen: Table) -> Table:
        """Return how many units of each run all promotions together would take."""
        kinds = np.arange(chosen.shape[1])
        state = np.zeros(len(kinds), dtype=np.int64)
        wanted = np.empty(len(self.counts), dtype=np.int64)
        for run, steps in enumerate(chosen):
            step = steps[kinds, state]
            wanted[run] = self.units[kinds, step].sum()
            state = self.after[kinds, step, state]
        return wanted


def weigh(field: Field, known: int, rounds: int = ROUNDS_MAX) -> Worths:
    """Return worths whose bound is low. ``known``: what some allocation gives."""
    worth = np.zeros(len(field.counts), dtype=np.int64)
    best: Worths | None = None
    pace = 1.0
    for _ in range(rounds):
        values, chosen = field.to_come(worth)
        bound = int(values[0, :, 0].sum() + (worth * field.counts).sum())
        if best is None or bound < best.bound:
            best = Worths(worth, values, bound)
        else:
            pace /= 2
        over = field.wanted(chosen) - field.counts
        over[(worth == 0) & (over < 0)] = 0
        length = int((over * over).sum())
        if not length or bound <= known:
            break
        step = pace * (bound - known) / length
        worth = np.maximum(0, worth + (step * over).astype(np.int64))
    assert best is not None
    return best
