"""A store for the effect of promotions, on real parts: log, loader, warehouse, records, ledger."""

import msgspec
from tests.process.conftest import append

from queqiao.catalog import products
from queqiao.catalog.product import Product
from queqiao.decide.promotions.contracts import PROMOTION
from queqiao.kernel import json as kernel_json
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.kernel.http import Request
from queqiao.measure.promotion_effect.effect import EffectServices
from queqiao.measure.promotion_effect.endpoints import effect_routes
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.loader import Loader
from queqiao.wiring.promotion_effects import PromotionBooks

NOW_US = parse_rfc3339("2026-06-30T12:00:00+08:00")
OWN = ("Promotion ", "Redemption ", "Credit Memo ", "Coupon Returned")


class Range:
    """The log as another role reads it."""

    def __init__(self, folder):
        self.folder = folder

    async def range(self, after, limit):
        return EmbeddedEventLogReader(self.folder).read(after, limit)


class EffectStore:
    """Everything in one folder. ``ledger`` and ``log`` may be a till's."""

    def __init__(self, folder, ledger=None, log=None):
        self.folder = folder
        self.own_log = None if log else EmbeddedEventLog(folder / "log")
        self.log = log or self.own_log
        self.own_ledger = None if ledger else EmbeddedLedger.open(folder / "ledger")
        self.ledger = ledger or self.own_ledger
        self.warehouse = open_warehouse(f"chdb://{folder}/warehouse")
        self.loader = Loader(
            EmbeddedEventLogReader(folder / "log"), self.warehouse, folder / "process.sqlite"
        )
        self.records = SqliteRecords(folder / "effect.sqlite")
        self.records.upgrade()
        self.books = PromotionBooks(
            self.records, self.ledger, self.warehouse, Range(folder / "log")
        )
        services = EffectServices(self.warehouse, self.books, "CNY", "Asia/Shanghai")
        self.one, self.many, self.proof = effect_routes(services)
        self._count = 0

    async def open(self):
        await self.loader.open()
        return self

    def publish(self, name, document, state="live"):
        """Store a promotion and let it live."""
        if isinstance(document, dict):
            document = msgspec.convert(document, PROMOTION.type)
        edit = documents.Edit(SYSTEM, NOW_US)

        def write(conn):
            documents.create(conn, PROMOTION, name, document, edit)
            for step in dict.fromkeys(("live", state)):
                documents.transition(conn, PROMOTION, name, step, edit)

        self.records.write_now(write)

    def change(self, name, document):
        """Store another revision of a promotion."""
        edit = documents.Edit(SYSTEM, NOW_US)
        given = msgspec.convert(document, PROMOTION.type)
        self.records.write_now(lambda conn: documents.replace(conn, PROMOTION, name, given, edit))

    def sell(self, *given):
        """Put SKUs into the catalogue, each a product of its own."""
        made = [
            msgspec.convert({"product_id": f"p-{one['sku']}", "name": one["sku"],
                             "category": one.pop("category", "all"), "skus": [one]}, Product)
            for one in map(dict, given)
        ]  # fmt: skip
        self.records.write_now(lambda conn: products.upsert(conn, made, NOW_US))

    async def tell(self, *events):
        """Append events to the log without loading them."""
        bodies = [self._body(number, one) for number, one in enumerate(events, self._count)]
        await append(self.log, bodies, self._count)
        self._count += len(bodies)

    def _body(self, number, one):
        at_us = parse_rfc3339(one["at"]) if isinstance(one["at"], str) else one["at"]
        is_own = one["event"].startswith(OWN) and one["event"] != "Promotion Viewed"
        return encode_envelope(
            Envelope(
                message_id=f"m{number}",
                type=one.get("type", "track"),
                event=one["event"],
                anonymous_id=one.get("anonymous_id"),
                user_id=one.get("user"),
                timestamp_us=at_us,
                received_at_us=NOW_US + number,
                source=one.get("source") or ("queqiao" if is_own else "shop"),
                properties=msgspec.Raw(msgspec.json.encode(one["properties"])),
                traits=msgspec.Raw(msgspec.json.encode(one.get("traits", {}))),
            )
        )

    async def load(self, *events):
        if events:
            await self.tell(*events)
        while await self.loader.step():
            pass

    async def ask(self, name, **query):
        return await self._call(self.one, {"id": name}, query)

    async def table(self, **query):
        return await self._call(self.many, {}, query)

    async def reconcile(self, name):
        return await self._call(self.proof, {"id": name}, {})

    async def _call(self, route, params, query):
        said = {name.rstrip("_"): str(value) for name, value in query.items()}
        request = Request("GET", route.path, params, said, {}, b"", "127.0.0.1", NOW_US)
        response = await route.handler(request)
        return kernel_json.decode(response.body, dict)

    async def close(self):
        await self.loader.close()
        self.warehouse.close()
        self.records.close()
        if self.own_ledger:
            await self.own_ledger.close()
        if self.own_log:
            self.own_log.close()


def holds(found, expected, path=""):
    """Assert that an answer has all that is expected; lists whole, numbers to nine digits."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            assert name in found, f"{path}.{name}"
            holds(found[name], value, f"{path}.{name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), path
        for place, value in enumerate(expected):
            holds(found[place], value, f"{path}[{place}]")
    elif isinstance(expected, float):
        assert found is not None, path
        assert abs(found - expected) <= 1e-6 * max(1, abs(expected)), (path, found, expected)
    else:
        assert found == expected, (path, found, expected)


def exposed(who, arm, at, name="p"):
    return {"event": "Promotion Exposed", "at": at, "user": who,
            "properties": {"promotion_id": name, "arm": arm}}  # fmt: skip


def given(order, who, amount, at, **more):
    """``event`` and ``name`` may be others than Promotion Applied and p."""
    event, name = more.pop("event", "Promotion Applied"), more.pop("name", "p")
    made = {"order_id": order, "promotion_id": name, "redemption_id": f"r-{order}",
            "discount_minor": amount, "currency": "CNY", "uses": 1,
            "platform_minor": amount}  # fmt: skip
    return {"event": event, "at": at, "user": who, "properties": made | more}


def sale(order, who, at, *lines, event="Order Completed", source="shop", **more):
    """``lines``: (sku, quantity, price, discount in all)."""
    items = [
        {"sku": sku, "quantity": quantity, "price_minor": price, "discount_minor": off}
        for sku, quantity, price, off in lines
    ]
    made = {"order_id": order, "currency": "CNY", "products": items}
    return {"event": event, "at": at, "user": who, "source": source, "properties": made | more}
