"""The table of counters: blocks of 64 bytes in memory that all workers of a machine share.

A block belongs to one person: their 64-bit key, three tags, three words, and when it was last
written (µs). Who has more counters has more blocks. A person's key gives a *segment* of the table
and a place in it; their blocks are looked for from there on to the first empty one (linear probing;
Knuth, TAOCP 3, 6.4, algorithm L), and never leave the segment. A block that is given up stays a
tombstone until an empty one follows it.

Whoever writes holds the lock of the segment: one byte of the lock file (``fcntl``), which the
kernel gives back when the holder dies. Every change that counts is one store of 8 bytes, so a
process killed in between leaves nothing torn: at worst a count of an ad that nobody was shown.
Reading takes no lock: what it sees is only used to leave campaigns out, and looked at again under
the lock before an ad is counted.

Two people share a key with a chance of 2^-64 a pair: of 3.3 million people with three counters
each, of any two at all 3e-7.
"""

import fcntl
import mmap
import os
import time
from pathlib import Path
from struct import Struct
from typing import Any

import numpy as np

from queqiao.kernel.errors import Unavailable

BLOCK_WORDS = 8
BLOCK_BYTES = 64
ENTRIES = 3
TAGS, WORDS, WRITTEN = 1, 1 + ENTRIES, 7
"""Where in a block its tags begin, its words, and where it says when it was written."""
SEGMENTS = 256
SEGMENT_BITS = 8
HEAD_BYTES = 4_096
BLOCKS_MIN = 64 * SEGMENTS
EMPTY, TOMBSTONE = 0, 1
MAGIC = 0x3130_7370_6163_7171
"""``qqcaps01``"""
_MAGIC, _BLOCKS, _MOVED, _TRUST, _VERSIONS = 0, 1, 2, 3, 16
_BLOCK = Struct("<8Q")
_BLOCK_MASK = ~(BLOCK_WORDS - 1)

LOCK_WITHIN_S = 0.1
"""How long a worker waits for another one, which holds a segment for some 10 µs, or for the moment
in which the table grows; then caps cannot be told just now."""

Array = np.ndarray[Any, np.dtype[np.uint64]]


class Full(Exception):
    """A segment has no free block left."""


class Row:
    """What was found of a person: where each word lies and what it was, by tag; free places."""

    __slots__ = ("at", "free", "version", "words")

    def __init__(self, version: int) -> None:
        self.at: dict[int, int] = {}
        self.words: dict[int, int] = {}
        self.free: list[int] = []
        self.version = version


class Table:
    """One mapped table. Positions are indices of 64-bit words from its first block."""

    def __init__(self, memory: mmap.mmap) -> None:
        whole = memoryview(memory).cast("Q")
        self._head = whole[: HEAD_BYTES // 8]
        self.words = whole[HEAD_BYTES // 8 :]
        self._bytes = memoryview(memory)[HEAD_BYTES:]
        self.blocks = len(self.words) // BLOCK_WORDS
        self._of_segment = self.blocks // SEGMENTS
        self.array: Array = np.frombuffer(self.words, dtype=np.uint64).reshape(-1, BLOCK_WORDS)

    @classmethod
    def in_memory(cls, blocks: int = BLOCKS_MIN) -> "Table":
        """Return an empty table that only this process sees."""
        table = cls(mmap.mmap(-1, HEAD_BYTES + blocks * BLOCK_BYTES))
        table.begin(0)
        return table

    @classmethod
    def made(cls, path: Path, blocks: int) -> "Table":
        """Make a file of an empty table. Raises OSError when the disk has no room for all of it.

        The room is taken at once: a mapped page that the disk has no place for ends a process.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, HEAD_BYTES + blocks * BLOCK_BYTES)
            return cls(mmap.mmap(descriptor, 0))
        finally:
            os.close(descriptor)

    @classmethod
    def found(cls, path: Path) -> "Table | None":
        """Map the file of a table; None when there is none, or it is something else."""
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            size = os.fstat(descriptor).st_size - HEAD_BYTES
            if size <= 0 or size % (SEGMENTS * BLOCK_BYTES):
                return None
            table = cls(mmap.mmap(descriptor, 0))
        finally:
            os.close(descriptor)
        return table if table._is_whole() else None

    def _is_whole(self) -> bool:
        return self._head[_MAGIC] == MAGIC and self._head[_BLOCKS] == self.blocks

    def begin(self, trust: int) -> None:
        """Declare the table whole. ``trust`` tells later whether it can still be believed."""
        self._head[_TRUST], self._head[_BLOCKS] = trust, self.blocks
        self._head[_MAGIC] = MAGIC

    @property
    def trust(self) -> int:
        """What ``begin`` was told."""
        return self._head[_TRUST]

    @property
    def moved(self) -> bool:
        """Whether a larger table has taken the place of this one."""
        return bool(self._head[_MOVED])

    def leave(self) -> None:
        """Say to all who have this table mapped that another one has taken its place."""
        self._head[_MOVED] = 1

    def scan(self, person: int) -> Row:
        """Return what a person has: some blocks at a time, up to the first empty one."""
        row = Row(self.version(person))
        first = (person & SEGMENTS - 1) * self._of_segment
        home, end = first + self.home(person), first + self._of_segment
        if not self._scan(person, home, end, row):
            self._scan(person, first, home, row)
        return row

    def _scan(self, person: int, begin: int, end: int, row: Row) -> bool:
        """Add a person's entries in some blocks to what was found, until an empty block.

        Say whether there was one.
        """
        at = begin * BLOCK_WORDS + WORDS
        places, words, free = row.at, row.words, row.free.append
        rows = self._bytes[begin * BLOCK_BYTES : end * BLOCK_BYTES]
        for key, tag1, tag2, tag3, word1, word2, word3, _ in _BLOCK.iter_unpack(rows):
            if key == person:
                if tag1:
                    places[tag1], words[tag1] = at, word1
                else:
                    free(at)
                if tag2:
                    places[tag2], words[tag2] = at + 1, word2
                else:
                    free(at + 1)
                if tag3:
                    places[tag3], words[tag3] = at + 2, word3
                else:
                    free(at + 2)
            elif key == EMPTY:
                return True
            at += BLOCK_WORDS
        return False

    def version(self, person: int) -> int:
        """Return a number that changes with every entry that comes or goes in a segment."""
        return self._head[_VERSIONS + (person & SEGMENTS - 1)]

    def put(self, at: int, tag: int, word: int, now_us: int) -> None:
        """Write an entry into a free place, or over one that is outdated. Hold the lock.

        The tag is written last: who reads meanwhile, or is left with what a dead process began,
        finds no entry or a whole one.
        """
        self.words[at - ENTRIES] = 0
        self.words[at] = word
        self.words[at & _BLOCK_MASK | WRITTEN] = now_us
        self.words[at - ENTRIES] = tag
        self._head[_VERSIONS + at // BLOCK_WORDS // self._of_segment] += 1

    def set(self, at: int, word: int, now_us: int) -> None:
        """Write the word of an entry. Hold the lock."""
        words = self.words
        words[at] = word
        words[at & _BLOCK_MASK | WRITTEN] = now_us

    def free(self, at: int) -> None:
        """Give an entry up. Hold the lock."""
        self.words[at - ENTRIES] = 0
        self._head[_VERSIONS + at // BLOCK_WORDS // self._of_segment] += 1

    def begin_block(self, person: int) -> int:
        """Give a person one more block; return the place of its first word. Hold the lock.

        Raises Full.
        """
        first = (person & SEGMENTS - 1) * self._of_segment
        home = self.home(person)
        for begin, end in ((home, self._of_segment), (0, home)):
            for place in range(first + begin, first + end):
                at = place * BLOCK_WORDS
                if self.words[at] <= TOMBSTONE:
                    for tag in range(TAGS, WORDS):
                        self.words[at + tag] = 0
                    self.words[at] = person
                    return at + WORDS
        raise Full

    def home(self, person: int) -> int:
        """Return a person's place in their segment."""
        return (person >> SEGMENT_BITS) % self._of_segment

    def homes(self, people: Array) -> Array:
        """Return the place of each of many people in their segments."""
        return (people >> np.uint64(SEGMENT_BITS)) % np.uint64(self._of_segment)

    def swept(self, number: int) -> None:
        """Say that entries of a segment have gone."""
        self._head[_VERSIONS + number] += 1

    def segment(self, number: int) -> Array:
        """Return the blocks of a segment."""
        return self.array[number * self._of_segment : (number + 1) * self._of_segment]


class Lock:
    """The locks of a table's segments, across processes; the kernel frees those of the dead."""

    def __init__(self, path: Path | None) -> None:
        self._descriptor = -1
        if path is not None:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def take(self, segment: int) -> None:
        """Wait for a segment. Raises Unavailable when it stays another's."""
        if self._descriptor < 0:
            return
        deadline = 0.0
        while True:
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, segment)
            except (BlockingIOError, PermissionError) as error:
                deadline = deadline or time.monotonic() + LOCK_WITHIN_S
                if time.monotonic() > deadline:
                    raise Unavailable from error
                time.sleep(0.0002)
            else:
                return

    def give_back(self, segment: int) -> None:
        """Let others write in a segment."""
        if self._descriptor >= 0:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, segment)

    def take_all(self) -> None:
        """Wait, for as long as it takes, until nobody writes anywhere."""
        if self._descriptor >= 0:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX, SEGMENTS, 0)

    def give_back_all(self) -> None:
        """Let others write."""
        if self._descriptor >= 0:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, SEGMENTS, 0)

    def close(self) -> None:
        """Give up the lock file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
