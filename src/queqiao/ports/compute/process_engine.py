"""What adapters of engines in other processes have in common: pieces of a source, epoch by epoch.

A call of ``run`` writes the source's rows to a spool, has the engine run them with the state of the
epoch before, reads what came out, and commits. Source, sink and checkpoint are those of the
embedded engine, and so are the errors of a wrong plan, table or machine: they are found here,
before the engine is asked.
"""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from queqiao.ports.compute.base import Progress, Sink, Source
from queqiao.ports.compute.bucket import watermark_of
from queqiao.ports.compute.engine_process import EngineProcess
from queqiao.ports.compute.exchange import Exchange
from queqiao.ports.compute.job import BUCKETS, Cut, Job, machines_of
from queqiao.ports.compute.keyed import node_of
from queqiao.ports.compute.node import Outputs, joined
from queqiao.ports.compute.packing import Entry, unpacked
from queqiao.ports.compute.plan import Columns, Plan, check_plan
from queqiao.ports.compute.state import Checkpoint, StateFile
from queqiao.ports.compute.values import conform
from queqiao.ports.compute.watermark import BEGINNING_US

CUT_S = 600.0
"""How long an engine may take for one piece."""


class ProcessEngine(ABC):
    """Runs plans in an engine's process. ``machines`` is ``module:NAME``, imported there too."""

    def __init__(
        self,
        process: EngineProcess,
        folder: Path | None = None,
        *,
        machines: str | None = None,
        lookups: Mapping[str, pa.Table] | None = None,
        buckets: int = BUCKETS,
    ) -> None:
        self.process = process
        self._machines = machines
        self._lookups = lookups or {}
        self._buckets = buckets
        self._folder = folder

    def run(self, plan: Plan, source: Source, sink: Sink, *, ended: bool) -> Progress:
        """Run from the last checkpoint to the end of what the source has."""
        self._check(plan)
        with TemporaryDirectory() as temporary:
            folder = (self._folder or Path(temporary)) / plan.name
            state = StateFile(folder / "checkpoint.sqlite")
            try:
                last = state.checkpoint(plan)
                sink.begin(last.epoch)
                last = self._piece(plan, source, sink, folder, last, ended=ended)
                state.commit(last, [])
            finally:
                state.close()
        known = last.seen_us > BEGINNING_US // 2
        return Progress(last.position, last.epoch, last.seen_us if known and not ended else None)

    def _check(self, plan: Plan) -> None:
        columns = check_plan(plan)
        Exchange(plan, self._lookups, self._buckets)
        node_of(plan, columns, machines_of(self._machines), BEGINNING_US)

    def _piece(
        self, plan: Plan, source: Source, sink: Sink, folder: Path, last: Checkpoint, *, ended: bool
    ) -> Checkpoint:
        """Run what the source has after a checkpoint; return the next one."""
        epoch, rows = last.epoch + 1, folder / "rows"
        position = self._spool(plan, source, last.position, rows)
        if position == last.position and (last.ended or not ended):
            return last
        shutil.rmtree(folder / "epochs" / f"{epoch:010}", ignore_errors=True)
        self.process.ask(
            Cut(
                job=self._job(plan, folder), rows=str(rows), folder=str(folder), epoch=epoch,
                ended=ended,
            )
        )  # fmt: skip
        self.process.reply(CUT_S)
        outputs, seen_us = self._outputs(folder / "epochs" / f"{epoch:010}")
        if outputs:
            sink.write(epoch, outputs)
        return Checkpoint(last.plan, position, epoch, seen_us, ended)

    def _job(self, plan: Plan, folder: Path) -> Job:
        paths = {}
        for name, table in self._lookups.items():
            paths[name] = str(folder / f"lookup-{name}.parquet")
            pq.write_table(table, paths[name])
        return Job(plan=plan, machines=self._machines, lookups=paths, buckets=self._buckets)

    def _outputs(self, epoch: Path) -> tuple[Outputs, int]:
        """Return the tables of an epoch, and the watermark after it."""
        tables: list[Outputs] = []
        seen = []
        for entry in self.entries(epoch):
            if entry.kind != "state":
                tables.append({entry.kind: unpacked(entry.value)})
            elif (watermark := watermark_of(entry.name, entry.value)) is not None:
                seen.append(watermark)
        return joined(tables), min(seen, default=BEGINNING_US)

    @abstractmethod
    def entries(self, epoch: Path) -> Iterator[Entry]:
        """Yield what came out of an epoch. Each engine writes it in its own way."""

    @abstractmethod
    def spool(self, rows: Iterator[pa.Table], columns: Columns, path: Path) -> None:
        """Write rows of these columns for the engine to read."""

    def _spool(self, plan: Plan, source: Source, position: int, path: Path) -> int:
        """Write the rows after a position; return the position after them."""
        reached = position

        def rows() -> Iterator[pa.Table]:
            nonlocal reached
            while (chunk := source.read(reached)) is not None:
                reached = chunk.position
                yield conform(chunk.rows, plan.columns)

        self.spool(rows(), plan.columns, path)
        return reached
