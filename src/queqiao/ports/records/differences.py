"""Readable differences between two JSON values: one line a changed place."""

from collections.abc import Iterator
from typing import Any

import msgspec


class Difference(msgspec.Struct, frozen=True):
    """One changed place: JSON path, value before, value after (None where there was none)."""

    path: str
    before: Any = None
    after: Any = None


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """Yield what changed, in the order of the fields; lists are compared place by place."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            below = f"{path}.{key}" if path else str(key)
            yield from differences(before.get(key), after.get(key), below)
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            yield from differences(_at(before, index), _at(after, index), f"{path}[{index}]")
    elif type(before) is not type(after) or before != after:
        yield Difference(path, before, after)


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None
