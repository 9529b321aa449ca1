"""A till on real parts: the embedded ledger and log, live documents, asked as HTTP asks."""

import msgspec

from queqiao.catalog.contracts import Facts, Goods, PriceBook
from queqiao.decide.promotions.documents.benefit import FixedBenefit
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import Limits, PromotionDocument
from queqiao.decide.promotions.hot_endpoints import PromotionServices, routes
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.snapshot import compile_snapshot
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.http import Request
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.ledger.embedded import EmbeddedLedger

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


class Till:
    """Both routes on one ledger and one log."""

    def __init__(self, folder):
        self.folder = folder
        self.ledger = EmbeddedLedger.open(folder / "ledger")
        self.log = EmbeddedEventLog(folder / "log")
        self.show({}, {})
        self.segments = {}
        services = PromotionServices(
            lambda: self.shop, self.ledger, self.log, lambda known: self.segments.get(known, ())
        )
        self.routes = {route.path.rsplit("/", 1)[1]: route for route in routes(services)}

    def show(self, promotions, batches):
        self.shop = Shop(compile_snapshot(promotions.items(), batches.items(), SECRET), BOOK)

    def listed(self, *codes, promotion=None, **options):
        """Show one promotion that the listed codes unlock."""
        batch = CouponBatchDocument(name="welcome", codes=codes, **options)
        self.show({"p": promotion or coupon()}, {"welcome": batch})

    async def post(self, name, body, code="", now_us=NOW_US):
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        request = Request("POST", name, {"code": code}, {}, {}, raw, "127.0.0.1", now_us)
        response = await self.routes[name].handler(request)
        return msgspec.json.decode(response.body)

    async def use(self, verb, code, customer="u1", order="o1", now_us=NOW_US):
        return await self.post(verb, {"customer_id": customer, "order_id": order}, code, now_us)

    def events(self):
        reader = EmbeddedEventLogReader(self.folder / "log")
        return [msgspec.json.decode(event.body) for event in reader.read(0, 1_000)]
