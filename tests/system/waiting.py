"""Waiting for what other processes do: ask again until it is so, within a bound."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(ask: Callable[[], T | None], within_s: float, every_s: float = 0.02) -> T:
    """Return the first true answer of ``ask``; fail when there is none in time."""
    deadline = time.monotonic() + within_s
    while True:
        found = ask()
        if found:
            return found
        assert time.monotonic() < deadline, f"it did not come about within {within_s} s"
        time.sleep(every_s)
