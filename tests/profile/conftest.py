"""A small shop of known people in a real warehouse."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from queqiao.kernel.clock import DAY_US, parse_rfc3339
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.consent import EVERYTHING
from queqiao.process.ddl import EVENTS, IDENTITIES, ORDER_LINES, WATERMARK, create_tables

NOW_US = parse_rfc3339("2026-06-18T12:00:00Z")


def days_ago(days: float) -> int:
    return NOW_US - int(days * DAY_US)


class Shop:
    """Writes rows with the defaults of every column that a test does not name."""

    def __init__(self, warehouse) -> None:
        self.warehouse = warehouse
        self.offset = 0
        self._holds = False
        self._rows: dict[str, tuple[pa.Schema, list[dict[str, Any]]]] = {}

    async def event(self, person: str, days: float, event: str = "Product Viewed", **more) -> None:
        self.offset += 1
        at = days_ago(days)
        traits = msgspec.json.encode(more.pop("traits", {}))
        named = {"type": "identify" if event == "" else "track", "event": event}
        named |= {"person_id": person, "timestamp": at, "received_at": at, "traits": traits}
        named["consent"] = EVERYTHING
        await self._insert(EVENTS, named | more)

    async def identify(self, person: str, days: float, **traits) -> None:
        await self.event(person, days, "", traits=traits)

    async def sold(
        self, person: str, days: float, order_id: str, amount_minor: int, **more
    ) -> None:
        self.offset += 1
        named = {"kind": "sale", "person_id": person, "time": days_ago(days), "order_id": order_id}
        named["consent"] = EVERYTHING
        await self._insert(
            ORDER_LINES, named | {"amount_minor": amount_minor, "currency": "CNY"} | more
        )

    async def login(self, anonymous_id: str, user_id: str, days: float) -> None:
        self.offset += 1
        named = {"anonymous_id": anonymous_id, "user_id": user_id, "at": days_ago(days)}
        await self._insert(IDENTITIES, named)

    async def loaded(self) -> None:
        now = datetime.now(UTC).replace(year=2026, month=6, day=18)
        columns = {
            "name": ["log"],
            "offset": [self.offset],
            "timestamp": [now],
            "received_at": [now],
        }
        await self.warehouse.insert("watermark", pa.table(columns, schema=WATERMARK.schema))

    async def _insert(self, spec, named) -> None:
        row = {}
        for field in spec.schema:
            empty = (
                0 if pa.types.is_integer(field.type) or pa.types.is_timestamp(field.type) else ""
            )
            empty = [] if pa.types.is_list(field.type) else empty
            empty = b"{}" if pa.types.is_binary(field.type) else empty
            row[field.name] = named.pop(
                field.name, self.offset if field.name == "offset" else empty
            )
        assert not named
        self._rows.setdefault(spec.name, (spec.schema, []))[1].append(row)
        if not self._holds:
            await self._write()

    async def _write(self) -> None:
        for name, (schema, rows) in self._rows.items():
            await self.warehouse.insert(name, pa.Table.from_pylist(rows, schema=schema))
        self._rows.clear()

    @asynccontextmanager
    async def at_once(self) -> AsyncIterator[None]:
        """Write what is told meanwhile in one insert a table, which is much quicker."""
        self._holds = True
        yield
        self._holds = False
        await self._write()


@pytest.fixture
async def empty_shop(tmp_path):
    warehouse = open_warehouse(f"chdb://{tmp_path}/warehouse")
    await create_tables(warehouse)
    yield Shop(warehouse)
    warehouse.close()


@pytest.fixture
async def shop(tmp_path):
    warehouse = open_warehouse(f"chdb://{tmp_path}/warehouse")
    await create_tables(warehouse)
    opened = Shop(warehouse)
    async with opened.at_once():
        await opened.event("ada", 40, category="手机", session_id="s1", sku="p1")
        await opened.event("ada", 1, category="手机", session_id="s2", sku="p2")
        await opened.event("ada", 1, category="家电", session_id="s2", sku="w1")
        await opened.identify("ada", 40, age=34, gender="女", region="浙江", income=200000)
        await opened.identify("ada", 10, region="上海")
        await opened.sold("ada", 30, "o1", 30_000, category="手机")
        await opened.sold("ada", 20, "o2", 20_000, category="手机")
        await opened.sold("ada", 15, "o2", -5_000, kind="credit")
        await opened.event("visitor-7", 12, category="家电", session_id="s7")
        await opened.event("bo", 11, category="家电", session_id="s8")
        await opened.login("visitor-7", "bo", 11)
        await opened.event("stranger", 2, category="图书", session_id="s9")
    await opened.loaded()
    yield opened
    warehouse.close()
