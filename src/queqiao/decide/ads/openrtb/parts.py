"""A message as its members' bytes: for who sends it on and must not lose what it does not know.

An exchange reads a request as ``BidRequest`` to understand it, and as parts to pass it on: it
changes the members that it has to, and all others, known to it or not, go out as they came in.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from queqiao.kernel import json

Parts = dict[str, Raw]
"""An object by member; each value is its JSON bytes."""

_decoder = msgspec.json.Decoder(Parts)
_list_decoder = msgspec.json.Decoder(list[Parts])


def parts_of(body: bytes | Raw) -> Parts:
    """Return the members of an object that was checked before."""
    return _decoder.decode(body)


def listed_parts_of(body: bytes | Raw) -> list[Parts]:
    """Return the members of each object of a list, such as ``imp``."""
    return _list_decoder.decode(body)


def with_values(parts: Mapping[str, Raw], values: Mapping[str, Any]) -> Parts:
    """Return the parts with these values put in their places; None takes a member away."""
    changed = dict(parts)
    for name, value in values.items():
        if value is None:
            changed.pop(name, None)
        else:
            changed[name] = value if isinstance(value, Raw) else Raw(json.encode(value))
    return changed
