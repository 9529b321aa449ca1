"""Parts for the suites of process: events, a log of them, a loader over real adapters."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.ports.warehouse.clickhouse import ClickHouseWarehouse, open_warehouse
from queqiao.process.enrichment.enricher import Enricher
from queqiao.process.erasure import Eraser
from queqiao.process.erasure_book import ErasureBook, Subject
from queqiao.process.erasure_log import LogEraser
from queqiao.process.facts import FactReader
from queqiao.process.loader import Loader

T0 = 1_780_000_000_000_000
MINUTE = 60_000_000


def event(name: str | None, at: int = 0, *, user: str | None = None, anon: str | None = None,
          kind: str = "track", context: Any = None, **properties: Any) -> bytes:  # fmt: skip
    """Return an envelope's bytes; ``at`` is in microseconds after T0."""
    raw = msgspec.Raw(msgspec.json.encode(properties))
    made = Envelope(
        message_id=f"{name}-{at}-{user}-{anon}", type=kind, event=name, anonymous_id=anon,
        user_id=user, timestamp_us=T0 + at, received_at_us=T0 + at + 5, source="web",
        properties=raw, context=msgspec.Raw(msgspec.json.encode(context or {})),
    )  # fmt: skip
    return encode_envelope(made)


async def append(log: EmbeddedEventLog, bodies: Sequence[bytes], start: int = 0) -> None:
    events = [
        NewEvent("web", f"m{start + number}", body, hashlib.blake2b(body, digest_size=8).digest())
        for number, body in enumerate(bodies)
    ]
    await log.append(events)


class House:
    """A log, a warehouse and a loader in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = EmbeddedEventLog(folder / "log")
        self.warehouse: ClickHouseWarehouse = open_warehouse(f"chdb://{folder}/warehouse")
        self.loader = self.new_loader()
        self._count = 0

    def new_loader(self, **options: Any) -> Loader:
        reader = EmbeddedEventLogReader(self.folder / "log")
        return Loader(reader, self.warehouse, self.folder / "process.sqlite", "CNY", **options)

    async def load(self, *bodies: bytes) -> None:
        await append(self.log, bodies, self._count)
        self._count += len(bodies)
        if not hasattr(self.loader, "_machines"):
            await self.loader.open()
        while await self.loader.step():
            pass

    async def ask(self, sql: str) -> list[list[Any]]:
        return (await self.warehouse.query(sql)).rows


class Nowhere:
    """Nothing of anybody lies elsewhere; remembers what it was asked to clear."""

    def __init__(self) -> None:
        self.asked: list[tuple[Subject, list[int]]] = []

    async def clear(self, subject: Subject, offsets: Sequence[int]) -> None:
        self.asked.append((subject, list(offsets)))


def eraser_of(house: House, lake: Any, book: ErasureBook, **changed: Any) -> Eraser:
    """Return an eraser over a house's own log."""
    reader = EmbeddedEventLogReader(house.folder / "log")
    warehouse = changed.get("warehouse", house.warehouse)
    return Eraser(
        warehouse,
        lake,
        house.loader,
        book,
        event_log=LogEraser(warehouse, reader, changed.get("log", house.log)),
        facts=FactReader(Enricher(), "CNY"),
        elsewhere=changed.get("elsewhere", Nowhere()),
    )


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[House]:
    """Give a house whose loader is open from the start."""
    made = House(folder)
    await made.loader.open()
    yield made
    await made.loader.close()
    made.warehouse.close()
    made.log.close()


@pytest.fixture
async def house(tmp_path):
    made = House(tmp_path)
    yield made
    if hasattr(made.loader, "_machines"):
        await made.loader.close()
    made.warehouse.close()
    made.log.close()


@pytest.fixture
def lake(tmp_path):
    return ParquetFolder(tmp_path / "lake")


@pytest.fixture
def book(tmp_path):
    made = ErasureBook(tmp_path / "erasures.sqlite", bytes(32))
    yield made
    made.close()
