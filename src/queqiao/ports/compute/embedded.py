"""The embedded engine: Arrow between the steps, keyed state in memory, a checkpoint an epoch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from queqiao.ports.compute.base import KeyedMachine, Progress, Sink, Source
from queqiao.ports.compute.keyed import node_of
from queqiao.ports.compute.node import Node, Outputs, joined
from queqiao.ports.compute.plan import Plan, check_plan
from queqiao.ports.compute.row_steps import RowSteps
from queqiao.ports.compute.state import Checkpoint, StateFile
from queqiao.ports.compute.watermark import BEGINNING_US, END_US

CHUNKS_AN_EPOCH = 16
"""How many chunks of the source are between two checkpoints."""


class EmbeddedEngine:
    """Runs one plan at a time in this process.

    ``folder`` keeps the checkpoint; without one, state lives as long as the call to ``run``.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        machines: Mapping[str, KeyedMachine[Any]] | None = None,
        lookups: Mapping[str, pa.Table] | None = None,
        chunks_an_epoch: int = CHUNKS_AN_EPOCH,
    ) -> None:
        self._folder = folder
        self._machines = machines or {}
        self._lookups = lookups or {}
        self._chunks_an_epoch = chunks_an_epoch

    def run(self, plan: Plan, source: Source, sink: Sink, *, ended: bool) -> Progress:
        """Run from the last checkpoint to the end of what the source has."""
        columns = check_plan(plan)
        steps = RowSteps(plan, self._lookups)
        state = StateFile(None if self._folder is None else self._folder / f"{plan.name}.sqlite")
        try:
            last = state.checkpoint(plan)
            node = node_of(plan, columns, self._machines, last.seen_us)
            for name, value in state.entries():
                node.load(name, value)
            sink.begin(last.epoch)
            run = _Run(steps, node, state, sink, last)
            run.read(source, self._chunks_an_epoch)
            if ended and not run.last.ended:
                run.finish()
            return run.progress()
        finally:
            state.close()


class _Run:
    """One run: chunks into outputs, outputs into epochs."""

    def __init__(
        self, steps: RowSteps, node: Node, state: StateFile, sink: Sink, last: Checkpoint
    ) -> None:
        self._steps, self._node, self._state, self._sink = steps, node, state, sink
        self.last = last

    def read(self, source: Source, chunks_an_epoch: int) -> None:
        """Read until the source has no more."""
        position, outputs = self.last.position, list[Outputs]()
        read = 0
        while (chunk := source.read(position)) is not None:
            position, read = chunk.position, read + 1
            outputs.append(self._node.add(self._steps.apply(chunk.rows)))
            if read % chunks_an_epoch == 0:
                self._commit(position, outputs)
                outputs = []
        if position != self.last.position:
            self._commit(position, outputs)

    def finish(self) -> None:
        """Close what is open, since nothing will come any more."""
        self._commit(self.last.position, [self._node.finish()], ended=True)

    def _commit(self, position: int, outputs: list[Outputs], *, ended: bool = False) -> None:
        """Write the sink first: if we die in between, the epoch is forgotten and made again."""
        epoch = self.last.epoch + 1
        made = joined(outputs)
        if made:
            self._sink.write(epoch, made)
        seen_us = self._node.watermark.seen_us
        self.last = Checkpoint(self.last.plan, position, epoch, seen_us, ended)
        self._state.commit(self.last, self._node.changes())

    def progress(self) -> Progress:
        """Return how far it has come."""
        watermark = self._node.watermark.us
        known = BEGINNING_US // 2 < watermark < END_US // 2
        return Progress(self.last.position, self.last.epoch, watermark if known else None)
