"""What is known at a moment: attributes by name, flattened and bounded, and the time.

An attribute is a set of values; one value is a set of one, ``null`` is as good as absent, and an
empty list is known to hold nothing. An object is known, its members are attributes of their own
with dotted names (a member named with dots goes before one found by walking), and where it holds
``lat`` and ``lon`` it is a place too. ``now`` is no attribute but the moment, in RFC 3339.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from queqiao.decide.ads.targeting.geography import Point
from queqiao.decide.ads.targeting.times import Moment, moment
from queqiao.decide.ads.targeting.words import Words, words
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.text import clean

ATTRIBUTES_MAX = 500
VALUES_MAX = 1_000
TEXT_MAX = 1_000
NESTING_MAX = 4
NUMBER_MAX = 2**53
"""Numbers up to here are the same in every language's JSON."""

Scalar = str | int | float
"""A value as it is compared. ``true`` and ``false`` are texts that nobody can write: with NUL."""

Fact = tuple[Any, ...]
"""Something that is so: ``("v", field, value)``, or ``("k", field)``: the attribute is known."""

Counted = Callable[[str], int | None]
"""Says how often a counter of frequency was counted, None where that is not known."""

_BOOLEANS = {True: "\x00true", False: "\x00false"}
_SEPARATOR = re.compile("[/-]")


def scalar(value: Any) -> Scalar:
    """Return a JSON scalar as it is compared: numbers by value, and no boolean is a number."""
    return _BOOLEANS[value] if isinstance(value, bool) else value


def shown(value: Scalar) -> Any:
    """Return a scalar as JSON shows it."""
    return value == "\x00true" if isinstance(value, str) and value[:1] == "\x00" else value


def ancestors(name: str) -> Iterator[str]:
    """Yield a name and everything that it lies under: ``CN-44``, ``CN``; ``tea/green``, ``tea``."""
    yield name
    for separator in _SEPARATOR.finditer(name, 1):
        yield name[: separator.start()]


def nothing_counted(_: str) -> None:
    """Know of no counter."""


class Situation:
    """What expressions are asked about. Nothing of it changes.

    ``answers`` is where who asked keeps what it found, so that asking again costs nothing.
    """

    def __init__(
        self,
        values: Mapping[str, tuple[Scalar, ...]],
        now_us: int,
        points: Mapping[str, Point] | None = None,
        counted: Counted = nothing_counted,
    ) -> None:
        self.values = values
        self.points = points or {}
        self.now_us = now_us
        self.counted = counted
        self.answers: dict[object, int] = {}
        self._moments: dict[str, Moment] = {}
        self._words: dict[str, list[Words]] = {}
        self._lineages: dict[str, set[str]] = {}

    def moment(self, zone: str) -> Moment:
        """Return what the clock of a zone shows now."""
        found = self._moments.get(zone)
        if found is None:
            found = self._moments[zone] = moment(self.now_us, zone)
        return found

    def numbers(self, field: str) -> list[float]:
        """Return the numbers among the values of an attribute."""
        return [value for value in self.values.get(field, ()) if not isinstance(value, str)]

    def texts(self, field: str) -> list[Words]:
        """Return the words of each text of an attribute."""
        found = self._words.get(field)
        if found is None:
            found = self._words[field] = [words(value) for value in self._texts(field)]
        return found

    def lineage(self, field: str) -> set[str]:
        """Return the texts of an attribute with everything that they lie under."""
        found = self._lineages.get(field)
        if found is None:
            found = {name for value in self._texts(field) for name in ancestors(value)}
            self._lineages[field] = found
        return found

    def _texts(self, field: str) -> list[str]:
        values = self.values.get(field, ())
        return [value for value in values if isinstance(value, str) and value[:1] != "\x00"]


def situation(
    attributes: Mapping[str, Any], now_us: int, path: str = "attributes", nesting: int = NESTING_MAX
) -> Situation:
    """Return the situation that attributes describe. Raises InvalidInput naming the attribute.

    ``frequency`` may hold counts by counter: one that it does not name was never counted.
    """
    reading = _Reading(path, nesting)
    rest = {name: value for name, value in attributes.items() if name not in {"now", "frequency"}}
    if (now := attributes.get("now")) is not None:
        if not isinstance(now, str):
            raise _wrong(f"{path}.now", "须为时间文本", "must be a time such as 2026-06-18T08:00Z")
        now_us = parse_rfc3339(now, f"{path}.now")
    reading.read("", rest, path, 0)
    counts = _counts(attributes.get("frequency"), f"{path}.frequency")
    counted = nothing_counted if counts is None else lambda name: counts.get(name, 0)
    values = {**reading.walked, **reading.named, "now": ()}
    return Situation(values, now_us, reading.points, counted)


class _Reading:
    """Attributes as they are found; those whose names hold dots go before those walked to."""

    def __init__(self, path: str, nesting: int) -> None:
        self._root = path
        self._nesting = nesting
        self.named: dict[str, tuple[Scalar, ...]] = {}
        self.walked: dict[str, tuple[Scalar, ...]] = {}
        self.points: dict[str, Point] = {}

    def read(self, prefix: str, members: Mapping[str, Any], path: str, depth: int) -> None:
        """Take in the members of an object."""
        if depth > self._nesting:
            raise _wrong(
                path, f"最多嵌套 {self._nesting} 层", f"at most {self._nesting} levels deep"
            )
        for name, value in members.items():
            where = f"{path}.{_told(name)}"
            full = prefix + clean(name, path, TEXT_MAX)
            if value is None:
                continue
            if isinstance(value, dict):
                self._take(full, (), depth)
                self._place(full, value, where)
                self.read(f"{full}.", value, where, depth + 1)
            else:
                self._take(full, _values(value, where), depth)

    def _take(self, name: str, values: tuple[Scalar, ...], depth: int) -> None:
        (self.walked if depth else self.named)[name] = values
        if len(self.walked) + len(self.named) > ATTRIBUTES_MAX:
            raise _wrong(
                self._root, f"最多 {ATTRIBUTES_MAX} 个属性", f"at most {ATTRIBUTES_MAX} attributes"
            )

    def _place(self, name: str, value: Mapping[str, Any], path: str) -> None:
        lat, lon = value.get("lat"), value.get("lon")
        if _is_number(lat) and _is_number(lon):
            self.points[name] = point(lat, lon, path)


def recorded(situation: Situation, fields: Collection[str]) -> dict[str, Any]:
    """Return the attributes of these fields, from which ``situation`` makes them again."""
    told: dict[str, Any] = {
        field: [shown(value) for value in values]
        for field, values in situation.values.items()
        if field in fields and field != "now"
    }
    places = {f: p._asdict() for f, p in situation.points.items() if f in fields}
    return told | places


def point(lat: Any, lon: Any, path: str) -> Point:
    """Return a checked point. Raises InvalidInput naming ``path.lat`` or ``path.lon``."""
    for name, value, bound in (("lat", lat, 90), ("lon", lon, 180)):
        if not _is_number(value) or not -bound <= value <= bound:
            raise _wrong(
                f"{path}.{name}",
                f"须为 -{bound} 到 {bound} 之间的度数",
                f"must be degrees from -{bound} to {bound}",
            )
    return Point(lat, lon)


def checked(value: Any, path: str) -> Scalar:
    """Return a scalar of JSON, in NFC and within bounds. Raises InvalidInput naming ``path``."""
    if isinstance(value, bool):
        return scalar(value)
    if isinstance(value, str):
        return clean(value, path, TEXT_MAX)
    if not isinstance(value, int | float):
        raise _wrong(path, "须为文本、数字或真假值", "must be a text, a number or a boolean")
    if not abs(value) <= NUMBER_MAX:  # NaN is not, and large integers are no floats
        raise _wrong(path, "须在 ±2^53 之间", "must be a number from -2^53 to 2^53")
    return value


def _values(value: Any, path: str) -> tuple[Scalar, ...]:
    if not isinstance(value, list):
        return (checked(value, path),)
    if len(value) > VALUES_MAX:
        raise _wrong(path, f"最多 {VALUES_MAX} 个值", f"at most {VALUES_MAX} values")
    return tuple({checked(item, f"{path}[{at}]"): None for at, item in enumerate(value)})


def _counts(value: Any, path: str) -> dict[str, int] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not all(type(n) is int and n >= 0 for n in value.values()):
        raise _wrong(path, "须为计数器到次数的对象", "must be an object of counters and counts")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(name: str) -> str:
    """Return a name as a path tells it: what is long or odd is left out."""
    return name if len(name) <= 64 and name.isprintable() else "…"


def _wrong(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(FieldError(path, Message(zh, en)))
