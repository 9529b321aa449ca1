"""Time: UTC microseconds inside, RFC 3339 outside, business days in a named zone."""

import time as machine
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from queqiao.kernel.errors import FieldError, InvalidInput, Message

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

DEFAULT_ZONE = "Asia/Shanghai"
"""The business day of a shop that names no zone."""

_SINCE_BOOT = getattr(machine, "CLOCK_BOOTTIME", machine.CLOCK_MONOTONIC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Says what time it is. Everything that needs the time takes one as an argument."""

    def now_us(self) -> int:
        """Return the time in microseconds since 1970-01-01 UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        """Return the machine's time in microseconds."""
        return machine.time_ns() // 1000


class AnchoredClock:
    """Counts on from an anchor by ``since_boot_us``: setting the machine's clock moves nothing.

    ``anchor`` holds one number, the time (µs since 1970) at which the machine was started.
    """

    def __init__(self, anchor: Sequence[int]) -> None:
        self._anchor = anchor

    def now_us(self) -> int:
        """Return the anchor and what was counted since."""
        return since_boot_us() + self._anchor[0]


def since_boot_us() -> int:
    """Return the microseconds since the machine's start, those asleep too where it counts them.

    Nobody can set this count, and time servers keep its pace as they do the clock's.
    """
    return machine.clock_gettime_ns(_SINCE_BOOT) // 1000


class FixedClock:
    """A clock that stands still until it is advanced, for tests and replays."""

    def __init__(self, us: int) -> None:
        self.us = us

    def now_us(self) -> int:
        """Return the set time."""
        return self.us

    def advance_us(self, us: int) -> None:
        """Move the clock by ``us`` microseconds."""
        self.us += us


def parse_rfc3339(text: str, path: str = "timestamp") -> int:
    """Return microseconds since the epoch. A time without an offset is read as UTC.

    Digits beyond microseconds are cut. Raises InvalidInput naming ``path``.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError) as error:
        message = Message(
            "时间格式不对，请写成 2026-06-18T00:00:00+08:00",
            "not a time; write it as 2026-06-18T00:00:00+08:00",
        )
        raise InvalidInput(FieldError(path, message)) from error


def format_rfc3339(us: int) -> str:
    """Return the time in UTC with exactly the digits it needs, e.g. ``2026-06-18T00:00:00Z``."""
    moment = _EPOCH + timedelta(microseconds=us)
    return moment.replace(tzinfo=None).isoformat() + "Z"


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return the time zone by its IANA name. Raises InvalidInput naming ``timezone``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = Message(
            "没有这个时区，请用 IANA 名称，例如 Asia/Shanghai",
            "no such time zone; use an IANA name such as Asia/Shanghai",
        )
        raise InvalidInput(FieldError("timezone", message)) from error


def business_day(us: int, zone: str = DEFAULT_ZONE) -> str:
    """Return the calendar day ``YYYY-MM-DD`` of a moment in a named zone."""
    return (_EPOCH + timedelta(microseconds=us)).astimezone(zone_of(zone)).date().isoformat()


def day_start_us(day: str, zone: str = DEFAULT_ZONE) -> int:
    """Return the first microsecond of ``YYYY-MM-DD`` in a named zone."""
    midnight = datetime.combine(date.fromisoformat(day), time(), tzinfo=zone_of(zone))
    return (midnight - _EPOCH) // _MICROSECOND
