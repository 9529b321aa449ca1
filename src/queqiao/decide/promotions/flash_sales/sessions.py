"""From what an operator wrote to sessions on the line of time."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from queqiao.decide.promotions.flash_sales.documents import DailyTimes, FlashSaleDocument
from queqiao.kernel.clock import SECOND_US, parse_rfc3339, zone_of

SESSIONS_MAX = 2_000
"""Of one sale, daily ones included."""


class Session(NamedTuple):
    """One session; ``id`` is its start in UTC, so an edit of the others leaves it as it is."""

    starts_us: int
    ends_us: int
    id: str


def sessions_of(document: FlashSaleDocument) -> list[Session]:
    """Return all sessions by their start. Raises InvalidInput or ValueError for no times."""
    pairs = [(parse_rfc3339(s.starts_at), parse_rfc3339(s.ends_at)) for s in document.sessions]
    if document.daily is not None:
        pairs += daily_pairs(document.daily)
    return [Session(starts, ends, session_id(starts)) for starts, ends in sorted(pairs)]


def session_id(starts_us: int) -> str:
    """Return the id of a session that starts then: ``20260618T020000Z``."""
    moment = datetime(1970, 1, 1) + timedelta(microseconds=starts_us)  # noqa: DTZ001  # UTC, said by Z
    micros = f".{moment.microsecond:06d}" if moment.microsecond else ""
    return f"{moment:%Y%m%dT%H%M%S}{micros}Z"


def daily_pairs(daily: DailyTimes) -> Iterator[tuple[int, int]]:
    """Yield start and end of each daily session. Raises ValueError for a day that there is not."""
    zone, day = zone_of(daily.timezone), date.fromisoformat(daily.first_day)
    last = date.fromisoformat(daily.last_day)
    while day <= last:
        if not daily.weekdays or day.isoweekday() in daily.weekdays:
            for hours in daily.hours:
                yield _moment_us(day, hours.starts, zone), _moment_us(day, hours.ends, zone)
        if day == last:
            return
        day += timedelta(days=1)


def _moment_us(day: date, clock: str, zone: ZoneInfo) -> int:
    hour, minute = map(int, clock.split(":"))
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    moment = datetime.combine(day, time(hour, minute), tzinfo=zone)
    return round(moment.timestamp()) * SECOND_US


def nearest(sessions: Sequence[Session], now_us: int) -> Session:
    """Return the session of now, else the next one, else the last one."""
    at = bisect_right(sessions, now_us, key=lambda session: session.starts_us) - 1
    if at >= 0 and now_us < sessions[at].ends_us:
        return sessions[at]
    return sessions[min(at + 1, len(sessions) - 1)]
