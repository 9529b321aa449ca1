"""Times as ClickHouse SQL: microseconds inside, the engine's calendar only to look into them."""

from collections.abc import Callable, Sequence

from queqiao.ports.compute.clickhouse_text import of_form
from queqiao.ports.compute.functions import TIME_END_US
from queqiao.ports.compute.text_forms import TIME_PATTERN

Constant = Callable[[Sequence[str], Sequence[str | None]], str]


def _within(sql: str, value: str) -> str:
    return f"if({sql} >= 0 AND {sql} < {TIME_END_US}, {value}, NULL)"


def _shown(sql: str, zone: str | None) -> str:
    bounded = f"least(greatest({sql}, 0), {TIME_END_US - 1})"
    return f"fromUnixTimestamp64Micro({bounded}, '{zone}')"


def _truncate(given: Sequence[str], constant: Sequence[str | None]) -> str:
    at, unit, zone = given[0], constant[1], constant[2]
    shown = _shown(at, zone)
    if unit in {"minute", "hour"}:
        minutes = f"toMinute({shown}) * 60 + " if unit == "hour" else ""
        into = f"({minutes}toSecond({shown})) * 1000000 + {at} % 1000000"
        return _within(at, f"{at} - ({into})")
    date = f"toDate32({shown}, '{zone}')"
    back = {"day": "0", "week": f"toDayOfWeek({date}) - 1", "month": f"toDayOfMonth({date}) - 1"}
    day = f"{date} - ({back[str(unit)]})"
    start = f"toUnixTimestamp64Micro(toDateTime64({day}, 6, '{zone}'))"
    return _within(at, start)


_PARTS = {
    "minute": "toMinute",
    "hour": "toHour",
    "day": "toDayOfMonth",
    "weekday": "toDayOfWeek",
    "month": "toMonth",
    "year": "toYear",
}


def _part(given: Sequence[str], constant: Sequence[str | None]) -> str:
    value = f"toInt64({_PARTS[str(constant[1])]}({_shown(given[0], constant[2])}))"
    return _within(given[0], value)


def _date_text(given: Sequence[str], constant: Sequence[str | None]) -> str:
    zone = constant[1]
    return _within(given[0], f"toString(toDate32({_shown(given[0], zone)}, '{zone}'))")


def to_text(at: str) -> str:
    """Return a time's text."""
    digits = f"leftPad(toString({at} % 1000000), 6, '0')"
    seconds = f"formatDateTime({_shown(at, 'UTC')}, '%Y-%m-%dT%H:%i:%S')"
    return _within(at, f"concat({seconds}, '.', {digits}, 'Z')")


def read(text: str) -> str:
    """Return the time of a text: its parts are read as numbers, the date is written back.

    A date that does not exist comes back as another one, or not at all, and so is found.
    """
    day = f"toDate32OrNull(substring({text}, 1, 10))"
    real = f"toString({day}) = substring({text}, 1, 10)"
    clock = " + ".join(
        f"toInt64OrZero(substring({text}, {start}, 2)) * {seconds}"
        for start, seconds in ((12, 3600), (15, 60), (18, 1))
    )
    digits = f"extract({text}, '\\\\.([0-9]+)')"
    fraction = f"toInt64OrZero(rightPad({digits}, 6, '0'))"
    zone = (
        f"if(endsWith({text}, 'Z'), 0, if(substring({text}, length({text}) - 5, 1) = '-', -1, 1)"
        f" * (toInt64OrZero(substring({text}, length({text}) - 4, 2)) * 3600"
        f" + toInt64OrZero(substring({text}, length({text}) - 1, 2)) * 60))"
    )
    seconds = f"toInt64(toInt32({day})) * 86400 + {clock} - {zone}"
    us = f"(({seconds}) * 1000000 + {fraction})"
    right = f"ifNull({of_form(text, TIME_PATTERN)} AND {real}, false)"
    return f"if({right}, {_within(us, us)}, NULL)"


def _add(at: str, by: str) -> str:
    us = f"accurateCastOrNull(toInt128({at}) + toInt128({by}), 'Int64')"
    return _within(us, us)


CONSTANT: dict[str, Constant] = {
    "truncate_time": _truncate,
    "part_of_time": _part,
    "date_text": _date_text,
}
"""Functions whose constants the printer looks at."""

PRINTED: dict[str, Callable[..., str]] = {
    "to_time": lambda a: _within(a, a),
    "add_time": _add,
}
"""How each function is printed."""
