"""The reference's reading of JSON: strict RFC 8259, the first of equal keys, finite numbers.

A text that is not such a document has no values: every path is NULL. So are a string with NUL, an
integer beyond 64 bits for ``json_int``, one outside −2⁶³ … 2⁶⁴ − 1 for ``json_float``.
"""

import json
import re
from collections.abc import Callable
from math import isinf
from typing import Any

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BEYOND = object()
"""Stands for an integer that no engine here reads."""


def _whole(digits: str) -> Any:
    if len(digits) > 20:
        return _BEYOND
    value = int(digits)
    return value if -(1 << 63) <= value < 1 << 64 else _BEYOND


def _fraction(digits: str) -> float:
    value = float(digits)
    if isinf(value):
        raise ValueError
    return value


def _refuse(_word: str) -> Any:
    raise ValueError


def _first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


_decoder = json.JSONDecoder(
    object_pairs_hook=_first, parse_int=_whole, parse_float=_fraction, parse_constant=_refuse
)


def document(text: str) -> Any:
    """Return the document, or None where the text is none."""
    try:
        found = _decoder.decode(text)
        if _SURROGATE.search(text):
            json.dumps(found, ensure_ascii=False, default=str).encode()
    except (ValueError, RecursionError):
        return None
    return found


def at(found: Any, path: str) -> Any:
    """Return the value at a path; a part of digits is an index into a list, another a key."""
    for part in path.split("."):
        if part.isascii() and part.isdigit():
            index = int(part)
            found = found[index] if isinstance(found, list) and index < len(found) else None
        else:
            found = found.get(part) if isinstance(found, dict) else None
    return found


def as_text(value: Any) -> str | None:
    """Return a string without NUL, else None."""
    return value if isinstance(value, str) and "\0" not in value else None


def as_int(value: Any) -> int | None:
    """Return an integer of 64 bits, else None."""
    right = isinstance(value, int) and not isinstance(value, bool) and value < 1 << 63
    return value if right else None


def as_float(value: Any) -> float | None:
    """Return a number as the nearest float, else None."""
    right = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if right else None


def as_bool(value: Any) -> bool | None:
    """Return a truth value, else None."""
    return value if isinstance(value, bool) else None


READERS: dict[str, Callable[[Any], Any]] = {
    "json_text": as_text,
    "json_int": as_int,
    "json_float": as_float,
    "json_bool": as_bool,
}


def _reader(read: Callable[[Any], Any]) -> Callable[[str, str], Any]:
    return lambda text, path: read(at(document(text), path))


FUNCTIONS: dict[str, Callable[..., Any]] = {name: _reader(read) for name, read in READERS.items()}
