"""Memory of the whole system, and the seconds until its first page.

Memory is the proportional set size of all processes together.

The limit in the same run is what the in-process warehouse engine alone needs with an empty folder:
the part of the memory that we do not write. What was learned: forking the roles from one process
that has imported what they share saves about 20 MB for each of them; the engine's own pages are the
largest part and are bounded by ``[warehouse] memory_mb_max``.
"""

import subprocess
import sys
import tempfile
import time
from typing import Any
from urllib.request import urlopen

from bench.harness import row, running_system
from queqiao.wiring import system_status
from queqiao.wiring.supervisor import statuses

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


def run() -> list[dict[str, Any]]:
    """Measure an idle system, and a demo with a week of history."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", ENGINE, folder]
        engine = int(subprocess.run(command, capture_output=True, check=True).stdout) / 1e6
    rows = [first_page(engine_seconds())]
    for figure, verb, options in (
        ("whole system, idle", "serve", ()),
        ("whole system, living store", "demo", ("--days", "7")),
    ):
        with running_system(options, verb) as system:
            time.sleep(5 if verb == "serve" else 45)
            pids = [system.pid, *(status.pid for status in statuses(system.home))]
            used = sum(system_status.memory_bytes(pid) or 0 for pid in pids) / 1e6
        rows.append(
            row(
                "memory",
                figure,
                "MB",
                "lower",
                used,
                goal=1000,
                peer=engine,
                peer_name="chDB alone",
            )
        )
    return rows
