"""Sessions of a device, by the rules that the loader goes by too."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from queqiao.ports.compute.base import KeyedMachine, Row
from queqiao.ports.compute.plan import Columns
from queqiao.process.sessions import DEFAULT_RULES, SessionRules


class Visit(msgspec.Struct, frozen=True, array_like=True):
    """An open session; ``campaign`` is the one that it began by."""

    started_us: int
    last_us: int
    events: int
    campaign: str


class Sessions(KeyedMachine[Visit]):
    """Keyed by device, in order of time. A session comes out when it closes.

    Rows with no more than the gap of ``rules`` between them are one session, unless the rules part
    them. The loader sees events in the order in which they come instead, and may leave two sessions
    that a late event would have made one.
    """

    name = "sessions"
    state = Visit
    reads: ClassVar[Columns] = {"at": "time", "campaign": "text"}
    gives: ClassVar[Columns] = {
        "device": "text", "started_at": "time", "ended_at": "time", "events": "int",
        "campaign": "text",
    }  # fmt: skip

    def __init__(self, rules: SessionRules = DEFAULT_RULES) -> None:
        self._rules = rules

    def see(self, key: str, state: Visit | None, row: Row) -> tuple[Visit, Sequence[Row]]:
        """Add the row to the open session, or close that and open another."""
        at, campaign = row[0], row[1] or ""
        if state is None:
            return Visit(at, at, 1, campaign), ()
        if self._ends(state, at, campaign):
            return Visit(at, at, 1, campaign), (_result(key, state),)
        return Visit(state.started_us, at, state.events + 1, state.campaign), ()

    def _ends(self, state: Visit, at: int, campaign: str) -> bool:
        if at - state.last_us > self._rules.gap_us:
            return True
        return self._rules.part(state.started_us, state.campaign, at, campaign)

    def timer_us(self, state: Visit) -> int:
        """Return the first time that is too far from the last row."""
        return state.last_us + self._rules.gap_us + 1

    def fire(self, key: str, state: Visit) -> tuple[None, Sequence[Row]]:
        """Close the session."""
        return None, (_result(key, state),)


def _result(key: str, state: Visit) -> Row:
    return (key, state.started_us, state.last_us, state.events, state.campaign)
