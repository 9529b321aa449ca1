"""Putting other payloads in the place of committed ones, whole across a crash.

The new frames are written to a file of their own first. When it is on the disk they are written
over the old ones, and then it is removed; what is found of it at opening is written over once more.
So a frame is never lost between old and new, and the file never holds anything of the old ones.
"""

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import Struct
from threading import Lock

from xxhash import xxh3_64_digest

from queqiao.kernel.errors import Broken, Message
from queqiao.ports.journal.base import HEADER, PADDED, checksum, padded, segment_name
from queqiao.ports.journal.disk import Disk, write_whole
from queqiao.ports.journal.reader import segment_bases

NAME = "rewriting"
_PLACE = Struct("<QI")
_CHECK_BYTES = 8

Placed = tuple[int, bytes]
"""A frame with its header, and the position where it belongs."""


class Rewriter:
    """Owned by the writer of the folder. Blocking; calls from several threads take turns."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk
        self._path = folder / NAME
        self._turn = Lock()

    def recover(self) -> None:
        """Finish what a crash or a fault has left. Raises OSError."""
        if self._path.exists():
            self._apply(list(_unpacked(self._path.read_bytes())))

    def rewrite(self, changes: Sequence[tuple[int, bytes]]) -> None:
        """Put payloads in the place of others. Raises OSError, ValueError when one is too long."""
        with self._turn:
            self.recover()
            if not changes:
                return
            frames = [(position, self._frame(position, payload)) for position, payload in changes]
            self._note(frames)
            self._apply(frames)

    def _frame(self, position: int, payload: bytes) -> bytes:
        """Return a payload as the frame at a position, as long as the one that is there."""
        base = self._base_of(position)
        with (self._folder / segment_name(base)).open("rb") as file:
            file.seek(position - base)
            length, _ = HEADER.unpack(file.read(HEADER.size))
        length &= ~PADDED
        content = padded(payload, length)
        is_padded = len(payload) < length
        told = checksum(position, content, is_padded=is_padded)
        return HEADER.pack(length | PADDED if is_padded else length, told) + content

    def _base_of(self, position: int) -> int:
        bases = segment_bases(self._folder)
        return bases[bisect_right(bases, position) - 1]

    def _note(self, frames: Sequence[Placed]) -> None:
        """Put the frames into the file beside, durably."""
        content = b"".join(_PLACE.pack(at, len(frame)) + frame for at, frame in frames)
        draft = self._path.with_suffix(".new")
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        try:
            write_whole(self._disk, file, xxh3_64_digest(content) + content, 0)
            self._disk.sync(file)
        except OSError:
            draft.unlink()
            raise
        finally:
            os.close(file)
        draft.rename(self._path)
        self._disk.sync_folder(self._folder)

    def _apply(self, frames: Sequence[Placed]) -> None:
        """Write the frames where they belong, and forget the file beside."""
        by_segment: dict[int, list[Placed]] = {}
        for position, frame in frames:
            by_segment.setdefault(self._base_of(position), []).append((position, frame))
        for base, placed in by_segment.items():
            file = os.open(self._folder / segment_name(base), os.O_WRONLY)
            try:
                for position, frame in placed:
                    write_whole(self._disk, file, frame, position - base)
                self._disk.sync(file)
            finally:
                os.close(file)
        self._path.unlink()
        self._disk.sync_folder(self._folder)


def _unpacked(content: bytes) -> Iterator[Placed]:
    """Yield the frames of the file beside. Raises Broken when they are not what was written."""
    if xxh3_64_digest(content[_CHECK_BYTES:]) != content[:_CHECK_BYTES]:
        raise Broken(
            Message(
                f"{NAME} 文件已损坏，请从备份恢复",
                f"the file {NAME!r} of the journal is damaged; restore it from a backup",
            )
        )
    at = _CHECK_BYTES
    while at < len(content):
        position, size = _PLACE.unpack_from(content, at)
        at += _PLACE.size
        yield position, content[at : at + size]
        at += size
