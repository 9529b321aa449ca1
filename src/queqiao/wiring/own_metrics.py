"""What the system counts of itself: its processes, the log, the loader, its public port.

The collector stores it every few seconds; ``GET /metrics`` shows it to any Prometheus.
"""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import msgspec

from queqiao.collect.probes.contracts import Sample
from queqiao.collect.probes.exposition import render
from queqiao.collect.probes.machine import Machine
from queqiao.collect.probes.processes import process_samples
from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Message, QueqiaoError
from queqiao.kernel.http import Request, Response, Route
from queqiao.ports.event_log.base import EventLogReader
from queqiao.wiring import local_system
from queqiao.wiring.live import CacheProbe
from queqiao.wiring.settings import Settings
from queqiao.wiring.steady_clock import difference_us
from queqiao.wiring.supervisor import statuses

Loaded = Callable[[], Awaitable[int]]

ASKED_WITHIN_S = 5.0


def machine(settings: Settings) -> Machine:
    """Return the probe of this machine: the file system of the home, and those of the settings."""
    return Machine([settings.home.resolve(), *map(Path, settings.probes.disks)])


def roles(settings: Settings) -> list[Sample]:
    """Return how the processes are, how often each was started again, and their clock."""
    known = statuses(settings.home)
    found = process_samples({one.name: one.pid for one in known if one.pid})
    for one in known:
        labels = {"role": one.name}
        started_s = one.started_at_us / 1_000_000
        found.append(Sample("process_start_time_seconds", started_s, labels))
        found.append(Sample("queqiao_role_restarts_total", one.restarts, labels, "counter"))
    ahead_s = difference_us(settings.home) / SECOND_US
    return [*found, Sample("queqiao_clock_jump_seconds", ahead_s)]


async def events(reader: EventLogReader, loaded: Loaded) -> list[Sample]:
    """Return how many events are stored, and how many of them wait for the warehouse."""
    end = reader.end()
    found = [Sample("queqiao_events_stored_total", end, {}, "counter")]
    try:
        waiting = max(0, end - await loaded())
    except QueqiaoError:
        return found  # the analytics role is away: nothing is known of the loader
    return [*found, Sample("queqiao_events_waiting", waiting)]


async def public_port(settings: Settings, client: httpx.AsyncClient) -> list[Sample]:
    """Return how long the public port takes to answer, asked as a client asks."""
    base_url = _base_url(settings)
    if base_url is None:
        return []
    started = time.monotonic()
    try:
        answer = await client.get(f"{base_url}/healthz", timeout=ASKED_WITHIN_S)
        up = answer.status_code == 200
    except httpx.HTTPError:
        up = False
    took = time.monotonic() - started
    return [
        Sample("queqiao_http_up", float(up)),
        Sample("queqiao_http_answer_seconds", took),
    ]


def _base_url(settings: Settings) -> str | None:
    try:
        raw = local_system.address_file(settings.home).read_bytes()
        return msgspec.json.decode(raw, type=local_system.Address).base_url
    except (OSError, msgspec.DecodeError):
        return None  # it is being written, or the roles run without a supervisor


def route(settings: Settings, reader: EventLogReader, loaded: Loaded) -> Route:
    """Return the endpoint that a Prometheus scrapes, with a key that may read."""
    probe = machine(settings)

    cache = CacheProbe(settings)

    async def metrics(_: Request) -> Response:
        samples = [*probe.samples(), *roles(settings), *await events(reader, loaded)]
        samples += await cache.samples()
        return Response(200, render(samples), "text/plain; version=0.0.4; charset=utf-8")

    summary = Message("本系统的指标（Prometheus 格式）", "What the system counts, for Prometheus")
    return Route("GET", "/metrics", metrics, summary, "read", tags=("series",))
