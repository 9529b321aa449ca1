"""A dashboard over a month of events: how long its questions take, and an ad hoc scan of raw rows.

The events are written by the engine (`bench/warehouse.py`), the rollups as the loader makes them,
and each question goes through `measure.query.report` under the limits of a default installation.
The peer in the same run is the same dashboard with the rollups put aside: raw events only.
``QUEQIAO_BENCH_EVENTS`` sets how many events there are (100 million take 5 GB and a quarter of an
hour on two cores); the figure names the count. With ``QUEQIAO_BENCH_DIR`` they are kept there, and
used again by the next run. ``QUEQIAO_BENCH_VERBOSE`` prints each question with its time.

What was learned, CPU of a question over 100 million events: people and visits of a month by day
took 1.5 s from 17,000 sets by hour, channel and source, and 0.12 s from 30 of a day each; by
channel 0.85 s, and 0.12; orders counted by their event's number in a bitmap instead of by their
text in a hash table 0.47 s, and 0.17. What is left is mostly the raw events after the last sealed
block, at most a million: 0.1 s.
"""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import quantiles
from time import perf_counter, process_time
from typing import Any

import msgspec

from bench.harness import row
from bench.warehouse import DAY_US, DAYS, START_US, fill
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Refused
from queqiao.measure import query
from queqiao.measure.contracts import ReportQuery
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.ports.warehouse.base import Warehouse
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.contracts import Block, create_tables
from queqiao.process.tier import Tier

EVENTS = int(os.environ.get("QUEQIAO_BENCH_EVENTS", "8_000_000"))
ROUNDS = 6
END_US = START_US + DAYS * DAY_US


def _last(days: float, **asked: Any) -> dict[str, Any]:
    hour_us = DAY_US // 24
    end_us = END_US - END_US % hour_us
    start_us = end_us - int(days * DAY_US)
    return {"from": format_rfc3339(start_us), "to": format_rfc3339(end_us), **asked}


DASHBOARD: list[dict[str, Any]] = [
    {"metrics": ["views", "adds", "visitors", "sessions"], "granularity": "day"},
    {"metrics": ["orders", "gmv", "aov"], "granularity": "day"},
    _last(7, metrics=["visitors", "sessions", "views"], compare="previous_period"),
    _last(1, metrics=["visitors", "views"], granularity="hour"),
    _last(1 / 24, metrics=["views", "visitors"], granularity="minute"),
    {"metrics": ["visitors", "sessions"], "dimensions": ["channel"]},
    {"metrics": ["impressions", "clicks", "ctr", "cost"], "dimensions": ["campaign"]},
    {"metrics": ["views", "adds"], "dimensions": ["product"], "limit": 20},
    {"metrics": ["views", "adds"], "dimensions": ["category"], "granularity": "day"},
]
AD_HOC: dict[str, Any] = {
    "metrics": ["views", "adds"],
    "dimensions": ["product"],
    "filters": [
        {"dimension": "category", "op": "contains", "value": "7"},
        {"dimension": "promotion", "op": "ne", "value": "spring"},
    ],
    "limit": 20,
}
"""No cube knows promotions, so that no rollup can answer it."""


def run() -> list[dict[str, Any]]:
    """Measure and return the rows of the table."""
    with _folder() as folder:
        rolled, raw, ad_hoc = asyncio.run(_measure(folder))
    share = quantiles(rolled, n=100, method="inclusive")[94]
    peer = quantiles(raw, n=100, method="inclusive")[94]
    over = f"over {EVENTS / 1e6:g} M events"
    return [
        row("dashboard", f"dashboard question, p95, {over}", "ms", "lower", round(share, 1),
            goal=300, peer=round(peer, 1), peer_name="the same from raw events"),
        row("dashboard", f"ad hoc scan of raw events, slowest of 5, {over}", "s", "lower",
            round(max(ad_hoc) / 1000, 2), goal=4.0),
    ]  # fmt: skip


@contextmanager
def _folder() -> Iterator[Path]:
    kept = os.environ.get("QUEQIAO_BENCH_DIR")
    if kept:
        yield Path(kept) / f"dashboard-{EVENTS}"
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "warehouse"


async def _measure(folder: Path) -> tuple[list[float], list[float], list[float]]:
    filled = folder.with_suffix(".filled")
    if not filled.exists():
        await fill(folder, EVENTS)
        filled.touch()
    warehouse = open_warehouse(f"chdb://{folder}")
    try:
        await create_tables(warehouse)  # of today, where the events were kept
        await Tier(warehouse, ParquetFolder(folder.with_suffix(".lake"))).settle()
        questions = DASHBOARD * ROUNDS
        Random(1).shuffle(questions)  # figures, not secrets
        await _times(warehouse, DASHBOARD)
        rolled = await _times(warehouse, questions)
        with _without_rollups():
            raw = await _times(warehouse, DASHBOARD)
        return rolled, raw, await _times(warehouse, [AD_HOC] * 5)
    finally:
        warehouse.close()


async def _times(warehouse: Warehouse, questions: list[dict[str, Any]]) -> list[float]:
    """Return the milliseconds that each question took; one beyond the limits counts till then."""
    took = []
    for asked in questions:
        since, cpu_s = perf_counter(), process_time()
        try:
            await query.report(warehouse, msgspec.convert(asked, ReportQuery))
        except Refused as refusal:
            print(f"refused: {refusal.reason}: {asked}")
        took.append((perf_counter() - since) * 1000)
        if os.environ.get("QUEQIAO_BENCH_VERBOSE"):
            cpu_ms = (process_time() - cpu_s) * 1000
            print(f"{took[-1]:.0f} ms, {cpu_ms:.0f} ms of CPU: {asked}")
    return took


@contextmanager
def _without_rollups() -> Iterator[None]:
    known = query.sealed_blocks

    async def none(*_: Any) -> list[Block]:
        return []

    query.sealed_blocks = none  # type: ignore[assignment]  # the peer: the same without rollups
    try:
        yield
    finally:
        query.sealed_blocks = known


if __name__ == "__main__":
    print(run())
