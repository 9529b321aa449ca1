"""One running system, and an endpoint that answers as a test tells it to."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from bench.harness import System, running_system

from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader

Answer = tuple[int, dict[str, str]]
Decide = Callable[[list[dict[str, Any]]], Answer]


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """The whole system on a home of its own, as ``queqiao serve`` starts it."""
    with running_system() as running:
        yield running


@pytest.fixture
def stored(system: System) -> Callable[[str], list[Envelope]]:
    """Return the stored events of a name, in the order of the log."""

    def named(event: str) -> list[Envelope]:
        reader = EmbeddedEventLogReader(system.home / "log")
        found = [decode_envelope(one.body) for one in reader.read(0, 1_000_000)]
        reader.close()
        return [envelope for envelope in found if envelope.event == event]

    return named


@dataclass
class Endpoint:
    """A server on loopback. ``decide`` answers a batch; ``taken`` holds those that got a 200."""

    url: str = ""
    decide: Decide = lambda _: (200, {})
    taken: list[dict[str, Any]] = field(default_factory=list)
    asked_at_s: list[float] = field(default_factory=list)
    authorization: str = ""

    def answer(self, body: bytes, headers: Any) -> Answer:
        self.asked_at_s.append(time.monotonic())
        self.authorization = headers["authorization"]
        clear = gzip.decompress(body) if headers["content-encoding"] == "gzip" else body
        batch = json.loads(clear)["batch"]
        status, said = self.decide(batch)
        if status == 200:
            self.taken += batch
        return status, said


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Serve until the end of the test."""
    known = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, said = known.answer(body, self.headers)
            self.send_response(status)
            for name, value in {**said, "content-length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    known.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield known
    server.shutdown()
    thread.join()
    server.server_close()
