"""Ids with colons: no two have one counter, and reservations made under older names are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.promotions.flash_sales.counter import MORNING_ID, NOW_US, sale

from queqiao.decide.promotions.flash_sales.counters import customer_prefix, held_of
from queqiao.decide.promotions.flash_sales.documents import Item
from queqiao.kernel.errors import Refused
from queqiao.ports.ledger.base import Ask

ids = st.text(alphabet=":3aA", min_size=1, max_size=6)


@given(ids, ids, ids, ids)
def test_no_two_pairs_of_goods_and_customer_have_one_name(sku, customer, other_sku, other):
    names = [
        customer_prefix("s", "x", goods) + who
        for goods, who in ((sku, customer), (other_sku, other))
    ]
    assert (names[0] == names[1]) == ((sku, customer) == (other_sku, other))


def test_goods_without_a_colon_are_named_as_ever():
    assert customer_prefix("s", "x", "A%3A") == "flash:customer:s:x:A%3A:"


async def test_a_customer_with_a_colon_does_not_use_up_the_limit_of_another(counter):
    counter.show(sale(items=(Item("A", 100, 10, 1), Item("A:b", 100, 10, 1))))
    first = await counter.reserve("r1", "c", sku="A:b")
    second = await counter.reserve("r2", "b:c", sku="A")
    assert first["state"] == second["state"] == "reserved"
    with pytest.raises(Refused) as refused:
        await counter.reserve("r3", "c", sku="A:b")
    assert refused.value.reason == "customer_limit"
    sold = await counter.settle("commit", first["reservation_id"], "o1")
    assert (sold["sku"], sold["customer_id"]) == ("A:b", "c")


async def test_a_reservation_of_before_is_still_read_and_settled(counter):
    """SKUs with colons had counters without a length."""
    counter.show(sale(items=(Item("A:b", 9_900, 10),)))
    stock, mine = f"flash:stock:s:{MORNING_ID}:A:b", f"flash:customer:s:{MORNING_ID}:A:b:u:1"
    amounts = {mine: 1, stock: 1, "flash:price:CNY:9900": 0}
    held = held_of(amounts)
    assert held is not None
    assert (held.sku, held.customer_id) == ("A:b", "u:1")
    key = "rsv_" + "0" * 32
    ask = Ask(key, amounts, {mine: 10, stock: 10}, NOW_US + 60_000_000)
    await counter.ledger.reserve_many([ask], NOW_US)
    sold = await counter.settle("commit", key, "o1")
    assert (sold["state"], sold["customer_id"]) == ("committed", "u:1")
