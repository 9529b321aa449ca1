"""What is known of a file that is followed: who it is, and up to where it was delivered.

A file is known by its device, its inode and a digest of its head. Two more digests prove that what
was read is still what lies there: one of the bytes just before the offset, looked at with every
read (a file that was cut and has grown again is found out), and a running CRC-32 of everything
before it, kept at some earlier offsets too, which tells a copy (``copytruncate``) from a stranger.
"""

import os
import zlib
from pathlib import Path

import msgspec
from xxhash import xxh3_64_intdigest, xxh3_128_hexdigest

from queqiao.kernel.whole_file import replace_whole

HEAD_BYTES_MAX = 1024
TAIL_BYTES_MAX = 128
MARKS_MAX = 32
READ_BYTES = 1 << 18


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """The CRC-32 of all bytes before an offset."""

    offset: int
    crc: int


START = Mark(0, 0)


class Tail(msgspec.Struct, frozen=True, array_like=True):
    """The bytes just before an offset, as a digest."""

    length: int = 0
    digest: int = 0

    def fits(self, raw: bytes) -> bool:
        """Say whether ``raw`` is what lay there."""
        return len(raw) == self.length and (not raw or xxh3_64_intdigest(raw) == self.digest)


class Tracked(msgspec.Struct):
    """One file. ``name`` is what its lines' ids are made from; copies share it with the original.

    ``first_path`` is where the file was written; under another path it was rotated. ``inode`` -1
    is a file that was cut: only a copy of it can still hold what was not read. ``generation_of`` is
    the inode that it had first. ``done`` files were
    rotated and read to their end. ``size`` is the largest that was seen.
    """

    name: str
    source: str
    device: int
    inode: int
    generation_of: int
    first_path: str
    path: str
    head_bytes: int
    head: int
    offset: int = 0
    crc: int = 0
    tail: Tail = Tail()
    marks: list[Mark] = []
    size: int = 0
    done: bool = False
    seen_at_us: int = 0

    @property
    def is_rotated(self) -> bool:
        """Say whether the file lies elsewhere than where it was written."""
        return self.path != self.first_path

    def advance(self, raw: bytes) -> None:
        """Note that the next bytes, ``raw``, are delivered."""
        self.crc = zlib.crc32(raw, self.crc)
        self.offset += len(raw)
        # Only a tail within one read is digested: shorter, but never read again for it.
        end = raw[-TAIL_BYTES_MAX:]
        self.tail = Tail(len(end), xxh3_64_intdigest(end))
        self.marks.append(Mark(self.offset, self.crc))
        if len(self.marks) > MARKS_MAX:
            self.marks = [*self.marks[: MARKS_MAX // 2 : 2], *self.marks[MARKS_MAX // 2 :]]

    def advance_over(self, descriptor: int, end: int) -> None:
        """Note that everything up to ``end`` is dealt with, reading it for the digests."""
        while self.offset < end:
            raw = os.pread(descriptor, min(READ_BYTES, end - self.offset), self.offset)
            if not raw:
                return  # cut a moment ago: the next look finds out
            self.advance(raw)

    def has_head_of(self, descriptor: int) -> bool:
        """Say whether an open file begins as this one does."""
        raw = os.pread(descriptor, self.head_bytes, 0)
        return len(raw) == self.head_bytes and xxh3_64_intdigest(raw) == self.head

    def tail_is_in(self, descriptor: int) -> bool:
        """Say whether an open file holds, before the offset, what was read there."""
        raw = os.pread(descriptor, self.tail.length, self.offset - self.tail.length)
        return self.tail.fits(raw)

    def proved_mark(self, descriptor: int) -> Mark | None:
        """Return up to where an open file is proved to be a copy of this one; None: it is not.

        The file may still be in the making: then it is proved as far as it goes.
        """
        size = os.fstat(descriptor).st_size
        mark = START
        for one in self.marks:  # in order
            mark = one if one.offset <= size else mark
        return mark if prefix_crc(descriptor, mark.offset) == mark.crc else None


def head_of(descriptor: int) -> bytes | None:
    """Return the head by which a file is known; None while it has no whole line yet."""
    raw = os.pread(descriptor, HEAD_BYTES_MAX, 0)
    return raw if b"\n" in raw or len(raw) == HEAD_BYTES_MAX else None


def name_of(stat: os.stat_result, head: bytes, generation: int) -> str:
    """Return the name of a file seen for the first time.

    ``generation`` counts what lay in the same inode before it.
    """
    return xxh3_128_hexdigest(b"%d:%d:%d:%b" % (stat.st_dev, stat.st_ino, generation, head))


def prefix_crc(descriptor: int, length: int) -> int:
    """Return the CRC-32 of the first bytes of an open file."""
    crc = at = 0
    while at < length:
        raw = os.pread(descriptor, min(READ_BYTES, length - at), at)
        if not raw:
            return -1  # shorter than it was a moment ago
        crc = zlib.crc32(raw, crc)
        at += len(raw)
    return crc


class Checkpoint(msgspec.Struct):
    """All that is known of the files, as it lies on disk.

    ``sources`` says since when (microseconds UTC) each source is followed.
    """

    files: list[Tracked] = []
    sources: dict[str, int] = {}


def load(file: Path) -> Checkpoint:
    """Return the checkpoint; an empty one where none was ever written. Raises DecodeError."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Checkpoint)
    except FileNotFoundError:
        return Checkpoint()


def save(file: Path, encoded: bytes) -> None:
    """Put an encoded checkpoint on disk, whole or not at all. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_whole(file, encoded)
