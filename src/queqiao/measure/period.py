"""Times of a report: the period asked for, and the buckets of a named time zone."""

import re
from typing import NamedTuple

from queqiao.kernel.clock import day_start_us, parse_rfc3339, zone_of
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.measure.contracts import Granularity, ReportQuery

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LATEST_US = 4_102_444_800_000_000
"""2100-01-01, where stored events end."""


class Period(NamedTuple):
    """From ``start_us`` up to, without, ``end_us``; None where it is open.

    ``shift_us`` moves the rows of an earlier period onto the buckets of the one asked for.
    """

    start_us: int | None
    end_us: int | None
    shift_us: int = 0

    def previous(self) -> "Period":
        """Return the period of the same length just before."""
        if self.start_us is None or self.end_us is None:
            message = Message("与上期比较需要 from 和 to", "to compare, give from and to")
            raise InvalidInput(FieldError("compare", message))
        length = self.end_us - self.start_us
        return Period(self.start_us - length, self.start_us, length)


def period_of(query: ReportQuery) -> Period:
    """Return the period. Raises InvalidInput naming ``from``, ``to`` or ``timezone``."""
    zone_of(query.timezone)
    start = _moment(query.from_, query.timezone, "from")
    end = _moment(query.to, query.timezone, "to")
    if start is not None and end is not None and end <= start:
        message = Message("结束时间必须晚于开始时间", "must be later than from")
        raise InvalidInput(FieldError("to", message))
    return Period(start, end)


def _moment(text: str | None, zone: str, path: str) -> int | None:
    if text is None:
        return None
    if _DAY.fullmatch(text):
        parse_rfc3339(text, path)
        us = day_start_us(text, zone)
    else:
        us = parse_rfc3339(text, path)
    return min(max(us, 0), _LATEST_US)


_BUCKETS: dict[Granularity, str] = {
    "minute": "formatDateTime(toStartOfMinute({at}), '%Y-%m-%dT%H:%i:00Z', 'UTC')",
    "hour": "formatDateTime(toStartOfHour({at}, {zone}), '%Y-%m-%dT%H:%i:00Z', 'UTC')",
    "day": "toString(toDate({at}, {zone}))",
    "week": "toString(toMonday({at}, {zone}))",
    "month": "toString(toStartOfMonth({at}, {zone}))",
}


def bucket_sql(granularity: Granularity, column: str, shifted: bool) -> str:
    """Return the text of a bucket: a day ``YYYY-MM-DD`` of the zone, or a moment in UTC."""
    at = f"({column} + toIntervalMicrosecond({{shift:Int64}}))" if shifted else column
    return _BUCKETS[granularity].format(at=at, zone="{zone:String}")
