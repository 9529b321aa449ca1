"""What a person bought in all, and said of themselves: a function of the events, told in time."""

# ruff: noqa: F811  # fixtures of another room

from random import Random

import msgspec
import pytest
from tests.process.conftest import T0, event, house  # noqa: F401
from tests.profile.test_live_rows import NOW_US, ZONE, Away, Shop, bodies, shop  # noqa: F401

from queqiao.kernel.clock import DAY_US, HOUR_US
from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.profile.buyers import (
    LINES_MAX,
    NOBODY,
    Bought,
    Buyer,
    Named,
    Said,
    Sold,
    folded,
    together,
)
from queqiao.profile.live_reader import LiveReader
from queqiao.profile.live_state import Trust


def line(offset, paid, *, first=True, sku="cup", at=0, quantity=1, currency="CNY"):
    return Sold(offset, "u", first, Bought(sku, "home", quantity, paid, currency, at))


def test_orders_count_once_whatever_lines_they_have_and_credits_take_away():
    buyer = folded(
        NOBODY,
        [
            line(1, 900, at=5),
            line(1, 100, first=False, sku="jar", at=5),
            line(2, 70, at=9, currency="EUR"),
            line(3, -900, first=False, at=11, quantity=-1),
        ],
    )
    assert (buyer.orders, buyer.spent) == (2, {"CNY": 100, "EUR": 70})
    assert (buyer.last_order_us, buyer.position) == (9, 3)
    assert [(one.sku, one.quantity) for one in buyer.bought] == [
        ("cup", -1),
        ("cup", 1),
        ("cup", 1),
        ("jar", 1),
    ]


def test_what_was_folded_is_not_folded_again_however_it_is_cut():
    random = Random(3)
    facts = [
        line(n, random.randrange(1, 99), at=random.randrange(99), first=random.random() < 0.5)
        for n in range(1, 60)
    ]
    whole = folded(NOBODY, facts)
    for cut in range(0, 60, 7):
        part = folded(NOBODY, facts[:cut])
        assert folded(folded(part, facts[max(0, cut - 5) :]), facts) == whole


def test_the_latest_lines_are_kept_and_money_forgets_nothing():
    buyer = folded(NOBODY, [line(n, 1, at=n) for n in range(1, LINES_MAX + 11)])
    assert (len(buyer.bought), buyer.spent["CNY"]) == (LINES_MAX, LINES_MAX + 10)
    assert buyer.bought[-1].at_us == 11


def test_the_latest_word_about_a_trait_counts_and_contacts_are_not_kept():
    calls = [
        Named(1, "u", 10, {"birthday": "1990-06-18", "email": "u@example.com", "level": "gold"}),
        Named(2, "u", 5, {"birthday": "1991-01-01", "tags": ["vip", 7, "x" * 300], "age": 30}),
    ]
    assert folded(NOBODY, calls).traits == {
        "birthday": Said("1990-06-18", 10),
        "level": Said("gold", 10),
        "tags": Said(["vip"], 5),
        "age": Said(30, 5),
    }


def test_a_user_and_a_device_are_one_person():
    user = Buyer(9, 2, {"CNY": 5}, 7, traits={"level": Said("gold", 2)})
    device = Buyer(4, 1, {"CNY": 1, "EUR": 2}, 8, traits={"level": Said("silver", 1)})
    both = together([user, device])
    assert (both.orders, both.spent, both.last_order_us) == (3, {"CNY": 6, "EUR": 2}, 8)
    assert both.traits == {"level": Said("gold", 2)}
    assert together([]) == NOBODY


def ordered(at, user, order_id, *products):
    goods = [{"sku": sku, "price_minor": price, "quantity": 1} for sku, price in products]
    return event("Order Completed", at, user=user, order_id=order_id, products=goods)


async def buyer_of(shop: Shop, *ids: str) -> Buyer | None:
    return await LiveReader(shop.rows, shop.clock, ZONE, 2.0).buyer(ids, shop.clock.at_us)


async def test_orders_of_any_age_are_known_and_who_has_none_is_a_newcomer(shop):
    shop.clock.at_us = T0 + 400 * DAY_US
    await shop.house.load(
        ordered(0, "u", "o1", ("pot", 900), ("jar", 100)),
        event("Product Viewed", 1, user="v", sku="pot"),
        ordered(399 * DAY_US, "u", "o2", ("cup", 50)),
    )
    assert await buyer_of(shop, "u") is None, "no rows are made yet"
    await shop.catch_up()
    buyer = await buyer_of(shop, "u")
    assert (buyer.orders, buyer.spent) == (2, {"CNY": 1_050})
    assert buyer.last_order_us == T0 + 399 * DAY_US
    assert {one.sku for one in buyer.bought} == {"pot", "jar", "cup"}
    assert await buyer_of(shop, "v") == NOBODY
    assert await buyer_of(shop, "nobody") == NOBODY
    assert await buyer_of(shop) is None


async def test_rows_agree_with_the_warehouse(shop):
    await shop.house.load(*bodies(400))
    await shop.catch_up()
    sql = """SELECT if(user_id != '', user_id, anonymous_id) AS who,
      uniqExactIf(offset, kind = 'sale'), sum(amount_minor) FROM order_lines GROUP BY who"""
    rows = (await shop.house.warehouse.query(sql)).rows
    assert any(orders for _, orders, _ in rows)
    for person, orders, spent in rows:
        buyer = await buyer_of(shop, person)
        assert (buyer.orders, sum(buyer.spent.values())) == (orders, spent), person


async def test_made_anew_in_large_steps_it_is_the_same(shop, monkeypatch):
    await shop.house.load(*bodies(300))
    await shop.catch_up()
    people = list(await shop.everybody())
    before = [await buyer_of(shop, person) for person in people]
    monkeypatch.setattr("queqiao.profile.live_rows.EVENTS_AT_ONCE", 7)
    shop.made_by = "second"
    shop.clock.at_us = T0 + 60 * DAY_US
    await shop.catch_up()
    assert [await buyer_of(shop, person) for person in people] == before
    assert any(buyer.orders for buyer in before)


async def test_a_store_that_is_away_tells_nothing_in_time(shop):
    reader = LiveReader(Away(), shop.clock, ZONE, 1.0)
    assert await reader.buyer(["u"], NOW_US) is None
    assert await reader.buyer(["u"], NOW_US - HOUR_US) is None, "live rows are of now"


@pytest.mark.parametrize("traits", [{"birthday": "06-18", "tags": ["vip"]}])
async def test_traits_of_an_identify_call_are_known(shop, traits):
    called = decode_envelope(event(None, 3, user="u", kind="identify"))
    called.traits = msgspec.Raw(msgspec.json.encode(traits))
    await shop.house.load(encode_envelope(called))
    await shop.catch_up()
    known = (await buyer_of(shop, "u")).traits
    assert {name: said.value for name, said in known.items()} == traits


def said_by(source, body):
    """Return the same event by another source."""
    envelope = decode_envelope(body)
    envelope.source = source
    return encode_envelope(envelope)


def called(at, user, source, **traits):
    envelope = decode_envelope(event(None, at, user=user, kind="identify"))
    envelope.traits, envelope.source = msgspec.Raw(msgspec.json.encode(traits)), source
    return encode_envelope(envelope)


async def test_what_a_browser_tells_of_a_buyer_is_not_believed(shop):
    shop.trusted = Trust(("till",))
    await shop.house.load(
        said_by("till", ordered(0, "u", "o1", ("pot", 900))),
        ordered(1, "u", "o2", ("jar", 99_000)),
        called(2, "u", "web", level="gold", tags=["vip"]),
        called(3, "u", "till", level="silver"),
        called(4, "v", "web", birthday="1990-06-18"),
    )
    await shop.catch_up()
    buyer = await buyer_of(shop, "u")
    assert (buyer.orders, buyer.spent) == (1, {"CNY": 900})
    assert {name: said.value for name, said in buyer.traits.items()} == {"level": "silver"}
    known = await buyer_of(shop, "v")
    assert (known.orders, known.traits) == (0, {})
    assert (await shop.told("u")).recent.bought[0].sku == "jar", "what people like is of all"


async def test_a_device_that_a_browser_claims_brings_nobody_s_orders(shop):
    shop.trusted = Trust(("till",))
    sold = decode_envelope(ordered(2, None, "o1", ("pot", 900)))
    sold.anonymous_id, sold.source = "d", "till"
    await shop.house.load(
        event("Product Viewed", 1, user="thief", anon="d", sku="pot"), encode_envelope(sold)
    )
    await shop.catch_up()
    assert await buyer_of(shop, "thief") == NOBODY
    assert (await buyer_of(shop, "d")).orders == 1


async def test_where_no_server_tells_of_buyers_nobody_is_a_newcomer(shop):
    shop.trusted = Trust(("offline",), servers=False)
    await shop.house.load(ordered(0, "u", "o1", ("pot", 900)))
    await shop.catch_up()
    assert await buyer_of(shop, "u") is None
    assert await buyer_of(shop, "nobody") is None


async def test_a_source_marked_anew_makes_the_rows_anew(shop):
    shop.trusted = Trust(("till",))
    await shop.house.load(ordered(0, "u", "o1", ("pot", 900)))
    await shop.catch_up()
    assert await buyer_of(shop, "u") == NOBODY
    shop.trusted = Trust(("till", "web"), version=1)
    await shop.catch_up()
    assert (await buyer_of(shop, "u")).orders == 1
