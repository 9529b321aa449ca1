"""Decisions over HTTP, of a whole system with its processes, beside a plain ASGI answer.

10,000 live campaigns stand in the home before it starts. The client calls 1,000 times a second on
32 connections, whatever the answers (``callers.py``); a plain ASGI server is asked by the same
client, in turns with the system.
"""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import sleep, time_ns
from typing import NamedTuple

import httpx

from bench.callers import Called, Question, call
from bench.harness import System, running_system
from bench.processes import cpu_s
from queqiao.decide.ads.contracts import CAMPAIGN, PLACEMENT, Campaign, Placement
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.wiring import adapters
from queqiao.wiring.settings import Settings
from queqiao.wiring.supervisor import statuses

RATE, CONNECTIONS, CALLS, TURNS = 1_000, 32, 5_000, 3
PERSONS = 5_000


class OverHttp(NamedTuple):
    """Latencies in ms and CPU in µs a call, of the system and of a plain answer."""

    p50_ms: float
    p99_ms: float
    cpu_us: float
    plain_p50_ms: float
    plain_p99_ms: float
    plain_cpu_us: float


def measure(campaigns: dict[str, Campaign]) -> OverHttp:
    """Return what was measured, each figure the median of its turns."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        asyncio.run(put_up(Settings(home=home), campaigns))
        with running_system(home=home) as system, _plain() as (plain_url, plain_pid):
            pids = [each.pid for each in statuses(system.home) if each.pid]
            _until_shown(system)
            questions = _questions()
            ours, plain, costs, plain_costs = [], [], [], []
            for turn in range(TURNS + 1):
                before = sum(map(cpu_s, pids))
                found = call(
                    system.base_url, system.decide_key, questions, CALLS, CONNECTIONS, rate=RATE
                )
                cost = (sum(map(cpu_s, pids)) - before) / CALLS * 1e6
                beside, plain_cost = _plainly(plain_url, plain_pid, questions)
                if turn:  # the first one opens the budgets and warms up
                    ours.append(_latency(found))
                    costs.append(cost)
                    plain.append(_latency(beside))
                    plain_costs.append(plain_cost)
    return OverHttp(
        median(each[0] for each in ours),
        median(each[1] for each in ours),
        median(costs),
        median(each[0] for each in plain),
        median(each[1] for each in plain),
        median(plain_costs),
    )


async def put_up(settings: Settings, campaigns: dict[str, Campaign]) -> None:
    """Write live campaigns into the records of a home that no system runs on."""
    records = adapters.records(settings)
    records.upgrade()
    edit = documents.Edit(SYSTEM, time_ns() // 1_000)

    def write(conn: documents.Connection) -> None:
        documents.create(conn, PLACEMENT, "home", Placement("home", 10, "CNY"), edit)
        documents.transition(conn, PLACEMENT, "home", "live", edit)
        for name, campaign in campaigns.items():
            documents.create(conn, CAMPAIGN, name, campaign, edit)
            documents.transition(conn, CAMPAIGN, name, "live", edit)

    await records.write(write)
    records.close()


def _plainly(url: str, pid: int, questions: list[Question]) -> tuple[Called, float]:
    before = cpu_s(pid)
    found = call(url, "none", questions, CALLS, CONNECTIONS, rate=RATE)
    return found, (cpu_s(pid) - before) / CALLS * 1e6


def _latency(found: Called) -> tuple[float, float]:
    return median(found.late_ms), quantiles(found.late_ms, n=100)[-1]


def _questions() -> list[Question]:
    random = Random(618)  # figures, not secrets
    channels = ("web", "app", "mini", "shop")
    return [
        Question(
            "/api/v1/decisions",
            b'{"placements":[{"id":"home"}],"user":{"id":"u%d"},"context":{"channel":"%s"}}'
            % (random.randrange(PERSONS), random.choice(channels).encode()),
        )
        for _ in range(PERSONS)
    ]


def _until_shown(system: System) -> None:
    headers = {"Authorization": f"Bearer {system.decide_key}"}
    body = {"placements": [{"id": "home"}]}
    url = f"{system.base_url}/api/v1/decisions"
    for _ in range(200):
        if httpx.post(url, json=body, headers=headers).json().get("decisions"):
            return
        sleep(0.1)
    raise RuntimeError("no ad is shown")


@contextmanager
def _plain() -> Iterator[tuple[str, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.plain_asgi", str(port)])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            sleep(0.1)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()
