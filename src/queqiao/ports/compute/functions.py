"""The table of functions: name, arguments, result, meaning. Printers print these and no others.

Rules that hold for all, unless the meaning says otherwise:

- a NULL argument gives NULL;
- what cannot be computed (an overflow, a division by zero, a text that is no number) is NULL,
  never an error and never a wrapped number: one row cannot stop a stream;
- a float result that is not finite is NULL, and −0 is 0;
- text is compared by code points, false before true;
- functions that look into a time give NULL outside 1970-01-01 … 2099-12-31 UTC.
"""

from functools import lru_cache
from typing import NamedTuple
from zoneinfo import available_timezones

from queqiao.kernel.errors import FieldError, InvalidInput, Message

TIME_END_US = 4_102_444_800_000_000
"""2100-01-01: times are looked into from 1970 up to here, where every engine's zones agree."""

TEXT_DIGITS_MAX = 30
"""The longest text that is read as a number."""

UNITS = ("minute", "hour", "day", "week", "month")
PARTS = ("minute", "hour", "day", "weekday", "month", "year")

CONSTANTS = {"unit": "text", "part": "text", "zone": "text", "path": "text", "constant": "text"}
"""Parameters that must be literals, and the type of each."""


class Signature(NamedTuple):
    """Parameter types and result. ``T``: one type throughout; ``each``: any; ``…``: one or more."""

    parameters: tuple[str, ...]
    result: str


class Function(NamedTuple):
    """One function. ``meaning`` is what the reference does and every printer must do."""

    name: str
    signatures: tuple[Signature, ...]
    meaning: str

    def usage(self) -> str:
        """Return the parameters of all signatures, for people."""
        return " | ".join(f"({', '.join(s.parameters)})" for s in self.signatures)

    @staticmethod
    def check_constant(parameter: str, value: object, path: str) -> None:
        """Raise InvalidInput unless the constant is one that the parameter takes."""
        text = str(value)
        allowed = {"unit": UNITS, "part": PARTS}.get(parameter)
        if allowed is not None and text not in allowed:
            names = ", ".join(allowed)
            raise InvalidInput(FieldError(path, Message(f"须为 {names}", f"use one of {names}")))
        if parameter == "zone" and text not in _zones():
            message = Message("须为 IANA 时区，如 Asia/Shanghai", "use an IANA zone: Asia/Shanghai")
            raise InvalidInput(FieldError(path, message))
        if parameter in {"path", "constant"} and not text:
            raise InvalidInput(FieldError(path, Message("不能为空", "it must not be empty")))
        if parameter == "path" and "" in text.split("."):
            message = Message("写成 a.b.0，各段不为空", "write a.b.0, no part empty")
            raise InvalidInput(FieldError(path, message))


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _row(name: str, usage: str, meaning: str) -> Function:
    """Read ``int int > int | float float > float`` as two signatures."""
    signatures = []
    for one in usage.split("|"):
        left, right = one.split(">")
        signatures.append(Signature(tuple(left.split()), right.strip()))
    return Function(name, tuple(signatures), meaning)


_BOTH = "int int > int | float float > float"
_ROWS = (
    ("add", _BOTH, "The sum. NULL when it leaves 64 bits."),
    ("subtract", _BOTH, "The difference. NULL when it leaves 64 bits."),
    ("multiply", _BOTH, "The product, exact for integers beyond 2⁵³. NULL when it leaves 64 bits."),
    ("divide", "float float > float", "The quotient. NULL for a division by zero."),
    ("floor_divide", "int int > int", "The quotient rounded down: −7 by 2 is −4. NULL by zero."),
    ("modulo", "int int > int", "a − b·floor(a/b): −7 by 2 is 1. NULL by zero."),
    ("negate", "int > int | float > float", "The number with its sign turned. NULL for −2⁶³."),
    ("absolute", "int > int | float > float", "The number without its sign. NULL for −2⁶³."),
    ("equal", "T T > bool", "Whether they are equal; NULL if one is NULL."),
    ("not_equal", "T T > bool", "Whether they differ; NULL if one is NULL."),
    ("less", "T T > bool", "Whether the first is smaller; NULL if one is NULL."),
    ("less_or_equal", "T T > bool", "Whether the first is not greater; NULL if one is NULL."),
    ("greater", "T T > bool", "Whether the first is greater; NULL if one is NULL."),
    ("greater_or_equal", "T T > bool", "Whether the first is not smaller; NULL if one is NULL."),
    ("same", "T T > bool", "Equality where NULL equals NULL; never NULL."),
    ("is_null", "each > bool", "Whether it is NULL; never NULL."),
    ("least", "T T > T", "The smaller; a NULL is passed over; NULL if both are."),
    ("greatest", "T T > T", "The greater; a NULL is passed over; NULL if both are."),
    ("and", "bool…  > bool", "False if one is false, else NULL if one is NULL, else true."),
    ("or", "bool… > bool", "True if one is true, else NULL if one is NULL, else false."),
    ("not", "bool > bool", "The opposite; NULL stays NULL."),
    ("if", "bool T T > T", "The second where the first is true, else (false or NULL) the third."),
    ("coalesce", "T… > T", "The first that is not NULL."),
    ("null_if", "T T > T", "NULL where both are equal, else the first."),
    ("length", "text > int", "The number of code points: 鹊桥 has 2, 👩‍🚀 has 3."),
    ("concat", "text… > text", "One after the other; NULL if one is NULL."),
    ("substring", "text int int > text", "From a code point (0 first), so many; NULL if negative."),
    ("lower_ascii", "text > text", "A–Z become a–z; every other character stays."),
    ("upper_ascii", "text > text", "a–z become A–Z; every other character stays."),
    ("trim", "text > text", "Without space, tab, LF, VT, FF, CR at both ends."),
    ("contains", "text constant > bool", "Whether the constant occurs, code point by code point."),
    ("starts_with", "text constant > bool", "Whether the text begins with the constant."),
    ("ends_with", "text constant > bool", "Whether the text ends with the constant."),
    ("replace", "text constant text > text", "Each occurrence, left to right, becomes the third."),
    ("split_part", "text constant int > text", "The part at an index (0 the first); NULL beyond."),
    ("to_int", "text > int | float > int | bool > int",
     ("Text: a sign or none, then at most 30 ASCII digits in all. Float: cut toward zero. "
     "NULL for another form and outside 64 bits.")),
    ("to_float", "text > float | int > float",
     "Text: a JSON number of at most 30 characters. The nearest float, ties to even."),
    ("to_bool", "text > bool", "true and false; NULL for another text."),
    ("to_text", "int > text | bool > text | time > text",
     ("Decimal digits; true or false; 2026-06-18T00:00:00.000000Z. A float has no text: engines "
     "differ in the digits.")),
    ("to_time", "int > time | text > time",
     ("Microseconds since 1970; or 2026-06-18T08:00:00[.123456](Z|+08:00). NULL for another form, "
     "a date that does not exist, and outside 1970 … 2099.")),
    ("to_us", "time > int", "Microseconds since 1970 UTC."),
    ("add_time", "time int > time", "So many microseconds later. NULL outside 1970 … 2099."),
    ("truncate_time", "time unit zone > time",
     ("The start of the minute, hour, day, week (Monday) or month by the zone's clocks. An hour "
     "that happens twice stays two hours; a day begins at its first instant.")),
    ("part_of_time", "time part zone > int",
     "Minute, hour, day, weekday (Monday 1 … Sunday 7), month, year by the zone's clocks."),
    ("date_text", "time zone > text", "YYYY-MM-DD by the zone's clocks."),
    ("json_text", "text path > text", "The string at a path of keys and indexes (a.b.0), or NULL."),
    ("json_int", "text path > int", "The number at a path if written as an integer of 64 bits."),
    ("json_float", "text path > float", "The number at a path, the nearest float."),
    ("json_bool", "text path > bool", "The true or false at a path, or NULL."),
    ("hash64", "each… > int",
     ("xxh64 (seed 0), as a signed integer, of the arguments' canonical bytes (values.py); a NULL "
     "is a value like another. Never NULL. Never changes.")),
)  # fmt: skip

FUNCTIONS: dict[str, Function] = {name: _row(name, usage, text) for name, usage, text in _ROWS}
"""Every function by its name."""
