"""What a decision pays to know a person: live rows in SQLite, Redis, HBase, and over the cache.

All in one run, by the reader that ``decide`` uses: the state of the store, then the person's row,
full (60 goods and counts). Asks come at random moments, about ``RATE`` a second of one process, of
``PEOPLE`` people: as 1 / rank (Zipf), or as often as the demo's shoppers come (their ``activity``).
Latency is that of the whole call, threads and event loop included; no deadline cuts it. The hit
rate is that of people's rows, without the state, which is always there: what it is depends on how
many people ask within a lease of 0.9 s, so it grows with the rate of a process.

What was learned (load of 24 on two cores, so only side by side): p50 0.6 ms from SQLite, 1.4 from
Redis, 2.8 from HBase; the cache saves the state's read each time, so HBase's becomes 1.75. Of
people's rows it has a third where few come often, and 3 of 100 where all come alike.

Servers are started by ``deploy/engines`` where they are not up (``QUEQIAO_ENGINES_HOME``); without
an engine's packages its rows of the table are left out, and said so.
"""

import asyncio
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from bench.harness import row
from deploy.engines.errors import EngineError
from deploy.engines.instance import Instance
from queqiao.ports.profile_rows.base import ProfileRows
from queqiao.ports.profile_rows.cached import CachedRows
from queqiao.profile import live_state
from queqiao.profile.live import FAMILIES, GOODS_MAX, Counts, Live, Touch, changed
from queqiao.profile.live_reader import LiveReader
from queqiao.wiring.row_stores import open_rows

Row = dict[str, Any]

PEOPLE, ASKS, WARM = 10_000, 1_000, 100
RATE, ASKERS = 200, 6
"""Asks a second, from so many sides: fewer than connections, so that nobody waits for one."""
AT_US = 1_780_000_000_000_000
SERVERS = {"Redis": ("redis", "redis_url"), "HBase": ("hbase", "hbase_thrift")}


class Patient(LiveReader):
    """A reader that waits for its answer, so that the tail is measured and not cut."""

    def __init__(self, rows: ProfileRows) -> None:
        super().__init__(rows, At(), "Asia/Shanghai", 60.0)


class At:
    """The moment of the rows."""

    def now_us(self) -> int:
        """Return it."""
        return AT_US


class Measured(NamedTuple):
    """Latency of an ask in milliseconds, and the hit rate of people's rows in percent."""

    p50_ms: float
    p99_ms: float
    hit_rate: float


def run() -> list[Row]:
    """Measure and return the rows of the table."""
    with TemporaryDirectory() as folder, instance() as engines:
        urls = {"SQLite": "sqlite:rows.sqlite"} | dict(_servers(engines))
        found = {name: asyncio.run(_of(url, Path(folder))) for name, url in urls.items()}
    return [line for name, three in found.items() for line in _lines(name, *three)]


@contextmanager
def instance() -> Iterator[Instance]:
    """Give the engines' home that is named, left up, or one of this run's own."""
    given = os.environ.get("QUEQIAO_ENGINES_HOME")
    if given:
        yield Instance(Path(given))
        return
    with TemporaryDirectory(prefix="queqiao-engines-") as folder:
        Path(folder).chmod(0o755)
        own = Instance(Path(folder), owned=True)
        try:
            yield own
        finally:
            own.down()


def _servers(engines: Instance) -> Iterator[tuple[str, str]]:
    for name, (engine, url) in SERVERS.items():
        try:
            engines.up([engine])
        except EngineError as error:
            print(f"  {name} is left out: {error}")
            continue
        address = engines.urls([engine])[url]
        place = f"bench_{os.getpid()}"
        yield name, f"hbase://{address}/{place}" if name == "HBase" else f"{address}?prefix={place}"


def _lines(name: str, plain: Measured, zipf: Measured, demo: Measured) -> list[Row]:
    def line(which: str, ours: float, peer: float) -> Row:
        figure = f"a person known from {name}, {which}"
        return row("rows", figure, "ms", "lower", ours, peer=peer, peer_name="through the cache")

    def hits(which: str, rate: float) -> Row:
        return row("rows", f"cache over {name}, hits, {which}", "%", "higher", rate)

    return [
        line("p50", plain.p50_ms, zipf.p50_ms),
        line("p99", plain.p99_ms, zipf.p99_ms),
        hits("people as 1 / rank", zipf.hit_rate),
        hits("people as in the demo", demo.hit_rate),
    ]


async def _of(url: str, home: Path) -> tuple[Measured, Measured, Measured]:
    rows = open_rows(url, home, FAMILIES)
    await _filled(rows)
    zipf = [1 / rank for rank in range(1, PEOPLE + 1)]
    chance = random.Random(3)
    demo = [chance.lognormvariate(0, 1) for _ in range(PEOPLE)]
    plain = await _measured(rows, zipf, None)
    cached = []
    for weights in (zipf, demo):
        cache = CachedRows(rows)
        cached.append(await _measured(cache, weights, cache))
    await (rows.erase() if hasattr(rows, "erase") else _nothing())
    await rows.close()
    return plain, cached[0], cached[1]


async def _nothing() -> None:
    """Leave a file to its folder."""


async def _filled(rows: ProfileRows) -> None:
    whole = changed(Live(), _full())
    for start in range(0, PEOPLE, 500):
        people = range(start, start + 500)
        await rows.put({live_state.key_of(1, f"p{number}"): whole for number in people})
    state = live_state.LiveState(live_state.Building(1, "bench", 9))
    await live_state.write(rows, await live_state.read(rows), state)


def _full() -> Live:
    goods = tuple(Touch(f"SKU-{number:06}", AT_US + number) for number in range(GOODS_MAX))
    counts = Counts("2026-06-18", 30, 4, 1)
    return msgspec.structs.replace(Live(9), viewed=goods, carted=goods, bought=goods, counts=counts)


async def _measured(rows: ProfileRows, weights: list[float], cache: CachedRows | None) -> Measured:
    """Ask at about the rate, from a few sides at once, each after its answer and a random pause."""
    chance, reader = random.Random(5), Patient(rows)
    people = chance.choices(range(PEOPLE), cum_weights=list(accumulate(weights)), k=ASKS + WARM)
    took: list[float] = []

    async def ask(person: int) -> None:
        began = time.perf_counter()
        told = await reader.told([f"p{person}"], AT_US)
        took.append((time.perf_counter() - began) * 1000)
        assert told.recent is not None
        assert len(told.recent.viewed) == GOODS_MAX

    async def asker(own: list[int]) -> None:
        for person in own:
            await asyncio.sleep(chance.expovariate(RATE / ASKERS))
            await ask(person)

    await asyncio.gather(*(asker(people[first::ASKERS]) for first in range(ASKERS)))
    took = sorted(took[WARM:])
    p50, p99 = (round(took[len(took) * part // 100], 3) for part in (50, 99))
    return Measured(p50, p99, _hit_rate(cache))


def _hit_rate(cache: CachedRows | None) -> float:
    """Return the hits of people's rows; the state is asked for as often as people are."""
    if cache is None:
        return 0.0
    counts, asked = cache.counts, ASKS + WARM
    return round(100 * max(0, counts.hits - asked) / (counts.hits + counts.misses - asked), 1)
