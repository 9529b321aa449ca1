"""The loader: from the log into the warehouse, once each, across any crash.

One batch: read the log after the checkpoint, run the machines, insert the rows table by table, then
the watermark, then commit state and checkpoint as one. A crash in between leaves rows of offsets
above the checkpoint. The machines are deterministic, so after a start the same events give the same
rows, and those that a table already holds are left out by their keys. Between two batches one piece
of the rollups is made, of events below the checkpoint.
"""

import asyncio
import gc
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar, TypeVarTuple, Unpack

import msgspec
import pyarrow as pa
import structlog

from queqiao.kernel.clock import DEFAULT_ZONE
from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.event_log.base import EventLogReader, StoredEvent
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.ddl import EVENTS, FACTS, WATERMARK, TableSpec, create_tables
from queqiao.process.enrichment.enricher import Enricher
from queqiao.process.event_rows import without
from queqiao.process.machines import Check, Machines, Row, Rows
from queqiao.process.rollups import LEVELS, Rollups
from queqiao.process.sessions import DEFAULT_RULES, SessionRules
from queqiao.process.state import Checkpoint, Outdated, StateFile
from queqiao.process.veil import Forgotten, Veil

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

log = structlog.get_logger()

EVENTS_IN_BATCH_MAX = 20_000
BYTES_IN_BATCH_MAX = 16 << 20
"""Bounds of one batch; the second bounds memory, and the lines of orders, when events are large."""

_FAILURES = (QueqiaoError, OSError, sqlite3.Error)


class Pace(msgspec.Struct, frozen=True):
    """How often the loader looks, and how long it waits after a failure."""

    poll_s: float = 0.4
    retry_s: float = 1.0


class _Batch(NamedTuple):
    """One batch of the log, the rows of its events, and the same as Arrow by table."""

    events: list[StoredEvent]
    rows: Rows
    arrow: dict[str, pa.Table]


class Loader:
    """Loads one log into one set of tables. One per set; it owns the state file.

    ``zone`` is the shop's, by which its days close. ``prefix`` names a set beside the live one, and
    ``levels`` the sizes of the rollups' blocks, as powers of two. ``veil`` knows who was erased;
    ``made_by`` names the settings by which rows are made.
    """

    def __init__(
        self,
        reader: EventLogReader,
        warehouse: Warehouse,
        state_path: Path,
        currency: str = "CNY",
        pace: Pace | None = None,
        *,
        enricher: Enricher | None = None,
        zone: str = DEFAULT_ZONE,
        prefix: str = "",
        levels: Sequence[int] = LEVELS,
        sessions: SessionRules = DEFAULT_RULES,
        veil: Veil | None = None,
        made_by: str = "",
    ) -> None:
        self._veil = veil or Veil({}, str.encode)
        self._made_by = made_by
        self._forgotten_at = 0
        self._forgetting: Forgotten | None = None
        self._reader = reader
        self._warehouse = warehouse
        self._state_path = state_path
        self._currency = currency
        self._zone = zone
        self._sessions = sessions
        self._prefix = prefix
        self._pace = pace or Pace()
        self._enricher = enricher or Enricher()
        self._rollups = Rollups(warehouse, zone, levels, prefix)
        # Reader and state file belong to one thread, beside the event loop that answers queries.
        self._thread = ThreadPoolExecutor(1, "loader")
        self._file: StateFile | None = None
        self._held: dict[str, int] | None = None
        self._is_let_go = False
        self.checkpoint = Checkpoint()
        self.turn = asyncio.Lock()
        """Held while a batch is loaded, and by whoever changes what the machines remember."""
        self.behind = False
        """Whether the log held more than the last batch took."""

    async def open(self) -> None:
        """Make the tables, read the checkpoint, and see how far each table goes above it.

        Until all of it is known nothing is loaded: what a table holds already must not go in twice.
        """
        self._held = None
        await create_tables(self._warehouse, self._prefix)
        await self._rollups.open()
        await self._aside(self._open_state)
        self._is_let_go = False
        held: dict[str, int] = {}
        for table in FACTS:
            sql = f"SELECT max(offset) FROM {self._prefix}{table.name}"  # noqa: S608  # our own names
            held[table.name] = (await self._warehouse.query(sql)).rows[0][0]
        self._held = held

    def _open_state(self) -> None:
        self._close_state()
        self._file = StateFile(self._state_path, self._made_by)
        self._machines = Machines(
            self._file, self._currency, self._zone, self._enricher, self._sessions, veil=self._veil
        )
        self.checkpoint = self._file.checkpoint()

    async def close_state(self) -> None:
        """Let the state file go, in one's turn; nothing is loaded until the same one opens it."""
        self._held = None
        self._is_let_go = True
        await self._aside(self._close_state)

    def _close_state(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    async def close(self) -> None:
        """Close the state file; call after ``run`` has ended."""
        await self._aside(self._close_state)
        self._thread.shutdown(wait=True)

    async def run(self, stop: asyncio.Event) -> None:
        """Load until ``stop`` is set. Failures are logged and tried again: nothing is skipped."""
        while not stop.is_set():
            wait_s = self._pace.poll_s
            try:
                if await self._load_one() and self.behind:
                    continue
            except _FAILURES as error:
                log.warning("loading failed, trying again", error=str(error))
                wait_s = self._pace.retry_s
                self._held = None
            await _sleep_unless(stop, wait_s)

    async def _load_one(self) -> int:
        async with self.turn:
            if self._is_let_go:
                return 0
            if self._held is None:  # the machines forget what they saw of a failed batch
                await self.open()
            if self._forgetting is not None:
                await self.forget_people(self._forgetting)
            return await self._step()

    async def step(self) -> int:
        """Load one batch; return how many events it held, 0 when there is nothing new.

        Only after ``open`` has completed, and after a failure only when it has completed again.
        """
        async with self.turn:
            return await self._step()

    async def _step(self) -> int:
        if self._held is None or self._file is None:
            raise RuntimeError("open the loader first")
        held, self._held = self._held, None  # until the batch has come to its end
        batch = await self._aside(self._digest, self._file)
        if not batch.events:
            self._held = held
            await self._rollups.advance(self.checkpoint.offset)
            return 0
        events, rows = batch.events, batch.rows
        for table in FACTS:
            await self._fill(table, batch, held[table.name])
        done = Checkpoint(
            events[-1].offset,
            max(self.checkpoint.timestamp_us, rows.timestamp_us),
            max(self.checkpoint.received_at_us, rows.received_at_us),
        )
        mark = ("events", done.offset, done.timestamp_us, done.received_at_us)
        await self._warehouse.insert(self._prefix + WATERMARK.name, arrow_of(WATERMARK, [mark]))
        await self._aside(self._commit, self._file, done)
        self.checkpoint, self._held = done, held
        await self._rollups.advance(done.offset)
        return len(events)

    @property
    def outdated_by(self) -> Outdated:
        """Whether rows were made by an earlier version, or by other settings. Only when open."""
        return self._file.outdated_by if self._file else ""

    async def settle(self) -> None:
        """Finish the rollups of all that is loaded. Only when nothing is being loaded."""
        while await self._rollups.advance(self.checkpoint.offset):
            pass

    async def numbers_of(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the numbers of people, 0 for an id that never was one. Only in one's turn."""
        return await self._aside(self._machines.numbers_of, ids)

    async def identifiers_of(self, ids: Sequence[str]) -> list[str]:
        """Return the phones and such that people hold, as digests. Only in one's turn."""
        return await self._aside(self._machines.identifiers_of, ids)

    async def known_ids(self) -> tuple[set[str], set[str]]:
        """Return all users and all other people that are remembered. Only in one's turn."""
        return await self._aside(self._machines.known_ids)

    def use(self, veil: Veil) -> None:
        """Go by another veil from the next opening on."""
        self._veil = veil

    async def forget_people(self, names: Forgotten) -> None:
        """Let the machines forget people, on disk too. Only in one's turn.

        Should it fail, nothing more is loaded before it is done: who comes next is somebody new.
        """
        self._forgetting = names
        await self._aside(self._machines.forget_people, names)
        self._forgetting = None

    def _commit(self, file: StateFile, done: Checkpoint) -> None:
        file.commit(done)
        self._forget_erased(done.offset)

    def _forget_erased(self, offset: int) -> None:
        """Forget whom an erasure had the machines forget, once all up to it is read again."""
        names = self._veil.names_until(offset)
        if names.ids and offset != self._forgotten_at:
            self._machines.forget_people(names)
            self._forgotten_at = offset

    def _digest(self, file: StateFile) -> _Batch:
        self._forget_erased(self.checkpoint.offset)  # again, after a crash
        if self._reader.end() <= self.checkpoint.offset:
            return _Batch([], Rows(), {})
        end = self._veil.next_end(self.checkpoint.offset)
        events = _cut(self._reader.read(self.checkpoint.offset, EVENTS_IN_BATCH_MAX), end)
        self.behind = bool(events) and events[-1].offset < self._reader.end()
        try:
            return self._seen(events, None)
        except (sqlite3.Error, OSError):
            raise
        except Exception:  # some event's rows do not fit the tables: find it, load the others
            log.exception("a batch did not fit the tables; going through it one by one")
            file.forget()
            return self._seen(events, _arrows)

    def _seen(self, events: list[StoredEvent], check: Check | None) -> _Batch:
        rows = Rows()
        with _without_collector():
            self._machines.see_all(events, rows, check)
        return _Batch(events, rows, _arrows(rows))

    async def _fill(self, table: TableSpec, batch: _Batch, held: int) -> None:
        """Insert the batch's rows of one table, but for those from before a crash."""
        arrow = batch.arrow.get(table.name)
        if arrow is not None and held > self.checkpoint.offset:
            arrow = await self._missing(table, batch, batch.events[-1].offset)
        if arrow is not None:
            await self._warehouse.insert(self._prefix + table.name, arrow)

    async def _missing(self, table: TableSpec, batch: _Batch, last: int) -> pa.Table | None:
        """Leave out the rows that the table holds already; None when none is left."""
        held = await self._keys_up_to(table, last)
        if table is EVENTS:
            return without(batch.arrow[table.name], {offset for (offset,) in held})
        names = list(table.columns)
        key = [names.index(name) for name in table.key]
        rows = [
            row
            for row in batch.rows.of(table.name)
            if tuple(row[index] for index in key) not in held
        ]
        return await self._aside(arrow_of, table, rows) if rows else None

    async def _keys_up_to(self, table: TableSpec, last: int) -> set[Row]:
        sql = (
            f"SELECT {', '.join(table.key)} FROM {self._prefix}{table.name}"  # noqa: S608  # our own names
            " WHERE offset > {after:UInt64} AND offset <= {last:UInt64}"
        )
        found = await self._warehouse.query(sql, {"after": self.checkpoint.offset, "last": last})
        return {tuple(row) for row in found.rows}

    async def _aside(self, work: Callable[[Unpack[Ts]], T], *arguments: *Ts) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, work, *arguments)


def _arrows(rows: Rows) -> dict[str, pa.Table]:
    """Return the rows as Arrow by table, those tables only that get any. Raises what Arrow does."""
    others = [one for one in FACTS if one is not EVENTS and rows.of(one.name)]
    found = {one.name: arrow_of(one, rows.of(one.name)) for one in others}
    return found | {EVENTS.name: rows.events.arrow()} if rows.events else found


def arrow_of(table: TableSpec, rows: list[Row]) -> pa.Table:
    """Return rows as the Arrow table that the warehouse takes."""
    schema = table.schema
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _cut(events: list[StoredEvent], end: int | None) -> list[StoredEvent]:
    """Return the events up to an offset that fit the byte bound, at least one."""
    size = 0
    for index, event in enumerate(events):
        size += len(event.body)
        if index and (size > BYTES_IN_BATCH_MAX or (end is not None and event.offset > end)):
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
