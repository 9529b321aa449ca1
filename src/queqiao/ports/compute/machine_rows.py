"""The keyed step ``Machine``: rows held back until the watermark has passed them, then shown."""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from queqiao.ports.compute.arrow_numbers import valid
from queqiao.ports.compute.base import KeyedMachine, Row
from queqiao.ports.compute.node import Changes, Outputs, rows_table, time_as_int
from queqiao.ports.compute.packing import packed, unpacked
from queqiao.ports.compute.plan import Machine
from queqiao.ports.compute.values import hash_columns
from queqiao.ports.compute.watermark import END_US, Watermark, split

_HELD = b"\0held"
"""The name under which the rows that wait for the watermark are kept."""


class MachineRows:
    """One machine and the states of its keys, all in memory."""

    def __init__(self, step: Machine, machine: KeyedMachine[Any], seen_us: int) -> None:
        self._step, self._machine = step, machine
        self._gives = dict(machine.gives)
        self.watermark = Watermark(step.out_of_order_us, seen_us)
        self._states: dict[str, Any] = {}
        self._timers: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}
        self._held: pa.Table | None = None
        self._unsaved: set[str] = set()

    def add(self, rows: pa.Table) -> Outputs:
        """Take rows in; return what the machine gives and the rows that are too late."""
        times, right, before = self.watermark.pass_over(rows.column(self._step.time))
        right = right & valid(rows.column(self._step.key))
        if self._step.order == "time":
            right &= times >= before
        accepted, late = split(rows, right)
        given = self._take(accepted)
        given += self._fire_until(self.watermark.us)
        return self._outputs(given, late)

    def finish(self) -> Outputs:
        """Show the rows that are held back and fire every timer."""
        self.watermark.seen_us = END_US
        given = self._release() if self._held is not None else []
        return self._outputs([*given, *self._fire_until(END_US)], None)

    def _outputs(self, given: Sequence[Row], late: pa.Table | None) -> Outputs:
        made: Outputs = {"results": rows_table(given, self._gives)} if given else {}
        return made if late is None else {**made, "too_late": late}

    def _take(self, rows: pa.Table) -> list[Row]:
        if self._step.order == "arrival":
            return self._show(rows)
        self._held = rows if self._held is None else pa.concat_tables([self._held, rows])
        return self._release()

    def _release(self) -> list[Row]:
        """Show the held rows before the watermark, by time, then by hash."""
        held = self._held
        assert held is not None
        at = time_as_int(held.column(self._step.time)).to_numpy()
        passed = at < self.watermark.us
        ready, self._held = held.filter(pa.array(passed)), held.filter(pa.array(~passed))
        hashes = hash_columns(ready.columns, ready.num_rows)
        order = np.lexsort((hashes, at[passed]))
        return self._show(ready.take(pa.array(order)))

    def _show(self, rows: pa.Table) -> list[Row]:
        keys = rows.column(self._step.key).to_pylist()
        at = time_as_int(rows.column(self._step.time)).to_pylist()
        read = [time_as_int(rows.column(name)).to_pylist() for name in self._machine.reads]
        given: list[Row] = []
        for key, us, *row in zip(keys, at, *read, strict=True):
            while self._due.get(key, END_US) <= us:
                given += self._fire(key)
            state, out = self._machine.see(key, self._states.get(key), tuple(row))
            self._keep(key, state)
            given += out
        return given

    def _fire(self, key: str) -> Sequence[Row]:
        state, out = self._machine.fire(key, self._states[key])
        self._keep(key, state)
        return out

    def _keep(self, key: str, state: Any) -> None:
        self._unsaved.add(key)
        self._due.pop(key, None)
        if state is None:
            self._states.pop(key, None)
            return
        self._states[key] = state
        due = self._machine.timer_us(state)
        if due is not None:
            self._due[key] = due
            heappush(self._timers, (due, key))

    def _fire_until(self, watermark: int) -> list[Row]:
        """Fire what is due; entries of timers that were moved are left in the heap and skipped."""
        given: list[Row] = []
        while self._timers and self._timers[0][0] <= watermark:
            due, key = heappop(self._timers)
            if self._due.get(key) == due:
                given += self._fire(key)
        if len(self._timers) > 2 * len(self._due) + 1000:
            self._timers = [(due, key) for key, due in self._due.items()]
            heapify(self._timers)
        return given

    def changes(self) -> Changes:
        """Return the states that changed, and the rows that are held back."""
        made: Changes = []
        for key in self._unsaved:
            state = self._states.get(key)
            name = b"k" + key.encode()
            made.append((name, None if state is None else msgspec.msgpack.encode(state)))
        self._unsaved = set()
        if self._held is not None:
            made.append((_HELD, packed(self._held)))
        return made

    def load(self, name: bytes, value: bytes) -> None:
        """Take back one entry."""
        if name == _HELD:
            self._held = unpacked(value)
            return
        state = msgspec.msgpack.decode(value, type=self._machine.state)
        self._keep(name[1:].decode(), state)
        self._unsaved.clear()
