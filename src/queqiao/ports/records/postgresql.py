"""Records in PostgreSQL, through psycopg 3: for several machines.

Writers take one advisory lock first, so that versions of the change feed grow in the order of
commit and work may read before it writes, just as on SQLite.
"""

from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.exc import DBAPIError

from queqiao.ports.records.base import Feed
from queqiao.ports.records.engine import THREADS_MAX, EngineRecords, sqlstate
from queqiao.ports.records.listening import ListeningFeed

_WRITE_LOCK = 0x71756571
"""Number of the advisory lock: "queq"."""
_PASSING = ("40001", "40P01", "55P03")
"""Serialization failure, deadlock, lock not available in time. A lost connection is not among
them: whether its commit was stored is then unknown, so only the caller may decide to repeat."""
_FULL = "53100"
_LOCK_WAIT_MS = 2_000


class PostgresqlRecords(EngineRecords):
    """Records at a URL such as ``postgresql://user:password@host:5432/queqiao``."""

    answer_within_s = 30.0
    """A server that hangs says nothing, and psycopg waits for it without an end."""

    def __init__(self, url: str) -> None:
        engine = create_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=THREADS_MAX + 1,
            max_overflow=THREADS_MAX,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "application_name": "queqiao"},
        )
        super().__init__(engine)
        self._url = url

    def feed(self) -> Feed:
        """Return a feed that the server tells."""
        return ListeningFeed(self._url)

    def begin_read(self, conn: Connection) -> None:
        """Begin a read-only transaction whose moment is its first statement."""
        conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def begin_write(self, conn: Connection) -> None:
        """Take the one write lock, which the end of the transaction gives back."""
        conn.exec_driver_sql(f"SET LOCAL lock_timeout = {_LOCK_WAIT_MS}")
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")

    def empty_journal(self) -> None:
        """Do nothing: the server's vacuum and its archive are the operator's."""

    def is_passing(self, error: DBAPIError) -> bool:
        """Say whether the server asks to try the same again."""
        return sqlstate(error) in _PASSING

    def is_full(self, error: DBAPIError) -> bool:
        """Say whether the server's disk had no room."""
        return sqlstate(error) == _FULL
