"""Sets of promotions as integers: a promotion is a bit at its place.

Python's integers are the quickest bitsets here. To read places out of them bit by bit would copy
them once a bit, so numpy reads all lines of a cart at once.
"""

from collections.abc import Sequence

import numpy as np

_Bytes = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


def places(bits: int) -> list[int]:
    """Return the places of the set bits, lowest first."""
    found: list[int] = _set_places(_bytes((bits,))).tolist()
    return found


def lines_by_place(named: Sequence[int], holding: int) -> tuple[list[int], list[list[int]]]:
    """Return the places of ``holding``, lowest first, and for each the lines that have its bit.

    ``named`` are the bits of each line: they are turned around.
    """
    packed = _bytes((holding, *named))
    found = _set_places(packed[:1])
    has_bit = packed[1:, found >> 3] >> (found & 7) & 1
    lines: list[list[int]] = [[] for _ in range(len(found))]
    columns, rows = has_bit.T.nonzero()
    for column, row in zip(columns.tolist(), rows.tolist(), strict=True):
        lines[column].append(row)
    return found.tolist(), lines


def _bytes(sets: Sequence[int]) -> _Bytes:
    """Return the sets as rows of bytes, the lowest places first."""
    size = (max(map(int.bit_length, sets)) + 7) // 8
    joined = b"".join([bits.to_bytes(size, "little") for bits in sets])
    return np.frombuffer(joined, np.uint8).reshape(len(sets), size)


def _set_places(packed: _Bytes) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the places of the set bits of one row."""
    return np.unpackbits(packed, bitorder="little").view(np.bool_).nonzero()[0]
