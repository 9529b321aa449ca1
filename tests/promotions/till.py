"""A till on real parts: the embedded ledger and log, live documents, asked as HTTP asks."""

import asyncio
from random import Random

import msgspec

from queqiao.catalog.contracts import Facts, Goods, PriceBook
from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.decide.promotions.documents.benefit import FixedBenefit
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import Limits, PromotionDocument
from queqiao.decide.promotions.exposures import Exposures
from queqiao.decide.promotions.flash_sales.contracts import HeldPrices
from queqiao.decide.promotions.flash_sales.deals import FlashPrices
from queqiao.decide.promotions.flash_sales.documents import FlashSaleDocument, Item, SessionTimes
from queqiao.decide.promotions.flash_sales.hot_endpoints import FlashServices
from queqiao.decide.promotions.flash_sales.hot_endpoints import routes as flash_routes
from queqiao.decide.promotions.flash_sales.snapshot import compile_sales
from queqiao.decide.promotions.hot_endpoints import PromotionServices, coupon_desk, routes
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.snapshot import NO_VOIDS, compile_codes, compile_snapshot
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import Refused, Unavailable
from queqiao.kernel.http import Request
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords

NOW_US = parse_rfc3339("2026-06-18T12:00:00+08:00")
SECRET = b"the coupon key of the test, long"
BOOK = PriceBook(
    [
        Goods("A", 10_000, "CNY", facts=Facts(("food",), "brand")),
        Goods("B", 5_000, "CNY", 6_000, 4_500),
        Goods("E", 1_000, "EUR"),
    ]
)


def coupon(batch="welcome", amount=1_000, **limits):
    return PromotionDocument(
        name="welcome", benefit=FixedBenefit(amount), code_batch=batch, limits=Limits(**limits)
    )


class MortalLog:
    """A log whose owner may die once, before it has written the next event or one after it."""

    def __init__(self, log):
        self._log = log
        self.dies_next = False
        self.dies_after = None

    async def append(self, events):
        if self.dies_next:
            self.dies_next = False
            raise Unavailable
        if self.dies_after is not None:
            self.dies_after -= 1
            self.dies_next, self.dies_after = self.dies_after == 0, self.dies_after or None
        return await self._log.append(events)

    async def find(self, message_id, source=None):
        return await self._log.find(message_id, source)


class Till:
    """Both routes on one ledger and one log."""

    def __init__(self, folder, ledger=None):
        self.folder = folder
        self.ledger = ledger or EmbeddedLedger.open(folder / "ledger")
        self.log = EmbeddedEventLog(folder / "log")
        self.records = SqliteRecords(folder / "records.sqlite")
        self.records.upgrade()
        self.mortal_log = MortalLog(self.log)
        self.segments, self.buyers, self.asked_for, self.sales = {}, {}, [], {}
        self.show({}, {})
        self._open()

    def _open(self):
        self.exposures = Exposures(self.mortal_log)
        services = PromotionServices(
            lambda: self.shop,
            self.ledger,
            self.mortal_log,
            self.records,
            SECRET,
            Signer(SECRET),
            self.exposures,
            lambda known: self.segments.get(known, ()),
            self._buyer,
            flash_prices=FlashPrices(HeldPrices(Signer(SECRET)), lambda: self.sales),
            points=self._points(),
        )
        flash = FlashServices(
            lambda: self.sales, self.ledger, self.mortal_log, Signer(SECRET), Random(1).getrandbits
        )
        self.desk = coupon_desk(services)
        self.coupons = self.desk.coupons
        known = [*routes(services, self.desk), *flash_routes(flash)]
        self.routes = {
            route.path.rsplit("/", 1)[1]: route
            for route in known
            if "/redemptions" not in route.path
            and "/flash-sales" not in route.path
            and "/reservations" not in route.path
        }
        self.by_path = {f"{route.method} {route.path}": route for route in known}

    def _points(self):
        """Return the desk of points of a shop that has a programme."""
        return

    async def _buyer(self, ids, _now_us):
        self.asked_for.append(ids)
        return self.buyers.get(ids[0])

    async def restart(self):
        """Close the ledger and open it from its files, and everything that worked on it."""
        await self.ledger.close()
        self.ledger = EmbeddedLedger.open(self.folder / "ledger")
        self._open()

    def show(self, promotions, batches, voids=NO_VOIDS, resting=()):
        """Show what is live; ``resting`` are batches that were paused, with their ids."""
        found = compile_snapshot(promotions.items(), (), SECRET)
        codes = compile_codes(batches.items(), SECRET, voids, resting)
        self.shop = Shop(found.changed({}, codes), BOOK)

    def flash(self, stock=10, price=3_000, *, skus=("A",), **fields):
        """Show a flash sale of an hour ago until in an hour."""
        times = SessionTimes("2026-06-18T11:00:00+08:00", "2026-06-18T13:00:00+08:00")
        items = tuple(Item(sku, price, stock, None) for sku in skus)
        document = FlashSaleDocument("618", items, (times,), **fields)
        self.sales = compile_sales([("s", document, True)])

    async def hold(self, request="r1", customer="u1", sku="A", quantity=1, now_us=NOW_US):
        """Reserve goods of the flash sale; return the answer, with its ``price_token``."""
        wish = {"request_id": request, "customer_id": customer, "sku": sku, "quantity": quantity}
        route = "POST /api/v1/flash-sales/{id}/reserve"
        return (await self.ask(route, {"id": "s"}, wish, now_us=now_us))[1]

    async def stock(self, now_us=NOW_US, sku="A"):
        """Return left, reserved, sold of an item, once what is due has expired."""
        await self.ledger.expire(now_us)
        route = "GET /api/v1/flash-sales/{id}/state"
        items = (await self.ask(route, {"id": "s"}, now_us=now_us))[1]["items"]
        item = next(one for one in items if one["sku"] == sku)
        assert item["left"] + item["reserved"] + item["sold"] == item["stock"]
        return item["left"], item["reserved"], item["sold"]

    def keep(self, batch_id, document):
        """Store a batch, as wallets read one that is not live."""
        edit = documents.Edit(SYSTEM, NOW_US)
        self.records.write_now(
            lambda conn: documents.create(conn, COUPON_BATCH, batch_id, document, edit)
        )

    def publish(self, promotion_id, document):
        """Store a promotion that was live from now on, as refunds read the rules of then."""
        edit = documents.Edit(SYSTEM, NOW_US)

        def write(conn):
            documents.create(conn, PROMOTION, promotion_id, document, edit)
            documents.transition(conn, PROMOTION, promotion_id, "live", edit)

        self.records.write_now(write)

    def listed(self, *codes, promotion=None, **options):
        """Show one promotion that the listed codes unlock."""
        batch = CouponBatchDocument(name="welcome", codes=codes, **options)
        self.show({"p": promotion or coupon()}, {"welcome": batch})

    async def post(self, name, body, code="", now_us=NOW_US):
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        request = Request("POST", name, {"code": code}, {}, {}, raw, "127.0.0.1", now_us)
        response = await self.routes[name].handler(request)
        return msgspec.json.decode(response.body)

    async def use(self, verb, code, customer="u1", order="o1", now_us=NOW_US, *, address=""):
        body = {"customer_id": customer, "order_id": order, "address": address}
        return await self.post(verb, body, code, now_us)

    async def ask(self, route, params, body=None, *, query=None, headers=None, now_us=NOW_US):
        """Ask a route by its method and path; return status and decoded answer."""
        found = self.by_path[route]
        raw = b"" if body is None else msgspec.json.encode(body)
        request = Request(
            found.method, found.path, params, query or {}, headers or {}, raw, "127.0.0.1", now_us
        )
        response = await found.handler(request)
        return response.status, msgspec.json.decode(response.body)

    async def order(self, body, now_us=NOW_US):
        """Place an order."""
        return await self.redemption("POST", "", body, now_us=now_us)

    async def redemption(self, method, verb, body=None, name="", now_us=NOW_US):
        """Ask about a redemption: its verb, or ``{id}`` to read it."""
        path = f"{method} /api/v1/promotions/redemptions"
        path += {"": "", "{id}": "/{id}"}.get(verb, f"/{{id}}/{verb}")
        _, answer = await self.ask(path, {"id": name}, body, now_us=now_us)
        return answer

    async def spent(self, *counters):
        """Return what is leased and spent of counters."""
        balances = await self.ledger.balances(counters)
        return [(one.leased, one.spent) for one in balances.values()]

    async def try_uses(self, code, orders):
        """Let so many want a code at once, some by a lock first; return how many have used it."""

        async def attempt(number):
            verbs = ("redeem",) if number % 3 else ("lock", "redeem")
            try:
                for verb in verbs:
                    await self.use(verb, code, f"u{number}", f"o{number}", NOW_US + number)
            except Refused:
                return False
            return True

        return sum(await asyncio.gather(*(attempt(number) for number in range(orders))))

    def events(self):
        reader = EmbeddedEventLogReader(self.folder / "log")
        return [msgspec.json.decode(event.body) for event in reader.read(0, 1_000)]
