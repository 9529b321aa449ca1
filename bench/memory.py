"""Memory of the whole system, the seconds until its first page, and those of 30 days of history.

Memory is the proportional set size of all processes together, read when it has settled: the living
store's after its 30 days, all of them loaded.

The limit in the same run is what the in-process warehouse engine alone needs with an empty folder:
the part of the memory that we do not write. Other processes that have the engine's library open
take a share of its pages, up to 180 MB: measure on a machine that does nothing else.

What was learned: forking the roles from one process that has imported what they share saves about
20 MB for each of them; the engine's own pages are the largest part and are bounded by ``[warehouse]
memory_mb_max``. Half of what a role had of its own were libraries nobody called: pandas, which
pyarrow imports where it finds it (30 MB in two roles), and the migrations' (12 MB in four). Loading
the engine's library touches 190 MB of it, of which 80 to 150 come back in use. After a batch
Arrow's pool kept 60 MB and the engine's allocator 80 MB that were free; with the C library's pool
loading costs the same.
"""

import subprocess
import sys
import tempfile
import time
from typing import Any
from urllib.request import urlopen

from bench.harness import System, row, running_system
from queqiao.wiring import system_status
from queqiao.wiring.supervisor import statuses

DAYS = 30
HISTORY_S_MAX = 600
SETTLE_S = 20
"""Longer than analytics lets free memory lie."""

ENGINE = """
import clickhouse_connect, pathlib, sys
client = clickhouse_connect.get_client(interface="chdb", path=sys.argv[1])
client.query("select 1")
lines = pathlib.Path("/proc/self/smaps_rollup").read_text().splitlines()
print(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")))
"""


def engine_seconds() -> float:
    """Return how long the engine alone takes to open an empty folder, process start included."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        subprocess.run([sys.executable, "-c", ENGINE, folder], capture_output=True, check=True)
        return time.monotonic() - begun


def first_page(engine_s: float) -> dict[str, Any]:
    """Measure from the start of the command until the console's page is there."""
    begun = time.monotonic()
    with running_system() as system, urlopen(system.base_url) as answer:  # our own address
        answer.read()
        taken_s = time.monotonic() - begun
    return row(
        "memory",
        "first page",
        "s",
        "lower",
        taken_s,
        goal=10,
        peer=engine_s,
        peer_name="chDB alone",
    )


def memory_mb(system: System) -> float:
    """Return the memory of all processes of a system."""
    pids = [system.pid, *(status.pid for status in statuses(system.home))]
    return sum(system_status.memory_bytes(pid) or 0 for pid in pids) / 1e6


def idle_mb() -> float:
    """Return the memory of a system that has nothing to do."""
    with running_system() as system:
        time.sleep(SETTLE_S)
        return memory_mb(system)


def living() -> tuple[float, float]:
    """Return the seconds of 30 days of history, and the memory afterwards."""
    with running_system(["--days", str(DAYS)], "demo") as system:
        begun = time.monotonic()  # every role answers: the store begins now
        lived = system.home / "store" / f"seed-618-days-{DAYS}.lived"
        while not lived.exists() and time.monotonic() < begun + HISTORY_S_MAX:
            time.sleep(0.1)
        if not lived.exists():
            raise TimeoutError(f"no history within {HISTORY_S_MAX} s")
        taken_s = time.monotonic() - begun
        time.sleep(SETTLE_S)
        return taken_s, memory_mb(system)


def run() -> list[dict[str, Any]]:
    """Measure an idle system, and a demo with 30 days of history."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", ENGINE, folder]
        engine = int(subprocess.run(command, capture_output=True, check=True).stdout) / 1e6
    page, idle, (history_s, full) = first_page(engine_seconds()), idle_mb(), living()
    history = row("memory", f"{DAYS} days of history", "s", "lower", history_s, goal=60)
    memory = [
        row("memory", figure, "MB", "lower", used, goal=1000, peer=engine, peer_name="chDB alone")
        for figure, used in (
            ("whole system, idle", idle),
            (f"whole system, {DAYS} days lived", full),
        )
    ]
    return [page, history, *memory]
