"""Moments by the clock of a time zone: which minutes of the week, on which days.

A span is a set of the 10,080 minutes of a week (bit 0 is Monday 00:00) within bounds of calendar
days. A window that goes over midnight is two spans: what lies after midnight belongs to the day
on which it starts, its weekday and its dates. The clock of the wall decides: an hour that it shows
twice counts twice, and one that it leaves out never comes.
"""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from queqiao.kernel.clock import zone_of

DAY_MINUTES = 1_440
WEEK_MINUTES = 7 * DAY_MINUTES
HALF_HOURS = 48
FIRST_DAY, LAST_DAY = date.min.toordinal(), date.max.toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HALF_HOUR = (1 << 30) - 1


class Moment(NamedTuple):
    """What the clock of a zone shows: the day's number and the minute of the week."""

    day: int
    minute: int


class Span(NamedTuple):
    """Minutes of the week as bits, on days (numbers of ``date.toordinal``) within bounds."""

    zone: str
    minutes: int
    from_day: int = FIRST_DAY
    until_day: int = LAST_DAY

    def holds(self, moment: Moment) -> bool:
        """Say whether a moment lies in the span."""
        in_days = self.from_day <= moment.day <= self.until_day
        return in_days and bool(self.minutes >> moment.minute & 1)


def moment(now_us: int, zone: str) -> Moment:
    """Return what the clock of a zone shows at a time."""
    local = (_EPOCH + timedelta(microseconds=now_us)).astimezone(zone_of(zone))
    return Moment(local.toordinal(), local.weekday() * DAY_MINUTES + local.hour * 60 + local.minute)


def grid_span(zone: str, days: list[str]) -> Span:
    """Return the span of a day-parting grid: 7 texts from Monday of 48 half-hours, 0 or 1."""
    minutes = 0
    for half_hour, mark in enumerate("".join(days)):
        if mark == "1":
            minutes |= _HALF_HOUR << 30 * half_hour
    return Span(zone, minutes)


class Days(NamedTuple):
    """Days of the week, 1 (Monday) to 7, within bounds of calendar days, both included."""

    weekdays: list[int]
    first: int = FIRST_DAY
    last: int = LAST_DAY

    def following(self) -> "Days":
        """Return the days after these."""
        first = self.first if self.first == FIRST_DAY else min(self.first + 1, LAST_DAY)
        return Days([d % 7 + 1 for d in self.weekdays], first, min(self.last + 1, LAST_DAY))


def window_spans(zone: str, days: Days, start: int, end: int) -> list[Span]:
    """Return the spans of a window from a minute of the day to before another.

    One that ends before it starts goes over midnight.
    """
    if start < end:
        return [_span(zone, days, start, end)]
    spans = [_span(zone, days, start, DAY_MINUTES)]
    return [*spans, _span(zone, days.following(), 0, end)] if end else spans


def _span(zone: str, days: Days, start: int, end: int) -> Span:
    return Span(zone, _minutes(days.weekdays, start, end), days.first, days.last)


def _minutes(weekdays: list[int], start: int, end: int) -> int:
    length = (1 << end - start) - 1
    minutes = 0
    for weekday in weekdays:
        minutes |= length << (weekday - 1) * DAY_MINUTES + start
    return minutes
