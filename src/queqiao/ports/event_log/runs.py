"""Sorted, immutable runs of the dedup index on disk, each with a small Bloom filter.

A run holds (digest, fingerprint, offset) sorted by the digest's first eight bytes, in columns that
are mapped, so the page cache decides what of it is in memory. The filter is blocked: a key sets
four bits of one word, so a miss costs one load. Runs are derived from the log; a folder without a
readable list of them is rebuilt.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import Struct
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

_HEAD = Struct("=8sQQ40x")
_MAGIC = b"QQRUN\x00\x00\x01"
BLOOM_BITS_PER_KEY = 12
MERGE_CHUNK_KEYS = 1 << 20
"""A merge holds about this many keys at a time."""

_PAIR = Struct("=QQ")
_SIX = np.uint64(6)
_LOW = np.uint64(63)
_ONE = np.uint64(1)


class Probe:
    """The digests of one look-up, prepared once for all runs."""

    __slots__ = ("digests", "low", "masks")

    def __init__(self, digests: Sequence[bytes]) -> None:
        self.digests = digests
        pairs = np.frombuffer(b"".join(digests), dtype=np.uint64).reshape(-1, 2)
        self.low = pairs[:, 1]
        self.masks = masks_of(pairs[:, 0])

    def candidates(self, bloom: Words) -> list[int]:
        """Return the indices of the digests that the filter does not rule out."""
        words = bloom[self.low % np.uint64(len(bloom))]
        return np.flatnonzero((words & self.masks) == self.masks).tolist()


class Run:
    """One run, mapped for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        whole: Words = np.asarray(np.memmap(path, dtype=np.uint64, mode="r"))
        magic, self.count, bloom_words = _HEAD.unpack(bytes(whole[:8]))
        if magic != _MAGIC or len(whole) != 8 + 4 * self.count + bloom_words:
            raise ValueError(f"{path.name} is not a run")
        columns = whole[8 : 8 + 4 * self.count].reshape(4, self.count)
        self.high, self.low, self.fingerprints, self.offsets = columns
        self.bloom: Words = whole[8 + 4 * self.count :]
        self._bloom_words = memoryview(cast("Any", self.bloom))

    def pieces(self) -> Iterator[tuple[Words, Words]]:
        """Yield the two halves of the keys, a bounded number at a time."""
        for start in range(0, self.count, MERGE_CHUNK_KEYS):
            end = start + MERGE_CHUNK_KEYS
            yield self.high[start:end], self.low[start:end]

    def get(self, high: int, low: int, mask: int) -> bytes | None:
        """Return fingerprint and offset (8 bytes each) of one digest, or None."""
        words = self._bloom_words
        if words[low % len(words)] & mask != mask:
            return None
        return self.search(high, low)

    def search(self, high: int, low: int) -> bytes | None:
        """Return fingerprint and offset of one digest, past the filter."""
        index = int(np.searchsorted(self.high, np.uint64(high)))
        while index < self.count and int(self.high[index]) == high:
            if int(self.low[index]) == low:
                return _PAIR.pack(int(self.fingerprints[index]), int(self.offsets[index]))
            index += 1
        return None


def mask_of(high: int) -> int:
    """Return the four bits that a key sets in its word of the filter."""
    return (
        1 << (high & 63) | 1 << (high >> 6 & 63) | 1 << (high >> 12 & 63) | 1 << (high >> 18 & 63)
    )


def masks_of(high: Words) -> Words:
    """Return the same for many keys."""
    masks = _ONE << (high & _LOW)
    for times in (1, 2, 3):
        masks |= _ONE << ((high >> (_SIX * np.uint64(times))) & _LOW)
    return masks


def create(path: Path, keys: bytes, values: bytes) -> Run:
    """Write a run of unsorted keys (16 bytes each) and values (16 bytes each)."""
    pairs = np.frombuffer(keys, dtype=np.uint64).reshape(-1, 2)
    marks = np.frombuffer(values, dtype=np.uint64).reshape(-1, 2)
    order = np.argsort(pairs[:, 0])
    with _Writing(path, len(pairs)) as writing:
        writing.add(np.vstack((pairs[order].T, marks[order].T)))
    return Run(path)


def merge(path: Path, runs: Sequence[Run]) -> Run:
    """Write the runs as one, a range of keys at a time, so that memory stays bounded."""
    total = sum(run.count for run in runs)
    chunks = -(-total // MERGE_CHUNK_KEYS)
    bounds = [np.uint64((number << 64) // chunks) for number in range(1, chunks)]
    cuts = [[0, *np.searchsorted(run.high, bounds).tolist(), run.count] for run in runs]
    with _Writing(path, total) as writing:
        for number in range(chunks):
            parts = [
                np.vstack((run.high[a:b], run.low[a:b], run.fingerprints[a:b], run.offsets[a:b]))
                for run, cut in zip(runs, cuts, strict=True)
                for a, b in [(cut[number], cut[number + 1])]
            ]
            joined = np.hstack(parts)
            writing.add(joined[:, np.argsort(joined[0])])
    return Run(path)


class _Writing:
    """A run under way: takes sorted chunks, becomes visible whole under its name."""

    def __init__(self, path: Path, count: int) -> None:
        self._path, self._count = path, count
        self._bloom_words = count * BLOOM_BITS_PER_KEY // 64 + 1
        self._draft = path.with_suffix(".draft")
        self._at = 0

    def __enter__(self) -> Self:
        words = 8 + 4 * self._count + self._bloom_words
        self._file = os.open(self._draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o640)
        try:
            # A mapped write cannot report a full disk: claim the room first.
            os.posix_fallocate(self._file, 0, words * 8)
        except OSError:
            self._give_up()
            raise
        self._mapped = np.memmap(self._draft, dtype=np.uint64, mode="r+", shape=(words,))
        self._map = np.asarray(self._mapped)
        self._map[:8] = np.frombuffer(
            _HEAD.pack(_MAGIC, self._count, self._bloom_words), dtype=np.uint64
        )
        return self

    def add(self, columns: Words) -> None:
        """Add the next chunk: rows high, low, fingerprint, offset."""
        target = self._map[8 : 8 + 4 * self._count].reshape(4, self._count)
        target[:, self._at : self._at + columns.shape[1]] = columns
        bloom = self._map[8 + 4 * self._count :]
        np.bitwise_or.at(bloom, columns[1] % np.uint64(len(bloom)), masks_of(columns[0]))
        self._at += columns.shape[1]

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._give_up()
            return
        self._mapped.flush()
        os.fsync(self._file)
        os.close(self._file)
        self._draft.rename(self._path)

    def _give_up(self) -> None:
        os.close(self._file)
        self._draft.unlink(missing_ok=True)
