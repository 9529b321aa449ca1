"""What a transform's windows called too late: each such row has a line, once.

Reports count every event and have their lines by ``corrections.py``. A window of a transform closes
by its engine's watermark, and what comes after that is in no result of it: the engine gives such
rows aside. Here they are put on record beside the corrections, with the offset of their event and
with what the results lack: the aggregates that add up over rows. However often a row is given (a
run that begins anew, a second engine), its line is there once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
import pyarrow as pa

from queqiao.kernel.clock import HOUR_US, MINUTE_US
from queqiao.kernel.envelope import decode_envelope
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.compute.plan import Aggregate, Plan, Session, Windows
from queqiao.ports.event_log.base import StoredEvent
from queqiao.ports.rpc.client import RpcClient
from queqiao.ports.rpc.server import Method
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.ddl import LATE_ROWS
from queqiao.process.enrichment.clock import happened_us
from queqiao.process.loader import arrow_of

RECORD = "late_rows.record"
ROWS_A_CALL = 1_000
_GRAINS = {MINUTE_US: "minute", HOUR_US: "hour"}


class LateRow(msgspec.Struct, frozen=True):
    """One row, by its event; ``moved`` is what the results lack, in the units of the aggregates."""

    source: str
    message_id: str
    moved: dict[str, int]


class LateRows(msgspec.Struct, frozen=True):
    """Rows that a transform's windows called too late. ``grain`` is the windows' length."""

    transform: str
    grain: str
    rows: list[LateRow]


class Recorded(msgspec.Struct, frozen=True):
    """How many lines are new, how many rows had one, how many have no event that is still known."""

    recorded: int = 0
    known: int = 0
    unknown: int = 0


class Finder(Protocol):
    """Finds events, as every event log does."""

    async def find(self, message_id: str, source: str | None = None) -> list[StoredEvent]:
        """Return the events of a message id."""
        ...


def late_rows(plan: Plan, too_late: pa.Table) -> LateRows:
    """Return the rows of a plan's output ``too_late``.

    Raises InvalidInput for a plan without windows, or whose rows do not say which event they are.
    """
    step = plan.steps[-1] if plan.steps else None
    if not isinstance(step, Windows) or not {"source", "message_id"} <= {*too_late.column_names}:
        message = Message("只有读事件的窗口才有更正", "only windows over events have corrections")
        raise InvalidInput(FieldError("transform", message))
    size_us = 0 if isinstance(step.window, Session) else step.window.size_us
    rows = [
        LateRow(row["source"], row["message_id"], _moved(step.aggregates, row))
        for row in _plain(too_late, step).to_pylist()
    ]
    return LateRows(plan.name, _GRAINS.get(size_us, ""), rows)


def _plain(rows: pa.Table, step: Windows) -> pa.Table:
    """Return the columns that lines are made of."""
    asked = {one.column for one in step.aggregates.values() if one.column}
    return rows.select(["source", "message_id", *sorted(asked - {"source", "message_id"})])


def _moved(aggregates: Mapping[str, Aggregate], row: Mapping[str, Any]) -> dict[str, int]:
    moved = {}
    for name, one in aggregates.items():
        value = row[one.column] if one.column else 1
        if one.kind == "count":
            moved[name] = int(value is not None)
        elif one.kind == "sum" and value is not None:
            moved[name] = value
    return moved


class LateRowsBook:
    """Writes the lines, for the role that owns the warehouse. ``currency`` is the shop's."""

    def __init__(self, warehouse: Warehouse, log: Finder, currency: str) -> None:
        self._warehouse, self._log, self._currency = warehouse, log, currency
        self._one_at_a_time = asyncio.Lock()

    async def record(self, given: LateRows) -> Recorded:
        """Put rows on record that are not yet. Done again it changes nothing."""
        async with self._one_at_a_time:
            found = [(row, await self._log.find(row.message_id, row.source)) for row in given.rows]
            events = {stored[0].offset: (row, stored[0]) for row, stored in found if stored}
            known = await self._known(given.transform, list(events))
            new = [
                self._line(given, row, stored)
                for offset, (row, stored) in sorted(events.items())
                if offset not in known
            ]
            if new:
                await self._warehouse.insert(LATE_ROWS.name, arrow_of(LATE_ROWS, new))
        unknown = sum(not stored for _, stored in found)
        return Recorded(len(new), len(given.rows) - len(new) - unknown, unknown)

    async def _known(self, transform: str, offsets: Sequence[int]) -> set[int]:
        sql = (
            f"SELECT offset FROM {LATE_ROWS.name} WHERE transform = {{transform:String}}"  # noqa: S608  # our own name
            " AND has({offsets:Array(UInt64)}, offset)"
        )
        asked = {"transform": transform, "offsets": list(offsets)}
        return {row[0] for row in (await self._warehouse.query(sql, asked)).rows}

    def _line(self, given: LateRows, row: LateRow, stored: StoredEvent) -> tuple[Any, ...]:
        envelope = decode_envelope(stored.body)
        taken_us = envelope.received_at_us
        at_us, _ = happened_us(envelope.timestamp_us, envelope.sent_at_us, taken_us)
        return (
            given.transform, stored.offset, given.grain, envelope.event or "", at_us, taken_us,
            self._currency, list(row.moved), list(row.moved.values()),
        )  # fmt: skip


class RemoteLateRows:
    """The book of the analytics role, over its socket. Raises Unavailable when it is away."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client

    async def record(self, given: LateRows) -> Recorded:
        """Put rows on record, some at a time."""
        total = Recorded()
        for first in range(0, len(given.rows), ROWS_A_CALL):
            part = msgspec.structs.replace(given, rows=given.rows[first : first + ROWS_A_CALL])
            done: Recorded = await self._client.call(RECORD, part, Recorded)
            total = Recorded(
                total.recorded + done.recorded,
                total.known + done.known,
                total.unknown + done.unknown,
            )
        return total


def methods(book: LateRowsBook) -> dict[str, Method]:
    """Return the method by which the book's owner answers, for its RpcServer."""
    return {RECORD: Method(book.record, LateRows, Recorded)}
