"""Erasure from the event log: which events are a person's, and other bodies in their place.

Rows tell most of it. What has no row, or names somebody whom its row does not, is looked at by
itself: events that could not be read, an operator's orders, and alias calls.

What it costs is measured in ``docs/decisions/0027-erased-in-place.md``.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import structlog

from queqiao.ports.event_log.base import EventLogReader, StoredEvent
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.veiled import Veiler

log = structlog.get_logger()

OFFSETS_AT_ONCE = 20_000
EVENTS_AT_ONCE = 100
BYTES_AT_ONCE = 4 << 20
"""Bounds of one call to the log's owner. Each event may lie in another frame, which takes 10 ms of
CPU, or 50 when it is of ten thousand events; a call has 30 s."""
BLOCK = 1 << 16
"""So many offsets are counted together to find those without a row."""


class Rewritable(Protocol):
    """The log's writing side, as much of it as is needed here."""

    async def rewrite(self, events: Sequence[StoredEvent]) -> bool:
        """Put other bodies in the place of committed ones; False where that cannot be."""
        ...


class LogEraser:
    """Beside the loader, in its process; the reader is its own."""

    def __init__(self, warehouse: Warehouse, reader: EventLogReader, log_: Rewritable) -> None:
        self._warehouse = warehouse
        self._reader = reader
        self._log = log_

    def end(self) -> int:
        """Return the last offset of the log."""
        return self._reader.end()

    def read(self, after: int) -> list[StoredEvent]:
        """Return the events behind an offset, as many as one call takes. Blocking."""
        return self._reader.read(after, EVENTS_AT_ONCE)

    async def offsets(self, theirs: str) -> list[int]:
        """Return the offsets of the events of which that SQL holds."""
        found: list[int] = []
        while True:
            sql = (
                f"SELECT offset FROM history WHERE offset > {found[-1] if found else 0}"  # noqa: S608  # our own words
                f" AND {theirs} ORDER BY offset LIMIT {OFFSETS_AT_ONCE}"
            )
            rows = (await self._warehouse.query(sql)).rows
            found += [offset for (offset,) in rows]
            if len(rows) < OFFSETS_AT_ONCE:
                return found

    async def erase(self, veiler: Veiler, theirs: Sequence[int], cutoff: int) -> bool:
        """Rewrite a person's events up to an offset; return whether the log can do that."""
        return await self.rewrite(veiler, theirs, [one async for one in self._others(cutoff)])

    async def rewrite(self, veiler: Veiler, theirs: Sequence[int], others: Sequence[int]) -> bool:
        """Rewrite a person's events, and others' that may name them; say whether the log can."""
        for chosen, is_theirs in ((theirs, True), (others, False)):
            if not await self._rewrite(veiler, chosen, is_theirs=is_theirs):
                log.warning(
                    "the event log keeps what it holds: erased people are left out where it is read"
                )
                return False
        return True

    async def _rewrite(self, veiler: Veiler, offsets: Sequence[int], *, is_theirs: bool) -> bool:
        at = 0
        while at < len(offsets):
            part, at = await asyncio.to_thread(self._veiled, veiler, offsets, at, is_theirs)
            if part and not await self._log.rewrite(part):
                return False
        return True

    def _veiled(
        self, veiler: Veiler, offsets: Sequence[int], start: int, is_theirs: bool
    ) -> tuple[list[StoredEvent], int]:
        """Return the new bodies of as many events as one call takes, and where to go on."""
        found: list[StoredEvent] = []
        size = 0
        for at in range(start, len(offsets)):
            for event in self._reader.read(offsets[at] - 1, 1):
                body = veiler.over(event, is_theirs=is_theirs)
                if body is not None and body != event.body:
                    found.append(StoredEvent(event.offset, body))
                    size += len(body)
            if size >= BYTES_AT_ONCE or len(found) >= EVENTS_AT_ONCE:
                return found, at + 1
        return found, len(offsets)

    async def _others(self, cutoff: int) -> AsyncIterator[int]:
        """Yield the offsets of events that rows do not tell enough of."""
        alias = f"SELECT offset FROM history WHERE offset <= {cutoff} AND type = 'alias'"  # noqa: S608  # our own words
        for (offset,) in (await self._warehouse.query(alias)).rows:
            yield offset
        counted = (
            f"SELECT intDiv(offset, {BLOCK}) AS block, count() FROM history"  # noqa: S608  # our own words
            f" WHERE offset <= {cutoff} GROUP BY block"
        )
        counts = dict((await self._warehouse.query(counted)).rows)
        for block in range(cutoff // BLOCK + 1):
            first, last = max(1, block * BLOCK), min(cutoff, (block + 1) * BLOCK - 1)
            if counts.get(block, 0) < last + 1 - first:
                for offset in await self._without_row(first, last):
                    yield offset

    async def _without_row(self, first: int, last: int) -> list[int]:
        sql = f"SELECT offset FROM history WHERE offset >= {first} AND offset <= {last}"  # noqa: S608  # our own words
        held = {offset for (offset,) in (await self._warehouse.query(sql)).rows}
        return [offset for offset in range(first, last + 1) if offset not in held]
