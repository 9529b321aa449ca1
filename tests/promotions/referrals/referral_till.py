"""A till of a shop in which members bring newcomers: codes, orders, days that pass, refunds."""

import msgspec
from tests.promotions.loyalty.points_till import WALLET, ZONE, PointsTill
from tests.promotions.till import NOW_US, SECRET, coupon

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons.wallet import Wallets
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument, PersonalCoupons
from queqiao.decide.promotions.documents.points_programme import PointsProgrammeDocument
from queqiao.decide.promotions.documents.referral_programme import ReferralProgrammeDocument
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.decide.promotions.loyalty.rewards import Rewards
from queqiao.decide.promotions.referrals.contracts import REFERRAL_PROGRAMME
from queqiao.decide.promotions.referrals.endpoints import handlers
from queqiao.decide.promotions.referrals.hot_endpoints import referral_routes
from queqiao.decide.promotions.referrals.in_orders import ReferralsOfOrders
from queqiao.decide.promotions.referrals.programme import ReferralProgramme
from queqiao.decide.promotions.referrals.referring import ReferralServices
from queqiao.decide.promotions.referrals.rewarding import Rewarding
from queqiao.kernel.tokens import Signer
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM

FRIENDS = "friends"
PERSONAL = PersonalCoupons(claimable=False)
BATCHES = {
    name: CouponBatchDocument(name=name, count=1_000, personal=PERSONAL)
    for name in ("hello", "thanks")
}
EDIT = documents.Edit(SYSTEM, NOW_US)


class ReferralTill(PointsTill):
    """The routes of a shop with a referral programme."""

    def __init__(self, folder, ledger=None):
        self.referring = None
        super().__init__(folder, ledger)

    def _others(self):
        self.rewarding = Rewarding(self.keeper, Rewards(self.keeper, SECRET), SECRET)
        return (ReferralsOfOrders(self.keeper, self.rewarding),)

    def _open(self):
        super()._open()
        services = ReferralServices(
            self.ledger, self.records, self.mortal_log, SECRET, lambda: self.referring,
            self._buyer,
        )  # fmt: skip
        wallets = Wallets(lambda: self.shop, self.ledger, self.records, SECRET)
        known = referral_routes(services, wallets)
        self.by_path |= {f"{route.method} {route.path}": route for route in known}
        told = handlers(self.records, Signer(SECRET))
        self.managing |= {f"{route.method} {route.path}": route for route in told}

    def begin(self, **fields):
        """Make everything live: points, store credit, both batches and the referral programme."""
        programme = {
            "name": "老带新",
            "newcomer_batch": "hello",
            "link": "https://s.test/?r={code}",
        }
        programme |= {"reward": {"type": "points", "points": 500}, **fields}
        document = msgspec.convert(programme, ReferralProgrammeDocument)
        accounts = {
            "club": PointsProgrammeDocument(name="会员积分"),
            WALLET: PointsProgrammeDocument(name="余额", holds="money"),
        }

        def store(conn):
            self._live(conn, REFERRAL_PROGRAMME, FRIENDS, document)
            for name, batch in BATCHES.items():
                self._live(conn, COUPON_BATCH, name, batch)
            for name, one in accounts.items():
                self._live(conn, POINTS_PROGRAMME, name, one)

        self.records.write_now(store)
        self.referring = ReferralProgramme(FRIENDS, document, ZONE)
        self.programme = Programme("club", accounts["club"], ZONE)
        self.credit = Programme(WALLET, accounts[WALLET], ZONE)
        self.show({name: coupon(name) for name in BATCHES}, BATCHES)

    def _live(self, conn, kind, name, document):
        documents.create(conn, kind, name, document, EDIT)
        documents.transition(conn, kind, name, "live", EDIT)

    async def code(self, customer="old", now_us=NOW_US, **said):
        """Return a member as shown; there is a code from now on."""
        path = "POST /api/v1/customers/{id}/referral-code"
        return (await self.ask(path, {"id": customer}, said, now_us=now_us))[1]

    async def accept(self, code, customer="new", now_us=NOW_US, **said):
        """Let a newcomer come by a code; return the answer."""
        body = {"code": code, "customer_id": customer, **said}
        return (await self.ask("POST /api/v1/referrals", {}, body, now_us=now_us))[1]

    async def newcomers(self, customer="old"):
        """Return a member's newcomers by what became of them, without zeros."""
        path = "GET /api/v1/customers/{id}/referral-code"
        shown = (await self.ask(path, {"id": customer}))[1]["newcomers"]
        return {name: count for name, count in shown.items() if count}

    async def figures(self):
        path = "GET /api/v1/referral-programmes/{id}/statistics"
        return await self.manage(path, programme=FRIENDS)

    async def wallet(self, customer, now_us=NOW_US):
        path = "GET /api/v1/customers/{id}/coupons"
        found = (await self.ask(path, {"id": customer}, now_us=now_us))[1]["items"]
        return [(one["batch_id"], one["state"]) for one in found]
