"""Old events in the lake: what moving them takes, what they weigh, and what asking for them takes.

The events are written by the engine (``bench/warehouse.py``); all whole blocks move, and then the
same questions are put as before. The peers in the same run: the table itself (bytes an event,
questions), and a copy of a block into another table of the engine (moving).
``QUEQIAO_BENCH_EVENTS`` sets how many events there are, a block being a million;
``QUEQIAO_BENCH_DIR`` says where they lie.
"""

import asyncio
import os
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import msgspec

from bench.dashboard import AD_HOC
from bench.harness import row
from bench.warehouse import CHUNK, DAY_US, START_US, fill
from queqiao.kernel.clock import format_rfc3339
from queqiao.measure.contracts import ReportQuery
from queqiao.measure.query import report
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.ports.warehouse.base import Warehouse
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.ddl import EVENTS as TABLE
from queqiao.process.tier import Tier
from queqiao.process.tiering import Tiering, TieringState

EVENTS = int(os.environ.get("QUEQIAO_BENCH_EVENTS", str(3 * CHUNK + CHUNK // 2)))
ROUNDS = 5
LATER_US = START_US + 1_000 * DAY_US
HOUR_US = DAY_US // 24
ONE_DAY: dict[str, Any] = AD_HOC | {
    "from": format_rfc3339(START_US + 2 * DAY_US + 1_000_000),
    "to": format_rfc3339(START_US + 3 * DAY_US + 1_000_000),
}
"""A raw question about one old day: row groups of other days are skipped."""
DASHBOARD: dict[str, Any] = {"metrics": ["views", "visitors"], "granularity": "day"}
"""Rollups answer it, and raw events after the last sealed block."""


class Found(NamedTuple):
    """What was measured: seconds, and milliseconds of each question before and after."""

    copied_s: float
    moved_s: float
    removed_s: float
    before_ms: list[float]
    after_ms: list[float]
    held: TieringState
    table_bytes: float


def run() -> list[dict[str, Any]]:
    """Measure and return the rows of the table."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("QUEQIAO_BENCH_DIR")) as folder:
        found = asyncio.run(_measure(Path(folder)))
    moved = found.held.lake.rows / 1e6
    over, by = f"of {EVENTS / 1e6:.3g} M events", {"peer_name": "before, in the table"}
    names = ("a raw question about all of it", "about one old day", "a dashboard's, rolled up")
    asked = [
        row("tiering", f"{name}, median {over}", "ms", "lower", round(after, 1),
            peer=round(before, 1), **by)
        for name, before, after in zip(names, found.before_ms, found.after_ms, strict=True)
    ]  # fmt: skip
    return [
        row("tiering", "an old event in the lake", "B per event", "lower",
            round(found.held.lake.bytes / found.held.lake.rows, 1),
            peer=round(found.table_bytes, 1), peer_name="merged, in the table"),
        row("tiering", "moved: written, read back, published", "s per million", "lower",
            round(found.moved_s / moved, 2), peer=round(found.copied_s / (CHUNK / 1e6), 2),
            peer_name="copied to another table, unread"),
        row("tiering", f"removed from a table {over}", "s per million", "lower",
            round(found.removed_s / moved, 2)),
        *asked,
    ]  # fmt: skip


async def _measure(folder: Path) -> Found:
    await fill(folder / "warehouse", EVENTS)
    warehouse = open_warehouse(f"chdb://{folder}/warehouse")
    tier = Tier(warehouse, ParquetFolder(folder / "lake"))
    tiering = Tiering(warehouse, tier, 400)
    await tiering.open()
    try:
        await warehouse.command("OPTIMIZE TABLE events FINAL")
        merged = (await tiering.state()).warehouse
        before = [await _times(warehouse, one) for one in (AD_HOC, ONE_DAY, DASHBOARD)]
        copied_s = await _copied(warehouse)
        moved_s = await _moved(tiering)
        removed_s = await _removed(warehouse, tiering)
        after = [await _times(warehouse, one) for one in (AD_HOC, ONE_DAY, DASHBOARD)]
        held = await tiering.state()
        return Found(copied_s, moved_s, removed_s, before, after, held, merged.bytes / merged.rows)
    finally:
        warehouse.close()


async def _times(warehouse: Warehouse, asked: dict[str, Any]) -> float:
    """Return the median milliseconds of one question, after one that is not counted."""
    took = []
    for _ in range(ROUNDS + 1):
        since = perf_counter()
        await report(warehouse, msgspec.convert(asked, ReportQuery))
        took.append((perf_counter() - since) * 1000)
    return median(took[1:])


async def _copied(warehouse: Warehouse) -> float:
    await warehouse.command(TABLE.named("copied_").create)
    since = perf_counter()
    await warehouse.command(
        f"INSERT INTO copied_events SELECT * FROM events WHERE offset <= {CHUNK}"
        " SETTINGS max_threads = 1"
    )
    took_s = perf_counter() - since
    await warehouse.command("DROP TABLE copied_events SYNC")
    return took_s


async def _moved(tiering: Tiering) -> float:
    since = perf_counter()
    while (await tiering.state()).up_to_offset < EVENTS // CHUNK * CHUNK:
        await tiering.advance(LATER_US)
    return perf_counter() - since


async def _removed(warehouse: Warehouse, tiering: Tiering) -> float:
    since = perf_counter()
    border = (await tiering.state()).up_to_offset
    sql = f"SELECT count() FROM events WHERE offset <= {border}"
    while (await warehouse.query(sql)).rows != [[0]]:
        await tiering.advance(LATER_US)
        await asyncio.sleep(0.1)
    return perf_counter() - since
