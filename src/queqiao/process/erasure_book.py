"""The book of erasures: who asked, how far each has come, and digests of who was erased.

A subject's ids are in it only while they are being erased. What stays is a keyed digest of each id,
and of each phone and such that they held, with the offsets up to which it was erased, so that
whoever reads the log (``veil.py``) leaves them out again, and so does who restores a backup.
"""

import hashlib
import sqlite3
from pathlib import Path
from typing import Literal

import msgspec

from queqiao.process.veil import Veil

Phase = Literal["waiting", "erasing", "removing", "done"]

_TABLES = """
CREATE TABLE IF NOT EXISTS erasure (id TEXT PRIMARY KEY, phase TEXT NOT NULL, subject BLOB,
    requested_at_us INTEGER NOT NULL, finished_at_us INTEGER, cutoff INTEGER NOT NULL,
    events INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS erased (digest BLOB NOT NULL, cutoff INTEGER NOT NULL,
    kind TEXT NOT NULL DEFAULT '', PRIMARY KEY (digest, cutoff)) WITHOUT ROWID;
"""
_KIND = "ALTER TABLE erased ADD COLUMN kind TEXT NOT NULL DEFAULT ''"
"""Before, a book knew ids only."""
_FROM_BEFORE = """
BEGIN IMMEDIATE;
INSERT OR IGNORE INTO erased (digest, cutoff) SELECT digest, cutoff FROM tombstone;
DROP TABLE tombstone;
COMMIT;
"""
"""Before, a book knew the last erasure of an id only."""
_COLUMNS = "id, phase, requested_at_us, finished_at_us, cutoff, events"


class Subject(msgspec.Struct):
    """Whose data: a user's id, or a device's anonymous id; then all ids, each with its number.

    ``identifiers`` are the phones and such that these hold, as ``kind:digest``; ``offsets`` where
    their events are, None before rows were asked: afterwards no row tells it any more.
    """

    user_id: str = ""
    anonymous_id: str = ""
    numbers: dict[str, int] = {}
    identifiers: list[str] = []
    offsets: list[int] | None = None


class Erasure(msgspec.Struct):
    """One erasure. ``cutoff`` is the offset up to which events are erased, 0 before it is known.

    ``waiting`` for the loader, ``erasing`` rows, ``removing`` the files that held them, ``done``.
    """

    id: str
    phase: Phase
    requested_at_us: int
    finished_at_us: int | None
    cutoff: int
    events: int


class ErasureBook:
    """One SQLite file. Blocking, and short; its one owner is the analytics role."""

    def __init__(self, path: Path, key: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._key = key
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # What is deleted is overwritten, and no journal keeps it.
        self._file.execute("PRAGMA secure_delete = ON")
        self._file.execute("PRAGMA journal_mode = DELETE")
        self._file.execute("PRAGMA synchronous = FULL")
        self._file.executescript(_TABLES)
        if "kind" not in {row[1] for row in self._file.execute("PRAGMA table_info(erased)")}:
            self._file.execute(_KIND)
        if self._file.execute("SELECT 1 FROM sqlite_schema WHERE name = 'tombstone'").fetchone():
            self._file.executescript(_FROM_BEFORE)

    def request(self, erasure_id: str, subject: Subject, now_us: int) -> Erasure:
        """Note a request. The same id again is the same request."""
        self._file.execute(
            "INSERT OR IGNORE INTO erasure VALUES (?, 'waiting', ?, ?, NULL, 0, 0)",
            (erasure_id, msgspec.json.encode(subject), now_us),
        )
        found = self.find(erasure_id)
        assert found is not None
        return found

    def find(self, erasure_id: str) -> Erasure | None:
        """Return one erasure."""
        sql = f"SELECT {_COLUMNS} FROM erasure WHERE id = ?"  # noqa: S608  # our own words
        row = self._file.execute(sql, (erasure_id,)).fetchone()
        return Erasure(*row) if row else None

    def newest(self, limit: int) -> list[Erasure]:
        """Return the last requests, the newest first."""
        sql = f"SELECT {_COLUMNS} FROM erasure ORDER BY requested_at_us DESC, id LIMIT ?"  # noqa: S608  # our own words
        return [Erasure(*row) for row in self._file.execute(sql, (limit,))]

    def unfinished(self) -> Erasure | None:
        """Return the oldest that is not done."""
        sql = f"SELECT {_COLUMNS} FROM erasure WHERE phase != 'done' ORDER BY requested_at_us, id"  # noqa: S608  # our own words
        row = self._file.execute(sql).fetchone()
        return Erasure(*row) if row else None

    def subject(self, erasure_id: str) -> Subject:
        """Return whose data it is; only until it is ``removing``."""
        sql = "SELECT subject FROM erasure WHERE id = ?"
        (blob,) = self._file.execute(sql, (erasure_id,)).fetchone()
        return msgspec.json.decode(blob, type=Subject)

    def plan(self, erasure_id: str, subject: Subject, cutoff: int) -> None:
        """Note all ids and the cutoff, and that erasing has begun; with the digests, as one."""
        self._file.execute("BEGIN IMMEDIATE")
        self._file.execute(
            "UPDATE erasure SET phase = 'erasing', subject = ?, cutoff = ? WHERE id = ?",
            (msgspec.json.encode(subject), cutoff, erasure_id),
        )
        digests = [(self.digest(one), cutoff, "") for one in subject.numbers]
        digests += [
            (self.digest(one), cutoff, one.partition(":")[0]) for one in subject.identifiers
        ]
        self._file.executemany("INSERT OR IGNORE INTO erased VALUES (?, ?, ?)", digests)
        self._file.execute("COMMIT")

    def note(self, erasure_id: str, subject: Subject) -> None:
        """Note what was found of a subject since; until ``erased``."""
        sql = "UPDATE erasure SET subject = ? WHERE id = ?"
        self._file.execute(sql, (msgspec.json.encode(subject), erasure_id))

    def missed(self, loaded: int) -> set[bytes]:
        """Return whose erasure tables loaded up to an offset cannot have seen: digests of ids.

        What has been loaded since an erasure lies above its cutoff. So these were made in a home
        that went on from here, and a backup of before was put in its place; or nothing has come
        since, and then nobody of them is remembered.
        """
        sql = "SELECT digest FROM erased WHERE cutoff >= ? AND kind = ''"
        return {digest for (digest,) in self._file.execute(sql, (loaded,))}

    def cut(self, end: int) -> bool:
        """Let no erasure reach beyond the end of the log: what comes there is of somebody new.

        Returns whether one did.
        """
        sql = "UPDATE OR REPLACE erased SET cutoff = ? WHERE cutoff > ?"
        return self._file.execute(sql, (end, end)).rowcount > 0

    def erased(self, erasure_id: str, events: int) -> None:
        """Note that no row holds the ids any more, and forget them."""
        self._file.execute(
            "UPDATE erasure SET phase = 'removing', subject = NULL, events = ? WHERE id = ?",
            (events, erasure_id),
        )

    def done(self, erasure_id: str, now_us: int) -> None:
        """Note the end."""
        self._file.execute(
            "UPDATE erasure SET phase = 'done', finished_at_us = ? WHERE id = ?",
            (now_us, erasure_id),
        )

    def cutoffs(self) -> dict[bytes, list[int]]:
        """Return up to which offsets events of an id were erased, ascending, by its digest."""
        found: dict[bytes, list[int]] = {}
        for digest, cutoff in self._file.execute("SELECT digest, cutoff FROM erased ORDER BY 2"):
            found.setdefault(digest, []).append(cutoff)
        return found

    def kinds(self) -> dict[bytes, str]:
        """Return which digests are of phones and such, and of which kind."""
        sql = "SELECT DISTINCT digest, kind FROM erased WHERE kind != ''"
        return dict(self._file.execute(sql).fetchall())

    def veil(self) -> Veil:
        """Return what knows, at this moment, who was erased."""
        return Veil(self.cutoffs(), self.digest, self.kinds())

    def digest(self, one: str) -> bytes:
        """Return the keyed digest of an id."""
        return hashlib.blake2b(one.encode(), key=self._key, digest_size=16).digest()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
