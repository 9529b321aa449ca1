"""What runs in Flink's Python workers: the halves of a plan, as functions that Flink calls.

The first half is a vectorised function of the Table API: Flink hands it events as an Arrow batch,
so that an event costs no call of Python. Such a function gives as many values as it takes; so the
first value of a batch is the whole cut, and the others are NULL and filtered out by Flink.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, RuntimeContext
from pyflink.datastream.state import MapState, MapStateDescriptor
from pyflink.table.udf import FunctionContext, ScalarFunction

from queqiao.ports.compute.bucket import Bucket
from queqiao.ports.compute.exchange import BUCKET, OFFSET, PARTITION, Exchange
from queqiao.ports.compute.job import Job, lookups_of, machines_of, reader_of
from queqiao.ports.compute.node import Outputs
from queqiao.ports.compute.packing import Entry, line_of_entry, packed, read_entries, unpacked
from queqiao.ports.compute.watermark import BEGINNING_US
from queqiao.ports.compute.wire import lines_of

LATE = OutputTag("too_late", Types.STRING())
BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())


class Stamp(ScalarFunction):  # type: ignore[misc]  # PyFlink is not there when types are checked
    """The first half: lines of a topic or a file into one stamped cut."""

    def __init__(self, job: bytes) -> None:
        self._job = job

    def open(self, context: FunctionContext) -> None:
        """Make the exchange, once in each worker."""
        job = msgspec.json.decode(self._job, type=Job)
        self._exchange = Exchange(job.plan, lookups_of(job), job.buckets)
        self._reader = reader_of(job)
        self._refused = context.get_metric_group().counter("refused_lines")

    def eval(self, lines: Any, partitions: Any = None, offsets: Any = None) -> Any:
        """Return the cut in the first place. It starts without memory: rows may come again.

        Lines of a file have no origin: they are one partition, in the order of the batch.
        """
        if partitions is None:
            partitions, offsets = pd.Series(0, lines.index), pd.Series(range(len(lines)))
        rows, places = self._reader.read(lines.tolist())
        self._refused.inc(self._reader.refused)
        self._reader.refused = 0
        for name, values in ((PARTITION, partitions), (OFFSET, offsets)):
            rows = rows.append_column(name, pa.array(values.to_numpy()[places], pa.int64()))
        made: list[bytes | None] = [None] * len(lines)
        made[0] = packed(self._cut(rows, partitions))
        return pd.Series(made, dtype=object)

    def _cut(self, rows: pa.Table, partitions: Any) -> pa.Table:
        if rows.num_rows or not self._exchange.keyed:
            return self._exchange.cut(rows, {})
        return self._exchange.ticks(dict.fromkeys(partitions.unique().tolist(), BEGINNING_US))


def rows_of(row: Any) -> Iterator[str]:
    """Yield the rows of a plan without a keyed step as lines."""
    rows = unpacked(row[0]).drop_columns([PARTITION, OFFSET])
    yield from (line.decode() for line in lines_of(rows))


def piece_of(row: Any) -> Iterator[str]:
    """Yield the rows of a plan without a keyed step whole."""
    rows = unpacked(row[0]).drop_columns([PARTITION, OFFSET])
    yield line_of_entry(0, Entry("results", b"", packed(rows)))


def deal(row: Any) -> Iterator[tuple[int, bytes]]:
    """Deal a cut out to its buckets."""
    cut = unpacked(row[0])
    for bucket in pc.unique(cut.column(BUCKET)).to_pylist():
        yield bucket, packed(cut.filter(pc.equal(cut.column(BUCKET), bucket)))


class Take(KeyedProcessFunction):  # type: ignore[misc]
    """The second half: the keyed step of each bucket; its state is named bytes, as embedded.

    The node of a bucket stays in memory; what a piece changed is written to Flink's state with it.
    """

    def __init__(self, job: bytes, partitions: int, *, ended: bool) -> None:
        self._job, self._partitions, self._ended = job, partitions, ended
        self._waits_for_the_end = ended

    def open(self, runtime_context: RuntimeContext) -> None:
        """Open the state."""
        self._asked = msgspec.json.decode(self._job, type=Job)
        self._buckets: dict[int, Bucket] = {}
        self._state: MapState = runtime_context.get_map_state(
            MapStateDescriptor("state", BYTES, BYTES)
        )

    def process_element(self, value: Any, ctx: Any) -> Iterator[Any]:
        """Take a piece of a cut."""
        bucket = self._bucket(value[0], ctx)
        outputs = bucket.take(unpacked(value[1]))
        self._save(bucket)
        yield from self.give(outputs)

    def _bucket(self, number: int, ctx: Any) -> Bucket:
        found = self._buckets.get(number)
        if found is None:
            found = Bucket(self._asked.plan, machines_of(self._asked.machines), self._partitions)
            found.load((bytes(n), bytes(v)) for n, v in self._entries(number))
            self._buckets[number] = found
            if self._waits_for_the_end:
                # Our sources have no watermark of Flink's but at their end: any time waits for it.
                # What a timer gives bears its time, and Kafka takes none that is far from now.
                timers = ctx.timer_service()
                timers.register_event_time_timer(timers.current_processing_time())
        return found

    def _entries(self, number: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield the bucket's state."""
        del number
        yield from self._state.items()

    def on_timer(self, timestamp: int, ctx: Any) -> Iterator[Any]:
        """Close what is open: nothing will come any more."""
        del timestamp
        bucket = self._bucket(ctx.get_current_key(), ctx)
        outputs = bucket.finish()
        self._save(bucket)
        yield from self.give(outputs)

    def _save(self, bucket: Bucket) -> None:
        for name, value in bucket.changes():
            if value is not None:
                self._state.put(name, value)
            elif self._state.contains(name):
                self._state.remove(name)

    def give(self, outputs: Outputs) -> Iterator[Any]:
        """Yield rows as lines; those that are too late go to the side output."""
        for kind, rows in outputs.items():
            for line in lines_of(rows):
                yield (LATE, line.decode()) if kind == "too_late" else line.decode()


class TakePiece(Take):
    """The second half of a bounded piece: its state comes from files and goes into files.

    ``before`` is the folder of the epoch before, if there was one.
    """

    def __init__(self, job: bytes, partitions: int, before: str | None, *, ended: bool) -> None:
        super().__init__(job, partitions, ended=ended)
        self._before, self._waits_for_the_end = before, True

    def _entries(self, number: int) -> Iterator[tuple[bytes, bytes]]:
        if self._before is None:
            return
        for bucket, entry in read_entries(Path(self._before)):
            if bucket == number and entry.kind == "state":
                self._state.put(entry.name, entry.value)
                yield entry.name, entry.value

    def on_timer(self, timestamp: int, ctx: Any) -> Iterator[str]:
        """Close what is open if nothing will come any more, and give the state."""
        del timestamp
        number = ctx.get_current_key()
        bucket = self._bucket(number, ctx)
        yield from self.give(bucket.finish() if self._ended else {})
        self._save(bucket)
        for name, value in self._state.items():
            yield line_of_entry(number, Entry("state", bytes(name), bytes(value)))

    def give(self, outputs: Outputs) -> Iterator[str]:
        """Yield tables whole."""
        for kind, rows in outputs.items():
            yield line_of_entry(0, Entry(kind, b"", packed(rows)))
