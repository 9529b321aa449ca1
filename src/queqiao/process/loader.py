"""The loader: from the log into the warehouse, once each, across any crash.

One batch: read the log after the checkpoint, run the machines, insert the rows table by table, then
the watermark, then commit state and checkpoint as one. A crash in between leaves rows of offsets
above the checkpoint. The machines are deterministic, so after a start the same events give the same
rows, and those that a table already holds are left out by their keys.
"""

import asyncio
import gc
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, TypeVarTuple, Unpack

import msgspec
import pyarrow as pa
import structlog

from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.event_log.base import EventLogReader, StoredEvent
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.ddl import FACTS, WATERMARK, TableSpec, create_tables
from queqiao.process.machines import Machines, Row, Rows
from queqiao.process.state import Checkpoint, StateFile

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

log = structlog.get_logger()

EVENTS_IN_BATCH_MAX = 5_000
BYTES_IN_BATCH_MAX = 8 << 20
"""Bounds of one batch; the second bounds memory, and the lines of orders, when events are large."""

_FAILURES = (QueqiaoError, OSError, sqlite3.Error)


class Pace(msgspec.Struct, frozen=True):
    """How often the loader looks, and how long it waits after a failure."""

    poll_s: float = 0.4
    retry_s: float = 1.0


class Loader:
    """Loads one log into one warehouse. One per log; it owns the state file."""

    def __init__(
        self,
        reader: EventLogReader,
        warehouse: Warehouse,
        state_path: Path,
        currency: str = "CNY",
        pace: Pace | None = None,
    ) -> None:
        self._reader = reader
        self._warehouse = warehouse
        self._state_path = state_path
        self._currency = currency
        self._pace = pace or Pace()
        # Reader and state file belong to one thread, beside the event loop that answers queries.
        self._thread = ThreadPoolExecutor(1, "loader")
        self._held: dict[str, int] = {}
        self.checkpoint = Checkpoint()

    async def open(self) -> None:
        """Make the tables, read the checkpoint, and see how far each table goes above it."""
        await create_tables(self._warehouse)
        await self._aside(self._open_state)
        for table in FACTS:
            highest = await self._warehouse.query(f"SELECT max(offset) FROM {table.name}")  # noqa: S608  # our own names
            self._held[table.name] = highest.rows[0][0]

    def _open_state(self) -> None:
        self._file = StateFile(self._state_path)
        self._machines = Machines(self._file, self._currency)
        self.checkpoint = self._file.checkpoint()

    async def close(self) -> None:
        """Close the state file; call after ``run`` has ended."""
        await self._aside(self._file.close)
        self._thread.shutdown(wait=True)

    async def run(self, stop: asyncio.Event) -> None:
        """Load until ``stop`` is set. Failures are logged and tried again: nothing is skipped."""
        while not stop.is_set():
            wait_s = self._pace.poll_s
            try:
                if await self.step() == EVENTS_IN_BATCH_MAX:
                    continue
            except _FAILURES as error:
                log.warning("loading failed, trying again", error=str(error))
                wait_s = self._pace.retry_s
                await self._reopen()
            await _sleep_unless(stop, wait_s)

    async def _reopen(self) -> None:
        """Forget what the machines saw of the failed batch: back to the last commit."""
        await self._aside(self._file.close)
        try:
            await self.open()
        except _FAILURES as error:
            log.warning("the warehouse is not there yet", error=str(error))

    async def step(self) -> int:
        """Load one batch; return how many events it held, 0 when there is nothing new."""
        events, rows = await self._aside(self._digest)
        if not events:
            return 0
        for table in FACTS:
            new = await self._missing(table, rows.of(table.name), events[-1].offset)
            await self._insert(table, new)
        done = Checkpoint(
            events[-1].offset,
            max(self.checkpoint.timestamp_us, rows.timestamp_us),
            max(self.checkpoint.received_at_us, rows.received_at_us),
        )
        mark = ("events", done.offset, done.timestamp_us, done.received_at_us)
        await self._insert(WATERMARK, [mark])
        await self._aside(self._file.commit, done)
        self.checkpoint = done
        return len(events)

    def _digest(self) -> tuple[list[StoredEvent], Rows]:
        rows = Rows()
        if self._reader.end() <= self.checkpoint.offset:
            return [], rows
        events = _cut(self._reader.read(self.checkpoint.offset, EVENTS_IN_BATCH_MAX))
        with _without_collector():
            for event in events:
                self._see(event, rows)
        return events, rows

    def _see(self, event: StoredEvent, rows: Rows) -> None:
        """Run the machines. A defect with one event is recorded; it must not stop the others."""
        try:
            self._machines.see(event.offset, event.body, rows)
        except Exception:
            log.exception("an event could not be processed", offset=event.offset)
            rows.unprocessed.append((event.offset, "*", "", "", "", 0, "a defect of ours; see log"))

    async def _missing(self, table: TableSpec, rows: list[Row], last: int) -> list[Row]:
        """Leave out the rows that the table holds already, from before a crash."""
        if not rows or self._held[table.name] <= self.checkpoint.offset:
            return rows
        names = list(table.columns)
        key = [names.index(name) for name in table.key]
        held = await self._keys_up_to(table, last)
        return [row for row in rows if tuple(row[index] for index in key) not in held]

    async def _insert(self, table: TableSpec, rows: list[Row]) -> None:
        if rows:
            await self._warehouse.insert(table.name, await self._aside(arrow_of, table, rows))

    async def _keys_up_to(self, table: TableSpec, last: int) -> set[Row]:
        sql = (
            f"SELECT {', '.join(table.key)} FROM {table.name}"  # noqa: S608  # our own names
            " WHERE offset > {after:UInt64} AND offset <= {last:UInt64}"
        )
        found = await self._warehouse.query(sql, {"after": self.checkpoint.offset, "last": last})
        return {tuple(row) for row in found.rows}

    async def _aside(self, work: Callable[[Unpack[Ts]], T], *arguments: *Ts) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, work, *arguments)


def arrow_of(table: TableSpec, rows: list[Row]) -> pa.Table:
    """Return rows as the Arrow table that the warehouse takes."""
    schema = table.schema
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _cut(events: list[StoredEvent]) -> list[StoredEvent]:
    """Return the events from the first on that fit the byte bound, at least one."""
    size = 0
    for index, event in enumerate(events):
        size += len(event.body)
        if size > BYTES_IN_BATCH_MAX and index:
            return events[:index]
    return events


@contextmanager
def _without_collector() -> Iterator[None]:
    """Hold the cycle collector: a batch makes tuples only, and walking them costs a third more."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


async def _sleep_unless(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
