"""A till of a shop with a points programme: orders, refunds, accounts and operators."""

from decimal import Decimal

import msgspec
from tests.promotions.till import NOW_US, SECRET, Till

from queqiao.decide.promotions.documents.benefit import (
    CashbackBenefit,
    PointsBenefit,
    PointsPaymentBenefit,
)
from queqiao.decide.promotions.documents.condition import Condition
from queqiao.decide.promotions.documents.points_programme import (
    PointsProgrammeDocument,
    PointsWorth,
)
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.loyalty import hot_state
from queqiao.decide.promotions.loyalty.adjusting import Adjusting
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.decide.promotions.loyalty.daily_bound import POINTS_DAILY, DailyBound
from queqiao.decide.promotions.loyalty.endpoints import adjust_route, asked_route, handlers
from queqiao.decide.promotions.loyalty.hot_endpoints import points_desk
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.loyalty.operators import PointsOffice
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.kernel.http import Principal, Request
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM

ZONE = "Asia/Shanghai"
BOSS = Principal("key:1", "boss", scopes=frozenset({"admin"}))
EARN = PromotionDocument(name="每百元十积分", benefit=PointsBenefit(10, every_amount=10_000))
PAY = PromotionDocument(
    name="积分抵现", benefit=PointsPaymentBenefit(points=1, worth=100, percent_max=Decimal(50))
)
WALLET = "wallet"
BACK = PromotionDocument(name="返现一成", benefit=CashbackBenefit(percent=Decimal(10)))


class PointsTill(Till):
    """The routes of a shop with a programme; ``daily`` points a person gives in a day."""

    daily = POINTS_DAILY

    def __init__(self, folder, ledger=None):
        self.programme = self.credit = None
        super().__init__(folder, ledger)

    def _points(self):
        self.keeper = Keeper(self.ledger, self.records, self.mortal_log, ZONE)
        self.office = PointsOffice(self.keeper)
        self.adjusting = Adjusting(self.keeper, SECRET, DailyBound(self.daily, zone=ZONE))
        known = [*handlers(self.office), asked_route(self.records), adjust_route(self.adjusting)]
        self.managing = {f"{route.method} {route.path}": route for route in known}
        return points_desk(
            self.keeper, SECRET, lambda: self.programme, lambda: self.credit, *self._others()
        )

    def _others(self):
        """Return what else follows orders."""
        return ()

    def start(self, programme_id="club", promotions=None, **fields):
        """Make a programme live, and promotions that earn and that points pay."""
        document = PointsProgrammeDocument(name="会员积分", **fields)
        edit = documents.Edit(SYSTEM, NOW_US)

        def store(conn):
            documents.create(conn, POINTS_PROGRAMME, programme_id, document, edit)
            documents.transition(conn, POINTS_PROGRAMME, programme_id, "live", edit)

        self.records.write_now(store)
        self.programme = Programme(programme_id, document, ZONE)
        self.show({"earn": EARN, "pay": PAY} if promotions is None else promotions, {})

    def start_credit(self, promotions=None, currency="CNY", **fields):
        """Make a programme of store credit live, and a promotion of cashback that earns it."""
        worth = PointsWorth(currency=currency)
        document = PointsProgrammeDocument(name="余额", holds="money", worth=worth, **fields)
        edit = documents.Edit(SYSTEM, NOW_US)

        def store(conn):
            documents.create(conn, POINTS_PROGRAMME, WALLET, document, edit)
            documents.transition(conn, POINTS_PROGRAMME, WALLET, "live", edit)

        self.records.write_now(store)
        self.credit = Programme(WALLET, document, ZONE)
        self.show({"back": BACK} if promotions is None else promotions, {})

    def change(self, **fields):
        """Change the live programme."""
        document = msgspec.structs.replace(self.programme.document, **fields)
        edit = documents.Edit(SYSTEM, NOW_US)
        name = self.programme.id
        self.records.write_now(
            lambda conn: documents.replace(conn, POINTS_PROGRAMME, name, document, edit)
        )
        self.programme = Programme(name, document, ZONE)

    async def buy(
        self, order, quantity=1, points=0, now_us=NOW_US, *, customer="u1", credit=0, **more
    ):
        """Place an order of goods at 100.00 each, and pay it; return its redemption."""
        cart = {"lines": [{"id": "1", "sku": "A", "quantity": quantity}], "points": points}
        cart["store_credit"] = credit
        question = {"cart": cart, "customer": {"id": customer}}
        body = {"order_id": order, "question": question, "commit": True, **more}
        return await self.order(body, now_us)

    async def quote(self, quantity=1, points=0, now_us=NOW_US, customer="u1", **more):
        cart = {"lines": [{"sku": "A", "quantity": quantity}], "points": points}
        question = {"cart": cart, "customer": {"id": customer, **more}}
        return await self.post("quote", question, now_us=now_us)

    async def refund(self, redemption, request, now_us=NOW_US, **said):
        """Take goods of an order back."""
        asked = {"redemption_id": redemption["id"], "request_id": request, **said}
        return (await self.ask("POST /api/v1/promotions/refund", {}, asked, now_us=now_us))[1]

    async def points(self, customer="u1", now_us=NOW_US, **query):
        path = "GET /api/v1/customers/{id}/points"
        said = {name: str(value) for name, value in query.items()}
        return (await self.ask(path, {"id": customer}, query=said, now_us=now_us))[1]

    async def has(self, customer="u1", now_us=NOW_US):
        """Return what a customer can use, what is pending, and what is owed."""
        shown = await self.points(customer, now_us)
        return shown["balance"], shown["pending"], shown["owed"]

    async def manage(
        self, name, body=None, now_us=NOW_US, query=None, *, programme="club", who=BOSS
    ):
        route = self.managing[name]
        raw = b"" if body is None else msgspec.json.encode(body)
        request = Request(
            route.method, name, {"id": programme}, query or {}, {}, raw, "", now_us, who
        )
        return msgspec.json.decode((await route.handler(request)).body)

    async def credit_of(self, customer="u1", now_us=NOW_US):
        path = "GET /api/v1/customers/{id}/store-credit"
        return (await self.ask(path, {"id": customer}, now_us=now_us))[1]

    async def has_credit(self, customer="u1", now_us=NOW_US):
        """Return what a customer can use, what is pending, and what is owed."""
        shown = await self.credit_of(customer, now_us)
        return shown["balance"], shown["pending"], shown["owed"]

    async def adjust(  # what one adjustment says
        self,
        points,
        request="r1",
        now_us=NOW_US,
        customer="u1",
        *,
        reason="gift",
        who=BOSS,
        programme="club",
    ):
        body = {
            "customer_id": customer,
            "points": points,
            "reason": reason,
            "request_id": request,
        }
        path = "POST /api/v1/points-programmes/{id}/adjustments"
        return await self.manage(path, body, now_us, who=who, programme=programme)

    async def proof(self, now_us=NOW_US, programme="club"):
        path = "GET /api/v1/points-programmes/{id}/proof"
        return await self.manage(path, None, now_us, programme=programme)

    def told(self, *names):
        """Return the events of these names."""
        return [event for event in self.events() if event["event"] in names]


def live_again(till):
    """Make live what the records hold, after a restart."""
    till.programme = till.records.read_now(lambda conn: hot_state.load(conn, ZONE))
    till.show({"earn": EARN, "pay": PAY}, {})


def tier_price(tier, percent_benefit):
    """Return a promotion for members of a tier."""
    return PromotionDocument(
        name="会员价", benefit=percent_benefit, condition=Condition(tiers_any=(tier,))
    )
