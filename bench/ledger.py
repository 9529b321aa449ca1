"""Steps of the ledger per CPU second: embedded, on Redis, and Redis's own ``INCR`` in one run.

A step reserves and spends on two counters, one at its day's budget, under a key of its own; so many
callers wait at once as a busy machine has. CPU is the process's own and, with a server, the
server's too. All are on disk before they are answered (``fdatasync``; ``appendfsync always``).

What was learned: the client costs as much as the server (31 and 28 µs a step, where ``INCR`` costs
16 and 2). It pays for each argument, so a function is given one key and its takes as one JSON: that
took a third off the whole. Calls that fly together share one write, one read and one sync, which
is why the adapter gathers them (``redis_calls.py``): one at a time a step cost the client 270 µs.
The embedded ledger pays for no socket and no interpreter of another language.
"""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from bench.harness import row
from queqiao.ports.ledger.base import Ledger, Take
from queqiao.ports.ledger.embedded import EmbeddedLedger

STEPS, AT_ONCE = 20_000, 64
NOW_US = 1_780_000_000_000_000
Row = dict[str, Any]


def run() -> list[Row]:
    """Measure and return the rows of the table; without a server, the embedded ledger alone."""
    with TemporaryDirectory() as folder:
        embedded = asyncio.run(_embedded(Path(folder) / "ledger"))
        if shutil.which("redis-server") is None:
            return [_row("embedded ledger", embedded, None, "")]
        redis, alone_ms, incr = _on_server(Path(folder))
    return [
        _row("embedded ledger", embedded, redis, "on Redis"),
        _row("on Redis, client and server", redis, incr, "plain INCR"),
        row("ledger", "one step on Redis, alone", "ms", "lower", round(alone_ms, 2)),
    ]


def _row(figure: str, ours: float, peer: float | None, peer_name: str) -> Row:
    told = None if peer is None else round(peer)
    name = f"{figure}, {AT_ONCE} at once"
    return row("ledger", name, "steps/CPU s", "higher", round(ours), peer=told, peer_name=peer_name)


async def _embedded(folder: Path) -> float:
    ledger = EmbeddedLedger.open(folder)
    began = process_time()
    await _at_once(lambda number: _step(ledger, number))
    spent = process_time() - began
    await ledger.close()
    return STEPS / spent


def _on_server(folder: Path) -> tuple[float, float, float]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            return asyncio.run(_measured(f"redis://127.0.0.1:{port}"))
        finally:
            server.terminate()


async def _measured(url: str) -> tuple[float, float, float]:
    from queqiao.ports.ledger.redis import RedisLedger  # noqa: PLC0415  # an extra
    from queqiao.ports.ledger.redis_calls import RedisCalls  # noqa: PLC0415
    from queqiao.ports.ledger.redis_server import Place  # noqa: PLC0415

    ledger, calls = RedisLedger(url), RedisCalls(Place.of(url), _no_library)
    await ledger.expire(NOW_US)
    began = time.perf_counter()
    for number in range(200):
        await _step(ledger, -1 - number)
    alone_ms = (time.perf_counter() - began) * 1000 / 200
    steps = await _per_cpu_s(calls, lambda number: _step(ledger, number))
    incr = await _per_cpu_s(calls, lambda number: calls.call("INCR", f"n{number % 7}"))
    await calls.close()
    await ledger.close()
    return steps, alone_ms, incr


async def _no_library(_client: Any) -> None:
    """Load nothing: INCR needs no functions."""


async def _per_cpu_s(calls: Any, one: Callable[[int], Awaitable[Any]]) -> float:
    before = process_time() + await _server_cpu_s(calls)
    await _at_once(one)
    return STEPS / (process_time() + await _server_cpu_s(calls) - before)


async def _server_cpu_s(calls: Any) -> float:
    found = await calls.call("INFO", "cpu")
    return float(found["used_cpu_sys"]) + float(found["used_cpu_user"])


async def _step(ledger: Ledger, number: int) -> None:
    takes = [Take(f"ads:budget:c{number % 50}:d", 3, 10**9), Take("coupon:total", 1, 10**9)]
    await ledger.spend(f"decision-{number}", takes, NOW_US + number)


async def _at_once(one: Callable[[int], Awaitable[Any]]) -> None:
    async def caller(first: int) -> None:
        for number in range(first, STEPS, AT_ONCE):
            await one(number)

    await asyncio.gather(*(caller(first) for first in range(AT_ONCE)))
