"""How a promotion takes units: small automata that read a cart's units from the dearest down.

A promotion of each kind is one shape. Its states say how far an open bundle, group or pick has
come; a step takes some equal units in their roles. See ``step_tables`` for their arrays.
"""

from collections.abc import Hashable, Iterator
from typing import NamedTuple, Protocol

State = tuple[int, ...]


class Taken(NamedTuple):
    """One unit taken: the state after it, the unit's role, and how many groups it completes."""

    state: State
    role: int
    completes: int = 0


class Shape(Hashable, Protocol):
    """The automaton of one kind of benefit. States are tuples; the first one is ``start``."""

    @property
    def roles(self) -> int:
        """Return how many roles a unit can have."""
        ...

    @property
    def start(self) -> State:
        """Return the state before any unit."""
        ...

    def take(self, state: State) -> Iterator[Taken]:
        """Yield the ways to take one more unit, the next cheaper one."""
        ...

    def leave(self, state: State) -> State | None:
        """Return the state after a unit in scope stays out of every promotion; None: it may not."""
        ...

    def may_end(self, state: State) -> bool:
        """Say whether nothing is left open."""
        ...


class AllFree(NamedTuple):
    """Every unit that no other promotion takes; one role."""

    @property
    def roles(self) -> int:
        """Return one: all units are alike."""
        return 1

    @property
    def start(self) -> State:
        """Return the only state."""
        return (0,)

    def take(self, state: State) -> Iterator[Taken]:
        """Yield the one way."""
        yield Taken(state, 0)

    def leave(self, state: State) -> State:
        """Return the state: that no unit of a promotion that is used stays out is kept apart."""
        return state

    def may_end(self, state: State) -> bool:  # noqa: ARG002  # nothing is ever open
        """Return true."""
        return True


class Groups(NamedTuple):
    """Whole groups with ``places`` for so many units of each role, at most ``times_max`` groups.

    The state: how many units of each role wait for their group, then how many groups were made
    where that is bounded.
    """

    places: tuple[int, ...]
    times_max: int | None
    units_max: int

    @property
    def roles(self) -> int:
        """Return the number of places."""
        return len(self.places)

    @property
    def start(self) -> State:
        """Return empty places."""
        return (0,) * len(self.places) + (0,) * (self.times_max is not None)

    def take(self, state: State) -> Iterator[Taken]:
        """Yield one way for each place, as long as the units can still fill what is open."""
        size = len(self.places)
        for role in range(size):
            filled = list(state[:size])
            filled[role] += 1
            complete = all(have >= place for have, place in zip(filled, self.places, strict=True))
            if complete:
                filled = [have - place for have, place in zip(filled, self.places, strict=True)]
            made = tuple(count + complete for count in state[size:])
            if self._can_be_filled(filled, made):
                yield Taken((*filled, *made), role, int(complete))

    def _can_be_filled(self, filled: list[int], made: tuple[int, ...]) -> bool:
        pairs = list(zip(filled, self.places, strict=True))
        opened = max(-(-have // place) for have, place in pairs)
        missing = sum(opened * place - have for have, place in pairs)
        if self.times_max is not None and opened + made[0] > self.times_max:
            return False
        return missing + sum(filled) <= self.units_max

    def leave(self, state: State) -> State:
        """Return the state: groups take what they need."""
        return state

    def may_end(self, state: State) -> bool:
        """Say whether no group is open."""
        return not any(state[: len(self.places)])


class Chunks(NamedTuple):
    """Groups of ``buy`` dearer units, role 0, and ``get`` cheaper ones, role 1, next to each other.

    Of all ways to group the same units this one gives the most, when the cheaper are given.
    """

    buy: int
    get: int
    times_max: int | None

    @property
    def roles(self) -> int:
        """Return two: bought and given."""
        return 2

    @property
    def start(self) -> State:
        """Return the beginning of a group, and how many were made where that is bounded."""
        return (0,) if self.times_max is None else (0, 0)

    def take(self, state: State) -> Iterator[Taken]:
        """Yield the one way: the next place in the group."""
        place, *made = state
        if made and made[0] == self.times_max:
            return
        last = place == self.buy + self.get - 1
        after = (0 if last else place + 1, *[count + last for count in made])
        yield Taken(after, int(place >= self.buy), int(last))

    def leave(self, state: State) -> State:
        """Return the state: groups take what they need."""
        return state

    def may_end(self, state: State) -> bool:
        """Say whether no group is open."""
        return state[0] == 0


_OUT = -2
"""The promotion is not used."""
_FRESH = -1
"""No unit of its scope was seen that is not another promotion's."""


class Counted(NamedTuple):
    """第 N 件: each free unit has the role of its place, counted from the dearest.

    ``places`` make a round; after it comes the next one (``repeat``), or all units have the last
    role (``goes_on``), or the role after the last, which gives nothing.
    """

    places: int
    repeat: bool
    goes_on: bool

    @property
    def roles(self) -> int:
        """Return one a place, and one for units beyond."""
        return self.places + 1

    @property
    def start(self) -> State:
        """Return that nothing was seen."""
        return (_FRESH,)

    def role_at(self, place: int) -> int:
        """Return the role of the unit at a place counted from 0."""
        if self.repeat:
            return place % self.places
        return min(place, self.places - 1 if self.goes_on else self.places)

    def take(self, state: State) -> Iterator[Taken]:
        """Yield the one way: the next place."""
        place = state[0]
        if place == _OUT:
            return
        place = max(place, 0)
        after = (place + 1) % self.places if self.repeat else min(place + 1, self.places)
        yield Taken((after,), self.role_at(place))

    def leave(self, state: State) -> State | None:
        """Return that it is not used; a used one takes every free unit."""
        return (_OUT,) if state[0] in {_FRESH, _OUT} else None

    def may_end(self, state: State) -> bool:  # noqa: ARG002  # a round may stay open
        """Return true."""
        return True


class CountedUp(NamedTuple):
    """第 N 件 counted from the cheapest: the last unit has the first place.

    The state is how many free units are still to come.
    """

    down: Counted
    units_max: int

    @property
    def roles(self) -> int:
        """Return one a place, and one for units beyond."""
        return self.down.roles

    @property
    def start(self) -> State:
        """Return that nothing was seen."""
        return (_FRESH,)

    def take(self, state: State) -> Iterator[Taken]:
        """Yield the next lower place; the first unit may say how many are to come."""
        left = state[0]
        ends = range(self.units_max) if left == _FRESH else range(left - 1, left)
        for place in ends:
            if place >= 0 and left != _OUT:
                yield Taken((place,), self.down.role_at(place))

    def leave(self, state: State) -> State | None:
        """Return that it is not used; a used one takes every free unit."""
        return (_OUT,) if state[0] in {_FRESH, _OUT} else None

    def may_end(self, state: State) -> bool:
        """Say whether as many units came as were said."""
        return state[0] <= 0


class Dearest(NamedTuple):
    """The ``size`` dearest free units.

    The state: how many are picked, and whether one that costs as much as the next was left. A
    unit that stays out is never dearer than a picked one; of equal ones any may be picked.
    """

    size: int

    @property
    def roles(self) -> int:
        """Return one."""
        return 1

    @property
    def start(self) -> State:
        """Return that none is picked and none left."""
        return (0, 0)

    def take(self, state: State) -> Iterator[Taken]:
        """Yield the one way, until so many are picked."""
        if 0 <= state[0] < self.size:
            picked = state[0] + 1
            yield Taken((picked, state[1] if picked < self.size else 0), 0)

    def leave(self, state: State) -> State:
        """Return that one was left, which no longer matters once all are picked."""
        return (state[0], 1) if 0 <= state[0] < self.size else state

    def lower(self, state: State) -> State | None:
        """Return the state where units get cheaper: after one was left no more are picked."""
        picked, left = state
        if not left:
            return state
        return None if picked else (_OUT, 0)

    def may_end(self, state: State) -> bool:
        """Say whether all are picked, or all that there were, or none."""
        picked, left = state
        return picked <= 0 or not left


class Cheapest(NamedTuple):
    """The ``size`` cheapest free units.

    The state: how many are picked, whether any was left, and whether one that costs more than the
    next is picked. A unit that stays out is never cheaper than a picked one; of equal ones any may
    be picked.
    """

    size: int

    @property
    def roles(self) -> int:
        """Return one."""
        return 1

    @property
    def start(self) -> State:
        """Return that none is picked and none left."""
        return (0, 0, 0)

    def take(self, state: State) -> Iterator[Taken]:
        """Yield the one way, until so many are picked."""
        picked, *rest = state
        if picked < self.size:
            yield Taken((picked + 1, *rest), 0)

    def leave(self, state: State) -> State | None:
        """Return that one was left; no cheaper one than a picked one may be."""
        picked, _, has_dearer = state
        return None if has_dearer else (picked, 1, 0)

    def lower(self, state: State) -> State:
        """Return the state where units get cheaper: all that are picked are dearer."""
        picked, left, _ = state
        return (picked, left, int(picked > 0))

    def may_end(self, state: State) -> bool:
        """Say whether all are picked, or all that there were, or none."""
        picked, left, _ = state
        return picked in {0, self.size} or not left


def lower(shape: Shape, state: State) -> State | None:
    """Return the state where the next unit is cheaper than the last; None: it may not be."""
    return shape.lower(state) if isinstance(shape, Dearest | Cheapest) else state
