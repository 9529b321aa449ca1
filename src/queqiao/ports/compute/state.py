"""The checkpoint of a run: one SQLite file, changed in one transaction an epoch."""

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from queqiao.kernel.errors import Conflict, Message
from queqiao.ports.compute.node import Changes
from queqiao.ports.compute.plan import Plan, encode
from queqiao.ports.compute.watermark import BEGINNING_US

_TABLES = """
CREATE TABLE IF NOT EXISTS state (name BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB);
"""


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """Everything up to ``position`` of the source is in the state and in the sink's epochs."""

    plan: bytes
    position: int = 0
    epoch: int = 0
    seen_us: int = BEGINNING_US
    ended: bool = False


class StateFile:
    """The state of one plan. One engine at a time owns it."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = FULL")
        self._file.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._file.executescript(_TABLES)

    def checkpoint(self, plan: Plan) -> Checkpoint:
        """Return the last checkpoint, or that of a beginning.

        Raises Conflict when it was made by another plan: its state means something else.
        """
        mine = hashlib.blake2b(encode(plan), digest_size=16).digest()
        found = self._file.execute("SELECT value FROM checkpoint").fetchone()
        if found is None:
            return Checkpoint(mine)
        last = msgspec.msgpack.decode(found[0], type=Checkpoint)
        if last.plan != mine:
            raise Conflict(
                Message(
                    "检查点属于另一个计划：请换一个目录，从头重算",
                    "the checkpoint is another plan's: use a new folder, run from the start",
                )
            )
        return last

    def entries(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the state."""
        yield from self._file.execute("SELECT name, value FROM state")

    def commit(self, checkpoint: Checkpoint, changes: Changes) -> None:
        """Write the changes and the checkpoint, all or nothing; they survive a power cut."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            gone = [(name,) for name, value in changes if value is None]
            kept = [(name, value) for name, value in changes if value is not None]
            self._file.executemany("DELETE FROM state WHERE name = ?", gone)
            self._file.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", kept)
            encoded = msgspec.msgpack.encode(checkpoint)
            self._file.execute("INSERT OR REPLACE INTO checkpoint VALUES (1, ?)", (encoded,))
            self._file.execute("COMMIT")
        except BaseException:
            self._file.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()
