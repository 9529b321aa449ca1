"""Where the counters of a home lie: the table, its lock, its snapshot.

    caps.table    the table that all workers map; of this start of the machine only
    caps/lock     the locks of its segments
    caps/opening  held by who makes the table
    caps/snapshot the last snapshot
    caps/unseen   how far ads that were never shown have been taken back

A larger table takes the place of one that is filling up: whoever has the old one mapped finds it
marked, and maps the new one.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import numpy as np
import structlog

from queqiao.decide.ads.caps import snapshot
from queqiao.decide.ads.caps.people import People
from queqiao.decide.ads.caps.rows import blocks_for, lay, load_max, used
from queqiao.decide.ads.caps.table import (
    BLOCK_BYTES,
    BLOCKS_MIN,
    EMPTY,
    SEGMENTS,
    Array,
    Full,
    Lock,
    Table,
)
from queqiao.decide.ads.caps.unseen import note, noted
from queqiao.decide.ads.caps.windows import Windows
from queqiao.kernel.clock import DEFAULT_ZONE
from queqiao.kernel.errors import Unavailable
from queqiao.ports.event_log.base import EventLogReader

log = structlog.get_logger()

ALONE_BLOCKS = 64 * BLOCKS_MIN
"""The size of a table in one process's own memory, of which only what is used takes room (64 MB)"""


def people_in_memory(zone: str = DEFAULT_ZONE) -> People:
    """Return counters that only this process sees, and that end with it."""
    table = Table.in_memory(ALONE_BLOCKS)
    return People(lambda: table, Lock(None), Windows(zone))


class Store:
    """The table of a home as one process has it mapped.

    ``boot`` names this start of the machine; ``bytes_max`` bounds the table.
    """

    def __init__(self, home: Path, boot: str, bytes_max: int) -> None:
        self._path = home / "caps.table"
        self._folder = home / "caps"
        self._boot = boot
        self._blocks_max = bytes_max // BLOCK_BYTES
        self._folder.mkdir(parents=True, exist_ok=True)
        self.lock = Lock(self._folder / "lock")
        self.snapshot_path = self._folder / "snapshot"
        self.unseen_path = self._folder / "unseen"
        self._table: Table | None = None

    def open(self, reader: EventLogReader, zone: str) -> People:
        """Map the table, made again from snapshot and log where it cannot be believed.

        Raises OSError when the disk has no room for it.
        """
        with self._opening():
            self._table = self._found() or self._made(reader, zone)
        return People(self.current, self.lock, Windows(zone))

    def current(self) -> Table:
        """Return the table that counts."""
        table = self._table
        if table is None or table.moved:
            table = self._table = self._found()
            if table is None:
                raise Unavailable
        return table

    @contextmanager
    def _opening(self) -> Iterator[None]:
        """Let one process at a time make the table; the kernel ends the turn of one that dies."""
        descriptor = os.open(self._folder / "opening", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _found(self) -> Table | None:
        table = Table.found(self._path)
        return table if table is not None and table.trust == self._trust(self._path) else None

    def _trust(self, path: Path) -> int:
        """Return what only this file, at this start of the machine, can say: no copy of it."""
        told = f"{self._boot}\x1f{path.stat().st_ino}"
        return int.from_bytes(blake2b(told.encode(), digest_size=8).digest(), "little")

    def _made(self, reader: EventLogReader, zone: str) -> Table:
        found = snapshot.read(self.snapshot_path)
        if found is None:
            blocks, offset = np.empty((0, 8), np.uint64), reader.end()
        else:
            blocks, offset = found.blocks, found.offset
            note(self.unseen_path, max(found.taken_back, noted(self.unseen_path) or 0))
        size = blocks_for(len(blocks))
        while True:
            try:
                table, counted = self._filled(size, blocks, reader, offset, zone)
                break
            except Full:
                size *= 2
        if found is None:
            snapshot.write(self.snapshot_path, table, offset)
        log.info("frequency counters made again", blocks=len(blocks), counted=counted)
        return self._publish(table)

    def _filled(
        self, size: int, blocks: Array, reader: EventLogReader, offset: int, zone: str
    ) -> tuple[Table, int]:
        table = Table.made(self._fresh, size)
        lay(table, blocks)
        people = People(lambda: table, Lock(None), Windows(zone))
        return table, snapshot.count_again(people, reader, offset)

    @property
    def _fresh(self) -> Path:
        return self._path.with_suffix(".new")

    def _publish(self, table: Table) -> Table:
        table.begin(self._trust(self._fresh))
        self._fresh.replace(self._path)
        return table

    def load(self) -> float:
        """Return which share of the blocks is in use; told from a few segments, all are alike."""
        table = self.current()
        looked = np.concatenate([table.segment(n)[:, 0] for n in range(0, SEGMENTS, 32)])
        return float(np.mean(looked != EMPTY))

    def grow(self) -> bool:
        """Make a table that is filling up twice as large, up to the bound; say whether it was done.

        Nobody counts meanwhile. Raises OSError when the disk has no room for it.
        """
        table = self.current()
        if self.load() <= load_max(table.blocks) or table.blocks * 2 > self._blocks_max:
            return False
        self.lock.take_all()
        try:
            larger = Table.made(self._fresh, table.blocks * 2)
            lay(larger, np.concatenate(list(used(table))))
            self._table = self._publish(larger)
            table.leave()
        finally:
            self.lock.give_back_all()
        log.info("the table of frequency counters has grown", blocks=larger.blocks)
        return True
