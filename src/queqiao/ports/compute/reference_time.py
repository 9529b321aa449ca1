"""The reference's functions of time. Inside a time is microseconds; zones are IANA names."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from queqiao.kernel.clock import HOUR_US, MINUTE_US, SECOND_US, zone_of
from queqiao.ports.compute.functions import TIME_END_US
from queqiao.ports.compute.text_forms import TIME_TEXT

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def in_range(us: int) -> bool:
    """Return whether functions look into this time."""
    return 0 <= us < TIME_END_US


def local(us: int, zone: str) -> datetime:
    """Return what the zone's clocks and calendar show."""
    return (_EPOCH + timedelta(microseconds=us)).astimezone(zone_of(zone))


def truncate(us: int, unit: str, zone: str) -> int | None:
    """Return the start of the unit; see the table."""
    if not in_range(us):
        return None
    shown = local(us, zone)
    if unit in {"minute", "hour"}:
        into = shown.second * SECOND_US + shown.microsecond
        return us - into - (shown.minute * MINUTE_US if unit == "hour" else 0)
    day = shown.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if unit == "week":
        day -= timedelta(days=day.weekday())
    if unit == "month":
        day = day.replace(day=1)
    return (day.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def part(us: int, name: str, zone: str) -> int | None:
    """Return one number that the zone's clocks and calendar show."""
    if not in_range(us):
        return None
    shown = local(us, zone)
    return shown.isoweekday() if name == "weekday" else int(getattr(shown, name))


def date_text(us: int, zone: str) -> str | None:
    """Return the date in the zone."""
    return local(us, zone).date().isoformat() if in_range(us) else None


def to_text(value: bool | int) -> str:
    """Return the text of an integer or a truth value."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def time_text(us: int) -> str | None:
    """Return a time's text with six digits of the second."""
    return local(us, "UTC").strftime("%Y-%m-%dT%H:%M:%S.%fZ") if in_range(us) else None


def read_time(value: int | str) -> int | None:
    """Return the time of a text or of microseconds."""
    us: int | None = value if isinstance(value, int) else _read(value)
    return us if us is not None and in_range(us) else None


def _read(text: str) -> int | None:
    if not TIME_TEXT.fullmatch(text):
        return None
    tail = 1 if text.endswith("Z") else 6
    stamp, zone = text[:-tail], text[-tail:]
    try:
        seen = datetime.fromisoformat(stamp[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None
    fraction = int(stamp[20:].ljust(6, "0"))
    return (seen - _EPOCH) // timedelta(seconds=1) * SECOND_US + fraction - _offset_us(zone)


def _offset_us(zone: str) -> int:
    if zone == "Z":
        return 0
    away = int(zone[1:3]) * HOUR_US + int(zone[4:6]) * MINUTE_US
    return -away if zone[0] == "-" else away


def add_time(us: int, by_us: int) -> int | None:
    """Return the time so many microseconds later."""
    return us + by_us if in_range(us + by_us) else None


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "to_text": to_text,
    "time_text": time_text,
    "to_time": read_time,
    "to_us": int,
    "add_time": add_time,
    "truncate_time": truncate,
    "part_of_time": part,
    "date_text": date_text,
}
