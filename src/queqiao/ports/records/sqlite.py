"""Records in one SQLite file: several processes of one machine, no server.

Write-ahead log with ``synchronous=FULL``: a commit is on disk when ``write`` returns. Writers take
the file's one write lock first (BEGIN IMMEDIATE), readers never wait.
"""

from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from queqiao.kernel.errors import Message, Unavailable
from queqiao.ports.records import changes
from queqiao.ports.records.base import Change
from queqiao.ports.records.engine import THREADS_MAX, EngineRecords
from queqiao.ports.write_ahead import write_ahead

_FULL = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}
"""The second: the memory that its connections share lies in a file too, which could not grow."""
_BUSY_MS = 2_000
"""How long SQLite itself waits for a lock before it says busy; we then ask again."""
_CHECKPOINTS_MAX = 5
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")


class SqliteRecords(EngineRecords):
    """Records on the file at ``path``, which is made when missing."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            f"sqlite:///{path}",
            poolclass=QueuePool,
            pool_size=THREADS_MAX + 1,
            max_overflow=THREADS_MAX,
            connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1000},
        )
        event.listen(engine, "connect", _prepare)
        super().__init__(engine)
        self._polling = Lock()
        self._poll_conn: Connection | None = None
        self._seen = (-1, -1)

    def begin_read(self, conn: Connection) -> None:
        """Begin a transaction; SQLite fixes its moment at the first row read."""
        conn.exec_driver_sql("BEGIN")

    def begin_write(self, conn: Connection) -> None:
        """Take the file's write lock before the work reads anything."""
        conn.exec_driver_sql("BEGIN IMMEDIATE")

    def is_passing(self, error: DBAPIError) -> bool:
        """Say whether another process held the lock."""
        return str(getattr(error.orig, "sqlite_errorname", "")).startswith(_BUSY)

    def is_full(self, error: DBAPIError) -> bool:
        """Say whether the disk had no room."""
        return getattr(error.orig, "sqlite_errorname", "") in _FULL

    def empty_journal(self) -> None:
        """Write what is in the write-ahead log to the file, and cut it. Raises Unavailable."""
        for _ in range(_CHECKPOINTS_MAX):
            with self.engine.connect() as conn:
                busy = conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
            if not busy:
                return
        raise Unavailable(Message("记录库正忙，请再试", "the records are busy; try again"))

    def changes_since(self, version: int) -> list[Change]:
        """Return the changes after ``version``.

        ``PRAGMA data_version`` moves when any other connection commits; the polling connection
        never writes, so while it stands still a reader at the head needs no query.
        """
        with self._polling:
            conn = self._polling_connection()
            moved = _data_version(conn)
            if self._seen[0] == moved and version >= self._seen[1]:
                return []
            found = changes.since(conn, version)
            self._seen = (moved, found[-1].version if found else max(version, self._seen[1]))
            return found

    def close(self) -> None:
        """Release connections and threads."""
        if self._poll_conn is not None:
            self._poll_conn.close()
        super().close()

    def _polling_connection(self) -> Connection:
        if self._poll_conn is None:
            self._poll_conn = self.engine.connect()
        return self._poll_conn


def _data_version(conn: Connection) -> int:
    """Ask the driver itself: a few microseconds, where a statement by SQLAlchemy takes sixty."""
    driver: Any = conn.connection.driver_connection
    return int(driver.execute("PRAGMA data_version").fetchone()[0])


def _prepare(dbapi_connection: Any, _record: Any) -> None:
    """Set one new connection up; transactions are begun by us, not by the driver."""
    dbapi_connection.isolation_level = None
    write_ahead(dbapi_connection)
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted or replaced is overwritten
    cursor.execute("PRAGMA cache_size=-2000")
    cursor.close()
