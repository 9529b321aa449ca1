"""Funnels: how far each person comes through named steps, in order, within a time."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from queqiao.ports.compute.base import KeyedMachine, Row
from queqiao.ports.compute.plan import Columns


class Way(msgspec.Struct, frozen=True, array_like=True):
    """For each step reached, the latest possible beginning (µs) of a way that leads to it."""

    begun_us: list[int | None]
    reported: int


class Funnel(KeyedMachine[Way]):
    """Keyed by person, in order of time. A step comes out when a person first reaches it.

    A person reaches step n when the events 1 … n happened in this order, others between them
    allowed, the last no more than ``within_us`` after the first. Of several ways to a step the one
    that began last is kept: it leaves the most time, so no way that counts is missed. An event is
    one step of a way only.
    """

    name = "funnel"
    state = Way
    reads: ClassVar[Columns] = {"at": "time", "event": "text"}
    gives: ClassVar[Columns] = {"person": "text", "step": "int", "begun_at": "time", "at": "time"}

    def __init__(self, steps: Sequence[str], within_us: int) -> None:
        self._steps, self._within_us = tuple(steps), within_us

    def see(self, key: str, state: Way | None, row: Row) -> tuple[Way | None, Sequence[Row]]:
        """Take each step that this event is, the last one first."""
        at, event = row
        if event not in self._steps:
            return state, ()
        none: list[int | None] = [None] * len(self._steps)
        begun = list(state.begun_us) if state else none
        for place in reversed(range(len(self._steps))):
            if self._steps[place] == event:
                begun[place] = self._beginning(begun, place, at)
        return self._reached(key, Way(begun, state.reported if state else 0), at)

    def _beginning(self, begun: list[int | None], place: int, at: int) -> int | None:
        """Return the latest beginning of a way that is at this step now."""
        if place == 0:
            return at
        before, known = begun[place - 1], begun[place]
        if before is None or at - before > self._within_us:
            return known
        return before if known is None else max(before, known)

    def _reached(self, key: str, state: Way, at: int) -> tuple[Way, Sequence[Row]]:
        """Report the steps that are new."""
        given = []
        reported = state.reported
        while reported < len(self._steps) and state.begun_us[reported] is not None:
            given.append((key, reported + 1, state.begun_us[reported], at))
            reported += 1
        return Way(state.begun_us, reported), given
