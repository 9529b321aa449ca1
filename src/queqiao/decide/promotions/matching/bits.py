"""Sets of promotions as integers: a promotion is a bit at its place.

Python's integers are the quickest bitsets here. To read places out of them bit by bit would copy
them once a bit, so numpy reads all lines of a cart at once.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

_Bytes = np.ndarray[tuple[int, int], np.dtype[np.uint8]]

SETS_KEPT_MAX = 4_096
"""So many sets of lines are kept: at a hundred lines each about four megabytes."""


def places(bits: int) -> list[int]:
    """Return the places of the set bits, lowest first."""
    found: list[int] = _set_places(_bytes((bits,))).tolist()
    return found


def lines_by_place(named: Sequence[int], holding: int) -> tuple[list[int], list[tuple[int, ...]]]:
    """Return the places of ``holding``, lowest first, and for each the lines that have its bit.

    ``named`` are the bits of each line: they are turned around. Promotions far outnumber the sets
    of lines that they mean, so equal sets are one object.
    """
    packed = _bytes((holding, *named))
    found = _set_places(packed[:1])
    has_bit = packed[1:].take(found >> 3, axis=1) >> (found & 7).astype(np.uint8) & 1
    sets = np.packbits(has_bit, axis=0, bitorder="little")
    if not sets.size:
        return found.tolist(), [()] * len(found)
    keys: list[bytes] = np.frombuffer(sets.T.tobytes(), f"S{len(sets)}").tolist()
    return found.tolist(), list(map(_lines, keys))


@lru_cache(SETS_KEPT_MAX)
def _lines(key: bytes) -> tuple[int, ...]:
    """Return the places of the set bits of a short set; carts mean the same few again and again."""
    bits = int.from_bytes(key, "little")
    return tuple([place for place in range(bits.bit_length()) if bits >> place & 1])


def _bytes(sets: Sequence[int]) -> _Bytes:
    """Return the sets as rows of bytes, the lowest places first."""
    size = (max(map(int.bit_length, sets)) + 7) // 8
    joined = b"".join([bits.to_bytes(size, "little") for bits in sets])
    return np.frombuffer(joined, np.uint8).reshape(len(sets), size)


def _set_places(packed: _Bytes) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the places of the set bits of one row."""
    return np.unpackbits(packed, bitorder="little").view(np.bool_).nonzero()[0]
