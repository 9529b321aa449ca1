"""What one event takes on disk: in the warehouse with its rollups, and in the log.

A shop's events of about 600 bytes, as a browser's client sends them, go through the real log and
the real loader. The warehouse is measured after its parts are merged, as they are hours later. The
peer in the same run is the events as they came, as JSON lines packed by zstd. The log is measured
as a busy intake writes it, a thousand events a frame, and as quieter ones do.

Learned: of 71 B an event in frames of a thousand, 16 are its id and 8 its fingerprint, both noise,
8 the index and 38 the body. Frames of few events need a dictionary: a single event took 550 B.

What was learned, bytes an event: 16.3 are the message id, which nothing makes smaller; the two JSON
columns took 18.4 in blocks of 128 KB and 13 in blocks of 2 MB, without more CPU; goods as words
with a dictionary 3.6 instead of 4.7; numbers and moments cut to the bits that differ (T64) 1 less;
rows of rollups in the order of their dimensions 1 less; an index of message ids, which nobody
asked, 1. Not worth it: rows by person within the hour (ids 3 less, times and offsets 3 more), zstd
above 3 (half a byte for four times the CPU), dictionaries for ids (as much as without). Left in:
the person is the device's own id for most, so 5.4 are said twice.
"""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import xxhash
from zstandard import ZstdCompressor

from bench.harness import row
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.warehouse.clickhouse import ClickHouseWarehouse, open_warehouse
from queqiao.process.loader import Loader

EVENTS = int(os.environ.get("QUEQIAO_BENCH_EVENTS", "200_000"))
PER_APPEND = 1_000
QUIETER = ((100, 200_000), (1, 20_000))
"""Events a frame, and how many in all."""
START_US = 1_790_000_000_000_000
LEVELS = (16, 20)
"""Smaller blocks than a real shop's: in a small run the rollups weigh no less than they would."""


def envelopes(count: int) -> Iterator[Envelope]:
    """Yield a shop's events, twelve a visit, two hundred visits at a time."""
    random = Random(20261123)  # figures, not secrets
    for number in range(count):
        visit = number // 2400 * 200 + random.randrange(200)
        sku = random.randrange(5000)
        name = random.choices(
            ["Product Viewed", "Product Added", "Products Searched"], [80, 12, 8]
        )[0]
        at_us = START_US + number * 50_000 + random.randrange(40_000)
        properties = {
            "product_id": f"{sku}", "sku": f"S-{sku}", "name": f"保温杯 {sku}", "price": 18.99,
            "currency": "CNY", "quantity": 1, "category": f"Home {sku % 40}",
        }  # fmt: skip
        path = f"/p/{sku}"
        context = {
            "library": {"name": "analytics.js", "version": "2.1.0"}, "locale": "zh-CN",
            "page": {"path": path, "url": f"https://shop.example{path}", "title": f"保温杯 {sku}"},
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0",
        }  # fmt: skip
        yield Envelope(
            message_id=f"{random.getrandbits(128):032x}",
            type="track",
            event=name,
            anonymous_id=f"{Random(visit).getrandbits(128):032x}",
            timestamp_us=at_us,
            received_at_us=at_us + 300_000 + random.randrange(400_000),
            source="web",
            properties=msgspec.Raw(msgspec.json.encode(properties)),
            context=msgspec.Raw(msgspec.json.encode(context)),
        )


def run() -> list[dict[str, Any]]:
    """Measure and return the rows of the table."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("QUEQIAO_BENCH_DIR")) as folder:
        place = Path(folder)
        packed = asyncio.run(_append(place, PER_APPEND, EVENTS))
        warehouse = asyncio.run(_load(place))
        log = _log_bytes(place)
    peer = {"peer": round(packed / EVENTS, 1), "peer_name": "JSON lines as they came, zstd"}
    return [
        row("storage", f"warehouse and rollups, {EVENTS / 1e6:g} M events", "B per event", "lower",
            round(warehouse / EVENTS, 1), goal=60, **peer),
        row("storage", f"log with its index, {EVENTS / 1e6:g} M events", "B per event", "lower",
            round(log / EVENTS, 1), goal=80, **peer),
        *(_quieter(per_append, count) for per_append, count in QUIETER),
    ]  # fmt: skip


def _quieter(per_append: int, count: int) -> dict[str, Any]:
    """Measure a log whose frames are small."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("QUEQIAO_BENCH_DIR")) as folder:
        packed = asyncio.run(_append(Path(folder), per_append, count))
        figure = f"log with its index, {per_append} a frame"
        return row("storage", figure, "B per event", "lower",
                   round(_log_bytes(Path(folder)) / count, 1),
                   peer=round(packed / count, 1), peer_name="JSON lines, zstd")  # fmt: skip


def _log_bytes(place: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in (place / "log").rglob("*"))


async def _append(place: Path, per_append: int, count: int) -> int:
    """Write the log; return the bytes of the same events as packed lines."""
    log, packer, packed = EmbeddedEventLog(place / "log"), ZstdCompressor(level=3), 0
    batch: list[NewEvent] = []
    for one in envelopes(count):
        body = encode_envelope(one)
        batch.append(NewEvent(one.source, one.message_id, body, xxhash.xxh3_64_digest(body)))
        if len(batch) == per_append:
            await log.append(batch)
            packed += len(packer.compress(b"\n".join(event.body for event in batch)))
            batch.clear()
    await log.append(batch)
    log.settle()
    log.close()
    return packed


async def _load(place: Path) -> int:
    warehouse = open_warehouse(f"chdb://{place}/warehouse")
    reader = EmbeddedEventLogReader(place / "log")
    loader = Loader(reader, warehouse, place / "process.sqlite", levels=LEVELS)
    await loader.open()
    while await loader.step():
        pass
    await loader.settle()
    await loader.close()
    return await _merged_bytes(warehouse)


async def _merged_bytes(warehouse: ClickHouseWarehouse) -> int:
    tables = await warehouse.query(
        "SELECT name FROM system.tables"
        " WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    )
    for (name,) in tables.rows:
        await warehouse.command(f"OPTIMIZE TABLE {name} FINAL")
    found = await warehouse.query("SELECT sum(bytes_on_disk) FROM system.parts WHERE active")
    if os.environ.get("QUEQIAO_BENCH_VERBOSE"):
        sql = "SELECT table, sum(bytes_on_disk) FROM system.parts WHERE active GROUP BY 1"
        print((await warehouse.query(sql)).rows)
        sql = (
            "SELECT column, sum(column_data_compressed_bytes) AS bytes FROM system.parts_columns"
            " WHERE active AND table = 'events' GROUP BY 1 ORDER BY 2 DESC LIMIT 20"
        )
        print((await warehouse.query(sql)).rows)
    warehouse.close()
    return int(found.rows[0][0])


if __name__ == "__main__":
    print(run())
