"""A small shop of another origin, whose pages carry our SDK, and ways to see what became of it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from bench.harness import System
from playwright.sync_api import Browser, BrowserContext, Page
from tests.sdk.endpoint import Endpoint, serving

from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader

NAMES = ["load", "track", "page", "identify", "group", "alias", "consent", "reset", "flush"]
SNIPPET = """
<script>
  (function (w, names) {
    var q = (w.queqiao = w.queqiao || []);
    names.forEach(function (name) {
      q[name] = function () { q.push([name].concat([].slice.call(arguments))); };
    });
  })(window, %s);
  queqiao.load("%s", %s);
</script>
<script async src="%s/js/queqiao.js"></script>
"""
"""What docs/guides/clients/browser.md tells to copy."""


@dataclass
class Shop:
    """Serves pages of any path; each holds the snippet and what the test put into it."""

    system: System
    url: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    body: str = ""
    head: str | None = None
    """Instead of the snippet."""
    lang: str = ""
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """What lies at other paths than pages, by path: its type and bytes."""

    def page(self) -> bytes:
        known = (json.dumps(NAMES), self.system.intake_key, json.dumps(self.settings))
        head = SNIPPET % (*known, self.system.base_url) if self.head is None else self.head
        icon = '<link rel="icon" href="data:,">'
        html = f'<html lang="{self.lang}">' if self.lang else ""
        return f"<!doctype html>{html}<title>茶庄</title>{icon}{head}<body>{self.body}".encode()


@pytest.fixture
def shop(system: System) -> Iterator[Shop]:
    """Open the shop for one test. Its SDK sends to the running system at a brisk pace."""
    known = Shop(system, settings={"flushEveryMs": 30})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = ("text/html; charset=utf-8", known.page())
            kind, page = known.files.get(urlsplit(self.path).path, page)
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

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


@pytest.fixture
def shopper(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that has never been here."""
    made = chromium.new_context(locale="zh-CN", viewport={"width": 1000, "height": 800})
    yield made
    made.close()


@pytest.fixture
def tab(shopper: BrowserContext) -> Page:
    """A tab that fails the test when a script breaks."""
    made = shopper.new_page()
    made.on("pageerror", _raise)
    return made


def _raise(error: Exception) -> None:
    raise AssertionError(str(error))


@pytest.fixture
def endpoint(shop: Shop) -> Iterator[Endpoint]:
    """The SDK sends here instead, to an endpoint that answers as it is told."""
    with serving() as known:
        shop.settings["endpoint"] = known.url
        yield known


@pytest.fixture
def arrived(system: System) -> Callable[..., list[Envelope]]:
    """Wait until so many events of pages under a path are stored; return them in their order."""

    def look(path: str, count: int) -> list[Envelope]:
        deadline = time.monotonic() + 20
        while True:
            found = _stored(system, path)
            if len(found) >= count:
                return found
            seen = [(one.type, one.event) for one in found]
            assert time.monotonic() < deadline, f"only {seen} arrived"
            time.sleep(0.02)

    return look


def _stored(system: System, path: str) -> list[Envelope]:
    reader = EmbeddedEventLogReader(system.home / "log")
    found = [decode_envelope(one.body) for one in reader.read(0, 1_000_000)]
    reader.close()
    return [one for one in found if _path(one).startswith(path)]


def _path(envelope: Envelope) -> str:
    return urlsplit(said(envelope.context).get("page", {}).get("url", "")).path


def said(part: object) -> dict[str, Any]:
    """Return a free part of an envelope as an object."""
    raw = bytes(part)  # type: ignore[call-overload]  # a Raw, which is bytes
    return json.loads(raw) if raw else {}
