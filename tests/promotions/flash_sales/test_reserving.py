"""Reserve, commit, release, return: one step each, first answers kept, stock exact."""

import pytest
from tests.promotions.flash_sales.counter import (
    EVENING_ID,
    MORNING_ID,
    NOW_US,
    SIGNER,
    STARTS_US,
    sale,
    together,
)

from queqiao.decide.promotions.flash_sales.contracts import HeldPrices
from queqiao.decide.promotions.flash_sales.documents import CustomerLimits, Item
from queqiao.kernel.clock import HOUR_US, MINUTE_US, SECOND_US
from queqiao.kernel.errors import Conflict, Gone, InvalidInput, NotFound, Refused


async def refused(call):
    with pytest.raises(Refused) as error:
        await call
    return error.value.reason


async def test_reserve_then_commit_sells_one_piece_and_tells_it_once(counter):
    told = await counter.reserve()
    assert told["state"] == "reserved"
    assert (told["session"], told["price_minor"], told["currency"]) == (MORNING_ID, 9_900, "CNY")
    assert told["expires_at"] == "2026-06-18T02:20:00Z"
    assert await counter.stock() == (9, 1, 0)
    for _ in range(2):
        sold = await counter.settle("commit", told["reservation_id"], "o1")
        assert (sold["state"], sold["order_id"]) == ("committed", "o1")
    assert await counter.stock() == (9, 0, 1)
    (event,) = counter.events()
    assert event["event"] == "Reservation Committed"
    assert event["user_id"] == "u1"
    assert event["properties"]["order_id"] == "o1"


async def test_a_reservation_is_committed_for_one_order_only(counter):
    key = (await counter.reserve())["reservation_id"]
    await counter.settle("commit", key, "o1")
    with pytest.raises(Conflict):
        await counter.settle("commit", key, "o2")
    assert await counter.stock() == (9, 0, 1)


async def test_a_retry_gets_the_first_answer_whatever_has_changed(counter):
    first = await counter.reserve()
    late = NOW_US + 14 * MINUTE_US
    assert await counter.reserve(now_us=late) == first
    counter.show(sale(items=(Item("A", 5_000, 10),)))
    assert await counter.reserve(now_us=late) == first
    assert await counter.reserve(now_us=NOW_US + 9 * HOUR_US) == first
    assert await counter.reserve(session=MORNING_ID, now_us=NOW_US + 9 * HOUR_US) == first
    counter.show(sale(), is_live=False)
    assert await counter.reserve() == first
    assert (await counter.reserve(now_us=late))["price_minor"] == 9_900


async def test_a_refusal_is_a_first_answer_too(counter):
    counter.show(sale(stock=1))
    key = (await counter.reserve())["reservation_id"]
    assert await refused(counter.reserve("r2", "u2")) == "sold_out"
    await counter.settle("release", key)
    assert await refused(counter.reserve("r2", "u2")) == "sold_out"
    assert (await counter.reserve("r3", "u2"))["state"] == "reserved"


async def test_a_request_id_with_other_content_is_a_conflict(counter):
    await counter.reserve()
    for other in ({"customer": "u2"}, {"quantity": 2}, {"session": EVENING_ID}):
        with pytest.raises(Conflict):
            await counter.reserve(**other)
    assert await counter.stock() == (9, 1, 0)


async def test_each_refusal_has_its_reason(counter):
    two = (Item("A", 1, 5, 2), Item("B", 2, 5, 2))
    limits = CustomerLimits(per_session=2, per_sale=3)
    counter.show(sale(items=two, customer_limits=limits))
    assert await refused(counter.reserve("1", now_us=STARTS_US - 1)) == "not_started"
    assert await refused(counter.reserve("2", now_us=NOW_US + 99 * HOUR_US)) == "ended"
    assert await refused(counter.reserve("3", quantity=3)) == "customer_limit"
    assert await refused(counter.reserve("4", sku="Z")) == "not_in_sale"
    assert await refused(counter.reserve("5", session="x")) == "no_such_session"
    two = await counter.reserve("6", quantity=2)
    await counter.settle("commit", two["reservation_id"])
    assert await refused(counter.reserve("7", sku="B")) == "session_limit"
    await counter.reserve("8", session=EVENING_ID, now_us=STARTS_US + 10 * HOUR_US)
    at = {"now_us": STARTS_US + 10 * HOUR_US}
    assert await refused(counter.reserve("9", sku="B", **at)) == "sale_limit"
    counter.show(sale(), is_live=False)
    assert await refused(counter.reserve("10", "u9")) == "paused"
    with pytest.raises(NotFound):
        await counter.post(
            "/api/v1/flash-sales/none/reserve", {"request_id": "r", "customer_id": "u", "sku": "A"}
        )


async def test_what_nobody_commits_is_back_at_its_time(counter):
    key = (await counter.reserve())["reservation_id"]
    ends_us = NOW_US + 15 * MINUTE_US
    assert await counter.stock(ends_us - 1) == (9, 1, 0)
    assert await counter.stock(ends_us) == (10, 0, 0)
    with pytest.raises(Gone):
        await counter.settle("commit", key, now_us=ends_us)
    view = await counter.call("GET", f"/api/v1/reservations/{key}", now_us=ends_us)
    assert view["state"] == "released"
    assert counter.events() == []


async def test_release_gives_back_once_and_not_what_was_sold(counter):
    key = (await counter.reserve())["reservation_id"]
    for _ in range(2):
        assert (await counter.settle("release", key))["state"] == "released"
    assert await counter.stock() == (10, 0, 0)
    key = (await counter.reserve("r2"))["reservation_id"]
    await counter.settle("commit", key)
    with pytest.raises(Conflict):
        await counter.settle("release", key)
    assert [event["event"] for event in counter.events()] == [
        "Reservation Released",
        "Reservation Committed",
    ]


async def test_a_cancelled_order_puts_its_pieces_back_once(counter):
    counter.show(sale(limit_per_customer=3))
    key = (await counter.reserve(quantity=3))["reservation_id"]
    with pytest.raises(Conflict):
        await counter.settle("return", key)
    await counter.settle("commit", key, "o1")
    for _ in range(2):
        assert (await counter.settle("return", key, "o1"))["state"] == "returned"
    assert await counter.stock() == (10, 0, 0)
    assert await counter.reserve("r2", quantity=3)


@pytest.mark.parametrize("key", ["nobody", "rsv_" + "0" * 32, "ads:budget:x"])
async def test_a_reservation_that_there_is_not(counter, key):
    for verb in ("commit", "release", "return"):
        with pytest.raises(NotFound):
            await counter.settle(verb, key)


async def test_a_batch_answers_each_by_itself(counter):
    counter.show(sale(stock=2))
    first = await counter.reserve("known", "u9")
    told = await counter.batch(
        {"request_id": "a", "customer_id": "u1"},
        {"request_id": "known", "customer_id": "u9"},
        {"request_id": "b", "customer_id": "u1"},
        {"request_id": "known", "customer_id": "u2"},
        {"request_id": "c", "customer_id": "u3", "sku": "Z"},
        {"request_id": "d", "customer_id": "u4"},
    )
    assert told[1] == first
    assert [one.get("reason") for one in told] == [
        None,
        None,
        "customer_limit",
        "conflict",
        "not_in_sale",
        "sold_out",
    ]
    assert told[2]["left"] == 0
    assert await counter.stock() == (0, 2, 0)


async def test_many_at_once_get_the_stock_and_not_one_more(counter):
    counter.show(sale(stock=70))
    told = await together(*(counter.reserve(f"r{n}", f"u{n}") for n in range(500)))
    assert sum(isinstance(one, dict) for one in told) == 70
    assert {one.reason for one in told if not isinstance(one, dict)} == {"sold_out"}
    assert await counter.stock() == (0, 70, 0)


async def test_a_price_token_tells_the_price_that_is_held(counter):
    told = await counter.reserve()
    prices = HeldPrices(SIGNER)
    held = prices.of(told["price_token"], NOW_US)
    assert (held.sku, held.quantity, held.price_minor, held.customer_id) == ("A", 1, 9_900, "u1")
    assert held.reservation_id == told["reservation_id"]
    with pytest.raises(Gone):
        prices.of(told["price_token"], NOW_US + 15 * MINUTE_US)
    with pytest.raises(InvalidInput) as wrong:
        prices.of(told["price_token"][:-2], NOW_US, "cart.reservations[0]")
    assert wrong.value.fields[0].path == "cart.reservations[0]"
    view = await counter.call("GET", f"/api/v1/reservations/{told['reservation_id']}")
    assert view["price_token"] == told["price_token"]


async def test_a_lowered_stock_binds_at_the_next_reservation(counter):
    for number in range(4):
        await counter.reserve(f"r{number}", f"u{number}")
    counter.show(sale(stock=3))
    assert await refused(counter.reserve("x", "x")) == "sold_out"
    counter.show(sale(stock=5))
    assert (await counter.reserve("y", "y"))["state"] == "reserved"


async def test_the_state_tells_how_fast_it_sells(counter):
    assert (await counter.state())["sales_per_s"] is None
    for number in range(6):
        told = await counter.reserve(f"r{number}", f"u{number}")
        if number < 4:
            await counter.settle("commit", told["reservation_id"])
    state = await counter.state(NOW_US + 2 * SECOND_US)
    assert (state["phase"], state["sold"], state["reserved"]) == ("running", 4, 2)
    assert (state["reservations_per_s"], state["sales_per_s"]) == (3.0, 2.0)
    assert state["session"]["id"] == MORNING_ID
    later = await counter.state(session=EVENING_ID)
    assert later["items"][0]["left"] == 10
    for now_us, phase in (
        (STARTS_US - 1, "coming"),
        (STARTS_US + 3 * HOUR_US, "between"),
        (NOW_US + 99 * HOUR_US, "ended"),
    ):
        assert (await counter.state(now_us))["phase"] == phase
    with pytest.raises(InvalidInput):
        await counter.state(session="x")
