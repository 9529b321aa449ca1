"""The intake on a real server on loopback, in a thread of its own."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx
import pytest
import uvloop

from queqiao.collect.bad_row_groups import BadRowGroups
from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.contracts import Moved, Problem
from queqiao.collect.endpoints import CollectServices, handlers
from queqiao.collect.express import Express
from queqiao.collect.hot_endpoints import IntakeServices, routes
from queqiao.collect.limits import LimitedLog, SourceLimits
from queqiao.collect.own_endpoints import own_routes
from queqiao.collect.rpc_methods import methods
from queqiao.collect.validation import Validator
from queqiao.collect.write_keys import basic_user
from queqiao.kernel.clock import FixedClock
from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.kernel.http import Principal
from queqiao.kernel.ids import IdSource
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.journal import Disk
from queqiao.wiring.asgi import HotApplication
from queqiao.wiring.direct_intake import direct_protocol
from queqiao.wiring.http_server import serve

NOW_US = 1_781_776_800_000_000
SOURCES = {"web-key": "web", "app-key": "app"}


class Keys:
    """Knows one write key by its header line; and an operator."""

    def principal(self, headers, *_: object, **__: object) -> Principal | None:
        key = basic_user(headers.get("authorization"))
        if key == "web-key":
            return Principal("1", "web", scopes=frozenset({"intake"}), source="web")
        if key == "read-key":
            return Principal("2", "reader", scopes=frozenset({"read"}))
        if key == "owner":
            return Principal("3", "owner", scopes=frozenset({"admin"}))
        return None


class LocalRows:
    """The bad rows as the console sees them, without a socket between."""

    def __init__(self, table) -> None:
        self._table = table

    async def list(self, limit, before):
        method = self._table["bad_rows.list"]
        return await method.handler(method.request_type(limit, before))

    async def replay(self, ids):
        method = self._table["bad_rows.replay"]
        return await method.handler(method.request_type(list(ids)))


class LocalLog:
    """The log as the console sees it, without a socket between."""

    def __init__(self, log: EmbeddedEventLog, reader: EmbeddedEventLogReader) -> None:
        self._reader = reader
        self.find = log.find
        self.append = log.append

    async def range(self, after, limit):
        return self._reader.read(after, limit)

    async def recent(self, limit):
        return self._reader.recent(limit)


@dataclass
class Intake:
    """A running intake and what it wrote."""

    folder: Path
    disk: Disk
    loaded: int = 0
    rate: int = 0
    """Events a second that a source may send; 0: as many as it can."""
    url: str = ""
    log: EmbeddedEventLog = None
    stop: asyncio.Event = None
    loop: asyncio.AbstractEventLoop = None
    ready: threading.Event = field(default_factory=threading.Event)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW_US))

    def run(self) -> None:
        uvloop.run(self._serve())

    async def _serve(self) -> None:
        self.stop, self.loop = asyncio.Event(), asyncio.get_running_loop()
        self.log = EmbeddedEventLog(self.folder / "log", disk=self.disk)
        rows = BadRowsLog(self.folder / "bad_rows", disk=self.disk)
        clock = self.clock
        limits = SourceLimits(self.rate, clock.now_us) if self.rate else None
        ids = IdSource(clock, Random(1).getrandbits)
        reader = EmbeddedEventLogReader(self.folder / "log")
        management = CollectServices(
            LocalLog(self.log, reader),
            LocalRows(methods(self.log, reader, rows, ids)),
            Signer(b"k" * 32),
            self._loaded,
            self._moved,
            BadRowGroups(self.folder / "bad_rows").named,
        )
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        services = IntakeServices(self.log, rows, ids, SOURCES.get, limits=limits)
        application = HotApplication(
            [*routes(services), *own_routes(services, self.folder), *handlers(management)],
            clock,
            Keys(),
        )
        self.ready.set()
        express = Express(
            self.log if limits is None else LimitedLog(self.log, limits),
            Validator(ids),
            clock,
            SOURCES.get,
            {b"Basic d2ViLWtleTo=": "web"}.get,
        )
        await serve(application, listener, self.stop, protocol=direct_protocol(express))
        self.log.close()
        rows.close()

    async def _loaded(self) -> int:
        return self.loaded

    async def _moved(self, offset: int) -> Moved:
        return Moved(None, [], [], [Problem("", f"asked of {offset}")], [])

    def envelopes(self) -> list[Envelope]:
        reader = EmbeddedEventLogReader(self.folder / "log")
        found = [decode_envelope(stored.body) for stored in reader.read(0, 100_000)]
        reader.close()
        return found


class SwitchedDisk(Disk):
    """A disk that can be made to look full."""

    full = False

    def write(self, file, data, at):
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(file, data, at)


@pytest.fixture(scope="session")
def ending() -> Iterator[list[threading.Thread]]:
    """Intakes that are about to end, which takes a fifth of a second: the next test goes on."""
    threads: list[threading.Thread] = []
    yield threads
    for thread in threads:
        thread.join()


@pytest.fixture
def intake(
    tmp_path: Path, ending: list[threading.Thread], request: pytest.FixtureRequest
) -> Iterator[Intake]:
    running = Intake(tmp_path, SwitchedDisk(), rate=getattr(request, "param", 0))
    thread = threading.Thread(target=running.run)
    thread.start()
    assert running.ready.wait(10)
    yield running
    running.loop.call_soon_threadsafe(running.stop.set)
    ending.append(thread)


@pytest.fixture
def client(intake: Intake) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=intake.url, auth=("web-key", ""), timeout=30) as client:
        yield client


@pytest.fixture
def operator(intake: Intake) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=intake.url, auth=("owner", ""), timeout=30) as client:
        yield client
