"""The run of a job: rows to documents, documents to events, through the door, from any point on.

A document leaves when the last of its rows has been read; so the order of documents is that of the
file, and the number of those dealt with is all that a new process must know to go on. A document
with a bad row waits in the bad rows as a whole: a receipt without one of its lines would be a wrong
sum, and once stored could not be put right by a second import.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from xxhash import xxh3_64_hexdigest, xxh3_128_hexdigest

from queqiao.collect.offline.cells import BadCell
from queqiao.collect.offline.file_calls import Call, calls_of
from queqiao.collect.offline.file_door import FileCall, FileCalls, FileDoor, Outcome
from queqiao.collect.offline.file_rows import DataRow, Reading, data_rows
from queqiao.collect.offline.import_jobs import (
    PROBLEMS_MAX,
    SAMPLES_MAX,
    BadCellFound,
    ImportJob,
    ImportJobs,
)
from queqiao.collect.offline.tables import form_of
from queqiao.kernel.clock import Clock
from queqiao.kernel.errors import FieldError, Message, TooLarge

UNITS_A_BATCH = 200
ROWS_MAX = 2_000_000

_LONG = Message("最多 200 万行，请分成几份", "at most two million rows; split it")

_HELD = Message("同一单据的另一行有错，整单等待修正", "another row of the same document is bad")
_CURRENCIES = Message("一张单据只能有一个币种", "one currency per document")
_CONFLICT = Message(
    "这个单号已有内容不同的记录，未重复计入",
    "this number is known with other content; it was not counted again",
)


class Unit(Struct, gc=False):
    """One document: its rows, and its calls unless a row of it is bad."""

    rows: list[DataRow]
    calls: list[Call] = []
    repeated: int = 0


class Importer:
    """Works on one job; ``path`` is where its file lies."""

    def __init__(self, jobs: ImportJobs, job: ImportJob, path: Path, clock: Clock) -> None:
        self._jobs, self.job, self._path, self._clock = jobs, job, path, clock
        plan = job.plan
        self._reading = Reading(plan.kind, plan.columns, plan.currency, ZoneInfo(plan.timezone))
        self._place = xxh3_128_hexdigest(f"{plan.upload_id}:{plan.kind}:{plan.source}".encode())

    async def run(self, door: FileDoor, stopped: Callable[[], bool]) -> bool:
        """Go on to the end; return false when stopped before, with the checkpoint on disk."""
        job = self.job
        if job.status == "queued":
            job.status, job.started_at_us = "running", self._clock.now_us()
        units = self.units()
        # Those before the checkpoint are dealt with; reading them again keeps nothing of them.
        await asyncio.to_thread(deque, islice(units, job.units), 0)
        while batch := await asyncio.to_thread(list, islice(units, UNITS_A_BATCH)):
            await self._deal_with(batch, door)
            await asyncio.to_thread(self._jobs.save, job)
            if self._jobs.is_cancelled(job.id):
                self._finish("cancelled")
                return True
            if stopped():
                return False
        self._finish("done")
        return True

    def _finish(self, status: str) -> None:
        self.job.status = status  # type: ignore[assignment]  # one of the final states
        self.job.finished_at_us = self._clock.now_us()
        self._jobs.save(self.job)

    def units(self) -> Iterator[Unit]:
        """Yield the documents of the file, and rows that are none as documents of their own."""
        form = form_of(self._path, self.job.plan.encoding)
        left: dict[str, int] = {}
        total = 0
        for row in data_rows(self._path, form, self._reading):
            total += 1
            name = self._name(row)
            left[name] = left.get(name, 0) + 1
            if total > ROWS_MAX:
                raise TooLarge(_LONG)
        self.job.rows_total = total
        gathered: dict[str, list[DataRow]] = {}
        for row in data_rows(self._path, form, self._reading):
            name = self._name(row)
            gathered.setdefault(name, []).append(row)
            left[name] -= 1
            if not left[name]:
                del left[name]
                yield self._unit(gathered.pop(name))

    def _name(self, row: DataRow) -> str:
        """Return what a row is gathered by: its document, or itself."""
        together = row.is_ == "data" and row.key and self._reading.kind != "members"
        return f"k{row.key}" if together else f"r{row.row.number}"

    def _unit(self, rows: list[DataRow]) -> Unit:
        if rows[0].is_ != "data" or any(row.faults for row in rows):
            return Unit(rows)
        if len({row.values.get("currency") or self._reading.currency for row in rows}) > 1:
            rows[0].faults = [BadCell("currency", _CURRENCIES)]
            return Unit(rows)
        calls = calls_of(self._reading, rows)
        is_one = self._reading.kind == "contacts"
        return Unit(rows, calls, len(rows) - 1 if is_one else 0)

    async def _deal_with(self, batch: list[Unit], door: FileDoor) -> None:
        job = self.job
        first = job.units
        sent = [
            call
            for at, unit in enumerate(batch, first)
            for call in ([] if job.plan.dry_run else self._sent(unit, at))
        ]
        outcomes: list[Outcome] = []
        if sent:
            source, now_us = job.plan.source, self._clock.now_us()
            outcomes = await door.take(FileCalls(source, now_us, sent))
        stored = iter(one for one, call in zip(outcomes, sent, strict=True) if call.refusal is None)
        for unit in batch:
            self._count(unit)
            for call in unit.calls:
                self._count_call(unit, call, None if job.plan.dry_run else next(stored))
        job.units += len(batch)

    def _sent(self, unit: Unit, at: int) -> Iterator[FileCall]:
        """Return what goes through the door: calls, or the bad rows with their own bytes."""
        if unit.calls:
            original = b"".join(row.row.original for row in unit.rows)
            for call in unit.calls:
                yield FileCall(call.body, original, call.message_id)
            return
        for index, row in enumerate(unit.rows):
            if row.is_ == "data":
                fault = row.faults[0] if row.faults else None
                why = FieldError(
                    self._column(fault.field) if fault else "", fault.reason if fault else _HELD
                )
                # The form of a line's id: in order within the file, and so kept once.
                place = at * 1000 + min(index, 999)
                digest = xxh3_64_hexdigest(row.row.original)
                yield FileCall(b"", row.row.original, f"log-{self._place}-{place}-{digest}", why)

    def _column(self, field: str) -> str:
        return self.job.plan.columns.get(field, field)

    def _count(self, unit: Unit) -> None:
        job, rows = self.job, self.job.rows
        job.rows_read += len(unit.rows)
        for row in unit.rows:
            if row.is_ != "data":
                setattr(rows, row.is_, getattr(rows, row.is_) + 1)
            elif row.faults:
                rows.bad += 1
                self._note(row)
            elif not unit.calls:
                rows.held += 1
        if unit.calls:
            rows.taken += len(unit.rows) - unit.repeated
            rows.repeated += unit.repeated

    def _note(self, row: DataRow) -> None:
        for fault in row.faults:
            self.job.problems_total += 1
            if len(self.job.problems) < PROBLEMS_MAX:
                column = self._column(fault.field)
                self.job.problems.append(
                    BadCellFound(row.row.number, fault.field, column, fault.reason)
                )

    def _count_call(self, unit: Unit, call: Call, outcome: Outcome | None) -> None:
        job, events = self.job, self.job.events
        if len(job.samples) < SAMPLES_MAX:
            job.samples.append(msgspec.Raw(call.body))
            job.message_ids.append(call.message_id)
        status = outcome.status if outcome else "would"
        name = {"duplicate": "known", "invalid": "refused"}.get(status, status)
        setattr(events, name, getattr(events, name) + 1)
        if name in {"would", "stored"} and call.currency:
            sums = job.amounts_minor
            sums[call.currency] = sums.get(call.currency, 0) + call.amount_minor
        if outcome and name in {"conflict", "refused"} and len(job.problems) < PROBLEMS_MAX:
            reason = _CONFLICT if name == "conflict" else outcome.reason or _CONFLICT
            number = unit.rows[0].row.number
            field = self._reading.of.key
            job.problems.append(BadCellFound(number, field, self._column(field), reason))
        if name in {"conflict", "refused"}:
            job.problems_total += 1
