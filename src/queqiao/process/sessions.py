"""Visits: events of one device with no more than 30 minutes between them.

A session is named by the offset of its first event. Events may come late: one that falls into, or
within the gap around, one of the device's last sessions joins it; another opens its own.
"""

from typing import NamedTuple

import msgspec

from queqiao.kernel.clock import MINUTE_US
from queqiao.process.state import Keyed

GAP_US = 30 * MINUTE_US
SESSIONS_KEPT = 4
"""Sessions remembered per device; a later event cannot join an older one."""


class Session(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One session as far as it is known. Times in microseconds UTC."""

    id: str
    person_id: str
    started_at_us: int
    ended_at_us: int
    events: int
    channel: str

    def holds(self, at_us: int) -> bool:
        """Say whether an event at that time belongs to it."""
        return self.started_at_us - GAP_US <= at_us <= self.ended_at_us + GAP_US

    def with_event(self, person_id: str, at_us: int, channel: str) -> "Session":
        """Return the session with one more event."""
        started_at_us, ended_at_us = self.started_at_us, self.ended_at_us
        if at_us > ended_at_us:
            ended_at_us = at_us
        elif at_us < started_at_us:
            started_at_us = at_us
        events, named = self.events + 1, self.channel or channel
        return Session(self.id, person_id, started_at_us, ended_at_us, events, named)


class Seen(NamedTuple):
    """What one event did: its session, and the versions of sessions that are to be recorded."""

    session_id: str
    opened: Session | None = None
    closed: Session | None = None


class Sessions:
    """The open and lately closed sessions of every device."""

    def __init__(self, state: Keyed[list[Session]]) -> None:
        self._state = state

    def see(self, offset: int, device: str, person_id: str, at_us: int, channel: str) -> Seen:
        """Put one event into a session; the newest fitting one wins."""
        known = self._state.get(device) or []
        if known and known[-1].holds(at_us):  # nearly every event belongs to the newest
            joined = known[-1].with_event(person_id, at_us, channel)
            self._state.put(device, [*known[:-1], joined] if len(known) > 1 else [joined])
            return Seen(joined.id)
        for index in range(len(known) - 2, -1, -1):
            if known[index].holds(at_us):
                joined = known[index].with_event(person_id, at_us, channel)
                self._state.put(device, [*known[:index], joined, *known[index + 1 :]])
                return Seen(joined.id)
        return self._open(device, Session(f"{offset}", person_id, at_us, at_us, 1, channel))

    def _open(self, device: str, session: Session) -> Seen:
        known = [*(self._state.get(device) or []), session]
        known.sort(key=lambda one: (one.started_at_us, one.id))
        self._state.put(device, known[-SESSIONS_KEPT:])
        newest = known[-1] is session and len(known) > 1
        return Seen(session.id, opened=session, closed=known[-2] if newest else None)
