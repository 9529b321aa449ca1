"""What both adapters share: transactions on a small thread pool, retries, errors of the tree."""

from abc import ABC, abstractmethod
from asyncio import get_running_loop, wait_for, wrap_future
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from time import monotonic, sleep
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from queqiao.kernel.errors import Message, StorageFull, Unavailable
from queqiao.ports.records import changes
from queqiao.ports.records.base import Change, Feed
from queqiao.ports.records.polling import PollingFeed

T = TypeVar("T")

THREADS_MAX = 4
"""Transactions of one process that run at once; also the size of its connection pool."""
BUSY_S_MAX = 10.0
"""How long a write waits for its turn before it gives up with Unavailable."""
_PAUSE_S = 0.02


class EngineRecords(ABC):
    """Records on one SQLAlchemy engine; the adapters say how a write begins and what fails."""

    answer_within_s: float | None = None
    """A caller is told Unavailable after so long, whatever becomes of its work; None: never."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._threads = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="records")
        self._writing = Lock()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on a read-only transaction in a worker thread."""
        return await self._in_thread(self.read_now, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one exclusive write transaction in a worker thread."""
        return await self._in_thread(self.write_now, work)

    async def forget(self) -> None:
        """Return when no journal holds what was deleted or replaced before."""
        await wrap_future(self._threads.submit(self.empty_journal), loop=get_running_loop())

    async def _in_thread(
        self, run: Callable[[Callable[[Connection], T]], T], work: Callable[[Connection], T]
    ) -> T:
        asked = wrap_future(self._threads.submit(run, work), loop=get_running_loop())
        try:
            return await wait_for(asked, self.answer_within_s)
        except TimeoutError as error:
            raise _unavailable() from error

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on a read-only transaction."""

        def attempt() -> T:
            with self.engine.connect() as conn:
                self.begin_read(conn)
                return work(conn)

        return self._persist(attempt)

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in one exclusive write transaction."""

        def attempt() -> T:
            with self._writing, self.engine.connect() as conn:
                self.begin_write(conn)
                result = work(conn)
                conn.commit()
                return result

        return self._persist(attempt)

    def changes_since(self, version: int) -> list[Change]:
        """Return the changes after ``version``."""
        return self.read_now(lambda conn: changes.since(conn, version))

    def feed(self) -> Feed:
        """Return a feed that looks several times a second."""
        return PollingFeed()

    def upgrade(self) -> None:
        """Bring the schema to the newest migration."""
        # Here, since what it needs is 10 MB in every role and none of them upgrades.
        from queqiao.ports.records.migrations import upgrade  # noqa: PLC0415

        self.write_now(upgrade)

    def close(self) -> None:
        """Release connections and threads."""
        self._threads.shutdown(wait=True)
        self.engine.dispose()

    @abstractmethod
    def empty_journal(self) -> None:
        """Empty the journal of the adapter's own, where it has one. Blocking."""

    @abstractmethod
    def begin_read(self, conn: Connection) -> None:
        """Begin a transaction that sees one moment."""
        ...

    @abstractmethod
    def begin_write(self, conn: Connection) -> None:
        """Begin a transaction that no other write overlaps."""
        ...

    @abstractmethod
    def is_passing(self, error: DBAPIError) -> bool:
        """Say whether the same work may succeed in a moment (busy, deadlock)."""
        ...

    @abstractmethod
    def is_full(self, error: DBAPIError) -> bool:
        """Say whether the store has no room left."""
        ...

    def _persist(self, attempt: Callable[[], T]) -> T:
        """Try until it works or ten seconds have gone."""
        give_up_at = monotonic() + BUSY_S_MAX
        while True:
            try:
                with _told(self):
                    return attempt()
            except _Passing as passing:
                if monotonic() > give_up_at:
                    raise _unavailable() from passing.__cause__
                sleep(_PAUSE_S)


class _Passing(Exception):  # not an error for anyone: a sign to try again
    """The store was busy; the work may run again."""


@contextmanager
def _told(records: EngineRecords) -> Iterator[None]:
    """Turn the driver's errors into those of the tree; a defect of ours stays what it is."""
    try:
        yield
    except DBAPIError as error:
        if records.is_full(error):
            raise StorageFull from error
        if records.is_passing(error):
            raise _Passing from error
        if isinstance(error, OperationalError):
            raise _unavailable() from error
        raise


def _unavailable() -> Unavailable:
    return Unavailable(Message("记录库暂时不可用", "the records store does not answer just now"))


def sqlstate(error: DBAPIError) -> str:
    """Return PostgreSQL's five-letter code of an error, empty when there is none."""
    found: Any = getattr(error.orig, "sqlstate", None)
    return found or ""
