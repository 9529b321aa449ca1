"""The log's methods between roles: what the owner of the log answers to the remote adapter."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from queqiao.ports.event_log.base import (
    EventLog,
    EventLogReader,
    NewEvent,
    Outcome,
    StoredEvent,
)
from queqiao.ports.rpc import Method

APPEND, FIND, REWRITE = "log.append", "log.find", "log.rewrite"
RANGE, RECENT = "log.range", "log.recent"


class Append(Struct):
    """Store these."""

    events: list[NewEvent]


class Find(Struct):
    """Which events have this message id?"""

    message_id: str
    source: str | None = None


class Rewrite(Struct):
    """Put these bodies in the place of what lies at their offsets."""

    events: list[StoredEvent]


class Range(Struct):
    """What comes after this offset?"""

    after: int
    limit: int


class Recent(Struct):
    """What came last?"""

    limit: int


def methods(log: EventLog, reader: EventLogReader) -> Mapping[str, Method]:
    """Return the table for the owner's RPC server. The reader gets a thread: it may wait."""
    desk = ThreadPoolExecutor(1, "log-desk")

    async def append(call: Append) -> list[Outcome]:
        return await log.append(call.events)

    async def find(call: Find) -> list[StoredEvent]:
        return await log.find(call.message_id, call.source)

    async def rewrite(call: Rewrite) -> bool:
        return await log.rewrite(call.events)

    async def range_(call: Range) -> list[StoredEvent]:
        return await asyncio.wrap_future(desk.submit(reader.read, call.after, call.limit))

    async def recent(call: Recent) -> list[StoredEvent]:
        return await asyncio.wrap_future(desk.submit(reader.recent, call.limit))

    return {
        APPEND: Method(append, Append, list[Outcome]),
        FIND: Method(find, Find, list[StoredEvent]),
        REWRITE: Method(rewrite, Rewrite, bool),
        RANGE: Method(range_, Range, list[StoredEvent]),
        RECENT: Method(recent, Recent, list[StoredEvent]),
    }
