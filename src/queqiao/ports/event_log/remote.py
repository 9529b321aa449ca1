"""The log of another role, over its socket; an append answers after the fsync there."""

from collections.abc import Sequence
from typing import TypeVar

from queqiao.ports.event_log.base import NewEvent, Outcome, StoredEvent
from queqiao.ports.event_log.calls import (
    APPEND,
    FIND,
    RANGE,
    RECENT,
    REWRITE,
    Append,
    Find,
    Range,
    Recent,
    Rewrite,
)
from queqiao.ports.rpc import RpcClient

T = TypeVar("T")


class RemoteEventLog:
    """See ``base``. A call cut off by the owner's death is sent again: dedup makes that safe,
    and an event that was stored before the cut then answers as a duplicate.
    """

    def __init__(self, client: RpcClient) -> None:
        self._client = client

    async def append(self, events: Sequence[NewEvent]) -> list[Outcome]:
        """Store the new ones among the events. Raises Unavailable when the owner is away."""
        return await self._ask(APPEND, Append(list(events)), Outcome)

    async def find(self, message_id: str, source: str | None = None) -> list[StoredEvent]:
        """Return the committed events of a message id."""
        return await self._ask(FIND, Find(message_id, source), StoredEvent)

    async def rewrite(self, events: Sequence[StoredEvent]) -> bool:
        """Put other bodies in the place of committed ones; False where that cannot be."""
        done: bool = await self._client.call(REWRITE, Rewrite(list(events)), bool)
        return done

    async def range(self, after: int, limit: int) -> list[StoredEvent]:
        """Return up to ``limit`` committed events with offsets above ``after``."""
        return await self._ask(RANGE, Range(after, limit), StoredEvent)

    async def recent(self, limit: int) -> list[StoredEvent]:
        """Return the last ``limit`` committed events."""
        return await self._ask(RECENT, Recent(limit), StoredEvent)

    async def _ask(self, method: str, request: object, kind: type[T]) -> list[T]:
        answer: list[T] = await self._client.call(method, request, list[kind])  # type: ignore[valid-type]  # a type made at run time
        return answer
