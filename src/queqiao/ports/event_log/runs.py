"""Sorted, immutable runs of the dedup index on disk: eight bytes a key.

Of a digest the first 56 bits count here, its *hash*; what matches is a candidate, and the log,
which has the whole id, decides. A run holds a range of offsets. With ``w`` bits for the offset
within it, the first ``w - 8`` bits of a hash choose one of as many buckets (128 to 256 keys each)
and need not be stored; the other ``64 - w`` and the offset are one word. Words lie sorted; where
each bucket starts is kept in memory (0.06 bytes a key).

    magic, first and last offset u64, keys u64, 0 | words u64 each | bucket starts u64 each

Runs are read by ``pread``, not mapped: what the page cache holds of them is then not this process's
memory, and a disk that fails raises OSError. They follow from the log; a folder without a readable
list of them is rebuilt.
"""

import errno
import os
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from struct import Struct
from typing import Self
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from queqiao.ports.journal.disk import Disk, write_whole

Words = NDArray[np.uint64]

HASH_BITS = 56
HASHES_END = 1 << HASH_BITS
BUCKET_BITS = 8
"""So many bits of an offset are not matched by bits that choose the bucket."""
PIECE_KEYS = 1 << 16
"""A merge, or whoever reads all keys, holds about this many at a time (3 MB)."""

SYNC_EVERY_BYTES = 16 << 20
"""A long run goes to the disk in steps: one large sync would hold the log's own up."""

_HEAD = Struct("=8sQQQ32x")
_MAGIC = b"QQRUN\x00\x00\x02"
_WORD_BYTES = 8
_WORD_END = 1 << 64
_HIGH = Struct("=Q8x")
_SURPLUS = np.uint64(64 - HASH_BITS)


def hash_of(digest: bytes) -> int:
    """Return what the index knows of one digest."""
    high: int = _HIGH.unpack(digest)[0]
    return high >> (64 - HASH_BITS)


def hashes_of(digests: bytes) -> Words:
    """Return the same for many digests of 16 bytes each, joined."""
    return np.frombuffer(digests, dtype=np.uint64)[::2] >> _SURPLUS


class Run:
    """One run, open for reading; its file is closed when nobody holds it any more."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDONLY)
        finalize(self, os.close, self._file)
        head = self._pread(0, _HEAD.size)
        magic, self.first, self.last, self.count = _HEAD.unpack(head)
        self._width = _width(self.first, self.last)
        starts = (_buckets(self._width) + 1) * _WORD_BYTES
        at = _HEAD.size + self.count * _WORD_BYTES
        if magic != _MAGIC or os.fstat(self._file).st_size != at + starts:
            raise ValueError(f"{path.name} is not a run")
        self._starts = memoryview(self._pread(at, starts)).cast("Q")

    def _pread(self, at: int, size: int) -> bytes:
        content = os.pread(self._file, size, at)
        if len(content) < size:
            raise OSError(errno.EIO, f"{self.path.name} ends too early")
        return content

    def _words(self, start: int, end: int) -> bytes:
        return self._pread(_HEAD.size + start * _WORD_BYTES, (end - start) * _WORD_BYTES)

    def candidates(self, hashed: int) -> Iterator[int]:
        """Yield the offsets of the keys with this hash."""
        width = self._width
        bucket = hashed >> (64 - width)
        words = memoryview(self._words(self._starts[bucket], self._starts[bucket + 1])).cast("Q")
        wanted = (hashed << width) % _WORD_END
        for word in words[bisect_left(words, wanted) :]:
            if word ^ wanted >= 1 << width:
                return
            yield self.first + (word ^ wanted)

    def within(self, low: int, high: int) -> tuple[Words, Words]:
        """Return hashes, sorted, and offsets of the keys whose hash is in ``[low, high)``."""
        width = self._width
        near, far = low >> (64 - width), ((high - 1) >> (64 - width)) + 1
        starts = np.frombuffer(self._starts, dtype=np.uint64)[near : far + 1].astype(np.int64)
        words = np.frombuffer(self._words(int(starts[0]), int(starts[-1])), dtype=np.uint64)
        buckets = np.repeat(np.arange(near, far, dtype=np.uint64), np.diff(starts))
        hashes = (buckets << np.uint64(64 - width)) | (words >> np.uint64(width))
        a, b = np.searchsorted(hashes, np.array([low, high], dtype=np.uint64))
        offsets = (words[a:b] & np.uint64((1 << width) - 1)) + np.uint64(self.first)
        return hashes[a:b], offsets


def pieces(runs: Sequence[Run]) -> Iterator[tuple[int, int]]:
    """Yield ranges of hashes that hold a bounded number of the keys of the runs, in order."""
    number = -(-sum(run.count for run in runs) // PIECE_KEYS)
    bounds = [HASHES_END * one // number for one in range(number + 1)]
    return pairwise(bounds)


def create(path: Path, digests: bytes, offsets: Words) -> Run:
    """Write a run of digests (16 bytes each, in any order)."""
    hashes = hashes_of(digests)
    order = np.argsort(hashes)
    with _Writing(path, len(hashes), int(offsets.min()), int(offsets.max())) as writing:
        writing.add(hashes[order], offsets[order])
    return Run(path)


def merge(path: Path, runs: Sequence[Run]) -> Run:
    """Write the runs as one, a range of hashes at a time, so that memory stays bounded."""
    first, last = min(run.first for run in runs), max(run.last for run in runs)
    with _Writing(path, sum(run.count for run in runs), first, last) as writing:
        for low, high in pieces(runs):
            parts = [run.within(low, high) for run in runs]
            hashes, offsets = (np.concatenate(column) for column in zip(*parts, strict=True))
            order = np.argsort(hashes, kind="stable")  # quick where sorted stretches follow others
            writing.add(hashes[order], offsets[order])
    return Run(path)


def _width(first: int, last: int) -> int:
    return max(BUCKET_BITS, (last - first).bit_length())


def _buckets(width: int) -> int:
    return 1 << (width - BUCKET_BITS)


class _Writing:
    """A run under way: takes its keys in the order of their hashes, becomes visible whole."""

    def __init__(self, path: Path, count: int, first: int, last: int) -> None:
        self._path, self._draft, self._disk = path, path.with_suffix(".draft"), Disk()
        self._head = _HEAD.pack(_MAGIC, first, last, count)
        self._first, self._width = np.uint64(first), _width(first, last)
        self._counts = np.zeros(_buckets(self._width) + 1, dtype=np.uint64)
        self._at = self._synced = 0

    def __enter__(self) -> Self:
        self._file = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        return self

    def _write(self, content: bytes) -> None:
        write_whole(self._disk, self._file, content, self._at)
        self._at += len(content)
        if self._at - self._synced >= SYNC_EVERY_BYTES:
            self._disk.sync(self._file)
            self._synced = self._at

    def add(self, hashes: Words, offsets: Words) -> None:
        """Add the next keys."""
        if not len(hashes):
            return
        if not self._at:
            self._write(self._head)
        self._write(((hashes << np.uint64(self._width)) | (offsets - self._first)).tobytes())
        buckets = (hashes >> np.uint64(64 - self._width)).astype(np.int64)
        counts = np.bincount(buckets - buckets[0])
        self._counts[buckets[0] + 1 : buckets[-1] + 2] += counts.astype(np.uint64)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._write(np.cumsum(self._counts).tobytes())
                self._disk.sync(self._file)
                self._draft.rename(self._path)
        finally:
            os.close(self._file)
            self._draft.unlink(missing_ok=True)
