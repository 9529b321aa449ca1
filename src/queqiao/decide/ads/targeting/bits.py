"""Sets of rows as bits: 64 rows a word, row 0 the lowest bit of word 0."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.intp]

ONE = np.uint64(1)
_LOW = np.uint64(63)


def words_for(rows: int) -> int:
    """Return how many words hold so many rows."""
    return (rows + 63) // 64


def bits_of(rows: Rows, words: int) -> Bits:
    """Return the bits of the rows."""
    marks = np.zeros(words * 64, dtype=np.bool_)
    marks[rows] = True
    return np.packbits(marks, bitorder="little").view(np.uint64)


def integer_of(marks: npt.NDArray[np.bool_]) -> int:
    """Return marks as one integer, the first its lowest bit."""
    return int.from_bytes(np.packbits(marks, bitorder="little").tobytes(), "little")


def rows_of(bits: Bits) -> Rows:
    """Return the rows whose bits are set, in their order."""
    words = np.flatnonzero(bits)
    if len(words) * 4 > len(bits):
        words = np.arange(len(bits))
    marks = np.unpackbits(bits[words].view(np.uint8), bitorder="little").view(np.bool_)
    places = np.flatnonzero(marks)
    rows: Rows = words[places >> 6] * 64 + (places & 63)
    return rows


def clear(bits: Bits, rows: Iterable[int]) -> None:
    """Clear the bits of the rows, in place."""
    for row in rows:
        bits[row >> 6] &= ~(ONE << np.uint64(row & 63))


def has(bits: Bits, row: int) -> bool:
    """Say whether the bit of a row is set."""
    return bool(int(bits[row >> 6]) >> (row & 63) & 1)


def merged_words(owners: Rows, rows: Rows) -> tuple[Rows, Rows, Bits]:
    """Return rows as words: per word its owner, its place and its bits, merged where both agree.

    Rows of one owner stand together, in their order.
    """
    words = rows >> 6
    masks = np.left_shift(ONE, rows.astype(np.uint64) & _LOW)
    is_first = np.ones(len(rows), dtype=np.bool_)
    is_first[1:] = (words[1:] != words[:-1]) | (owners[1:] != owners[:-1])
    firsts = np.flatnonzero(is_first)
    together = np.bitwise_or.reduceat(masks, firsts) if len(firsts) else masks
    return owners[firsts], words[firsts], together
