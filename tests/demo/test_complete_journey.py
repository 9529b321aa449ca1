"""The Complete Journey: rows become events without losing a cent."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.demo.fake_system import FakeSystem

from queqiao.demo import complete_journey, journey_documents, journey_events
from queqiao.demo.client import StoreClient
from queqiao.demo.journey_files import (
    Refusal,
    Transaction,
    rows_of,
    sales_total_minor,
    transactions,
    week_start_us,
)
from queqiao.kernel.clock import format_rfc3339


def line(quantity: int, list_minor: int, discount_minor: int) -> Transaction:
    sales = list_minor - discount_minor
    return Transaction("1", "2", "3", "4", quantity, list_minor, discount_minor, sales, 0, 0)


@given(st.integers(1, 30_000), st.integers(0, 50_000), st.data())
def test_a_line_becomes_products_that_sum_to_it_exactly(quantity, list_minor, data):
    discount = data.draw(st.integers(0, list_minor))
    bought = line(quantity, list_minor, discount)
    (event,) = journey_events.orders([bought], {})
    products = event["properties"]["products"]
    assert sum(p["quantity"] for p in products) == quantity
    assert sum(p["quantity"] * p["price_minor"] for p in products) == list_minor
    assert sum(p["discount_minor"] for p in products) == discount
    assert event["properties"]["total_minor"] == bought.sales_minor


def test_weeks_begin_at_midnight_in_new_york():
    assert format_rfc3339(week_start_us(1)) == "2017-01-01T05:00:00Z"
    assert format_rfc3339(week_start_us(2)) == "2017-01-02T05:00:00Z"
    assert format_rfc3339(week_start_us(30)) == "2017-07-17T04:00:00Z"


@pytest.fixture(scope="module")
def journey(shared_data):
    return shared_data / "complete_journey"


def test_every_receipt_line_is_taken_or_named(journey):
    found = list(transactions(journey))
    refused = [one for one in found if isinstance(one, Refusal)]
    taken = [one for one in found if not isinstance(one, Refusal)]
    assert len(found) == 75_000
    assert {one.reason for one in refused} == {"no units: a coupon line, not a sale"}
    assert len(refused) == 416
    assert sum(one.sales_minor for one in taken) == sales_total_minor(journey) == 23_393_524
    events = list(journey_events.orders(taken, {}))
    assert sum(event["properties"]["total_minor"] for event in events) == 23_393_524
    by_lines = sum(
        product["quantity"] * product["price_minor"] - product["discount_minor"]
        for event in events
        for product in event["properties"]["products"]
    )
    assert by_lines == 23_393_524


def test_prices_say_what_they_are_based_on(journey):
    goods = list(rows_of(journey, "products"))
    lines = [one for one in transactions(journey) if isinstance(one, Transaction)]
    prices = journey_documents.Prices(lines, goods)
    basis = [prices.of(row)[1] for row in goods]
    assert len(basis) == 92_331
    assert basis.count("own sales") > 20_000
    assert basis.count("all products") < 100


def test_a_code_says_which_campaign_it_is_of(journey):
    coupons = journey_documents.Coupons(journey)
    codes = [code for n in range(1, 28) for code in coupons.codes_of(str(n))]
    assert len(codes) == len(set(codes)) == 1_197
    known = set(codes)
    for row in rows_of(journey, "coupon_redemptions"):
        assert coupons.code(row["coupon_upc"], row["campaign_id"]) in known


async def test_a_second_replay_changes_nothing(journey, monkeypatch):
    """The whole replay against a stand-in; the promotions file is cut to keep it quick."""
    system = FakeSystem()
    original = StoreClient.__init__

    def with_stand_in(self, *arguments, **named):
        original(self, *arguments, **named, transport=system.transport())

    monkeypatch.setattr(StoreClient, "__init__", with_stand_in)
    monkeypatch.setattr(journey_events, "impressions", lambda _: iter(()))
    told = []
    first = await complete_journey.replay(journey, "http://x", "a", "w", progress=told.append)
    events = msgspec.json.encode(system.events)
    second = await complete_journey.replay(journey, "http://x", "a", "w", progress=told.append)
    assert msgspec.json.encode(system.events) == events
    assert first.equal
    assert second.equal
    assert first.counted["orders"].taken == 47_034
    assert first.counted["households"].taken == 2_379
    assert first.counted["coupon_redemptions"].taken == 2_102
