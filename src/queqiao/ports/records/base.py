"""The port ``records``: rows that people and roles edit (documents, users, keys, catalogue).

The contract in words
- **One writer at a time.** ``write`` runs its work in one transaction that no other write of any
  process overlaps, so work may read, decide and write without further locks. Either everything in
  it is stored or nothing is.
- **Durable.** When ``write`` returns, the change survives kill -9 and a loss of power.
- **Reads see whole writes**, the state at one moment, and never wait for a writer.
- **Work may run again.** A busy or broken store makes the adapter run the work anew in a fresh
  transaction; so it does nothing outside its connection. What it raises rolls back and is raised.
- **Forgetting.** What is deleted or replaced is overwritten in the file; after ``forget`` no
  journal of the adapter's holds it either. A server's files are its own: PostgreSQL's vacuum lets
  old rows go.
- **Change feed.** Versions grow in the order of commit: who has seen version n and asks for
  ``changes_since(n)`` misses nothing, as long as the feed keeps what
  follows n (``retention.py``). A version may be skipped. Polling costs microseconds on
  SQLite and one indexed look-up on PostgreSQL. ``feed`` says when to look: PostgreSQL tells by
  LISTEN and NOTIFY, within milliseconds; and nothing is lost when it does not, since looking once
  a second finds all the same.
- **Other database roles** (PostgreSQL) see no row, whatever they were granted, but for what the
  migrations' policies open: goods and live rules to ``queqiao_reader``, one shop's goods to
  ``shop:NAME``. The system's own role owns the tables and is not bound.
- **Errors.** Unavailable when the store cannot be reached, stays busy for ten seconds or hangs for
  thirty, StorageFull when its disk is full; both leave nothing half done. What a hanging store had
  begun may be stored all the same.
- **Processes.** A Records belongs to the process that made it: open it after a fork.

Tables are SQLAlchemy Core on ``metadata``; a stage keeps its own in its ``tables.py`` and creates
them in a migration. Text must be free of NUL (PostgreSQL refuses it): clean it at the door.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec
from sqlalchemy import BigInteger, Connection, Integer, MetaData

T = TypeVar("T")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of the system, with constraint names that are equal on both databases."""

Microseconds = BigInteger
"""Type of ``*_us`` columns: UTC microseconds since 1970."""

Serial = BigInteger().with_variant(Integer, "sqlite")
"""Type of a primary key that counts up by itself (SQLite counts only ``INTEGER`` keys)."""


class Change(msgspec.Struct, frozen=True):
    """Something of ``kind`` with ``id`` was written; ``version`` orders all changes."""

    version: int
    kind: str
    id: str


class Feed(Protocol):
    """Says when the change feed is worth a look. Bound to one event loop."""

    async def wait(self) -> None:
        """Return when something may have been noted since the last call; within about a second.

        Never raises for a store that is away: who looks then learns it.
        """
        ...

    async def close(self) -> None:
        """Give up what it holds."""
        ...


class Records(Protocol):
    """See the module's contract in words."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on a read-only transaction in a worker thread and return its result."""
        ...

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one exclusive write transaction in a worker thread."""
        ...

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """Do the same as ``read``, blocking: for the command line and start-up."""
        ...

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """Do the same as ``write``, blocking: for the command line and start-up."""
        ...

    def changes_since(self, version: int) -> list[Change]:
        """Return the changes after ``version`` in order; blocking, and cheap when there are none.

        A reader that starts anew takes ``changes.latest`` in the transaction that loads its
        snapshot, and asks from there.
        """
        ...

    def feed(self) -> Feed:
        """Return what says when to ask ``changes_since`` again."""
        ...

    async def forget(self) -> None:
        """Return when no journal holds what was deleted or replaced before."""
        ...

    def upgrade(self) -> None:
        """Bring the schema to the newest migration; safe when several processes start at once."""
        ...

    def close(self) -> None:
        """Release connections and threads. Using the object afterwards is an error."""
        ...
