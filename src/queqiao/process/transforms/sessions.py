"""Sessions of a device: by gap, and if asked for, by midnight and by change of campaign."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from queqiao.kernel.clock import MINUTE_US, business_day
from queqiao.ports.compute.base import KeyedMachine, Row
from queqiao.ports.compute.plan import Columns

GAP_US = 30 * MINUTE_US
"""The pause after which the trade counts a new visit."""


class Visit(msgspec.Struct, frozen=True, array_like=True):
    """An open session."""

    started_us: int
    last_us: int
    events: int
    campaign: str


class Sessions(KeyedMachine[Visit]):
    """Keyed by device, in order of time. A session comes out when it closes.

    Rows with no more than ``gap_us`` between them are one session. ``midnight_zone`` also ends it
    at that zone's midnight; ``by_campaign`` when a row names another campaign than the session's
    (a row that names none never does; a session takes the first campaign that is named).
    """

    name = "sessions"
    state = Visit
    reads: ClassVar[Columns] = {"at": "time", "campaign": "text"}
    gives: ClassVar[Columns] = {
        "device": "text", "started_at": "time", "ended_at": "time", "events": "int",
        "campaign": "text",
    }  # fmt: skip

    def __init__(
        self, gap_us: int = GAP_US, midnight_zone: str | None = None, *, by_campaign: bool = False
    ) -> None:
        self._gap_us, self._midnight_zone, self._by_campaign = gap_us, midnight_zone, by_campaign

    def see(self, key: str, state: Visit | None, row: Row) -> tuple[Visit, Sequence[Row]]:
        """Add the row to the open session, or close that and open another."""
        at, campaign = row[0], row[1] or ""
        if state is None:
            return Visit(at, at, 1, campaign), ()
        if self._ends(state, at, campaign):
            return Visit(at, at, 1, campaign), (_result(key, state),)
        return Visit(state.started_us, at, state.events + 1, state.campaign or campaign), ()

    def _ends(self, state: Visit, at: int, campaign: str) -> bool:
        if at - state.last_us > self._gap_us:
            return True
        zone = self._midnight_zone
        if zone is not None and business_day(at, zone) != business_day(state.last_us, zone):
            return True
        return self._by_campaign and campaign not in {"", state.campaign or campaign}

    def timer_us(self, state: Visit) -> int:
        """Return the first time that is too far from the last row."""
        return state.last_us + self._gap_us + 1

    def fire(self, key: str, state: Visit) -> tuple[None, Sequence[Row]]:
        """Close the session."""
        return None, (_result(key, state),)


def _result(key: str, state: Visit) -> Row:
    return (key, state.started_us, state.last_us, state.events, state.campaign)
