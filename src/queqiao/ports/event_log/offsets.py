"""A sparse index from offset to journal position: one entry about every 64 KB of log.

It is a help, not a truth: each entry carries a CRC, an entry that is wrong or missing only makes a
read start further back, and nothing waits for it to be fsynced.
"""

import os
from pathlib import Path
from struct import Struct
from zlib import crc32

_ENTRY = Struct("<QQII")
_PAIR = Struct("<QQ")

SPACING_BYTES = 64 * 1024
NAME = "offsets.idx"


class OffsetsWriter:
    """Appends entries; belongs to the log's writer."""

    def __init__(self, folder: Path, end: int) -> None:
        self._file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o640)
        count = os.fstat(self._file).st_size // _ENTRY.size
        while count and (_entry(self._file, count - 1) or (0, end))[1] >= end:
            count -= 1
        self._size = count * _ENTRY.size
        os.ftruncate(self._file, self._size)
        last = _entry(self._file, count - 1) if count else None
        self._last_position = last[1] if last else -SPACING_BYTES

    def note(self, offset: int, position: int) -> None:
        """Note that the frame of ``offset`` starts at ``position``, if the last note is far back.

        Raises OSError when the disk is full; the log does without the entry.
        """
        if position - self._last_position < SPACING_BYTES:
            return
        entry = _ENTRY.pack(offset, position, crc32(_PAIR.pack(offset, position)), 0)
        os.pwrite(self._file, entry, self._size)
        self._size += _ENTRY.size
        self._last_position = position

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class Offsets:
    """Looks positions up; belongs to a reader in any process."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._file: int | None = None

    def position(self, offset: int, end: int) -> int:
        """Return the start of a frame that lies at or before that of ``offset``."""
        if self._file is None:
            if not self._path.exists():
                return 0
            self._file = os.open(self._path, os.O_RDONLY)
        low, high = 0, os.fstat(self._file).st_size // _ENTRY.size
        best = 0
        while low < high:
            middle = (low + high) // 2
            entry = _entry(self._file, middle)
            if entry is not None and entry[0] <= offset and entry[1] < end:
                best, low = entry[1], middle + 1
            else:
                high = middle
        return best

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _entry(file: int, number: int) -> tuple[int, int] | None:
    raw = os.pread(file, _ENTRY.size, number * _ENTRY.size)
    if len(raw) < _ENTRY.size:
        return None
    offset, position, crc, _ = _ENTRY.unpack(raw)
    return (offset, position) if crc32(_PAIR.pack(offset, position)) == crc else None
