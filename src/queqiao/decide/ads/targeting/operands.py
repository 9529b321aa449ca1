"""The operators: what each takes as its ``value``, and the question that comes of it."""

from collections.abc import Callable
from datetime import date
from math import inf, nextafter
from typing import Any

from queqiao.decide.ads.targeting.bounds import LIST_MAX, PHRASE_WORDS_MAX, TEXT_MAX
from queqiao.decide.ads.targeting.geography import (
    RADIUS_KM_MAX,
    Area,
    Circle,
    polygon,
)
from queqiao.decide.ads.targeting.leaves import (
    AllOf,
    Below,
    Between,
    Exact,
    Exists,
    InArea,
    InTime,
    NoneOf,
    OneOf,
    Phrase,
    Question,
    Under,
)
from queqiao.decide.ads.targeting.situation import Scalar, checked, point
from queqiao.decide.ads.targeting.times import (
    DAY_MINUTES,
    FIRST_DAY,
    HALF_HOURS,
    LAST_DAY,
    Days,
    Span,
    grid_span,
    window_spans,
)
from queqiao.decide.ads.targeting.words import Words, words
from queqiao.kernel.clock import zone_of
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.text import clean

Operator = Callable[[str, str, Any, str], Question]
"""Makes the question from its path, its field, the ``value`` and the time zone."""

_EMPTY = Message("列表为空，请填写或删去该条件", "is an empty list; fill it or remove the clause")
_WINDOW_KEYS = {"weekdays", "from_time", "until_time", "from_date", "until_date"}


def wrong(path: str, zh: str, en: str) -> InvalidInput:
    """Return the error for one field."""
    return InvalidInput(FieldError(path, Message(zh, en)))


def _list(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise wrong(path, "须为数组", "must be a list")
    if not value:
        raise InvalidInput(FieldError(path, _EMPTY))
    if len(value) > LIST_MAX:
        raise wrong(path, f"最多 {LIST_MAX} 项", f"at most {LIST_MAX} of them")
    return value


def _object(value: Any, path: str, keys: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong(path, "须为对象", "must be an object")
    if not keys.issuperset(value):
        told = " ".join(sorted(keys))
        raise wrong(path, f"有多余的键，可用：{told}", f"holds a key that is not known; use {told}")
    return value


def _scalar(value: Any, path: str) -> Scalar:
    return clean(value, path, TEXT_MAX) if isinstance(value, str) else checked(value, path)


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str) or not value:
        raise wrong(path, "须为非空文本", "must be a text that is not empty")
    return clean(value, path, TEXT_MAX)


def _number(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(path, "须为数字", "must be a number")
    return float(checked(value, path))


def _scalars(value: Any, path: str) -> frozenset[Scalar]:
    return frozenset(_scalar(item, f"{path}[{at}]") for at, item in enumerate(_list(value, path)))


def _one_of(path: str, field: str, value: Any, _: str) -> Question:
    return OneOf(path, field, _scalars(value, f"{path}.value"))


def _none_of(path: str, field: str, value: Any, _: str) -> Question:
    return NoneOf(path, field, _scalars(value, f"{path}.value"))


def _all_of(path: str, field: str, value: Any, _: str) -> Question:
    return AllOf(path, field, _scalars(value, f"{path}.value"))


def _equal(path: str, field: str, value: Any, _: str) -> Question:
    return OneOf(path, field, frozenset((_scalar(value, f"{path}.value"),)))


def _unequal(path: str, field: str, value: Any, _: str) -> Question:
    return NoneOf(path, field, frozenset((_scalar(value, f"{path}.value"),)))


def _less(path: str, field: str, value: Any, _: str) -> Question:
    return Between(path, field, -inf, nextafter(_number(value, f"{path}.value"), -inf))


def _at_most(path: str, field: str, value: Any, _: str) -> Question:
    return Between(path, field, -inf, _number(value, f"{path}.value"))


def _greater(path: str, field: str, value: Any, _: str) -> Question:
    return Between(path, field, nextafter(_number(value, f"{path}.value"), inf), inf)


def _at_least(path: str, field: str, value: Any, _: str) -> Question:
    return Between(path, field, _number(value, f"{path}.value"), inf)


def _between(path: str, field: str, value: Any, _: str) -> Question:
    if not isinstance(value, list) or len(value) != 2:
        raise wrong(f"{path}.value", "须为 [下限, 上限]", "must be [low, high]")
    low, high = (_number(item, f"{path}.value[{at}]") for at, item in enumerate(value))
    if low > high:
        raise wrong(f"{path}.value", "下限大于上限", "is never true: low is above high")
    return Between(path, field, low, high)


def _exists(path: str, field: str, value: Any, _: str) -> Question:
    if value is not None and not isinstance(value, bool):
        raise wrong(f"{path}.value", "须为 true 或 false", "must be true or false")
    return Exists(path, field, value is not False)


def _under(path: str, field: str, value: Any, _: str) -> Question:
    at = f"{path}.value"
    names = [_text(item, f"{at}[{n}]") for n, item in enumerate(_list(value, at))]
    return Under(path, field, frozenset(names))


def _in_radius(path: str, field: str, value: Any, _: str) -> Question:
    at = f"{path}.value"
    told = _object(value, at, {"lat", "lon", "radius_km"})
    centre = point(told.get("lat"), told.get("lon"), at)
    radius_km = _number(told.get("radius_km"), f"{at}.radius_km")
    if not 0 < radius_km <= RADIUS_KM_MAX:
        raise wrong(
            f"{at}.radius_km",
            f"须大于 0，最多 {RADIUS_KM_MAX} 公里",
            f"must be above 0 and at most {RADIUS_KM_MAX} km",
        )
    return InArea(path, field, Circle(centre, radius_km))


def _in_polygon(path: str, field: str, value: Any, _: str) -> Question:
    at = f"{path}.value"
    corners = [
        _object(item, f"{at}[{n}]", {"lat", "lon"}) for n, item in enumerate(_list(value, at))
    ]
    points = [point(c.get("lat"), c.get("lon"), f"{at}[{n}]") for n, c in enumerate(corners)]
    if len(set(points)) < 3:
        raise wrong(at, "至少三个不同的顶点", "needs at least three different corners")
    area: Area | None = polygon(points)
    if area is None:
        raise wrong(at, "边界绕过了极点，请改用圆", "goes round a pole; use a circle there")
    return InArea(path, field, area)


def _in_grid(path: str, field: str, value: Any, zone: str) -> Question:
    at = f"{path}.value"
    if isinstance(value, str) and len(value) == 7 * HALF_HOURS:
        value = [value[day * HALF_HOURS : (day + 1) * HALF_HOURS] for day in range(7)]
    if not isinstance(value, list) or len(value) != 7:
        raise wrong(at, "须为周一到周日共 7 行", "must be 7 texts, Monday to Sunday")
    for day, row in enumerate(value):
        if not isinstance(row, str) or len(row) != HALF_HOURS or row.strip("01"):
            raise wrong(
                f"{at}[{day}]",
                "须为 48 个 0 或 1，每个半小时一个",
                "must be 48 characters 0 or 1, one for each half-hour",
            )
    if not any("1" in row for row in value):
        raise wrong(at, "没有任何投放时段", "is never true: no half-hour is 1")
    return InTime(path, field, (grid_span(zone, value),))


def _in_windows(path: str, field: str, value: Any, zone: str) -> Question:
    at = f"{path}.value"
    spans: list[Span] = []
    for n, item in enumerate(_list(value, at)):
        spans += _window(_object(item, f"{at}[{n}]", _WINDOW_KEYS), f"{at}[{n}]", zone)
    return InTime(path, field, tuple(dict.fromkeys(spans)))


def _window(window: dict[str, Any], path: str, zone: str) -> list[Span]:
    start = _minute(window.get("from_time", "00:00"), f"{path}.from_time")
    end = _minute(window.get("until_time", "24:00"), f"{path}.until_time")
    if start in {end, DAY_MINUTES}:
        raise wrong(f"{path}.until_time", "起止时刻相同", "must be another time than from_time")
    weekdays = window.get("weekdays", [1, 2, 3, 4, 5, 6, 7])
    for at, weekday in enumerate(_list(weekdays, f"{path}.weekdays")):
        if type(weekday) is not int or not 1 <= weekday <= 7:
            raise wrong(f"{path}.weekdays[{at}]", "须为 1（周一）到 7", "must be 1 (Monday) to 7")
    first = _day(window.get("from_date"), f"{path}.from_date", FIRST_DAY)
    last = _day(window.get("until_date"), f"{path}.until_date", LAST_DAY)
    if first > last:
        raise wrong(f"{path}.until_date", "结束日期早于开始日期", "is before from_date")
    return window_spans(zone, Days(weekdays, first, last), start, end)


def _minute(value: Any, path: str) -> int:
    hour, _, minute = value.partition(":") if isinstance(value, str) else ("", "", "")
    is_time = (
        len(hour) == len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdigit()
    )
    total = int(hour) * 60 + int(minute) if is_time else -1
    if not is_time or int(minute) > 59 or not 0 <= total <= DAY_MINUTES:
        raise wrong(path, "须为 00:00 到 24:00", "must be a time from 00:00 to 24:00")
    return total


def _day(value: Any, path: str, default: int) -> int:
    if value is None:
        return default
    try:
        if not isinstance(value, str) or len(value) != 10:
            raise ValueError
        return date.fromisoformat(value).toordinal()
    except ValueError as error:
        raise wrong(path, "须为日期 YYYY-MM-DD", "must be a date YYYY-MM-DD") from error


def _keywords(value: Any, path: str) -> tuple[Words, ...]:
    found: list[Words] = []
    for at, item in enumerate(_list(value, path)):
        keyword = words(_text(item, f"{path}[{at}]"))
        if not 0 < len(keyword) <= PHRASE_WORDS_MAX:
            raise wrong(
                f"{path}[{at}]",
                f"须有 1 到 {PHRASE_WORDS_MAX} 个词（汉字各算一个）",
                f"must have 1 to {PHRASE_WORDS_MAX} words (a Han character counts as one)",
            )
        found.append(keyword)
    return tuple(dict.fromkeys(found))


def _exact(path: str, field: str, value: Any, _: str) -> Question:
    return Exact(path, field, _keywords(value, f"{path}.value"))


def _phrase(path: str, field: str, value: Any, _: str) -> Question:
    return Phrase(path, field, _keywords(value, f"{path}.value"))


def _below(path: str, field: str, value: Any, _: str) -> Question:
    at = f"{path}.value"
    told = _object(value, at, {"counter", "limit"})
    limit = told.get("limit")
    if type(limit) is not int or not 1 <= limit <= 1_000_000:
        raise wrong(f"{at}.limit", "须为 1 到 1000000 的整数", "must be an integer, 1 to 1000000")
    return Below(path, field, _text(told.get("counter"), f"{at}.counter"), limit)


def zone_at(name: Any, path: str) -> str:
    """Return the name of a time zone that there is. Raises InvalidInput naming ``path``."""
    try:
        zone_of(_text(name, path))
    except InvalidInput as error:
        raise InvalidInput(FieldError(path, error.fields[0].message)) from error
    return str(name)


OPERATORS: dict[str, Operator] = {
    "=": _equal,
    "!=": _unequal,
    "<": _less,
    "<=": _at_most,
    ">": _greater,
    ">=": _at_least,
    "between": _between,
    "in": _one_of,
    "not_in": _none_of,
    "one_of": _one_of,
    "none_of": _none_of,
    "all_of": _all_of,
    "exists": _exists,
    "under": _under,
    "in_radius": _in_radius,
    "in_polygon": _in_polygon,
    "in_windows": _in_windows,
    "in_grid": _in_grid,
    "exact": _exact,
    "phrase": _phrase,
    "below": _below,
}
"""By the name that expressions use."""

OTHER_NAMES = {
    "==": "=", "eq": "=", "ne": "!=", "<>": "!=", "lt": "<", "lte": "<=", "le": "<=",
    "gt": ">", "gte": ">=", "ge": ">=", "range": "between", "not in": "not_in",
}  # fmt: skip
"""What else is understood, since other systems call it so."""

TIME_OPERATORS = {"in_windows", "in_grid"}
