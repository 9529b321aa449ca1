"""Event → report: how long until an acknowledged event is a number in the report API.

Each trial posts one addition to the cart of a product of its own to the public intake and, from the
moment of the 200, asks the report API for that product's additions until it is 1. Trials start at
random moments relative to the loader's rhythm, first beside a steady trickle of page views, then
beside a process that sends batches of page views as fast as it is told (``QUEQIAO_BENCH_RATE``
events a second, 20,000 by default) or as the system takes them; the figure names the rate that was
held. The peer in the same run is one report's own time: what would be left if loading took none.
What was learned: in quiet the loader's look every 0.4 s is most of it; under load it is the length
of a batch, and whether the loader keeps up is decided by Python's microseconds for each event.
"""

import asyncio
import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from statistics import quantiles
from time import perf_counter
from typing import Any, NamedTuple

import httpx

from bench.harness import row, running_system
from bench.load import load

TRIALS = 60
TRIALS_UNDER_LOAD = 40
TRICKLE_PER_S = 20
RATE = int(os.environ.get("QUEQIAO_BENCH_RATE", "20_000"))
ASK_EVERY_S = 0.02
GIVE_UP_S = 30.0
ADDRESS, READ_KEY, WRITE_KEY = "QUEQIAO_BENCH_URL", "QUEQIAO_BENCH_READ_KEY", "QUEQIAO_BENCH_KEY"

Goals = tuple[tuple[int, float | None], ...]


class Target(NamedTuple):
    """A running system: its address, a key that reads and a key that writes events."""

    base_url: str
    admin_key: str
    intake_key: str


@contextmanager
def target() -> Iterator[Target]:
    """Give the system that the environment names, else one started for this run."""
    if ADDRESS in os.environ:
        yield Target(os.environ[ADDRESS], os.environ[READ_KEY], os.environ[WRITE_KEY])
        return
    with running_system() as system:
        yield Target(system.base_url, system.admin_key, system.intake_key)


def run() -> list[dict[str, Any]]:
    """Measure and return the rows of the table."""
    with target() as system:
        quiet, reports = asyncio.run(_measure(system, TRIALS))
        rows = _rows(quiet, reports, f"{TRICKLE_PER_S} other events/s", ((50, None), (95, 10.0)))
        with load(system.base_url, system.intake_key, RATE) as sent:
            since, before = perf_counter(), sent.value
            loaded, reports = asyncio.run(_measure(system, TRIALS_UNDER_LOAD))
            held = (sent.value - before) / (perf_counter() - since)
    others = f"{held / 1000:.1f} K other events/s (asked for {RATE / 1000:g} K)"
    return [*rows, *_rows(loaded, reports, others, ((95, 2.0), (99, 5.0)))]


def _rows(
    waits: list[float], reports: list[float], others: str, shares: Goals
) -> list[dict[str, Any]]:
    peer = _percentile(reports, 95)
    name = f"event → report, p{{}} of {len(waits)}, {others}"
    return [
        row("freshness", name.format(share), "s", "lower", _percentile(waits, share), goal=goal,
            peer=peer, peer_name="one report, p95, same run")
        for share, goal in shares
    ]  # fmt: skip


def _percentile(values: list[float], share: int) -> float:
    return round(quantiles(values, n=100, method="inclusive")[share - 1], 3)


async def _measure(system: Target, trials: int) -> tuple[list[float], list[float]]:
    random = Random(20261122)
    async with httpx.AsyncClient(base_url=system.base_url, timeout=30) as http:
        trickling = asyncio.create_task(_trickle(http, system, random))
        waits, reports = [], []
        for number in range(trials):
            await asyncio.sleep(random.random())
            waits.append(
                await _trial(http, system, f"bench-{trials}-{os.getpid()}-{number}", reports)
            )
        trickling.cancel()
        await asyncio.gather(trickling, return_exceptions=True)
    return waits, reports


async def _trial(
    http: httpx.AsyncClient, system: Target, campaign: str, took: list[float]
) -> float:
    await _post(http, system, "Product Added", campaign, {"sku": campaign})
    acknowledged = perf_counter()
    while perf_counter() - acknowledged < GIVE_UP_S:
        asked = perf_counter()
        seen = await _clicks(http, system, campaign)
        took.append(perf_counter() - asked)
        if seen == 1:
            return perf_counter() - acknowledged
        await asyncio.sleep(ASK_EVERY_S)
    return GIVE_UP_S  # it fell behind: the figure says at least this much


async def _clicks(http: httpx.AsyncClient, system: Target, campaign: str) -> int:
    only = [{"dimension": "product", "op": "eq", "value": campaign}]
    answer = await http.post(
        "/api/v1/reports/query",
        json={"metrics": ["adds"], "filters": only},
        headers={"authorization": f"Bearer {system.admin_key}"},
    )
    answer.raise_for_status()
    return int(answer.json()["rows"][0][0])


async def _trickle(http: httpx.AsyncClient, system: Target, random: Random) -> None:
    while True:
        await _post(http, system, "Product Viewed", f"d{random.randrange(50)}", {"sku": "bench"})
        await asyncio.sleep(1 / TRICKLE_PER_S)


async def _post(
    http: httpx.AsyncClient, system: Target, event: str, device: str, properties: dict[str, Any]
) -> None:
    key = b64encode(f"{system.intake_key}:".encode()).decode()
    call = {"event": event, "anonymousId": device, "properties": properties}
    answer = await http.post("/v1/track", json=call, headers={"authorization": f"Basic {key}"})
    answer.raise_for_status()
