"""What durable intake costs: CPU seconds of the server per million acknowledged events.

The server is its own process: uvicorn on loopback, the real routes, validation, exact dedup, and
an answer after ``fdatasync``. A client process drives it over keep-alive connections as fast as it
answers: batches of 100 on 8 connections, single events on 64. CPU is user and system time of the
whole server process from /proc, so the committer's and the index's threads are counted. The peer in
the same run is the physical limit: the same server reads the same body and writes it to the same
journal, without looking into it.

Learned: most of a batch's cost is looking at the free parts (one parse to know that numbers are
finite, one more for the fields that the vocabulary knows) and Python between the parses; hashing
is next to nothing since it is xxh3. Told apart, warm and alone, an event of a batch of 20 takes
2.7 us of judging, 0.6 us of the log's loop thread and 0.8 us of packing.
What small batches cost beyond that was commits: clients that wait for their answers came in two
halves, each with a commit while the other was read, and the committer and the loop fought for the
interpreter's lock (10 switches of the committer a commit). A commit that waits a moment for those
whom the last one answered makes half as many, and the two threads take turns: a quarter less CPU,
and sooner answers. Calls that say no time (as those of ``load``) once missed the express lane:
12.5 s a million at 20,000 a second in hundreds, 6.7 since they take it.
Zeros written ahead of the journal's end halve the CPU of ``fdatasync``, since the file's size does
not change. Resident is what the intake and its libraries take; the role itself shares with other
roles the pages of what they all import (55 MB more, Arrow and the warehouse's client among them).
A single event costs what HTTP costs: compare it with the peer, not with a batch. On a machine that
other work shares, CPU seconds double or triple for both, so read the ratio.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from time import monotonic, perf_counter, sleep
from typing import Any, NamedTuple

import uvloop

from bench.processes import cpu_s
from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.express import Express
from queqiao.collect.hot_endpoints import IntakeServices, routes
from queqiao.collect.validation import Validator
from queqiao.kernel.clock import SystemClock
from queqiao.kernel.http import Principal
from queqiao.kernel.ids import IdSource
from queqiao.ports.event_log.base import OwnedEventLog
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.filter import Filter
from queqiao.ports.journal import Journal
from queqiao.wiring.asgi import HotApplication
from queqiao.wiring.direct_intake import direct_protocol
from queqiao.wiring.garbage import rare_collections
from queqiao.wiring.http_server import BoundedProtocol, serve

KEY = "bench"
WARM_UP = 0.1
_DONE = b'{"success":true}'


def events(seed: int) -> Iterator[str]:
    """Yield the events of a browser SDK, about 600 bytes each, as JSON."""
    random = Random(seed)  # figures, not secrets
    while True:
        sku = random.randrange(5000)
        yield (
            f'{{"anonymousId":"a-{random.getrandbits(64):016x}","userId":null,"type":"track",'
            f'"event":"Product Viewed","messageId":"{random.getrandbits(128):032x}",'
            f'"timestamp":"2026-06-18T10:{random.randrange(60):02}:00.123Z",'
            '"context":{"library":{"name":"analytics.js","version":"2.1.0"},'
            f'"page":{{"path":"/p/{sku}","url":"https://shop.example/p/{sku}"}},'
            '"locale":"zh-CN","userAgent":"Mozilla/5.0 (X11; Linux x86_64)"},'
            f'"properties":{{"product_id":"{sku}","sku":"S-{sku}","name":"保温杯 {sku}",'
            f'"price":18.99,"currency":"CNY","quantity":1,"category":"Home"}},"integrations":{{}}}}'
        )


def request(path: str, body: bytes) -> bytes:
    """Return an HTTP request as SDKs send it."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic YmVuY2g6\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def requests(size: int, seed: int) -> Iterator[bytes]:
    """Yield requests of ``size`` events each; single ones go to the track path."""
    source = events(seed)
    while True:
        if size == 1:
            yield request("/v1/track", next(source).encode())
        else:
            listed = ",".join(next(source) for _ in range(size))
            yield request("/v1/batch", f'{{"batch":[{listed}]}}'.encode())


class Connection(asyncio.Protocol):
    """One keep-alive connection that always has one request under way."""

    def __init__(self, prepared: list[bytes], late_ms: list[float]) -> None:
        self._prepared, self._late_ms = iter(prepared), late_ms
        self._answer = b""
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Send the first request."""
        self._transport = transport
        self._send()

    def _send(self) -> None:
        body = next(self._prepared, None)
        if body is None:
            self.finished.set_result(None)
            self._transport.close()
            return
        self._since = perf_counter()
        self._transport.write(body)

    def data_received(self, data: bytes) -> None:
        """Send the next request when the answer is whole."""
        self._answer += data
        if not self._answer.endswith(_DONE):
            return
        if not self._answer.startswith(b"HTTP/1.1 200"):
            self.finished.set_exception(RuntimeError(repr(self._answer[:200])))
            return
        self._late_ms.append((perf_counter() - self._since) * 1000)
        self._answer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits, if requests were left."""
        if not self.finished.done():
            self.finished.set_exception(exc or ConnectionResetError())


def prepare(size: int, connections: int, count: int, seed: int) -> list[list[bytes]]:
    """Return the requests of each connection, ``count`` events in all."""
    each = count // size // connections
    return [
        list(islice(requests(size, seed * 1000 + number), each)) for number in range(connections)
    ]


async def drive(port: int, prepared: list[list[bytes]]) -> list[float]:
    """Send the requests of each connection; return the milliseconds that each request took."""
    late_ms: list[float] = []
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda one=one: Connection(one, late_ms), "127.0.0.1", port)
        for one in prepared
    ]
    await asyncio.gather(*(protocol.finished for _, protocol in made))
    return late_ms


async def serve_intake(home: Path) -> Any:
    """Return the real application."""
    return intake_on(EmbeddedEventLog(home / "log"), home)


def intake_on(log: OwnedEventLog, home: Path) -> Any:
    """Return the real application in front of a log."""
    who = Principal("1", "bench", scopes=frozenset({"intake"}), source="web")

    class Keys:
        def principal(self, headers: Any, *_: object) -> Principal | None:
            return who if headers.get("authorization") == "Basic YmVuY2g6" else None

    clock = SystemClock()
    ids = IdSource(clock, Random(1).getrandbits)  # figures, not secrets
    services = IntakeServices(log, BadRowsLog(home / "bad_rows"), ids, lambda _: None)
    application = HotApplication(routes(services), clock, Keys())
    sources = {b"Basic YmVuY2g6": "web"}
    express = Express(log, Validator(ids), clock, lambda _: None, sources.get)
    return application, direct_protocol(express)


async def serve_renewing(home: Path) -> Any:
    """Return the real application, whose index takes its filter for full all the time."""
    Filter.is_full = lambda *_: True  # type: ignore[method-assign]  # this process is a benchmark
    return await serve_intake(home)


async def serve_limit(home: Path) -> Any:
    """Return an application that makes each body durable and knows nothing of it."""
    journal = Journal.open(home / "raw")
    headers = [(b"content-length", b"16"), (b"content-type", b"application/json")]

    async def application(_: Any, receive: Any, send: Any) -> None:
        chunks, more = [], True
        while more:
            message = await receive()
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        await journal.append(b"".join(chunks))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": _DONE})

    return application, BoundedProtocol


SERVED = {"intake": serve_intake, "renewing": serve_renewing, "limit": serve_limit}


async def serve_kind(make: Any, home: Path, listener: socket.socket) -> None:
    """Serve what ``make`` makes on a home, until SIGTERM."""
    application, protocol = await make(home)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    rare_collections()
    await serve(application, listener, stop, protocol=protocol)


class Server:
    """A server in a process of its own, on a socket that is listening already."""

    def __init__(self, kind: str, home: Path, module: str = "bench.intake") -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        command = [sys.executable, "-m", module, kind, str(home), str(listener.fileno())]
        self._process = subprocess.Popen(command, pass_fds=(listener.fileno(),))
        listener.close()

    def cpu_s(self) -> float:
        """Return user and system seconds of the process so far."""
        return cpu_s(self._process.pid)

    def settle(self, limit_s: float) -> None:
        """Return when the process has been idle for a second, or the time is over."""
        end, before = monotonic() + limit_s, -1.0
        while monotonic() < end and self.cpu_s() - before > 0.1:
            before = self.cpu_s()
            sleep(1)

    def resident_mb(self, name: str = "VmRSS") -> float:
        """Return the resident memory of the process now; its peak by the name ``VmHWM``."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split(f"{name}:")[1].split()[0]) / 1024

    def stop(self) -> None:
        """End the server and wait for it."""
        self._process.terminate()
        self._process.wait()


class Measured(NamedTuple):
    """What one server did: CPU seconds per million events, and beside it."""

    cpu_s: float
    p99_ms: float
    events_per_s: float
    resident_mb: float
    peak_mb: float


def measure(kind: str, size: int, connections: int, count: int) -> Measured:
    """Drive a server on an empty home with ``count`` events, after a warm-up."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("QUEQIAO_BENCH_DIR")) as home:
        return measure_on(Path(home), kind, size, connections, count)


def measure_on(
    home: Path, kind: str, size: int, connections: int, count: int, *, settle_s: float = 0
) -> Measured:
    """The same, on a home that may hold something already.

    ``settle_s``: how long the server may be busy with what it found there, before it is measured.
    """
    server = Server(kind, home)
    try:
        server.settle(settle_s)
        uvloop.run(drive(server.port, prepare(size, connections, int(count * WARM_UP), 1)))
        prepared = prepare(size, connections, count, 2)
        cpu_s, since = server.cpu_s(), perf_counter()
        late_ms = uvloop.run(drive(server.port, prepared))
        took_s = perf_counter() - since
        cpu_s = server.cpu_s() - cpu_s
        resident_mb, peak_mb = server.resident_mb(), server.resident_mb("VmHWM")
    finally:
        server.stop()
    done = len(late_ms) * size
    p99_ms = sorted(late_ms)[int(len(late_ms) * 0.99)]
    return Measured(cpu_s / done * 1e6, p99_ms, done / took_s, resident_mb, peak_mb)


SIZES = (
    ("batches of 100", 100, 8, 200_000, 6.0),
    ("batches of 20", 20, 8, 100_000, 9.0),
    ("single events", 1, 64, 40_000, 50.0),
)
P99_MS = 15.0
RESIDENT_MB = 150.0


def run() -> list[dict[str, Any]]:
    """Measure each size against the limit, in turn."""
    rows = []
    for figure, size, connections, count, goal in SIZES:
        limit = measure("limit", size, connections, count)
        ours = measure("intake", size, connections, count)
        figures = [
            (f"CPU per million, {figure}", "s", goal, ours.cpu_s, limit.cpu_s),
            (f"p99, {figure}", "ms", P99_MS, ours.p99_ms, limit.p99_ms),
        ]
        if size == 100:
            resident = ("resident under load", "MB", RESIDENT_MB)
            figures.append((*resident, ours.resident_mb, limit.resident_mb))
        rows += [_row(*one) for one in figures]
    return rows


def _row(figure: str, unit: str, goal: float, ours: float, limit: float) -> dict[str, Any]:
    return {
        "name": "intake",
        "figure": figure,
        "unit": unit,
        "better": "lower",
        "goal": goal,
        "ours": round(ours, 2),
        "peer": round(limit, 2),
        "peer_name": "the same bytes fsynced unread",
    }


if __name__ == "__main__":
    if len(sys.argv) == 4:
        kind, home, descriptor = sys.argv[1:]
        uvloop.run(serve_kind(SERVED[kind], Path(home), socket.socket(fileno=int(descriptor))))
    else:
        print(json.dumps(run(), indent=1))
