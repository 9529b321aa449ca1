"""Keyed state: what the machines remember, in one SQLite file, committed with the checkpoint.

Each kind of state keeps its lately used keys in memory, in two generations: a key that is asked for
goes to the young one; when that is full, it becomes the old one, and what was old is let go. A
question of a young key, nearly every one, is then one look-up and moves nothing. Other keys are
read from the file.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import msgspec

T = TypeVar("T")

_KEYS_IN_QUESTION_MAX = 500
"""Keys of one question to the file; SQLite's bound on parameters is higher."""

Undo = tuple["Keyed[Any]", str, Any]
"""One ``put`` since the last ``keep``: where, which key, and what had been put there before."""

ROWS_VERSION = 5
"""What the rows of the warehouse are made by, beside the settings. Raise it when rows of the past
are to change: the next start makes them again from the log (see ``backfill.py``)."""

_TABLES = """
CREATE TABLE IF NOT EXISTS state (kind TEXT, key TEXT, value BLOB NOT NULL,
    PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1),
    value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS made_by (one INTEGER PRIMARY KEY CHECK (one = 1), stamp TEXT NOT NULL);
"""


class Checkpoint(msgspec.Struct, array_like=True):
    """Everything up to ``offset`` is in the warehouse and in the state."""

    offset: int = 0
    timestamp_us: int = 0
    received_at_us: int = 0


class Keyed(Generic[T]):
    """The state of one machine: a value per key. Values are replaced, never changed in place."""

    def __init__(
        self, file: sqlite3.Connection, kind: str, of: type[T], keys_max: int, undo: list[Undo]
    ) -> None:
        self._file = file
        self._kind = kind
        self._generation = max(1, keys_max // 2)
        self._young: dict[str, T | None] = {}
        self._old: dict[str, T | None] = {}
        self._dirty: dict[str, T] = {}
        self._undo = undo
        self._decoder = msgspec.msgpack.Decoder(of)
        self._encoder = msgspec.msgpack.Encoder()

    def get(self, key: str) -> T | None:
        """Return the value of a key, None when it has none."""
        try:
            return self._young[key]
        except KeyError:
            self.fetch((key,))
            return self._young[key]

    def fetch(self, keys: Iterable[str]) -> None:
        """Read the values of many keys at once, those that are not in memory: a batch's misses."""
        young, old = self._young, self._old
        missing = [key for key in dict.fromkeys(keys) if key not in young]
        if old:
            young.update({key: old[key] for key in missing if key in old})
            missing = [key for key in missing if key not in old]
        for start in range(0, len(missing), _KEYS_IN_QUESTION_MAX):
            asked = missing[start : start + _KEYS_IN_QUESTION_MAX]
            found: dict[str, T | None] = dict.fromkeys(asked)
            marks = ",".join("?" * len(asked))
            sql = f"SELECT key, value FROM state WHERE kind = ? AND key IN ({marks})"  # noqa: S608  # marks only
            for key, value in self._file.execute(sql, (self._kind, *asked)):
                found[key] = self._decoder.decode(value)
            young.update(found)

    def put(self, key: str, value: T) -> None:
        """Set the value of a key; it is on disk after the next commit."""
        self._undo.append((self, key, self._dirty.get(key)))
        self._young[key] = self._dirty[key] = value

    def restore(self, key: str, value: T | None) -> None:
        """Take one ``put`` back; ``value`` is what was put since the last commit before it."""
        self._let_go(key)
        self._dirty.pop(key, None)
        if value is not None:
            self._young[key] = self._dirty[key] = value

    def forget(self) -> None:
        """Take back what was put since the last commit."""
        for key in self._dirty:
            self._let_go(key)
        self._dirty.clear()

    def _let_go(self, key: str) -> None:
        self._young.pop(key, None)
        self._old.pop(key, None)

    def clear(self) -> None:
        """Forget what is in memory; the file has it. Only when nothing waits to be written."""
        self._young, self._old = {}, {}

    def write(self) -> None:
        """Write what changed into the open transaction, and let the keys go that nobody asks for.

        Only then does a generation end: no value that was put is let go before it is on disk.
        """
        encode = self._encoder.encode  # in the order of the file, whose pages are then met once
        rows = [(self._kind, key, encode(value)) for key, value in sorted(self._dirty.items())]
        self._file.executemany("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", rows)
        self._dirty.clear()
        if len(self._young) > self._generation:
            self._young, self._old = {}, self._young


def stamp_of(made_by: str) -> str:
    """Return what names rows that are made now, by settings that ``made_by`` names."""
    return f"{ROWS_VERSION} {made_by}"


Outdated = Literal["", "version", "settings"]
"""What rows are made by now that they were not made by when they were; empty when nothing is."""


def _outdated_by(stamp: str, made_by: str) -> Outdated:
    if stamp == stamp_of(made_by):
        return ""
    return "settings" if stamp.split(" ", 1)[0] == str(ROWS_VERSION) else "version"


class StateFile:
    """The file. One loader owns it; it is used from one thread at a time.

    ``made_by`` names the settings by which rows are made now; the file keeps those of its rows.
    """

    def __init__(self, path: Path, made_by: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._file.execute("PRAGMA journal_mode = WAL")
        # One fsync a batch; so a power cut never sets the loader back by more than one batch.
        self._file.execute("PRAGMA synchronous = FULL")
        # No page keeps what was replaced on it: an erasure finds whatever there is of somebody.
        self._file.execute("PRAGMA secure_delete = ON")
        fresh = not self._file.execute("SELECT 1 FROM sqlite_schema").fetchone()
        self._file.executescript(_TABLES)
        if fresh:
            self._file.execute(f"PRAGMA user_version = {ROWS_VERSION}")
        (version,) = self._file.execute("PRAGMA user_version").fetchone()
        # A file from before stamps says its version only; it is taken to be of today's settings.
        self._file.execute("INSERT OR IGNORE INTO made_by VALUES (1, ?)", (f"{version} {made_by}",))
        (stamp,) = self._file.execute("SELECT stamp FROM made_by").fetchone()
        self.outdated_by = _outdated_by(stamp, made_by)
        self._kinds: list[Keyed[object]] = []
        self._undo: list[Undo] = []

    def keyed(self, kind: str, of: type[T], keys_max: int) -> Keyed[T]:
        """Return the state of one machine; at most ``keys_max`` keys stay in memory."""
        made = Keyed(self._file, kind, of, keys_max, self._undo)
        self._kinds.append(made)  # type: ignore[arg-type]  # no value is put through it
        return made

    def checkpoint(self) -> Checkpoint:
        """Return the last commit's checkpoint."""
        found = self._file.execute("SELECT value FROM checkpoint").fetchone()
        return msgspec.msgpack.decode(found[0], type=Checkpoint) if found else Checkpoint()

    def keep(self) -> None:
        """Set the point that ``undo`` goes back to, for every machine."""
        self._undo.clear()

    def undo(self) -> None:
        """Take back what the machines put since the last ``keep``: nothing of half an event."""
        while self._undo:
            kind, key, value = self._undo.pop()
            kind.restore(key, value)

    def forget(self) -> None:
        """Take back what the machines put since the last commit."""
        self._undo.clear()
        for kind in self._kinds:
            kind.forget()

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write all changed state and the checkpoint as one."""
        self._undo.clear()
        self._file.execute("BEGIN IMMEDIATE")
        for kind in self._kinds:
            kind.write()
        value = msgspec.msgpack.encode(checkpoint)
        self._file.execute("INSERT OR REPLACE INTO checkpoint VALUES (1, ?)", (value,))
        self._file.execute("COMMIT")

    def keys(self, kind: str) -> list[str]:
        """Return all keys of a kind. Only between commits."""
        sql = "SELECT key FROM state WHERE kind = ?"
        return [key for (key,) in self._file.execute(sql, (kind,))]

    def keys_naming(self, kind: str, ids: Iterable[str]) -> list[str]:
        """Return the keys of a kind whose values name one of some ids. Only between commits."""
        sql = "SELECT key FROM state WHERE kind = ? AND instr(value, ?) > 0"
        return [
            key
            for one in ids
            for (key,) in self._file.execute(sql, (kind, msgspec.msgpack.encode(one)))
        ]

    def erase(self, ids: Iterable[str]) -> None:
        """Remove whatever is remembered of some ids, from memory and from every page of the file.

        Only between commits. Orders stay: they name no person.
        """
        self._file.execute("BEGIN IMMEDIATE")
        for one in ids:
            keys = (one, f"a:{one}", f"u:{one}")
            self._file.execute("DELETE FROM state WHERE key IN (?, ?, ?)", keys)
            # As packed, with its length before it: no other id can hold it.
            named = msgspec.msgpack.encode(one)
            self._file.execute(
                "DELETE FROM state WHERE kind NOT LIKE 'sale%' AND instr(value, ?) > 0", (named,)
            )
        self._file.execute("COMMIT")
        self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        for kind in self._kinds:
            kind.clear()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
