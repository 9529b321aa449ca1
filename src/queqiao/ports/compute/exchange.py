"""The first half of a plan on many machines: row steps, stamps, and the bucket of each row.

An engine that cuts a stream by partitions and shuffles it calls ``Exchange.cut`` before the shuffle
and ``Bucket.take`` (``bucket.py``) after it. What the second half needs of the order of arrival,
and could not see any more, travels with the rows as four columns:

- ``__bucket``: where the row goes, a number below ``buckets`` that follows from its keys;
- ``__partition`` and ``__offset``: where it came from; within a partition, offsets are the order;
- ``__seen``: the greatest time before it in the same partition, as far as the caller remembers.

A row without an offset is a tick: every cut sends one to every bucket for each partition that it
read, with the greatest time after it, so that a bucket without rows knows how late it is as well.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.compute.arrow import one_chunk
from queqiao.ports.compute.arrow_numbers import ints
from queqiao.ports.compute.expression import column
from queqiao.ports.compute.plan import Columns, Machine, Plan, Select, Windows, check_plan
from queqiao.ports.compute.row_steps import RowSteps
from queqiao.ports.compute.values import hash_columns, schema_of
from queqiao.ports.compute.watermark import BEGINNING_US, Watermark

BUCKET, PARTITION, OFFSET, SEEN = "__bucket", "__partition", "__offset", "__seen"

ORIGIN: Columns = {PARTITION: "int", OFFSET: "int"}
"""What a source adds to the columns of a plan."""

STAMPS: Columns = {BUCKET: "int", **ORIGIN, SEEN: "int"}
"""What ``cut`` adds."""

_MIX = np.uint64(0x9E3779B97F4A7C15)


class Exchange:
    """The row steps of one plan, and the way of its rows to their buckets.

    Buckets are the units of state: their number must not change while a checkpoint is in use.
    """

    def __init__(self, plan: Plan, lookups: Mapping[str, pa.Table], buckets: int) -> None:
        self.plan = with_origin(plan)
        self.columns = check_plan(self.plan)
        self._steps = RowSteps(self.plan, lookups)
        self._buckets = buckets
        step = plan.steps[-1] if plan.steps else None
        self._keyed = step if isinstance(step, Windows | Machine) else None
        self.keyed = self._keyed is not None

    def schema(self) -> pa.Schema:
        """Return the schema of what ``cut`` gives."""
        return schema_of({**self.columns, **STAMPS} if self._keyed else self.columns)

    def cut(self, rows: pa.Table, seen: dict[int, int]) -> pa.Table:
        """Return the rows after the steps, stamped, with ticks; no stamps if nothing is keyed.

        ``seen`` is the caller's memory from one cut to the next, by partition; it may begin empty
        at any time, but must never know rows that will be read again.
        """
        partitions = pc.unique(rows.column(PARTITION)).to_pylist()
        rows = self._steps.apply(rows)
        if self._keyed is None:
            return rows
        before = self._seen(rows, partitions, seen)
        ticks = {partition: seen[partition] for partition in partitions}
        rows = rows.append_column(BUCKET, pa.array(self._bucket(rows), pa.int64()))
        rows = rows.append_column(SEEN, pa.array(before, pa.int64()))
        return pa.concat_tables([rows.select(self.schema().names), self.ticks(ticks)])

    def _seen(self, rows: pa.Table, partitions: list[int], seen: dict[int, int]) -> Any:
        """Return the greatest time before each row."""
        assert self._keyed is not None
        times, origin = rows.column(self._keyed.time), ints(one_chunk(rows.column(PARTITION)))
        before = np.empty(rows.num_rows, np.int64)
        for partition in partitions:
            mine = np.flatnonzero(origin == partition)
            watermark = Watermark(0, seen.get(partition, BEGINNING_US))
            _, _, before[mine] = watermark.pass_over(times.take(pa.array(mine)))
            seen[partition] = watermark.seen_us
        return before

    def _bucket(self, rows: pa.Table) -> Any:
        """Return a bucket for each row; values are hashed once each, they repeat."""
        mixed = np.zeros(rows.num_rows, np.uint64)
        for name in self._keys():
            values = one_chunk(rows.column(name)).dictionary_encode("encode")
            hashes = hash_columns([values.dictionary], len(values.dictionary)).view(np.uint64)
            mixed = mixed * _MIX + hashes[ints(values.indices.cast(pa.int64()))]
        return (mixed % np.uint64(self._buckets)).astype(np.int64)

    def _keys(self) -> tuple[str, ...]:
        step = self._keyed
        return (step.key,) if isinstance(step, Machine) else step.keys if step else ()

    def ticks(self, seen: Mapping[int, int]) -> pa.Table:
        """Return a tick for each bucket and each of these partitions."""
        count = self._buckets * len(seen)
        stamps = {
            BUCKET: pa.array([b for b in range(self._buckets) for _ in seen], pa.int64()),
            PARTITION: pa.array(list(seen) * self._buckets, pa.int64()),
            SEEN: pa.array(list(seen.values()) * self._buckets, pa.int64()),
        }
        arrays = [stamps.get(field.name, pa.nulls(count, field.type)) for field in self.schema()]
        return pa.Table.from_arrays(arrays, schema=self.schema())


def with_origin(plan: Plan) -> Plan:
    """Return the plan with the columns of the origin, kept by every step."""
    for name in plan.columns:
        if name.startswith("__"):
            message = Message("列名不能以 __ 开头", "a column's name does not begin with __")
            raise InvalidInput(FieldError(f"columns.{name}", message))
    kept = {name: column(name) for name in ORIGIN}
    steps = tuple(
        Select({**step.columns, **kept}) if isinstance(step, Select) else step
        for step in plan.steps
    )
    return msgspec.structs.replace(plan, columns={**plan.columns, **ORIGIN}, steps=steps)
