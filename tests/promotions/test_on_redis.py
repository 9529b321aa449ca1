"""Coupons and cards with the ledger on a Redis server: the same exactness, the same books."""

import asyncio

import pytest
from tests.ports.redis_servers import Server
from tests.promotions.cards.counter import Counter
from tests.promotions.loyalty.points_till import PointsTill
from tests.promotions.redemptions.test_gift_stock import gifts
from tests.promotions.redemptions.test_reservations_of_orders import order as flash_order
from tests.promotions.till import NOW_US, Till

from queqiao.decide.promotions.coupons.guesses import CUSTOMER_GUESSES_MAX, WINDOW_US
from queqiao.decide.promotions.documents.benefit import Gift
from queqiao.kernel.clock import HOUR_US
from queqiao.kernel.errors import Conflict, TooManyRequests, Unavailable
from queqiao.ports.ledger.redis import RedisLedger

FAR_US = 2**52


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server("redis", tmp_path_factory.mktemp("redis")).start()
    yield server
    server.kill()


@pytest.fixture
async def ledger(server):
    with server.client() as client:
        client.flushall()
    ledger = RedisLedger(server.url)
    yield ledger
    assert (await ledger.prove()).balanced
    await ledger.close()


@pytest.fixture
def till(tmp_path, ledger):
    till = Till(tmp_path, ledger)
    yield till
    till.log.close()
    till.records.close()


async def test_many_at_once_use_a_code_as_often_as_it_may(till):
    till.listed("SAVE10", uses_per_code=5)

    assert await till.try_uses("SAVE10", 60) == 5
    assert len(till.events()) == 5


async def test_a_lock_becomes_a_use_and_the_use_comes_back(till):
    till.listed("SAVE10")
    locked = await till.use("lock", "SAVE10")
    assert await till.use("lock", "SAVE10", now_us=NOW_US + 1) == locked
    for verb in ("redeem", "redeem", "return", "return", "redeem"):
        state = {"redeem": "redeemed", "return": "returned"}[verb]
        assert (await till.use(verb, "SAVE10"))["state"] == state
    with pytest.raises(Conflict):
        await till.use("release", "SAVE10")


async def test_the_guess_budget_gives_itself_back(till):
    till.listed("SAVE10")
    for number in range(CUSTOMER_GUESSES_MAX):
        assert not (await till.use("validate", f"guess{number}"))["valid"]
    with pytest.raises(TooManyRequests):
        await till.use("redeem", "SAVE10")
    later_us = NOW_US + WINDOW_US
    assert (await till.use("redeem", "SAVE10", now_us=later_us))["state"] == "redeemed"


async def test_orders_sell_reservations_and_gifts_and_give_them_back(till):
    till.flash(stock=3, stacks_with=("order",))
    till.show({"p": gifts(Gift("T", stock=2), instead=(Gift("V"),))}, {})
    held = [await till.hold(f"r{n}", f"u{n}") for n in range(3)]
    asked = [flash_order(one, f"o{n}", f"u{n}") for n, one in enumerate(held)]
    again = [flash_order(one, f"x{n}", f"u{n}") for n, one in enumerate(held)]
    calls = (till.order(body) for body in (*asked, *again))
    placed = [
        one for one in await asyncio.gather(*calls, return_exceptions=True) if isinstance(one, dict)
    ]
    assert [one["total"] for one in placed] == [3_000] * 3
    assert await till.stock() == (0, 0, 3)
    assert await till.spent("promotion:p:gift:T", "promotion:p:gift:V") == [(2, 0), (1, 0)]
    await till.redemption("POST", "commit", name=placed[0]["id"])
    await till.redemption("POST", "return", None, placed[0]["id"])
    for one in placed[1:]:
        await till.redemption("POST", "release", None, one["id"])
    assert await till.stock() == (3, 0, 0)
    assert await till.spent("promotion:p:gift:T", "promotion:p:gift:V") == [(0, 0), (0, 0)]


async def test_money_of_cards_is_whole(tmp_path, ledger):
    counter = Counter(tmp_path, ledger)
    counter.offer(reloadable=True)
    await counter.sold(1, 5_000)
    await counter.sold(2, 1_000)
    holds = [counter.do("hold", 1, order_id=f"o{n}", amount=900) for n in range(20)]
    answers = await asyncio.gather(*holds, return_exceptions=True)
    assert sum(isinstance(answer, dict) for answer in answers) == 5
    for order in [answer["order_id"] for answer in answers if isinstance(answer, dict)][:3]:
        await counter.do("capture", 1, order_id=order, amount=500)
        await counter.do("refund", 1, order_id=order, amount=200, request_id="r")
    await counter.do("top-up", 1, request_id="t", amount=50)
    await counter.do("transfer", 1, request_id="m", to=counter.card(2)[0])
    money = await counter.money(now_us=FAR_US)
    assert (money["difference"], money["captured"], money["held"]) == (0, 900, 0)
    assert money["on_cards"] == 6_050 - 900
    counter.records.close()


async def test_points_of_an_order_that_died_and_of_one_that_was_paid_late(tmp_path, ledger):
    till = PointsTill(tmp_path, ledger)
    till.start()
    await till.adjust(40)
    till.mortal_log.dies_next = True
    with pytest.raises(Unavailable):
        await till.buy("o1", 3, points=30)
    assert (await till.buy("o1", 3, points=30))["state"] == "committed"
    late = await till.buy("o2", 2, points=10, commit=False)
    await till.redemption("POST", "commit", name=late["id"], now_us=NOW_US + HOUR_US)
    assert await till.has(now_us=NOW_US + HOUR_US) == (30, 0, 0)
    proof = await till.proof(NOW_US + HOUR_US)
    assert proof["agrees"], proof
    assert (proof["earned_in_ledger"], proof["spent_in_ledger"]) == (30, 40)
    till.log.close()
    till.records.close()
