"""Reading committed frames, from any process, without a lock."""

import os
import time
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from queqiao.kernel.errors import Broken, Message
from queqiao.ports.journal.base import (
    COMMITTED_NAME,
    FRAME_BYTES_MAX,
    HEADER,
    PADDED,
    SEGMENT_SUFFIX,
    Frame,
    checksum,
    segment_name,
    unpadded,
)
from queqiao.ports.journal.watermark import Watermark

READ_BYTES = 1 << 20
REREADS_MAX = 10
REREAD_AFTER_S = 0.02
"""A frame that is read while it is rewritten looks damaged for a moment: it is read again."""


class JournalReader:
    """Reads what is committed. Cheap to poll: ``end`` and ``mark`` are loads from mapped memory.

    A folder whose writer has not started yet reads as empty. One reader belongs to one thread.
    ``read_bytes`` is how much it reads at once: little for whoever looks at single frames.
    """

    def __init__(self, folder: Path, read_bytes: int = READ_BYTES) -> None:
        self._folder = folder
        self._read_bytes = read_bytes
        self._watermark: Watermark | None = None
        self._bases: list[int] = []
        self._file: tuple[int, int] | None = None

    def _mapped(self) -> Watermark | None:
        path = self._folder / COMMITTED_NAME
        if self._watermark is None and path.exists() and path.stat().st_size:
            self._watermark = Watermark(self._folder, writable=False)
        return self._watermark

    @property
    def end(self) -> int:
        """Position after the last committed frame; 0 when there is none."""
        watermark = self._mapped()
        return watermark.position if watermark else 0

    @property
    def mark(self) -> int:
        """The owner's number that came with the last committed frame; 0 when there is none."""
        watermark = self._mapped()
        return watermark.mark if watermark else 0

    def read(self, start: int = 0) -> Iterator[Frame]:
        """Yield the frames from position ``start`` (a frame's start) up to the watermark.

        Raises Broken when a committed frame is damaged.
        """
        end = self.end
        while start < end:
            base, size = self._segment_of(start)
            stop = min(end, base + size)
            if stop <= start:
                raise _damaged(start)
            for frame in self._frames(start, stop, base):
                yield frame
                start = frame.next_position

    def _frames(self, position: int, stop: int, base: int) -> Iterator[Frame]:
        window, at, tries = b"", position, 0
        while position < stop:
            used = position - at
            needed = HEADER.size
            if len(window) - used >= needed:
                length, told = HEADER.unpack_from(window, used)
                is_padded, length = bool(length & PADDED), length & ~PADDED
                needed += length
                if length > FRAME_BYTES_MAX or position + needed > stop:
                    raise _damaged(position)
                if len(window) - used >= needed:
                    payload = window[used + HEADER.size : used + needed]
                    if checksum(position, payload, is_padded=is_padded) == told:
                        if is_padded:
                            payload = unpadded(payload)
                        yield Frame(position, payload, position + needed)
                        position, tries = position + needed, 0
                        continue
                    tries += 1
                    _wait(position, tries)
            window, at = self._window(position, stop, base, needed), position

    def _window(self, position: int, stop: int, base: int, needed: int) -> bytes:
        wanted = min(max(self._read_bytes, needed), stop - position)
        window = os.pread(self._open(base), wanted, position - base)
        if len(window) < needed:
            raise _damaged(position)
        return window

    def _segment_of(self, position: int) -> tuple[int, int]:
        """Return base and size of the segment that holds a position."""
        for fresh in (False, True):
            if fresh:
                self._bases = segment_bases(self._folder)
            index = bisect_right(self._bases, position) - 1
            if index < 0:
                continue
            base = self._bases[index]
            size = os.fstat(self._open(base)).st_size
            if position < base + size:
                return base, size
        raise _damaged(position)

    def _open(self, base: int) -> int:
        if self._file is None or self._file[0] != base:
            self._close_file()
            path = self._folder / segment_name(base)
            self._file = (base, os.open(path, os.O_RDONLY))
        return self._file[1]

    def _close_file(self) -> None:
        if self._file is not None:
            os.close(self._file[1])
            self._file = None

    def close(self) -> None:
        """Close the files."""
        self._close_file()
        if self._watermark is not None:
            self._watermark.close()
            self._watermark = None


def _wait(position: int, tries: int) -> None:
    """Wait for a rewriting to end. Raises Broken when it is none."""
    if tries > REREADS_MAX:
        raise _damaged(position)
    if tries > 1:
        time.sleep(REREAD_AFTER_S)


def segment_bases(folder: Path) -> list[int]:
    """Return the positions at which the segments start, in order."""
    return sorted(int(path.stem) for path in folder.glob(f"*{SEGMENT_SUFFIX}"))


def _damaged(position: int) -> Broken:
    return Broken(
        Message(
            f"日志在位置 {position} 处已损坏，请从备份恢复",
            f"the journal is damaged at position {position}; restore it from a backup",
        )
    )
