"""A sales counter on real parts: the embedded ledger and log, asked as HTTP asks."""

import asyncio
from random import Random

import msgspec

from queqiao.decide.promotions.flash_sales.documents import FlashSaleDocument, Item, SessionTimes
from queqiao.decide.promotions.flash_sales.hot_endpoints import FlashServices, routes
from queqiao.decide.promotions.flash_sales.snapshot import compile_sales
from queqiao.decide.promotions.flash_sales.tally import Tally
from queqiao.kernel.clock import MINUTE_US, parse_rfc3339
from queqiao.kernel.http import Request
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.wiring.asgi import RouteTable

STARTS_US = parse_rfc3339("2026-06-18T10:00:00+08:00")
NOW_US = STARTS_US + 5 * MINUTE_US
SESSION = SessionTimes("2026-06-18T10:00:00+08:00", "2026-06-18T12:00:00+08:00")
EVENING = SessionTimes("2026-06-18T20:00:00+08:00", "2026-06-18T22:00:00+08:00")
MORNING_ID, EVENING_ID = "20260618T020000Z", "20260618T120000Z"
SIGNER = Signer(b"the key of the test, long enough")


def sale(stock=10, **fields):
    item = Item("A", 9_900, stock, fields.pop("limit_per_customer", 1))
    return FlashSaleDocument(
        **{"name": "618", "items": (item,), "sessions": (SESSION, EVENING)} | fields
    )


class Counter:
    """The routes of flash sales, without a network."""

    def __init__(self, folder, ledger=None):
        self.folder = folder
        self.ledger = ledger or EmbeddedLedger.open(folder / "ledger")
        self.log = EmbeddedEventLog(folder / "log")
        self.show(sale())
        self.restart_tally()

    def restart_tally(self):
        """Begin to count anew, as a process that was started again does."""
        self.tally = Tally()
        services = FlashServices(
            lambda: self.sales, self.ledger, self.log, SIGNER, Random(1).getrandbits, self.tally
        )
        self.table = RouteTable(routes(services))

    def show(self, document, *, is_live=True):
        self.sales = compile_sales([("s", document, is_live)])

    async def close(self):
        assert (await self.ledger.prove()).balanced
        await self.ledger.close()
        self.log.close()

    async def call(self, method, path, body=None, now_us=NOW_US, **query):
        methods, params = self.table.find(path)
        raw = body if isinstance(body, bytes | None) else msgspec.json.encode(body)
        request = Request(method, path, params, query, {}, raw or b"", "127.0.0.1", now_us)
        answer = await methods[method].handler(request)
        return msgspec.json.decode(answer.body)

    async def post(self, path, body=None, now_us=NOW_US):
        return await self.call("POST", path, body, now_us)

    async def reserve(self, request="r1", customer="u1", now_us=NOW_US, **fields):
        wish = {"request_id": request, "customer_id": customer, "sku": "A"} | fields
        return await self.post("/api/v1/flash-sales/s/reserve", wish, now_us)

    async def batch(self, *wishes, now_us=NOW_US):
        body = {"reservations": [{"sku": "A"} | wish for wish in wishes]}
        return (await self.post("/api/v1/flash-sales/s/reserve/batch", body, now_us))["results"]

    async def settle(self, verb, key, order="", now_us=NOW_US):
        return await self.post(f"/api/v1/reservations/{key}/{verb}", {"order_id": order}, now_us)

    async def state(self, now_us=NOW_US, **query):
        return await self.call("GET", "/api/v1/flash-sales/s/state", now_us=now_us, **query)

    async def stock(self, now_us=NOW_US, **query):
        """Return left, reserved, sold of the item, once what is due has expired."""
        await self.ledger.expire(now_us)
        (item,) = (await self.state(now_us, **query))["items"]
        assert item["left"] + item["reserved"] + item["sold"] == item["stock"]
        return item["left"], item["reserved"], item["sold"]

    def events(self):
        reader = EmbeddedEventLogReader(self.folder / "log")
        return [msgspec.json.decode(event.body) for event in reader.read(0, 1_000)]


async def together(*calls):
    return await asyncio.gather(*calls, return_exceptions=True)
