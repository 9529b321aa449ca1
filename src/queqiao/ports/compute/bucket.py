"""The second half of a plan on many machines: the keyed step over the rows of one bucket.

It is the node of the embedded engine, with a watermark that several partitions move. What goes in
is what ``Exchange.cut`` gave, in any number of pieces; state goes in and out as named bytes, the
same as in the embedded engine's checkpoint, for the engine to keep.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from queqiao.ports.compute.arrow_numbers import ints
from queqiao.ports.compute.exchange import OFFSET, PARTITION, SEEN, STAMPS
from queqiao.ports.compute.keyed import Machines, node_of
from queqiao.ports.compute.node import Changes, Outputs
from queqiao.ports.compute.plan import Columns, Machine, Plan, Windows, check_plan
from queqiao.ports.compute.watermark import BEGINNING_US, PartitionWatermark

_SEEN = b"\0seen"
"""The name under which the watermark and the greatest time of each partition are kept."""


class Bucket:
    """The keys of one bucket at work. ``partitions`` is how many the source has."""

    def __init__(self, plan: Plan, machines: Machines, partitions: int) -> None:
        step = plan.steps[-1]
        assert isinstance(step, Windows | Machine)
        self._columns = _before(plan)
        self._node = node_of(plan, self._columns, machines, BEGINNING_US)
        seen = [BEGINNING_US] * partitions
        self._watermark = PartitionWatermark(step.out_of_order_us, seen)
        self._node.watermark = self._watermark

    def load(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Take the state back, before anything else."""
        kept = dict(entries)
        seen = msgspec.msgpack.decode(kept.pop(_SEEN), type=list[int]) if _SEEN in kept else [0]
        for partition, seen_us in enumerate(seen[1:]):
            self._watermark.reach(partition, seen_us)
        self._watermark.seen_us = min(self._watermark.partitions)
        for name, value in kept.items():
            self._node.load(name, value)

    def take(self, cut: pa.Table) -> Outputs:
        """Take stamped rows and ticks of this bucket; return what comes out."""
        rows = cut.filter(pc.is_valid(cut.column(OFFSET)))
        rows = rows.sort_by([(PARTITION, "ascending"), (OFFSET, "ascending")])
        origin = ints(rows.column(PARTITION))
        self._watermark.stamp(origin, ints(rows.column(SEEN)))
        reached = cut.group_by([PARTITION]).aggregate([(SEEN, "max")])
        for partition, seen_us in zip(*map(_list, reached.columns), strict=True):
            self._watermark.reach(partition, seen_us)
        return self._node.add(rows.select(list(self._columns)))

    def finish(self) -> Outputs:
        """Close what is open: nothing will come any more."""
        return self._node.finish()

    def changes(self) -> Changes:
        """Return the state that changed since the last call."""
        kept = [self._watermark.us, *self._watermark.partitions]
        return [*self._node.changes(), (_SEEN, msgspec.msgpack.encode(kept))]


def watermark_of(name: bytes, value: bytes) -> int | None:
    """Return the watermark that an entry of the state tells of, None if it tells another thing."""
    return msgspec.msgpack.decode(value, type=list[int])[0] if name == _SEEN else None


def _list(column: Any) -> list[int]:
    found: list[int] = column.to_pylist()
    return found


def _before(plan: Plan) -> Columns:
    """Return the columns before the keyed step."""
    return {name: kind for name, kind in check_plan(plan).items() if name not in STAMPS}
