"""An endpoint on loopback that answers as a test tells it to, and keeps what it took."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str]]
Decide = Callable[[list[dict[str, Any]]], Answer]
ANY_SITE = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "retry-after",
    "content-length": "0",
}


@dataclass
class Endpoint:
    """A server on loopback. ``decide`` answers a batch; ``taken`` holds those that got a 200."""

    url: str = ""
    decide: Decide = lambda _: (200, {})
    taken: list[dict[str, Any]] = field(default_factory=list)
    asked_at_s: list[float] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    """The header lines of each request, names in lower case."""

    def answer(self, body: bytes, headers: Any) -> Answer:
        self.asked_at_s.append(time.monotonic())
        self.requests.append({name.lower(): value for name, value in headers.items()})
        clear = gzip.decompress(body) if headers["content-encoding"] == "gzip" else body
        batch = json.loads(clear)["batch"]
        status, said = self.decide(batch)
        if status == 200:
            self.taken += batch
        return status, said


@contextmanager
def serving() -> Iterator[Endpoint]:
    """Serve for the time being."""
    known = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, said = known.answer(body, self.headers)
            self.send_response(status)
            for name, value in {**said, **ANY_SITE}.items():
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
