"""What runs in Spark's Python workers: the halves of a plan between Arrow batches.

Each function here takes plain data and returns what Spark calls with batches.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pyarrow as pa

from queqiao.ports.compute.bucket import Bucket
from queqiao.ports.compute.exchange import BUCKET, OFFSET, PARTITION, Exchange
from queqiao.ports.compute.job import Job, lookups_of, machines_of, reader_of
from queqiao.ports.compute.node import Outputs
from queqiao.ports.compute.packing import packed, unpacked_lines
from queqiao.ports.compute.wire import RecordReader

Batches = Iterator[pa.RecordBatch]

OUT = pa.schema(
    [("kind", pa.string()), (BUCKET, pa.int64()), ("name", pa.binary()), ("value", pa.binary())]
)
"""What comes out of a bucket: entries of the state, and tables packed as Arrow streams."""

MESSAGES = pa.schema(
    [
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("topic", pa.string()),
        ("headers", pa.list_(pa.struct([("key", pa.string()), ("value", pa.binary())]))),
    ]
)
"""What Spark's Kafka sink takes."""


def stamp(job: bytes, *, lines: bool) -> Callable[[Batches], Batches]:
    """Return the first half: rows, or ``lines`` of a topic, into stamped rows."""

    def run(batches: Batches) -> Batches:
        asked = msgspec.json.decode(job, type=Job)
        exchange = Exchange(asked.plan, lookups_of(asked), asked.buckets)
        reader, seen = reader_of(asked), dict[int, int]()
        for batch in batches:
            rows = pa.Table.from_batches([batch])
            if lines and rows.num_rows:
                rows = _read(reader, rows)
            if rows.num_rows:
                yield from exchange.cut(rows, seen).to_batches()

    return run


def _read(reader: RecordReader, messages: pa.Table) -> pa.Table:
    """Return the rows of messages of a topic, with their origin."""
    rows, places = reader.read(messages.column("value").to_pylist())
    origin = messages.select([PARTITION, OFFSET]).take(pa.array(places, pa.int64()))
    if reader.refused:
        sys.stderr.write(f"queqiao: {reader.refused} lines are no rows of the plan: left out\n")
        reader.refused = 0
    for name in origin.column_names:
        rows = rows.append_column(name, origin.column(name))
    return rows


def take(
    job: bytes, partitions: int, *, ended: bool
) -> Callable[[Any, pa.Table, pa.Table], pa.Table]:
    """Return the second half: the rows and the state of a bucket into what comes out of it."""

    def run(key: Any, rows: pa.Table, state: pa.Table) -> pa.Table:
        asked = msgspec.json.decode(job, type=Job)
        bucket = Bucket(asked.plan, machines_of(asked.machines), partitions)
        names, values = (state.column(name).to_pylist() for name in ("name", "value"))
        kept: dict[bytes, bytes | None] = dict(zip(names, values, strict=True))
        bucket.load((name, value) for name, value in kept.items() if value is not None)
        outputs = [bucket.take(rows)] if rows.num_rows else []
        outputs += [bucket.finish()] if ended else []
        kept.update(bucket.changes())
        return _out(key[0].as_py(), outputs, kept)

    return run


def _out(bucket: int, outputs: list[Outputs], state: dict[bytes, bytes | None]) -> pa.Table:
    rows = [(kind, b"", packed(t)) for made in outputs for kind, t in made.items()]
    rows += [("state", name, value) for name, value in state.items() if value is not None]
    named = [{"kind": k, BUCKET: bucket, "name": name, "value": v} for k, name, v in rows]
    return pa.Table.from_pylist(named, schema=OUT)


def pack(batches: Batches) -> Batches:
    """Give rows of a plan without a keyed step the form of what comes out of a bucket."""
    for batch in batches:
        rows = pa.Table.from_batches([batch]).drop_columns([PARTITION, OFFSET])
        yield from _out(0, [{"results": rows}], {}).to_batches()


def messages(topics: dict[str, str], epoch: int) -> Callable[[Batches], Batches]:
    """Return what turns packed tables into messages.

    The header ``queqiao`` of each is ``epoch bucket number``: what was written once and is written
    again, after a kill, has the same (``once.py`` passes over it).
    """

    def run(batches: Batches) -> Batches:
        for batch in batches:
            for row in batch.to_pylist():
                lines = unpacked_lines(row["value"])
                made = [
                    {
                        "key": str(row[BUCKET]).encode(),
                        "value": line,
                        "topic": topics[row["kind"]],
                        "headers": [_header(epoch, row[BUCKET], number)],
                    }
                    for number, line in enumerate(lines)
                ]
                yield pa.RecordBatch.from_pylist(made, schema=MESSAGES)

    return run


def _header(epoch: int, bucket: int, number: int) -> dict[str, Any]:
    return {"key": "queqiao", "value": f"{epoch} {bucket} {number}".encode()}
