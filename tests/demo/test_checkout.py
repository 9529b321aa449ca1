"""The checkout of now: an order holds its promotions, and is then paid or given up."""

from collections import Counter

import httpx
import msgspec
import pytest
from tests.demo.fake_system import FakeSystem

from queqiao.demo import rates
from queqiao.demo.checkout import Checkout
from queqiao.demo.client import StoreClient
from queqiao.demo.stage import HistoryStage
from queqiao.demo.store import Store
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.randomness import Randomness

NOW_US = parse_rfc3339("2026-06-18T12:00:00Z")
REDEMPTIONS = "/api/v1/promotions/redemptions"


class SwiftStage(HistoryStage):
    """Now, but nobody has to wait for it."""

    is_past = False


class Till:
    """A store at a stand-in of the system, and what it tells."""

    def __init__(self) -> None:
        self.system = FakeSystem()
        self.client = StoreClient("http://s", "admin", "write", transport=self.system.transport())
        self.store = Store(Randomness(618), NOW_US, shoppers=50, redeems=True)
        self.told: list[tuple[str, dict]] = []

    async def sell(self, number: int):
        """Have somebody buy; return the order."""
        chance = self.store.randomness.stream("at the till", number)
        stage = SwiftStage(self.client, NOW_US, [])
        shopper = self.store.shoppers[number % 50]
        checkout = Checkout(self.store, shopper, stage, chance, lambda *one: self.told.append(one))
        return await checkout.run({"P001-A": 2, "P002-A": 1})

    def asked(self, end: str) -> list[dict]:
        """Return what was posted to paths that end so."""
        found = [r for r in self.system.requests if r.url.path.endswith(end)]
        return [msgspec.json.decode(r.content) for r in found if r.method == "POST"]


@pytest.fixture
async def till():
    opened = Till()
    yield opened
    await opened.client.close()


async def test_an_order_is_told_of_only_when_it_is_paid(till):
    orders = [await till.sell(number) for number in range(300)]
    states = Counter(one["state"] for one in till.system.redemptions.values())
    sold = [order for order in orders if order is not None]
    assert not any(one["commit"] for one in till.asked(REDEMPTIONS))
    assert states == {"committed": len(sold), "released": 300 - len(sold)}
    assert states["released"] / 300 == pytest.approx(rates.GIVEN_UP_OF_ORDERS, rel=0.6)
    told = [one["order_id"] for name, one in till.told if name == "Order Completed"]
    paid = [key for key, one in till.system.redemptions.items() if one["state"] == "committed"]
    assert [f"r-{order_id}" for order_id in told] == [order.redemption_id for order in sold] == paid


async def test_an_order_that_the_system_refuses_is_not_sold(till):
    till.system.till = lambda _path, _body: httpx.Response(422, json={"code": "refused"})
    assert [await till.sell(number) for number in range(5)] == [None] * 5
    assert till.store.counts["orders refused"] == 5
    assert not [name for name, _ in till.told if name == "Order Completed"]


async def test_some_pay_with_all_their_points(till):
    till.system.points = {shopper.user_id: 70 for shopper in till.store.shoppers[:25]}
    for number in range(200):
        await till.sell(number)
    offered = Counter(
        (one["question"]["customer"]["id"] in till.system.points, one["question"]["cart"]["points"])
        for one in till.asked(REDEMPTIONS)
    )
    assert set(offered) == {(True, 0), (True, 70), (False, 0)}
    assert offered[True, 70] / 100 == pytest.approx(rates.POINTS_OF_CHECKOUTS, rel=0.5)
