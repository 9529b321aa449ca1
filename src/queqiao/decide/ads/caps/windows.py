"""The windows in which ads are counted: numbered, so that a window rolls by itself.

A calendar window has a number that grows by one from each to the next: minutes and hours since
1970, days of the calendar, weeks from Monday, months. Days, weeks and months are those of a named
zone, so a day of a change of clocks has 23 or 25 hours and is one day. Hours begin where the
zone's do, also where it is half an hour off.
"""

from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from queqiao.kernel.clock import DAY_US, HOUR_US, MINUTE_US, day_start_us, zone_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MINUTE_MAX = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(minutes=1)
"""What is later counts as then: no month may end beyond the calendar."""

SPANS_US = (MINUTE_US, HOUR_US, DAY_US, 7 * DAY_US, 30 * DAY_US)
"""How long a rolling window is, in the order of ``PERS``; a lifetime has none."""

KEPT = (1_441, 25, 1, 1, 1, 0)
"""How many windows a counter is kept after its own, in the order of ``PERS``: a clock that steps
back by up to a day still finds it."""

AHEAD = (1_440, 24, 1, 1, 1, 0)
"""By how many windows a counter may be ahead of the time, in the order of ``PERS``: about a day.
Beyond that, a clock that was wrong made it."""


class Moment(Struct, frozen=True):
    """The numbers of the windows of one minute, and where each ends, in the order of ``PERS``.

    ``empty`` are the words of counters that have no ad yet, by the 16 kinds of counters.
    """

    minute: int
    numbers: tuple[int, ...]
    ends_us: tuple[int | None, ...]
    empty: tuple[int, ...]


class Windows:
    """Numbers windows in a zone. The last minute asked for is remembered."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._last = Moment(-1, (), (), ())

    def at(self, now_us: int) -> Moment:
        """Return the windows of a moment (µs; what is before 1970 counts as 1970)."""
        minute = min(max(0, now_us) // MINUTE_US, _MINUTE_MAX)
        if minute != self._last.minute:
            self._last = self._moment(minute)
        return self._last

    def _moment(self, minute: int) -> Moment:
        local = (_EPOCH + timedelta(minutes=minute)).astimezone(zone_of(self._zone))
        offset_us = (local.utcoffset() or timedelta()) // timedelta(microseconds=1)
        odd_us = offset_us % HOUR_US
        hour = (minute * MINUTE_US + odd_us) // HOUR_US
        day = local.date()
        number = day.toordinal()
        month_end = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        numbers = (minute, hour, number, (number - 1) // 7, day.year * 12 + day.month, 0)
        return Moment(
            minute,
            numbers,
            (
                (minute + 1) * MINUTE_US,
                (hour + 1) * HOUR_US - odd_us,
                self._start_us(day + timedelta(days=1)),
                self._start_us(day + timedelta(days=7 - day.weekday())),
                self._start_us(month_end),
                None,
            ),
            (*(one << 32 for one in numbers), *[0] * 10),
        )

    def _start_us(self, day: date) -> int:
        return day_start_us(day.isoformat(), self._zone)
