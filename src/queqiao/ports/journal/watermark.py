"""The committed watermark: two numbers in a mapped file, written by one process, read by any.

An aligned store of eight bytes is seen whole or not at all. The file is never fsynced: it is set
after ``fdatasync`` of what it names, so whatever of it reaches the disk is true or behind.
"""

import mmap
import os
from pathlib import Path

from queqiao.ports.journal.base import COMMITTED_NAME

_BYTES = 16


class Watermark:
    """``position``: end of the committed frames. ``mark``: a number of the owner's, set with it."""

    def __init__(self, folder: Path, *, writable: bool) -> None:
        path = folder / COMMITTED_NAME
        flags = os.O_RDWR | os.O_CREAT if writable else os.O_RDONLY
        descriptor = os.open(path, flags, 0o640)
        try:
            if writable and os.fstat(descriptor).st_size < _BYTES:
                os.ftruncate(descriptor, _BYTES)
            access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
            self._map = mmap.mmap(descriptor, _BYTES, access=access)
        finally:
            os.close(descriptor)
        self._words = memoryview(self._map).cast("Q")

    @property
    def position(self) -> int:
        """Position after the last committed frame."""
        return self._words[0]

    @property
    def mark(self) -> int:
        """The owner's number of the last committed frame that carried one."""
        return self._words[1]

    def move(self, position: int, mark: int | None) -> None:
        """Show what is durable. The position goes first: whoever sees a mark can read up to it."""
        self._words[0] = position
        if mark is not None:
            self._words[1] = mark

    def close(self) -> None:
        """Unmap the file."""
        self._words.release()
        self._map.close()
