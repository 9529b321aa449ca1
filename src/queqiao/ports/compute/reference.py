"""The reference: each function in plain Python, one row at a time. It is the meaning."""

from collections.abc import Callable, Mapping
from math import isfinite
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from queqiao.ports.compute import reference_json, reference_time
from queqiao.ports.compute.expression import Column, Expression, Literal, Type, Value, check
from queqiao.ports.compute.functions import TEXT_DIGITS_MAX
from queqiao.ports.compute.text_forms import FLOAT_TEXT, INTEGER_TEXT, WHITE
from queqiao.ports.compute.values import hash_row

Row = Mapping[str, Value]
_Strict = Callable[..., Any]
_INT_MIN, _INT_MAX = -(1 << 63), (1 << 63) - 1


def evaluate(expression: Expression, row: Row, columns: Mapping[str, Type]) -> Value:
    """Return the value of a checked expression for one row; times are microseconds."""
    if isinstance(expression, Column):
        return row[expression.name]
    if isinstance(expression, Literal):
        return expression.value
    name = expression.function
    given = [evaluate(argument, row, columns) for argument in expression.arguments]
    if name == "hash64":
        kinds = [check(argument, columns) for argument in expression.arguments]
        return hash_row(zip(given, kinds, strict=True))
    if name == "to_text" and check(expression.arguments[0], columns) == "time":
        name = "time_text"
    if name in _LENIENT:
        return plain(_LENIENT[name](*given))
    if any(value is None for value in given):
        return None
    return plain(STRICT[name](*given))


def plain(value: Any) -> Value:
    """Return the value if it is one: 64 bits, finite, no −0; else NULL."""
    if isinstance(value, float):
        return value + 0.0 if isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if _INT_MIN <= value <= _INT_MAX else None
    return value  # type: ignore[no-any-return]  # bool, text or NULL


def _floor_divide(a: int, b: int) -> int | None:
    return a // b if b else None


def _modulo(a: int, b: int) -> int | None:
    return a % b if b else None


def _divide(a: float, b: float) -> float | None:
    return a / b if b else None


def _substring(text: str, start: int, count: int) -> str | None:
    return text[start : start + count] if start >= 0 and count >= 0 else None


def _split_part(text: str, separator: str, index: int) -> str | None:
    parts = text.split(separator)
    return parts[index] if 0 <= index < len(parts) else None


def _lower(text: str) -> str:
    return "".join(c.lower() if "A" <= c <= "Z" else c for c in text)


def _upper(text: str) -> str:
    return "".join(c.upper() if "a" <= c <= "z" else c for c in text)


def _to_int(value: str | float) -> int | None:
    if not isinstance(value, str):
        return int(value)
    right = len(value) <= TEXT_DIGITS_MAX and INTEGER_TEXT.fullmatch(value)
    return int(value) if right else None


def _to_float(value: str | int) -> float | None:
    if not isinstance(value, str):
        return float(value)
    right = len(value) <= TEXT_DIGITS_MAX and FLOAT_TEXT.fullmatch(value)
    return float(value) if right else None


def _and(*values: bool | None) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def _or(*values: bool | None) -> bool | None:
    if True in values:
        return True
    return None if None in values else False


def _least(a: Any, b: Any) -> Any:
    return min((v for v in (a, b) if v is not None), default=None)


def _greatest(a: Any, b: Any) -> Any:
    return max((v for v in (a, b) if v is not None), default=None)


_LENIENT: dict[str, _Strict] = {
    "same": lambda a, b: a == b,
    "is_null": lambda a: a is None,
    "least": _least,
    "greatest": _greatest,
    "and": _and,
    "or": _or,
    "if": lambda condition, yes, no: yes if condition else no,
    "coalesce": lambda *values: next((v for v in values if v is not None), None),
    "null_if": lambda a, b: None if a == b else a,
}
"""Functions that look at NULL themselves."""

STRICT: dict[str, _Strict] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": _divide,
    "floor_divide": _floor_divide,
    "modulo": _modulo,
    "negate": lambda a: -a,
    "absolute": abs,
    "equal": eq,
    "not_equal": ne,
    "less": lt,
    "less_or_equal": le,
    "greater": gt,
    "greater_or_equal": ge,
    "not": lambda a: not a,
    "length": len,
    "concat": lambda *texts: "".join(texts),
    "substring": _substring,
    "lower_ascii": _lower,
    "upper_ascii": _upper,
    "trim": lambda text: text.strip(WHITE),
    "contains": lambda text, part: part in text,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "replace": str.replace,
    "split_part": _split_part,
    "to_int": _to_int,
    "to_float": _to_float,
    "to_bool": {"true": True, "false": False}.get,
    **reference_time.FUNCTIONS,
    **reference_json.FUNCTIONS,
}
"""Functions for which a NULL argument gives NULL."""

NAMES = {*_LENIENT, *STRICT, "hash64"} - {"time_text"}
"""Every function that the reference knows."""
