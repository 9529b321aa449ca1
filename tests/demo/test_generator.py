"""The living store: repeatable from its seed, and true to the rates that it states."""

import asyncio
from collections import Counter
from itertools import pairwise
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest
from tests.demo.fake_system import FakeSystem

from queqiao.demo import rates
from queqiao.demo.checkout import Order
from queqiao.demo.client import ATTEMPTS_MAX, StoreClient
from queqiao.demo.generator import LivingStore, Plan
from queqiao.demo.returns import Return, refund, return_of
from queqiao.demo.shoppers import make_shoppers
from queqiao.kernel.clock import DAY_US, FixedClock, parse_rfc3339
from queqiao.kernel.randomness import Randomness

NOW_US = parse_rfc3339("2026-06-18T12:00:00Z")


async def history(seed: int, days: int, visits_a_day: float = 300) -> tuple[FakeSystem, dict]:
    system = FakeSystem()
    client = StoreClient("http://store", "admin", "write", transport=system.transport())
    plan = Plan(seed=seed, days=days, visits_a_day=visits_a_day)
    store = LivingStore(client, plan, FixedClock(NOW_US), progress=lambda _: None)
    await store.set_up()
    counts = await store.live_history()
    await client.close()
    return system, counts


@pytest.fixture(scope="module")
def lived():
    return asyncio.run(history(618, 12))


def named(system: FakeSystem) -> Counter:
    return Counter(event.get("event", event["type"]) for event in system.events)


def test_history_is_counted_at_borders_of_days_and_the_clock_counts_again_after_it(lived):
    system, _ = lived
    counts = [r for r in system.requests if r.url.path == "/api/v1/schedule/count"]
    days = [
        (parse_rfc3339(r.headers["queqiao-now"]) - (NOW_US - 12 * DAY_US)) / DAY_US for r in counts
    ]
    assert days == [0, 1, 3, 6, 9, 12]
    assert [b'"hold_s":0' in r.content for r in counts] == [False] * 5 + [True]


async def test_the_same_seed_gives_the_same_events():
    first, _ = await history(7, 2)
    second, _ = await history(7, 2)
    other, _ = await history(8, 2)
    assert first.events == second.events
    assert [e["messageId"] for e in other.events] != [e["messageId"] for e in first.events]


def test_the_funnel_is_the_published_one(lived):
    system, counts = lived
    found = named(system)
    views, adds = found["Product Viewed"], found["Product Added"]
    assert views / counts["visits"] == pytest.approx(rates.VIEWS_OF_A_VISIT, rel=0.06)
    assert adds / views == pytest.approx(rates.ADDED_OF_VIEWED, rel=0.2)
    assert found["Product Removed"] / adds == pytest.approx(rates.REMOVED_OF_ADDED, rel=0.25)
    bought = sum(
        product["quantity"]
        for event in system.events
        if event.get("event") == "Order Completed"
        for product in event["properties"]["products"]
    )
    assert bought / adds == pytest.approx(rates.BOUGHT_OF_ADDED, rel=0.25)


def test_events_lie_in_the_history_and_nearly_in_order(lived):
    system, _ = lived
    times = [parse_rfc3339(event["timestamp"]) for event in system.events]
    assert min(times) >= NOW_US - 12 * DAY_US
    visit_us = 2 * 3_600_000_000
    assert all(later - before > -visit_us for before, later in pairwise(times))
    assert len({event["messageId"] for event in system.events}) == len(system.events)


def test_money_of_orders_is_whole_minor_units_and_adds_up(lived):
    system, _ = lived
    orders = [e["properties"] for e in system.events if e.get("event") == "Order Completed"]
    assert orders
    for order in orders:
        lines = [
            line["price_minor"] * line["quantity"] - line["discount_minor"]
            for line in order["products"]
        ]
        assert sum(lines) == order["subtotal_minor"] == order["total_minor"]


def test_what_comes_back_is_of_an_order_before_and_what_the_system_refunded(lived):
    system, counts = lived
    completed = {}
    back = []
    for event in system.events:
        if event.get("event") == "Order Completed":
            completed[event["properties"]["order_id"]] = event
        if event.get("event") in ("Order Refunded", "Order Cancelled"):
            back.append(event)
            assert completed[event["properties"]["order_id"]]["timestamp"] < event["timestamp"]
    assert min(counts["returns"], counts["orders cancelled"]) > 0
    assert {event["messageId"] for event in back} == set(refunded(system))
    for event in back:
        asked, told = refunded(system)[event["messageId"]], event["properties"]
        assert asked["redemption_id"] == f"r-{told['order_id']}"
        order = completed[told["order_id"]]["properties"]
        if event["event"] == "Order Cancelled":
            assert asked["everything"]
            assert told["total_minor"] == order["total_minor"] - 1
        else:
            (item,), (product,) = asked["items"], told["products"]
            bought = order["products"][int(item["line"]) - 1]
            paid = bought["price_minor"] * bought["quantity"] - bought["discount_minor"]
            assert (product["sku"], item["quantity"]) == (bought["sku"], bought["quantity"])
            assert told["total_minor"] == paid - 1


def refunded(system: FakeSystem) -> dict[str, dict]:
    """Return the refunds that were asked for, by their request ids."""
    asked = [
        msgspec.json.decode(r.content)
        for r in system.requests
        if r.url.path == "/api/v1/promotions/refund"
    ]
    return {one["request_id"]: one for one in asked}


def test_some_orders_come_back_as_the_rates_say():
    shopper = make_shoppers(["NEW"], NOW_US, Randomness(1).stream("shopper"))[0]
    order = Order("o", NOW_US, shopper, [{}, {}], ["1", "2"])
    stream = Randomness(2).stream
    back = [found for at in range(20_000) if (found := return_of(order, stream("return", at)))]
    cancelled = [one for one in back if one.line is None]
    rate = rates.CANCELLED_OF_ORDERS
    assert len(cancelled) / 20_000 == pytest.approx(rate, rel=0.15)
    assert len(back) / 20_000 == pytest.approx(rate + rates.RETURNED_OF_ORDERS, rel=0.1)
    assert {one.line for one in back} == {None, 0, 1}
    assert max(one.at_us for one in cancelled) <= NOW_US + 1_800_000_000


def test_a_code_is_entered_then_redeemed_or_denied(lived):
    system, counts = lived
    found = named(system)
    assert found["Coupon Entered"] == counts["codes redeemed"] + found["Coupon Denied"]
    placed = [
        msgspec.json.decode(r.content)
        for r in system.requests
        if r.url.path == "/api/v1/promotions/redemptions"
    ]
    assert len(placed) == counts["orders"]
    assert sum(len(order["question"]["codes"]) for order in placed) == counts["codes redeemed"]
    assert not any(r.url.path.endswith("/redeem") for r in system.requests)


async def test_an_order_pays_the_price_at_which_it_used_its_promotions():
    """Between the quote and the payment something was used up: what is paid is what holds then."""
    system, _ = await history(9, 2)
    ids = {
        body["order_id"]
        for r in system.requests
        if r.url.path == "/api/v1/promotions/redemptions"
        and (body := msgspec.json.decode(r.content))["commit"]
    }
    orders = {
        e["properties"]["order_id"] for e in system.events if e.get("event") == "Order Completed"
    }
    assert ids == orders


def test_the_curve_has_a_mean_of_one_over_a_week():
    zone = ZoneInfo("Asia/Shanghai")
    start_us = parse_rfc3339("2026-06-15T00:00:00+08:00")
    shares = [rates.hour_share(start_us + hour * 3_600_000_000, zone) for hour in range(168)]
    assert sum(shares) / 168 == pytest.approx(1, abs=0.01)
    assert max(range(24), key=lambda hour: shares[hour]) == 12


def test_a_lower_price_sells_more_and_the_usual_one_as_published():
    usual = rates.checked_out_of_carts(rates.USUAL_DISCOUNT)
    assert usual == pytest.approx(rates.CHECKED_OUT_OF_CARTS)
    assert usual == pytest.approx(0.4924, abs=1e-4)
    assert rates.checked_out_of_carts(0) == pytest.approx(0.4128, abs=1e-4)
    assert rates.checked_out_of_carts(0.25) == pytest.approx(0.8773, abs=1e-4)
    assert rates.checked_out_of_carts(1) == 1


def test_views_of_a_visit_have_the_published_mean():
    chance = Randomness(1).stream("views")
    drawn = [rates.views_of_a_visit(chance) for _ in range(20_000)]
    assert sum(drawn) / len(drawn) == pytest.approx(rates.VIEWS_OF_A_VISIT, rel=0.03)


async def test_it_lives_on_until_it_is_told_to_stop():
    system = FakeSystem()
    client = StoreClient("http://store", "admin", "write", transport=system.transport())
    plan = Plan(days=0, visit_every_s=0.05)
    store = LivingStore(client, plan, FixedClock(NOW_US), progress=lambda _: None)
    stop = asyncio.Event()
    living = asyncio.create_task(store.live_on(stop))
    async with asyncio.timeout(20):
        await system.told.wait()
        stop.set()
        await living
    await client.close()
    assert system.events[0]["type"] == "page"


PLACED = {
    "order_id": "o",
    "commit": True,
    "question": {"cart": {"lines": [{"id": "1", "sku": "P001-A", "quantity": 1}]}, "codes": []},
}


def refused() -> httpx.Response:
    raise httpx.ConnectError("nobody listens")


async def test_a_return_that_the_system_did_not_answer_comes_back_later():
    system = FakeSystem()
    client = StoreClient(
        "http://store", "admin", "write", transport=system.transport(), pause=no_pause
    )
    system.post("/api/v1/promotions/redemptions", PLACED)
    shopper = make_shoppers(["NEW"], NOW_US, Randomness(1).stream("shopper"))[0]
    products = [{"price_minor": 10_000, "quantity": 1, "discount_minor": 1_000}]
    back = Return(NOW_US, "m", Order("o", NOW_US, shopper, products, ["1"], "r-o"), None)
    system.away = [refused] * ATTEMPTS_MAX
    with pytest.raises(httpx.ConnectError):
        await refund(client, back, None)
    event = await refund(client, back, None)
    await client.close()
    assert (event["event"], event["properties"]["total_minor"]) == ("Order Cancelled", 8_999)


async def no_pause(_seconds: float) -> None:
    return
