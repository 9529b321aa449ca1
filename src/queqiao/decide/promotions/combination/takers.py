"""Promotions that take units, as the search sees them: a shape, the runs in reach, the gains."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from queqiao.decide.promotions.combination.proof import Effort
from queqiao.decide.promotions.combination.shapes import Shape
from queqiao.decide.promotions.combination.step_tables import IMPOSSIBLE, Table, Tables, tables
from queqiao.decide.promotions.pricing.outcomes import Placed

NEVER = -(1 << 50)
"""The gain of a step that cannot be made; every possible gain is far above."""

SCALE = 1_000
"""Gains are in thousandths of a minor unit, rounded up where a rule has finer fractions."""


class Run(NamedTuple):
    """So many equal ``units`` of a line: ``cost`` each now; discounts are reckoned on ``basis``.

    ``room``: the most that one of them may give.
    """

    line: int
    units: int
    cost: int
    basis: int
    room: int


RoleGain = Callable[[Run], int]
"""What one unit of a run gives in a role, in thousandths."""


class Terms(NamedTuple):
    """How the steps of a shape pay.

    ``roles``: what a unit gives in each; ``bonus``: what each completed group adds; ``by_count``:
    what so many units of a run give together, in place of the roles. ``reach`` (R): the lines
    whose units may have each role. ``is_exact``: a till comes to the same amounts; else to no more
    than the gains and ``slack``. ``must_take``: no free unit in reach that would give something
    stays out when the promotion is used.
    """

    shape: Shape
    reach: Sequence[frozenset[int]]
    roles: Sequence[RoleGain] = ()
    bonus: int = 0
    by_count: Callable[[Run, int], int] | None = None
    slack: int = 0
    is_exact: bool = True
    must_take: bool = False


class Taker(NamedTuple):
    """A promotion that takes units, ready to be searched.

    ``after`` (M, S): the next states of its steps; ``gains`` (runs, M, S): what they give, in
    thousandths, ``NEVER`` where a step cannot be made. ``leave`` (S): the next state where units
    in its scope stay out; ``None`` where every state allows that and stays.
    """

    item: Placed
    terms: Terms
    tables: Tables
    units: Table
    reaches: Sequence[bool]
    after: Table
    gains: Table
    leave: Table | None

    @property
    def states(self) -> int:
        """Return how many states it has."""
        return self.tables.states


def taker(item: Placed, terms: Terms, runs: Sequence[Run], effort: Effort) -> Taker | None:
    """Return a promotion ready to be searched; None where its arrays would be too large."""
    masks = [_mask(terms.reach, run) for run in runs]
    counts = [run.units for run, mask in zip(runs, masks, strict=True) if mask]
    found = tables(terms.shape, max(counts, default=0))
    if found is None:
        return None
    effort.spend_cells(found.after.size * (len(runs) + terms.shape.roles))
    if effort.is_spent:
        return None
    gains = np.stack([_gains(terms, found, run) for run in runs])
    outside = found.masks & ~np.array(masks)[:, None, None] != 0
    gains[outside | (found.after == IMPOSSIBLE)] = NEVER
    after = np.maximum(found.after, 0)
    stays = bool((found.leave == np.arange(found.states)).all())
    reaches = [bool(mask) for mask in masks]
    leave = None if stays else found.leave
    return Taker(item, terms, found, found.units, reaches, after, gains, leave)


def _mask(reach: Sequence[frozenset[int]], run: Run) -> int:
    """Return the bits of the roles that a run's units may have."""
    return sum(1 << role for role, lines in enumerate(reach) if run.line in lines)


def _gains(terms: Terms, found: Tables, run: Run) -> Table:
    """Return (M, S): what each step over a run gives."""
    if terms.by_count is not None:
        of_step = [terms.by_count(run, int(units)) for units in found.units]
        return np.repeat(np.array(of_step, dtype=np.int64)[:, None], found.states, axis=1)
    of_role = np.array([gain(run) for gain in terms.roles], dtype=np.int64)
    return found.roles @ of_role + found.completes * terms.bonus
