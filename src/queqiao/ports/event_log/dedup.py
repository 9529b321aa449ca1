"""The dedup index: which (source, message id) lies at which offset, exact and without a horizon.

New keys go to a table in memory. When it is full it is sealed and a thread writes it as a sorted
run; when eight runs of one size have gathered, another thread merges them into one. So memory is
bounded, a look-up asks one filter over all runs and rarely more, and each key is rewritten a few
times in its life.

Runs hold a part of each digest and where its event lies; the log tells the rest, so a key counts as
known only when the log has it there. Everything here follows from the log: what the runs do not
hold yet is read from it at opening.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from struct import Struct
from threading import Lock

import numpy as np

from queqiao.kernel.errors import Message, Unavailable
from queqiao.ports.event_log import runs as run_files
from queqiao.ports.event_log.filter import Filter
from queqiao.ports.event_log.manifest import Manifest
from queqiao.ports.event_log.records import FINGERPRINT_BYTES
from queqiao.ports.event_log.runs import Run, hash_of, hashes_of
from queqiao.ports.event_log.worker import Worker

TABLE_KEYS_MAX = 1 << 14
"""Some 200 bytes of memory each, and half of that again while they are written."""
CROWDED_KEYS = 1 << 19
"""With so many keys in memory (100 MB) the disk has not kept up, and appends are turned away."""
FILL_PATIENCE_S = 0.5
"""At opening, so long is waited for a full table to be written before the next one grows."""
MERGE_FAN_IN = 8
PROBE_FROM = 12
"""From this many look-ups at once, numpy is quicker than one by one."""

_OFFSET = Struct("=Q")

Table = dict[bytes, bytes]
"""Digest to fingerprint and offset, in the order of the offsets."""

KeyAt = Callable[[int], tuple[bytes, bytes]]
"""Returns digest and fingerprint of the event at an offset that is committed."""


def value_of(fingerprint: bytes, offset: int) -> bytes:
    """Return what the index holds for a key."""
    return fingerprint + offset.to_bytes(8, sys.byteorder)


def values_of(fingerprints: Sequence[bytes], first: int) -> Iterator[bytes]:
    """Return what the index holds for keys of consecutive offsets."""
    offsets = range(first, first + len(fingerprints))
    return map(bytes.__add__, fingerprints, map(_OFFSET.pack, offsets))


def offset_of(value: bytes) -> int:
    """Return the offset in an index value."""
    return int.from_bytes(value[FINGERPRINT_BYTES:], sys.byteorder)


class DedupIndex:
    """Owned by the log's writer; asked and filled from its event loop only."""

    def __init__(
        self, folder: Path, last: int, key_at: KeyAt, table_keys_max: int = TABLE_KEYS_MAX
    ) -> None:
        """Open the index of a log that ends at the offset ``last``."""
        folder.mkdir(parents=True, exist_ok=True)
        self._key_at = key_at
        self._table_keys_max = table_keys_max
        self._manifest = Manifest(folder, last)
        self._runs: tuple[Run, ...] = tuple(self._manifest.open_runs())
        self.table: Table = {}
        self._sealed: Table | None = None
        self._change = Lock()
        self._filter = Filter()
        self._flusher = Worker("dedup-flush", self._flush)
        self._merger = Worker("dedup-merge", self._tidy)
        self._merger.wake()

    @property
    def indexed(self) -> int:
        """Offset up to which the runs on disk hold every event."""
        return self._manifest.indexed

    def fill(self, digest: bytes, value: bytes, committed: int) -> None:
        """Enter a key that the log holds, at opening; wait when the disk is behind."""
        self.table[digest] = value
        if len(self.table) >= self._table_keys_max:
            self._flusher.settle(FILL_PATIENCE_S)
            self.seal_if_full(committed)

    def check_room(self, committed: int) -> None:
        """Raise Unavailable when tables pile up in memory because the disk does not take them."""
        if len(self.table) > CROWDED_KEYS:
            self.seal_if_full(committed)
        if len(self.table) > CROWDED_KEYS:
            self._flusher.wake()
            raise Unavailable(Message("索引落盘滞后，请稍后重试", "the index is behind its disk"))

    def get(self, digest: bytes) -> bytes | None:
        """Return what is known of one key."""
        value = self.table.get(digest)
        sealed = self._sealed
        if value is None and sealed is not None:
            value = sealed.get(digest)
        return value or (self._in_runs(digest) if self._runs else None)

    def _in_runs(self, digest: bytes) -> bytes | None:
        """Ask filter and runs. Raises Unavailable when the disk does not tell."""
        hashed = hash_of(digest)
        if not self._filter.may_hold(hashed):
            return None
        try:
            for run in self._runs:
                for offset in run.candidates(hashed):
                    found, fingerprint = self._key_at(offset)
                    if found == digest:
                        return value_of(fingerprint, offset)
        except OSError as error:
            raise Unavailable(
                Message("去重索引暂时无法读取", "the dedup index cannot be read")
            ) from error
        return None

    def are_new(self, digests: Sequence[bytes]) -> bool:
        """Say whether none of the keys is known, nor twice among them."""
        return (
            self.table.keys().isdisjoint(digests)
            and len(set(digests)) == len(digests)
            and not self.get_older(digests)
        )

    def get_older(self, digests: Sequence[bytes]) -> Table:
        """Return what is known of those keys that are not in the newest table."""
        sealed = self._sealed
        if sealed is None and not self._runs:
            return {}
        found: Table = {}
        if sealed is not None:
            found = {digest: sealed[digest] for digest in digests if digest in sealed}
        if self._runs:
            self._probe(digests, found)
        return found

    def _probe(self, digests: Sequence[bytes], found: Table) -> None:
        if len(digests) >= PROBE_FROM:
            hashes = hashes_of(b"".join(digests))
            digests = [digests[index] for index in self._filter.perhaps(hashes)]
        for digest in digests:
            value = self._in_runs(digest)
            if value is not None:
                found[digest] = value

    def roll_back(self, committed: int) -> None:
        """Forget what was entered for events above ``committed``: they did not reach the disk."""
        _take_above(self.table, committed)

    def seal_if_full(self, committed: int) -> None:
        """Hand the table to the disk when it is full; uncommitted keys stay behind."""
        if len(self.table) < self._table_keys_max or self._sealed is not None:
            return
        rest = _take_above(self.table, committed)
        if self.table:
            self._sealed, self.table = self.table, rest
            self._flusher.wake()
        else:
            self.table = rest

    def _flush(self) -> bool:
        """Write the sealed table as a run; return whether there is more to do."""
        sealed = self._sealed
        if sealed is None:
            return False
        digests = b"".join(sealed)
        offsets = np.frombuffer(b"".join(sealed.values()), dtype=np.uint64)[1::2]
        run = run_files.create(self._manifest.new_path(), digests, offsets)
        with self._change:
            self._filter.add(hashes_of(digests))  # before the table is gone, which knows them too
            runs = (*self._runs, run)
            self._manifest.save(runs, run.last)
            self._runs = runs
        self._sealed = None
        self._merger.wake()
        return False

    def _tidy(self) -> bool:
        """Do the next piece of work that can wait; return whether to look again."""
        return self._renew_filter() or self._merge_once()

    def _renew_filter(self) -> bool:
        """Make the filter where there is none, and a larger one where it is full."""
        keys = sum(run.count for run in self._runs)
        if not keys or not self._filter.is_full(keys):
            return False
        self._filter.renew(lambda: self._runs, self._change)
        return True

    def _merge_once(self) -> bool:
        """Merge one group of runs of a size; return whether to look again."""
        group = self._mergeable()
        if group is None:
            return False
        merged = run_files.merge(self._manifest.new_path(), group)
        with self._change:
            runs = (*(run for run in self._runs if run not in group), merged)
            self._manifest.save(runs, self._manifest.indexed)
            self._runs = runs
        for run in group:
            run.path.unlink()
        return True

    def _mergeable(self) -> list[Run] | None:
        levels: dict[int, list[Run]] = {}
        for run in self._runs:
            level, size = 0, run.count
            while size >= self._table_keys_max * MERGE_FAN_IN:
                level, size = level + 1, size // MERGE_FAN_IN
            levels.setdefault(level, []).append(run)
        return next((runs for runs in levels.values() if len(runs) >= MERGE_FAN_IN), None)

    def settle(self) -> None:
        """Return when the threads have nothing left to do."""
        self._flusher.settle()
        self._merger.settle()

    def close(self) -> None:
        """Stop the threads. What is only in memory is read from the log at the next opening."""
        self._flusher.stop()
        self._merger.stop()


def _take_above(table: Table, committed: int) -> Table:
    """Take out of the table what lies above ``committed``; it was entered last."""
    taken: list[tuple[bytes, bytes]] = []
    while table:
        digest, value = table.popitem()
        if offset_of(value) <= committed:
            table[digest] = value
            break
        taken.append((digest, value))
    return dict(reversed(taken))
