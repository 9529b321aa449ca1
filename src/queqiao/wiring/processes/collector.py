"""The collector role: follows server logs, imports files, looks at the machine, us and others.

A role of its own, not the scheduler: its work is steady and reads what strangers write, so what it
costs is counted apart, and its end ends nothing else.
"""

import asyncio
import math
import socket
from collections.abc import Sequence

import httpx
import structlog

from queqiao.collect.logs.calls import RemoteLines
from queqiao.collect.logs.tail import Tail
from queqiao.collect.offline.file_door import RemoteDoor
from queqiao.collect.offline.import_worker import ImportWorker
from queqiao.collect.probes.contracts import Sample
from queqiao.collect.probes.scrape import Scraper, labelled
from queqiao.kernel.clock import SystemClock
from queqiao.kernel.errors import QueqiaoError, Unavailable
from queqiao.measure.series_table import PointsStore, StoredPoint, canonical
from queqiao.ports.rpc import RpcClient
from queqiao.process.contracts import watermark
from queqiao.wiring import adapters, own_metrics
from queqiao.wiring.live import CacheProbe
from queqiao.wiring.role import every
from queqiao.wiring.settings import Settings

log = structlog.get_logger()

POINTS_A_CALL = 20_000


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Collect until ``stop`` is set."""
    clock = adapters.clock(settings)
    sink = RemoteLines(RpcClient(settings.socket("intake.rpc")))
    checkpoint = settings.home / "collector" / "logs.json"
    tail = Tail(settings.logs, checkpoint, sink, clock, file_clock=SystemClock())
    probes = Probes(settings, tail)

    async def probe() -> None:
        await probes.store(clock.now_us() // 1000)

    works = [every(settings.probes.every_s, stop, probe), imports(settings).run(stop)]
    if settings.logs.files:
        works.append(tail.run(stop))
    await asyncio.gather(*works)
    await probes.close()


def imports(settings: Settings) -> ImportWorker:
    """Return what works on the imports of offline files."""
    jobs, uploads = adapters.imports(settings)
    door = RemoteDoor(RpcClient(settings.socket("intake.rpc")))
    return ImportWorker(jobs, uploads, door, adapters.clock(settings))


class Probes:
    """Everything that is looked at every few seconds, and where it is stored."""

    def __init__(self, settings: Settings, tail: Tail) -> None:
        self._settings = settings
        self._tail = tail
        self._machine = own_metrics.machine(settings)
        self._reader = adapters.event_log_reader(settings)
        self._warehouse = adapters.warehouse(settings)
        self._client = httpx.AsyncClient(trust_env=False)
        self._cache = CacheProbe(settings)
        self._scraper = Scraper(settings.probes, self._client)
        self._store = PointsStore(RpcClient(settings.socket("analytics.rpc")))
        self._own = {"job": "queqiao", "instance": socket.gethostname()}

    async def store(self, now_ms: int) -> None:
        """Look, and store what was seen; what cannot be stored just now is let go."""
        points = stored_points(await self._samples(), now_ms)
        try:
            for at in range(0, len(points), POINTS_A_CALL):
                await self._store.store(points[at : at + POINTS_A_CALL])
        except Unavailable:
            log.debug("a role is away: points are let go", points=len(points))
        except QueqiaoError as error:
            log.warning("points were not stored", points=len(points), reason=str(error))

    async def _samples(self) -> list[Sample]:
        own = [
            *await asyncio.to_thread(self._machine.samples),
            *await asyncio.to_thread(own_metrics.roles, self._settings),
            *await own_metrics.events(self._reader, self._loaded),
            *await own_metrics.public_port(self._settings, self._client),
            *await self._cache.samples(),
            *log_samples(self._tail),
        ]
        return [*(labelled(one, self._own) for one in own), *await self._scraper.samples()]

    async def _loaded(self) -> int:
        return (await watermark(self._warehouse)).offset

    async def close(self) -> None:
        """Give the connections up."""
        await self._client.aclose()


def log_samples(tail: Tail) -> list[Sample]:
    """Return what became of the lines of followed logs."""
    found = []
    for one in tail.followers:
        labels = {"source": one.source}
        counts = one.counts
        for status, value in (("stored", counts.stored), ("refused", counts.refused)):
            counted = {**labels, "status": status}
            found.append(Sample("queqiao_log_lines_total", value, counted, "counter"))
        found.append(Sample("queqiao_log_behind_bytes", counts.behind_bytes, labels))
    return found


def stored_points(samples: Sequence[Sample], now_ms: int) -> list[StoredPoint]:
    """Return samples as points; what is no finite number cannot be charted and is let go."""
    return [
        StoredPoint(
            one.name,
            canonical(one.labels),
            one.kind,
            now_ms if one.at_ms is None else min(max(one.at_ms, 0), now_ms),
            float(one.value),
        )
        for one in samples
        if math.isfinite(one.value)
    ]
