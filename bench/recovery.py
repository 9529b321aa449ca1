"""How long the intake is away after kill -9: from the signal to its next acknowledged event.

The whole system runs; the log holds 32,500 events that the dedup index has not on disk yet, the
most that a start must read again. The peer is the same process's bare start: fork to open port,
measured by the health route alone.
"""

import os
import signal
from time import monotonic, sleep
from typing import Any

import httpx

from bench.harness import System, row, running_system
from queqiao.wiring.supervisor import statuses

EVENTS = 32_500
KILLS = 5
PAUSE_S = 5.5


def send(client: httpx.Client, first: int, count: int) -> bool:
    """Send a batch; say whether it was acknowledged."""
    batch = [
        {"type": "track", "event": "E", "userId": "u", "messageId": f"r-{number}"}
        for number in range(first, first + count)
    ]
    try:
        return client.post("/v1/batch", json={"batch": batch}, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def away_s(system: System, client: httpx.Client, number: int) -> float:
    """Kill the intake; return the seconds until it acknowledges an event again."""
    status = next(one for one in statuses(system.home) if one.name == "intake")
    os.kill(status.pid, signal.SIGKILL)
    begun = monotonic()
    while not send(client, EVENTS + number, 1):
        sleep(0.005)
    return monotonic() - begun


def run() -> list[dict[str, Any]]:
    """Kill the intake several times; the median counts."""
    with (
        running_system() as system,
        httpx.Client(base_url=system.base_url, auth=(system.intake_key, "")) as client,
    ):
        for first in range(0, EVENTS, 500):
            if not send(client, first, 500):
                raise RuntimeError("the intake took nothing")
        took = []
        for number in range(KILLS):
            sleep(PAUSE_S)  # a role that dies young several times is started with a delay
            took.append(away_s(system, client, number))
    middle = sorted(took)[KILLS // 2]
    return [row("recovery", "intake away after kill -9", "s", "lower", round(middle, 3), goal=0.5)]
