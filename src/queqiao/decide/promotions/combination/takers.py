"""Promotions that take units, as the search sees them: a shape, the runs in reach, the gains."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from queqiao.decide.promotions.combination.giving import giving
from queqiao.decide.promotions.combination.proof import Effort
from queqiao.decide.promotions.combination.shapes import Chunks, Groups, Shape
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
    in its scope stay out; ``lower`` (S): where the next unit in its scope is cheaper, which
    ``descends`` says of each run; ``None`` where every state allows that and stays. ``must_give``:
    it may not hold units for nothing, since another one's rule reads which units are free.
    ``steps``: of each run, up to which step one can be made.
    """

    item: Placed
    terms: Terms
    tables: Tables
    units: Table
    reaches: Sequence[bool]
    after: Table
    gains: Table
    leave: Table | None
    lower: Table | None
    descends: Sequence[bool]
    must_give: bool
    steps: Sequence[int]

    @property
    def states(self) -> int:
        """Return how many states it has."""
        return self.tables.states

    @property
    def asks_nothing(self) -> bool:
        """Say whether it gives whatever the others of the contest took before."""
        return self.item.requirement is None and not self.item.offer.subtotal_at_least

    def at_end(self, states: Table, run: int, *, stays_out: NDArray[np.bool_]) -> Table:
        """Return the states at the end of a run in reach, ``IMPOSSIBLE`` where they may not be.

        ``stays_out``: of which of them units stay out of all promotions.
        """
        if self.leave is not None:
            states = np.where(stays_out, self.leave[states], states)
        if self.lower is not None and self.descends[run]:
            states = np.where(states == IMPOSSIBLE, IMPOSSIBLE, self.lower[states])
        return states


def taker(
    item: Placed, terms: Terms, runs: Sequence[Run], effort: Effort, *, must_give: bool
) -> Taker | None:
    """Return a promotion ready to be searched; None where its arrays would be too large."""
    masks = [_mask(terms.reach, run) for run in runs]
    counts = [run.units for run, mask in zip(runs, masks, strict=True) if mask]
    found = tables(terms.shape, max(counts, default=0))
    if found is None:
        return None
    effort.spend_cells(found.after.size * (len(runs) + terms.shape.roles))
    if effort.is_spent:
        return None
    gains = _gains(terms, found, runs)
    outside = found.masks & ~np.array(masks)[:, None, None] != 0
    too_many = found.units > np.array([run.units for run in runs])[:, None]
    gains[outside | (found.after == IMPOSSIBLE) | too_many[:, :, None]] = NEVER
    if must_give and _may_give_nothing(terms, found, gains, runs):
        effort.spend_cells(9 * gains.size)
        found, gains = giving(found, gains, NEVER)
    after = np.maximum(found.after, 0)
    reaches = [bool(mask) for mask in masks]
    leave, lower = _unless_it_stays(found.leave), _unless_it_stays(found.lower)
    descends = _descends(runs, reaches)
    units = found.units
    return Taker(
        item, terms, found, units, reaches, after, gains, leave, lower, descends, must_give,
        _possible(gains),
    )  # fmt: skip


def _possible(gains: Table) -> list[int]:
    can = (gains != NEVER).any(axis=2)
    found: list[int] = (can.shape[1] - can[:, ::-1].argmax(axis=1)).tolist()
    return found


def _unless_it_stays(after: Table) -> Table | None:
    return None if (after == np.arange(len(after))).all() else after


def _descends(runs: Sequence[Run], reaches: Sequence[bool]) -> list[bool]:
    """Say of each run whether the next one in reach is of cheaper units."""
    found, then = [], None
    for run, inside in zip(reversed(runs), reversed(reaches), strict=True):
        found.append(inside and then is not None and then < run.basis)
        then = run.basis if inside else then
    return found[::-1]


def _may_give_nothing(terms: Terms, found: Tables, gains: Table, runs: Sequence[Run]) -> bool:
    """Say whether units may be taken for nothing; of bundles only a till knows that."""
    match terms.shape:
        case Groups():
            return False
        case Chunks():
            given = terms.roles[1]
            return any(given(run) == 0 for run in runs if run.line in terms.reach[1])
        case _:
            return bool((gains[:, found.units > 0] == 0).any())


def _mask(reach: Sequence[frozenset[int]], run: Run) -> int:
    """Return the bits of the roles that a run's units may have."""
    return sum(1 << role for role, lines in enumerate(reach) if run.line in lines)


def _gains(terms: Terms, found: Tables, runs: Sequence[Run]) -> Table:
    """Return (runs, M, S): what each step over a run gives."""
    by_count = terms.by_count
    if by_count is not None:
        of_step = [[by_count(run, units) for units in found.units.tolist()] for run in runs]
        return np.repeat(np.array(of_step, dtype=np.int64)[:, :, None], found.states, axis=2)
    of_role = np.array([[gain(run) for gain in terms.roles] for run in runs], dtype=np.int64)
    return np.tensordot(of_role, found.roles, (1, 2)) + found.completes * terms.bonus
