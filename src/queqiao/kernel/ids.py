"""Ids: UUIDv7 (RFC 9562, section 5.7), ordered by time, with chance given as an argument."""

from collections.abc import Callable
from threading import Lock

from queqiao.kernel.clock import Clock

RandomBits = Callable[[int], int]
"""Returns an integer of that many random bits, as ``random.Random.getrandbits`` does."""


def uuid7(now_us: int, random_bits: RandomBits) -> str:
    """Return a UUIDv7: 48 bits of milliseconds, 12 bits of sub-millisecond time, 62 of chance.

    The microseconds within the millisecond stand in ``rand_a`` (RFC 9562, section 6.2, method 3),
    so ids of one source sort by time to about a quarter of a microsecond.
    """
    millisecond, remainder_us = divmod(now_us, 1000)
    value = (millisecond & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (remainder_us << 12) // 1000 << 64
    value |= 0b10 << 62 | random_bits(62)
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def time_of_uuid7(text: str) -> int | None:
    """Return when a UUIDv7 was made, in microseconds to the millisecond; None: it is none."""
    if len(text) != 36 or text[14:15] != "7":
        return None
    try:
        return int(text[:8] + text[9:13], 16) * 1000
    except ValueError:
        return None


class IdSource:
    """Makes ids from a clock and chance; safe between threads."""

    def __init__(self, clock: Clock, random_bits: RandomBits) -> None:
        self._clock = clock
        self._random_bits = random_bits
        self._lock = Lock()

    def new(self) -> str:
        """Return a new id."""
        with self._lock:
            return uuid7(self._clock.now_us(), self._random_bits)
