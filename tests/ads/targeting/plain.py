"""A plain evaluator of expressions as JSON: slow, direct, and without a line of the product."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from math import acos, cos, radians, sin
from zoneinfo import ZoneInfo

ZONE = "Asia/Shanghai"


def holds(expression, attributes, now):
    """Say whether an expression holds; ``now`` is an aware datetime."""
    for junction, joined in (("and", all), ("or", any)):
        if junction in expression:
            return joined(holds(part, attributes, now) for part in expression[junction])
    if "not" in expression:
        return not holds(expression["not"], attributes, now)
    return answer(expression, attributes, now)


def answer(expression, attributes, now):
    field, op, value = expression["field"], expression["op"], expression.get("value")
    if field == "now":
        return ask_time(op, value, now.astimezone(ZoneInfo(expression.get("timezone", ZONE))))
    if field == "frequency":
        counts = attributes.get("frequency")
        return counts is not None and counts.get(value["counter"], 0) < value["limit"]
    seen = look_up(attributes, field)
    if op == "exists":
        return (seen is not None) == (value is not False)
    if seen is None:
        return False
    return ask(op, seen, value)


def look_up(attributes, field):
    if field in attributes:
        return attributes[field]
    found = attributes
    for part in field.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def same(one, other):
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def among(one, many):
    return any(same(one, other) for other in many)


def ask(op, seen, value):
    values = [] if isinstance(seen, dict) else seen if isinstance(seen, list) else [seen]
    numbers = [n for n in values if isinstance(n, int | float) and not isinstance(n, bool)]
    texts = [text for text in values if isinstance(text, str)]
    asked = value if isinstance(value, list) else [value]
    if op in SETS:
        return SETS[op](values, asked)
    if op in NUMBERS:
        return any(NUMBERS[op](number, value) for number in numbers)
    if op in TEXTS:
        return any(TEXTS[op](text, one) for text in texts for one in asked)
    return isinstance(seen, dict) and ask_place(op, seen, value)


def any_of(values, asked):
    return any(among(each, asked) for each in values)


def none_of(values, asked):
    return not any_of(values, asked)


SETS = {
    "=": any_of, "in": any_of, "one_of": any_of,
    "!=": none_of, "not_in": none_of, "none_of": none_of,
    "all_of": lambda values, asked: all(among(each, values) for each in asked),
}  # fmt: skip
NUMBERS = {
    "<": lambda number, value: number < value,
    "<=": lambda number, value: number <= value,
    ">": lambda number, value: number > value,
    ">=": lambda number, value: number >= value,
    "between": lambda number, value: value[0] <= number <= value[1],
}
TEXTS = {
    "under": lambda text, name: text == name or text.startswith((f"{name}/", f"{name}-")),
    "exact": lambda text, keyword: words(text) == words(keyword),
    "phrase": lambda text, key: f" {' '.join(words(key))} " in f" {' '.join(words(text))} ",
}


def ask_place(op, seen, value):
    if op == "in_radius":
        return arc_km(seen, value) <= value["radius_km"]
    inside = False
    for one, other in zip(value, value[1:] + value[:1], strict=True):
        if (one["lat"] > seen["lat"]) != (other["lat"] > seen["lat"]):
            share = (seen["lat"] - one["lat"]) / (other["lat"] - one["lat"])
            inside ^= seen["lon"] < one["lon"] + share * (other["lon"] - one["lon"])
    return inside


def arc_km(one, other):
    """By the spherical law of cosines; points here are never close to a circle's edge."""
    lat, lon = radians(one["lat"]), radians(one["lon"])
    other_lat, other_lon = radians(other["lat"]), radians(other["lon"])
    cosine = sin(lat) * sin(other_lat) + cos(lat) * cos(other_lat) * cos(lon - other_lon)
    return 6371.0088 * acos(max(-1, min(1, cosine)))


def ask_time(op, value, local):
    if op == "in_grid":
        half_hour = local.hour * 2 + local.minute // 30
        return value[local.weekday()][half_hour] == "1"
    return any(in_window(window, local) for window in value)


def in_window(window, local):
    start, end = window.get("from_time", "00:00"), window.get("until_time", "24:00")
    clock = local.strftime("%H:%M")
    day = local.date()
    if start >= end:
        if clock < end:
            if day.toordinal() == 1:
                return False
            day -= timedelta(days=1)
        elif clock < start:
            return False
    elif not start <= clock < end:
        return False
    weekdays = window.get("weekdays", [1, 2, 3, 4, 5, 6, 7])
    first, last = window.get("from_date", "0001-01-01"), window.get("until_date", "9999-12-31")
    return day.isoweekday() in weekdays and first <= day.isoformat() <= last


def words(text):
    folded = unicodedata.normalize("NFKC", text).casefold()
    spaced = "".join(f" {c} " if "\u3040" <= c <= "\u9fff" else c for c in folded)
    return re.findall(r"[^\W_]+", spaced)


def moment(us):
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
