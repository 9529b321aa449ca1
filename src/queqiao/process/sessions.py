"""Visits: events of one device with no more than 30 minutes between them.

A session is named by the offset of its first event. Events may come late: one that falls into, or
within the gap around, one of the device's last sessions joins it; another opens its own. Where the
rules say so, a session also ends with the business day, and where another campaign begins.
"""

import msgspec

from queqiao.kernel.clock import DEFAULT_ZONE, MINUTE_US, business_day
from queqiao.process.state import Keyed

SESSIONS_KEPT = 4
"""Sessions remembered per device; a later event cannot join an older one."""


class SessionRules(msgspec.Struct, frozen=True):
    """What ends a session. ``zone`` is the shop's: its business days begin at midnight there.

    ``ends_with_campaign``: an event that comes by a campaign (its tags or click id) which is not
    the session's begins another one; an event without any campaign goes on.
    """

    gap_us: int = 30 * MINUTE_US
    ends_at_midnight: bool = False
    ends_with_campaign: bool = False
    zone: str = DEFAULT_ZONE

    def part(self, began_us: int, campaign: str, at_us: int, other: str) -> bool:
        """Say whether an event of another campaign, within the gap, begins a session of its own.

        ``began_us`` and ``campaign`` are when and by what the session there is began.
        """
        if self.ends_with_campaign and other and other != campaign:
            return True
        if not self.ends_at_midnight:
            return False
        return business_day(at_us, self.zone) != business_day(began_us, self.zone)


DEFAULT_RULES = SessionRules()


class Session(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One session as far as it is known. Times in microseconds UTC."""

    id: str
    person_id: str
    started_at_us: int
    ended_at_us: int
    events: int
    channel: str
    campaign: str = ""

    def with_event(self, person_id: str, at_us: int, channel: str) -> "Session":
        """Return the session with one more event."""
        started_at_us, ended_at_us = self.started_at_us, self.ended_at_us
        if at_us > ended_at_us:
            ended_at_us = at_us
        elif at_us < started_at_us:
            started_at_us = at_us
        events, named = self.events + 1, self.channel or channel
        return Session(self.id, person_id, started_at_us, ended_at_us, events, named, self.campaign)


class Seen(msgspec.Struct, frozen=True, gc=False):
    """What one event did: its session, and the versions of sessions that are to be recorded."""

    session_id: str
    opened: Session | None = None
    closed: Session | None = None


class Sessions:
    """The open and lately closed sessions of every device."""

    def __init__(self, state: Keyed[list[Session]], rules: SessionRules = DEFAULT_RULES) -> None:
        self._state = state
        self._rules = rules
        self._gap_us = rules.gap_us
        self._is_plain = not (rules.ends_at_midnight or rules.ends_with_campaign)

    def see(
        self,
        offset: int,
        device: str,
        person_id: str,
        at_us: int,
        channel: str,
        *,
        campaign: str = "",
    ) -> Seen:
        """Put one event into a session; the newest fitting one wins."""
        known = self._state.get(device) or []
        if known and self._holds(known[-1], at_us, campaign):  # nearly every event: the newest
            joined = known[-1].with_event(person_id, at_us, channel)
            self._state.put(device, [*known[:-1], joined] if len(known) > 1 else [joined])
            return Seen(joined.id)
        for index in range(len(known) - 2, -1, -1):
            is_late = at_us < known[index + 1].started_at_us  # who comes back begins anew
            if is_late and self._holds(known[index], at_us, campaign):
                joined = known[index].with_event(person_id, at_us, channel)
                self._state.put(device, [*known[:index], joined, *known[index + 1 :]])
                return Seen(joined.id)
        opened = Session(f"{offset}", person_id, at_us, at_us, 1, channel, campaign)
        return self._open(device, opened)

    def _holds(self, session: Session, at_us: int, campaign: str) -> bool:
        """Say whether an event belongs to a session."""
        gap_us = self._gap_us
        if not session.started_at_us - gap_us <= at_us <= session.ended_at_us + gap_us:
            return False
        return self._is_plain or not self._rules.part(
            session.started_at_us, session.campaign, at_us, campaign
        )

    def _open(self, device: str, session: Session) -> Seen:
        known = [*(self._state.get(device) or []), session]
        known.sort(key=lambda one: (one.started_at_us, one.id))
        self._state.put(device, known[-SESSIONS_KEPT:])
        newest = known[-1] is session and len(known) > 1
        return Seen(session.id, opened=session, closed=known[-2] if newest else None)
