"""Hours, days of the week and dates by the clock of a named time zone."""

from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from queqiao.decide.promotions.documents.condition import TimeWindow
from queqiao.kernel.clock import zone_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_EVERY_DAY = frozenset(range(1, 8))


class Window(Struct, frozen=True, gc=False):
    """Minutes of the day from ``start`` to before ``end``, on some days.

    One that ends before it starts goes over midnight and belongs to the day it starts on.
    """

    start: int
    end: int
    weekdays: frozenset[int]
    first: date
    last: date

    def holds(self, minute: int, today: date) -> bool:
        """Say whether a minute of a day is inside."""
        if self.start < self.end:
            return self.start <= minute < self.end and self._is_day(today)
        if minute >= self.start:
            return self._is_day(today)
        return minute < self.end and today > date.min and self._is_day(today - _DAY)

    def _is_day(self, day: date) -> bool:
        return self.first <= day <= self.last and day.isoweekday() in self.weekdays


def compile_window(window: TimeWindow) -> Window:
    """Return the window of a document that has passed its check."""
    return Window(
        minute_of(window.from_time),
        minute_of(window.until_time),
        frozenset(window.weekdays) or _EVERY_DAY,
        date.min if window.from_date is None else date.fromisoformat(window.from_date),
        date.max if window.until_date is None else date.fromisoformat(window.until_date),
    )


def minute_of(text: str) -> int:
    """Return the minute of the day of ``HH:MM``."""
    return int(text[:2]) * 60 + int(text[3:])


def local(now_us: int, zone: str) -> datetime:
    """Return the moment by the clock of a zone."""
    return (_EPOCH + timedelta(microseconds=now_us)).astimezone(zone_of(zone))


def is_within(windows: tuple[Window, ...], now_us: int, zone: str) -> bool:
    """Say whether any window holds at a moment.

    The clock on the wall decides: what it shows twice when clocks go back holds twice.
    """
    moment = local(now_us, zone)
    minute, today = moment.hour * 60 + moment.minute, moment.date()
    return any(window.holds(minute, today) for window in windows)


def days_around(month: int, day: int, today: date) -> tuple[int, int]:
    """Return the days until the next and since the last birthday; both 0 on the day itself.

    Who is born on 29 February has a birthday on the 28th in years without it.
    """
    this = _birthday(today.year, month, day)
    if this == today:
        return 0, 0
    following = this if this > today else _birthday(today.year + 1, month, day)
    before = this if this < today else _birthday(today.year - 1, month, day)
    return (following - today).days, (today - before).days


def _birthday(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, day - 1)
