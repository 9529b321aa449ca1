"""A receiver on the loopback, and the house that sends to it: log, records, dispatcher."""

import random
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from tests.reach.landing import batch, promotion
from tests.reach.landing_house import PagesHouse

from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.kernel.clock import FixedClock
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.documents import Documents, Edit
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.reach.contracts import WEBHOOK, WebhookDocument
from queqiao.reach.dispatcher import Dispatcher
from queqiao.reach.tables import webhook_deliveries

NOW_US = 1_781_000_000_000_000
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""The example secret of the Standard Webhooks documents."""


class Receiver:
    """A web server that answers what it is told to and remembers what it got."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.headers: dict[str, str] = {}
        self.awake = Event()
        self.awake.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(
                    ({name.lower(): value for name, value in self.headers.items()}, body)
                )
                receiver.awake.wait(30)
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class House:
    """Log, records, a receiver and a dispatcher together."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        self.folder = folder
        self.receiver = receiver
        self.clock = FixedClock(NOW_US)
        self.records = SqliteRecords(folder / "records.sqlite")
        self.records.upgrade()
        self.log = EmbeddedEventLog(folder / "log")
        self.count = 0
        self.restart()

    def restart(self) -> None:
        """A new dispatcher, as after a crash."""
        self.reader = EmbeddedEventLogReader(self.folder / "log")
        self.dispatcher = Dispatcher(
            self.records, self.reader, self.clock, random.Random(7), timeout_s=2
        )

    async def happen(self, event: str = "Order Completed", received_at_us: int = 0) -> str:
        self.count += 1
        message_id = f"m{self.count}"
        received_at_us = received_at_us or self.clock.now_us()
        envelope = Envelope(
            message_id, "track", NOW_US, received_at_us, "web", event,
            properties=msgspec.Raw('{"order_id":"订单1"}'.encode()),
        )  # fmt: skip
        event_bytes = encode_envelope(envelope)
        await self.log.append([NewEvent("web", message_id, event_bytes, b"8bytes..")])
        return message_id

    async def add(
        self, webhook_id: str = "w1", events: tuple[str, ...] = ("Order Completed",)
    ) -> None:
        document = WebhookDocument("hook", self.receiver.url, list(events), SECRET)
        edit = Edit(Actor("u", "u"), self.clock.now_us())
        documents = Documents(self.records)
        await documents.create(WEBHOOK, webhook_id, document, edit)
        await documents.transition(WEBHOOK, webhook_id, "live", edit)

    async def state(self, webhook_id: str = "w1") -> str:
        return (await Documents(self.records).get(WEBHOOK, webhook_id)).state

    def rows(self) -> list[Any]:
        return self.records.read_now(
            lambda conn: list(
                conn.execute(select(webhook_deliveries).order_by(webhook_deliveries.c.event_offset))
            )
        )

    async def close(self) -> None:
        await self.dispatcher.close()
        self.reader.close()
        self.log.close()
        self.records.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver()
    yield started
    started.close()


@pytest.fixture
async def house(tmp_path: Path, receiver: Receiver) -> AsyncIterator[House]:
    built = House(tmp_path, receiver)
    yield built
    await built.close()


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[PagesHouse]:
    built = PagesHouse(tmp_path)
    await built.add(COUPON_BATCH, "NEW50", batch())
    await built.add(PROMOTION, "p1", promotion("全场九折"))
    await built.add(PROMOTION, "p2", promotion("未发布"), state="draft")
    yield built
    built.records.close()
