"""The contract of the event log.

- **Order**: offsets start at 1, are dense and increase in the order of the appends.
- **Durable**: ``append`` returns after the events are safe (on disk by ``fdatasync``, or with as
  many brokers as must have them), and only then may a caller acknowledge them. Readers, in any
  process, see committed events only, and all that was acknowledged.
- **Exact dedup, without a horizon**: an event is known by source and message id. The same content
  again is a ``duplicate`` and answers with the first offset; other content under a known id is a
  ``conflict`` and stores nothing. Duplicates within one call count too.
- **All or nothing**: one call becomes visible whole. When the disk is full it raises StorageFull,
  nothing of it is stored, and the next call may succeed. When a remote engine, or the owner of the
  log, does not say in time whether it has stored a call, that is Unavailable too, and the same call
  again tells: what was stored is a duplicate then.
- **Rewritten in place**: ``rewrite`` gives offsets other bodies. What an event is known by stays,
  so dedup stays exact; but the message id itself is forgotten unless the new envelope bears it, and
  nothing of the old body stays in the files. Not every engine can: it says so.
- **Not promised**: order between calls that run at the same time.
"""

import asyncio
from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from queqiao.kernel.errors import QueqiaoError

Status = Literal["stored", "duplicate", "conflict"]


class NewEvent(Struct, frozen=True, gc=False):
    """One event to store.

    ``body`` is the encoded envelope. ``fingerprint`` is 8 bytes over the content that a retry
    repeats, so without the times of sending and receiving. ``message_id`` is unique per source.
    """

    source: str
    message_id: str
    body: bytes
    fingerprint: bytes


class NewEvents(Struct, frozen=True, gc=False):
    """Events of one source, column by column; each as in ``NewEvent``."""

    source: str
    message_ids: Sequence[str]
    bodies: Sequence[bytes]
    fingerprints: Sequence[bytes]


class Outcome(Struct, frozen=True, gc=False):
    """What became of one event. ``offset`` is where it lies, or for a conflict, what is there."""

    status: Status
    offset: int


class StoredEvent(Struct, frozen=True, gc=False):
    """One committed event."""

    offset: int
    body: bytes


class EventLog(Protocol):
    """The writing side. One process owns it; others reach it by the remote adapter."""

    async def append(self, events: Sequence[NewEvent]) -> list[Outcome]:
        """Store the new ones among the events; outcomes in the order of the events.

        Raises StorageFull or Unavailable, and then nothing is stored.
        """
        ...

    async def find(self, message_id: str, source: str | None = None) -> list[StoredEvent]:
        """Return the committed events of a message id, of one source or of every source."""
        ...

    async def rewrite(self, events: Sequence[StoredEvent]) -> bool:
        """Put other bodies in the place of committed ones, durably.

        After a crash each event has the one body or the other, whole; doing it again is harmless.
        False where the engine cannot replace what it holds: then nothing has changed. Raises
        StorageFull or Unavailable.
        """
        ...


class DirectLog(Protocol):
    """The quick way into a log for its own process: what is usual costs no coroutine."""

    def append_new(self, events: NewEvents) -> "asyncio.Future[None] | None":
        """Store events that are all new; the future is done when they are on disk.

        Returns None, having done nothing, when one of them is known or they repeat each other: then
        ``append`` tells which. Raises Unavailable or StorageFull, as the future may. Do not cancel
        the future: others may wait for it.
        """
        ...


class OwnedEventLog(EventLog, DirectLog, Protocol):
    """The log as its one writer has it."""

    @property
    def broken(self) -> QueqiaoError | None:
        """The fault that ended this writer, or None: it must be closed and opened again."""
        ...

    def close(self) -> None:
        """Commit what is queued and give the log up."""
        ...


class EventLogReader(Protocol):
    """The reading side, for any process. One reader belongs to one thread."""

    def read(self, after: int, limit: int) -> list[StoredEvent]:
        """Return up to ``limit`` events with offsets above ``after``, in order."""
        ...

    def end(self) -> int:
        """Return the last committed offset, 0 when there is none. Cheap enough to poll."""
        ...

    def recent(self, limit: int) -> list[StoredEvent]:
        """Return the last ``limit`` events, in order."""
        ...


class EventLogAccess(EventLog, Protocol):
    """The log as another role sees it: the writing side, and reading without the files."""

    async def range(self, after: int, limit: int) -> list[StoredEvent]:
        """Return up to ``limit`` committed events with offsets above ``after``, in order."""
        ...

    async def recent(self, limit: int) -> list[StoredEvent]:
        """Return the last ``limit`` committed events, in order."""
        ...
