"""Segments over a long history: the CPU of one count of all live ones, from the table and the lake.

Three are live: the two that ship, and one of interest in a category. The events are written by the
engine (``bench/warehouse.py``): one person in thirty events, as many interests as there can be; a
tenth of the people keep ads out, so that members are counted twice, once for ads. The peer in the
same run: the same count while nobody keeps ads out. ``QUEQIAO_BENCH_EVENTS`` sets how many events
there are, ``QUEQIAO_BENCH_DIR`` where they lie.

The scheduler counts when events came, every five seconds at most, and then rests for twenty times
as long as it took (``wiring/freshness.py``): a twentieth of the time is the most that it takes.

Measured at load 25, both memberships of 2.36 million events: 0.60 CPU s from the table, 0.88 from
the lake. What was learned: a question for each segment and membership, joined before it gathered,
took 5.8 CPU s of 3.67 million events where its memory was not bounded, and was refused where it
was, so that nobody was counted at all. Half of that went to shares of categories that nobody asked
for: sums of those that are asked for took a question of interest from 2.5 to 0.5 CPU s.
"""

import asyncio
import os
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, NamedTuple

from bench.harness import row
from bench.warehouse import CHUNK, DAY_US, DAYS, START_US, fill
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Documents, Edit
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.warehouse.base import Limits, Warehouse
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.tier import Tier
from queqiao.process.tiering import Tiering
from queqiao.profile.contracts import SEGMENT, SegmentDocument, default_segments
from queqiao.profile.segment_counts import SegmentCounter
from queqiao.wiring.freshness import REST_FACTOR

EVENTS = int(os.environ.get("QUEQIAO_BENCH_EVENTS", str(3 * CHUNK + CHUNK // 2)))
ROUNDS = 3
BOUNDS = Limits(query_seconds_max=60)
"""Those of a shop, but for the time: a busy machine is no failure of a benchmark."""
NOW_US = START_US + DAYS * DAY_US
LATER_US = START_US + 1_000 * DAY_US
SOME_KEEP_ADS_OUT = "if(p % 10 = 0, 3, 7)"
INTEREST = SegmentDocument(
    name="interested", expression={"field": "category_interest", "op": "=", "value": "category 7"}
)


class Count(NamedTuple):
    """One count of all segments: CPU seconds and seconds on the wall."""

    cpu_s: float
    wall_s: float


def run() -> list[dict[str, Any]]:
    """Measure and return the rows of the table."""
    plain, split = (asyncio.run(_measured(consent)) for consent in ("7", SOME_KEEP_ADS_OUT))
    over, by = f"of {EVENTS / 1e6:.3g} M events", {"peer_name": "nobody keeps ads out"}
    rows = [
        row("segments", f"three segments, once, {place} {over}", "CPU s", "lower",
            round(ours.cpu_s, 2), peer=round(peer.cpu_s, 2), **by)
        for place, ours, peer in zip(("in the table,", "in the lake,"), split, plain, strict=True)
    ]  # fmt: skip
    lake = split[1]
    pause_s = max(5.0, REST_FACTOR * lake.wall_s)
    return [
        *rows,
        row("segments", f"share of a core while events come, in the lake, {over}", "ratio", "lower",
            round(lake.cpu_s / (lake.wall_s + pause_s), 3), goal=0.1),
    ]  # fmt: skip


async def _measured(consent: str) -> tuple[Count, Count]:
    """Return the count from the table, and from the lake."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("QUEQIAO_BENCH_DIR")) as name:
        folder = Path(name)
        await fill(folder / "warehouse", EVENTS, consent)
        warehouse = open_warehouse(f"chdb://{folder}/warehouse", BOUNDS)
        records = SqliteRecords(folder / "records.sqlite")
        records.upgrade()
        await _live(records)
        tiering = Tiering(warehouse, Tier(warehouse, ParquetFolder(folder / "lake")), 400)
        try:
            await tiering.open()
            table, members = await _counted(warehouse, records)
            while await tiering.advance(LATER_US):
                pass
            lake, again = await _counted(warehouse, records)
            assert members == again, "no answer changes"
            return table, lake
        finally:
            records.close()
            warehouse.close()


async def _live(records: Records) -> None:
    edit = Edit(Actor("bench", "bench"), NOW_US)
    for name, document in {**default_segments(), "interested": INTEREST}.items():
        await Documents(records).create(SEGMENT, name, document, edit)
        await Documents(records).transition(SEGMENT, name, "live", edit)


async def _counted(warehouse: Warehouse, records: Records) -> tuple[Count, dict[str, int]]:
    """Return the medians after one count that is not measured, and the members by segment."""
    counter = SegmentCounter(warehouse, records)
    members = await counter.refresh(NOW_US)
    took = []
    for _ in range(ROUNDS):
        cpu_s, wall_s = process_time(), perf_counter()
        assert await counter.refresh(NOW_US) == members
        took.append(Count(process_time() - cpu_s, perf_counter() - wall_s))
    return Count(median(one.cpu_s for one in took), median(one.wall_s for one in took)), members
