"""The steps of shapes as arrays. They depend on the document and not on the cart: made once."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from queqiao.decide.promotions.combination.shapes import Groups, Shape, State, Taken, lower

Table = NDArray[np.int64]

IMPOSSIBLE = -1
"""The next state of a step that may not be made."""

STATES_MAX = 400
"""A shape with more states is not searched unit by unit."""

ROWS_MAX = 1_000
"""Nor one with more steps, ..."""

CELLS_MAX = 100_000
"""... or with more steps times states times roles: their arrays would take a worker too long."""


class Tables(NamedTuple):
    """A shape for steps of up to so many equal units, as arrays.

    ``units`` (M): of each step; ``after`` (M, S): its next state, or ``IMPOSSIBLE``; ``roles``
    (M, S, R): units in each role; ``completes`` (M, S): groups; ``masks`` (M, S): bits of the
    roles used. ``leave`` (S): the next state where free units stay out; ``lower`` (S): where the
    next unit is cheaper. ``ends`` (S): whether it may end here.
    """

    units: Table
    after: Table
    roles: Table
    completes: Table
    masks: Table
    leave: Table
    lower: Table
    ends: NDArray[np.bool_]

    @property
    def states(self) -> int:
        """Return how many states there are."""
        return len(self.ends)


class _Steps(NamedTuple):
    """Steps of equally many units, for all states."""

    after: Table
    roles: Table
    completes: Table

    @property
    def is_possible(self) -> bool:
        """Say whether some state can make the step."""
        return bool((self.after != IMPOSSIBLE).any())


@lru_cache(maxsize=4_096, typed=True)  # shapes are tuples: those of two types may be equal
def tables(shape: Shape, units_max: int) -> Tables | None:
    """Return the tables of a shape; None where it has too many states or steps to be searched."""
    states = _states(shape)
    if states is None:
        return None
    rows_max = min(ROWS_MAX, CELLS_MAX // (len(states) * shape.roles))
    if units_max > rows_max:
        return None
    number = {state: place for place, state in enumerate(states)}
    single = _single_steps(shape, states, number)
    rows = [(0, _no_step(len(states), shape.roles))]
    level = list(enumerate(single))
    for units in range(1, units_max + 1):
        rows += [(units, steps) for _, steps in level]
        if len(rows) > rows_max:
            return None
        level = [
            (way, taken)
            for last, steps in level
            for way in _next(shape, last)
            if (taken := _take(steps, single[way])).is_possible
        ]
    return _stacked(shape, states, number, rows)


def _next(shape: Shape, last: int) -> Iterable[int]:
    """Return which ways to take one more unit follow a way, so that no set comes twice."""
    if isinstance(shape, Groups):
        return range(last, len(shape.places))
    return (0,)


def _no_step(states: int, roles: int) -> _Steps:
    nothing = np.zeros((states, roles), dtype=np.int64)
    return _Steps(np.arange(states), nothing, np.zeros(states, dtype=np.int64))


def _take(before: _Steps, single: _Steps) -> _Steps:
    """Return the steps before with one more unit taken."""
    possible = before.after != IMPOSSIBLE
    state = np.where(possible, before.after, 0)
    after = np.where(possible, single.after[state], IMPOSSIBLE)
    roles = before.roles + single.roles[state]
    return _Steps(after, roles, before.completes + single.completes[state])


def _single_steps(shape: Shape, states: list[State], number: dict[State, int]) -> list[_Steps]:
    """Return the ways to take one unit: one for each place of a group, else as states decide."""
    taken = [list(shape.take(state)) for state in states]
    if isinstance(shape, Groups):
        roles = range(len(shape.places))
        chosen = [[_of_role(ways, role) for ways in taken] for role in roles]
    else:
        most = max(len(ways) for ways in taken)
        chosen = [[ways[n] if n < len(ways) else None for ways in taken] for n in range(most)]
    return [_one_unit(ways, shape.roles, number) for ways in chosen]


def _of_role(ways: list[Taken], role: int) -> Taken | None:
    return next((taken for taken in ways if taken.role == role), None)


def _one_unit(ways: list[Taken | None], roles: int, number: dict[State, int]) -> _Steps:
    after = np.array([IMPOSSIBLE if way is None else number[way.state] for way in ways])
    counts = np.zeros((len(ways), roles), dtype=np.int64)
    completes = np.zeros(len(ways), dtype=np.int64)
    for place, way in enumerate(ways):
        if way is not None:
            counts[place, way.role] = 1
            completes[place] = way.completes
    return _Steps(after, counts, completes)


def _states(shape: Shape) -> list[State] | None:
    """Return all states that can be reached, the start first."""
    found = dict.fromkeys([shape.start])
    queue = [shape.start]
    for state in queue:
        nexts = [shape.leave(state), lower(shape, state)]
        for after in [*[taken.state for taken in shape.take(state)], *nexts]:
            if after is not None and after not in found:
                found[after] = None
                queue.append(after)
        if len(queue) > STATES_MAX:
            return None
    return queue


def _stacked(
    shape: Shape, states: list[State], number: dict[State, int], rows: list[tuple[int, _Steps]]
) -> Tables:
    """Return the steps that some state can make, frozen."""
    rows = [row for row in rows if row[1].is_possible]
    roles = np.stack([steps.roles for _, steps in rows])
    found = Tables(
        np.array([units for units, _ in rows]),
        np.stack([steps.after for _, steps in rows]),
        roles,
        np.stack([steps.completes for _, steps in rows]),
        (roles > 0) @ (1 << np.arange(shape.roles)),
        _numbered([shape.leave(state) for state in states], number),
        _numbered([lower(shape, state) for state in states], number),
        np.array([shape.may_end(state) for state in states]),
    )
    for array in found:
        array.setflags(write=False)
    return found


def _numbered(states: Iterable[State | None], number: dict[State, int]) -> Table:
    return np.array([IMPOSSIBLE if state is None else number[state] for state in states])
