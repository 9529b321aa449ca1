"""Profile rows in one SQLite file: several processes of one machine, no server.

Write-ahead log with ``synchronous=FULL``: a write is on disk when its call returns. Writers take
the file's one write lock first; readers never wait. What has outlived its time is taken out, a few
cells with each write and the rest by ``tidy``; what is removed is overwritten (``secure_delete``)
and, after a ``delete``, the write-ahead log that held it is cut.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import local
from typing import TypeVar

from queqiao.kernel.clock import Clock, SystemClock
from queqiao.kernel.errors import (
    Broken,
    FieldError,
    InvalidInput,
    Message,
    QueqiaoError,
    StorageFull,
    Unavailable,
)
from queqiao.ports.profile_rows.base import (
    ONCE,
    SETTING,
    Cell,
    Columns,
    Family,
    Page,
    Row,
    Shape,
    counted,
    counter,
)
from queqiao.ports.write_ahead import write_ahead

T = TypeVar("T")

READERS = 2
BUSY_S = 5.0
"""How long a writer waits for another process."""
TIDIED_WITH_WRITE = 50
TIDIED_AT_ONCE = 5_000
_CUTS_MAX = 5

_TABLES = """
CREATE TABLE IF NOT EXISTS cell (key TEXT NOT NULL, column TEXT NOT NULL, value BLOB NOT NULL,
    written_us INTEGER NOT NULL, dies_us INTEGER, PRIMARY KEY (key, column)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dying ON cell (dies_us) WHERE dies_us IS NOT NULL;
"""
_PRAGMAS = (
    "synchronous=FULL",
    "secure_delete=ON",
    "cache_size=-4000",
)
_LIVES = "(dies_us IS NULL OR dies_us > ?)"
_ONE = f"SELECT value FROM cell WHERE key = ? AND column = ? AND {_LIVES}"  # noqa: S608  # our own words
_ROW = f"SELECT column, value, written_us FROM cell WHERE key = ? AND {_LIVES}"  # noqa: S608  # our own words
_KEYS = (
    "SELECT DISTINCT key FROM cell WHERE key >= ? AND key > ?"  # noqa: S608  # our own words
    f" AND column NOT GLOB '{ONCE}:*' AND {_LIVES} ORDER BY key"
)
_PUT = "INSERT OR REPLACE INTO cell VALUES (?, ?, ?, ?, ?)"
_TIDY = (
    "DELETE FROM cell WHERE (key, column) IN"
    " (SELECT key, column FROM cell WHERE dies_us <= ? ORDER BY dies_us LIMIT ?)"
)


class SqliteRows:
    """ProfileRows on the file at ``path``, which is made when missing. Open it after a fork."""

    def __init__(self, path: Path, families: Sequence[Family], clock: Clock | None = None) -> None:
        self._path = path
        self._shape = Shape(families)
        self._clock = clock or SystemClock()
        self._writing = ThreadPoolExecutor(1, "rows-write")
        self._reading = ThreadPoolExecutor(READERS, "rows-read")
        self._own = local()
        self._opened: list[sqlite3.Connection] = []

    async def get(self, keys: Sequence[str]) -> dict[str, Row]:
        """Return the rows of some keys."""
        self._shape.check_keys(keys)
        return await self._aside(self._reading, lambda: self._get(keys))

    async def put(self, rows: Mapping[str, Columns]) -> None:
        """Write columns of some rows; here all of them are one step."""
        self._shape.check_keys(rows)
        for columns in rows.values():
            self._shape.check_columns(columns)

        def work(file: sqlite3.Connection, now_us: int) -> None:
            for key, columns in rows.items():
                self._write(file, key, columns, now_us)

        await self._write_aside(work)

    async def check_and_put(
        self, key: str, column: str, expected: bytes | None, columns: Columns
    ) -> bool:
        """Write columns when one holds what is expected."""
        self._shape.check_keys([key])
        self._shape.check_column(column)
        self._shape.check_columns(columns)

        def work(file: sqlite3.Connection, now_us: int) -> bool:
            if (_one(file, key, column, now_us) or None) != (expected or None):
                return False
            self._write(file, key, columns, now_us)
            return True

        return await self._write_aside(work)

    async def add(self, key: str, column: str, amount: int, once: str = "") -> int:
        """Add to a counter; return what it is then."""
        self._shape.check_add(key, column, amount, once)
        mark = f"{ONCE}:{column}/{once}"

        def work(file: sqlite3.Connection, now_us: int) -> int:
            done = _one(file, key, mark, now_us) if once else None
            if done is not None:
                return counter(done)
            known = _one(file, key, column, now_us)
            cell = counted((0 if known is None else counter(known)) + amount)
            self._write(file, key, {column: cell} | ({mark: cell} if once else {}), now_us)
            return counter(cell)

        return await self._write_aside(work)

    async def scan(self, prefix: str, cursor: str | None = None, limit: int = 100) -> Page:
        """Return rows by prefix, in order of key."""
        self._shape.check_scan(prefix, cursor, limit)
        return await self._aside(self._reading, lambda: self._scan(prefix, cursor or "", limit))

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete whole rows, and cut the journal that held them."""
        self._shape.check_keys(keys)

        def work(file: sqlite3.Connection, _: int) -> None:
            file.executemany("DELETE FROM cell WHERE key = ?", [(key,) for key in keys])

        await self._write_aside(work)
        await self._aside(self._writing, self._cut)

    async def tidy(self) -> int:
        """Remove what has outlived its time."""

        def work(file: sqlite3.Connection, now_us: int) -> int:
            return file.execute(_TIDY, (now_us, TIDIED_AT_ONCE)).rowcount

        return await self._write_aside(work, tidied=0)

    async def close(self) -> None:
        """Close the file."""
        for pool in (self._writing, self._reading):
            await asyncio.to_thread(pool.shutdown)
        for file in self._opened:
            file.close()
        self._opened.clear()

    def _get(self, keys: Sequence[str]) -> dict[str, Row]:
        file, now_us = self._file(), self._clock.now_us()
        with _transaction(file, "BEGIN"):
            rows = {key: self._row(file, key, now_us) for key in keys}
        return {key: row for key, row in rows.items() if row}

    def _scan(self, prefix: str, after: str, limit: int) -> Page:
        file, now_us = self._file(), self._clock.now_us()
        found: list[tuple[str, Row]] = []
        with _transaction(file, "BEGIN"):
            for (key,) in file.execute(_KEYS, (prefix, after, now_us)):
                if not key.startswith(prefix):
                    break
                if len(found) == limit:
                    return Page(found, found[-1][0])
                found.append((key, self._row(file, key, now_us)))
        return Page(found, None)

    def _row(self, file: sqlite3.Connection, key: str, now_us: int) -> Row:
        return {
            column: Cell(value, written_us)
            for column, value, written_us in file.execute(_ROW, (key, now_us))
            if self._shape.is_seen(column, written_us, now_us)
        }

    def _write(self, file: sqlite3.Connection, key: str, columns: Columns, now_us: int) -> None:
        ttl_us = self._shape.ttl_us
        lives = {column: ttl_us.get(column.partition(":")[0]) for column in columns}
        file.executemany(
            _PUT,
            [
                (
                    key,
                    column,
                    value,
                    now_us,
                    None if (ttl := lives[column]) is None else now_us + ttl,
                )
                for column, value in columns.items()
            ],
        )

    async def _write_aside(
        self, work: Callable[[sqlite3.Connection, int], T], tidied: int = TIDIED_WITH_WRITE
    ) -> T:
        def whole() -> T:
            file = self._file()
            with _transaction(file, "BEGIN IMMEDIATE"):
                now_us = self._clock.now_us()
                file.execute(_TIDY, (now_us, tidied))
                return work(file, now_us)

        return await self._aside(self._writing, whole)

    def _cut(self) -> None:
        """Write the journal back and cut it; a long read of another process may hold it."""
        for _ in range(_CUTS_MAX):
            (busy, *_) = self._file().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
        raise Unavailable(_BUSY)

    def _file(self) -> sqlite3.Connection:
        """Return the connection of this thread."""
        found: sqlite3.Connection | None = getattr(self._own, "file", None)
        if found is None:
            found = self._own.file = _opened(self._path)
            self._opened.append(found)
        return found

    async def _aside(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work)
        except sqlite3.Error as error:
            raise _fault_of(error) from error


def _one(file: sqlite3.Connection, key: str, column: str, now_us: int) -> bytes | None:
    found = file.execute(_ONE, (key, column, now_us)).fetchone()
    return None if found is None else bytes(found[0])


def _opened(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(FieldError(SETTING, _PLACE)) from error
    file = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
    write_ahead(file)
    for pragma in _PRAGMAS:
        file.execute(f"PRAGMA {pragma}").fetchone()
    file.executescript(_TABLES)
    return file


@contextmanager
def _transaction(file: sqlite3.Connection, begin: str) -> Iterator[None]:
    file.execute(begin)
    try:
        yield
    except BaseException:
        if file.in_transaction:  # a full disk has ended it already
            file.execute("ROLLBACK")
        raise
    file.execute("COMMIT")


def _fault_of(error: sqlite3.Error) -> QueqiaoError:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name in {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}:
        return StorageFull()
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unavailable(_BUSY)
    if name in {"SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM"}:
        return InvalidInput(FieldError(SETTING, _PLACE))
    if name in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
        return Broken(_NO_DATABASE)
    return Unavailable(_UNREADABLE)


_BUSY = Message(
    "[ports] profile_rows：文件正被别的进程占用，请再试",
    "[ports] profile_rows: another process holds the file; try again",
)
_PLACE = Message(
    "打不开这个文件；换一个可写的路径，或改它的权限",
    "this file cannot be opened for writing; give another path, or mend its rights",
)
_NO_DATABASE = Message(
    "[ports] profile_rows：文件已损坏，或不是 SQLite 数据库；停机删掉它，重启后会从事件重建",
    "[ports] profile_rows: the file is damaged, or no SQLite database; stop, delete it, and start:"
    " it is made again from the events",
)
_UNREADABLE = Message(
    "[ports] profile_rows：读写文件出错；检查磁盘",
    "[ports] profile_rows: the file cannot be read or written; look at the disk",
)
