"""Orders to lines: golden cases as data, and the laws that hold for all."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.kernel.errors import InvalidInput
from queqiao.process.attribution import NO_CLICK
from queqiao.process.facts import Properties
from queqiao.process.orders import Order, Orders
from queqiao.process.state import Checkpoint, StateFile

CASES = json.loads((Path(__file__).parents[1] / "cases/process/orders.json").read_text())


@pytest.fixture(scope="module")
def orders_of(tmp_path_factory):
    numbers = iter(range(10**9))
    file = StateFile(tmp_path_factory.mktemp("orders") / "state.sqlite")
    yield lambda: Orders(file.keyed(f"order{next(numbers)}", Order, 10), "CNY")
    file.close()


def book(orders: Orders, event: str, properties: dict):
    decoded = msgspec.json.decode(json.dumps(properties), type=Properties)
    return orders.book(event, decoded, NO_CLICK)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_cases(orders_of, case) -> None:
    orders = orders_of()
    lines = [
        [
            booked.kind,
            line.sku,
            line.quantity,
            line.list_minor,
            line.discount_minor,
            line.amount_minor,
        ]
        for event, properties in case["events"]
        for booked in [book(orders, event, properties)]
        for line in booked.lines
    ]
    assert lines == case["lines"]


product = st.fixed_dictionaries(
    {
        "sku": st.sampled_from(["a", "b", "c", "d"]),
        "price_minor": st.integers(0, 10**7),
        "quantity": st.integers(1, 20),
    }
)


@given(st.lists(product, min_size=1, max_size=6), st.integers(0, 10**8), st.data())
def test_amounts_sum_to_the_minor_unit(orders_of, products, discount, data) -> None:
    orders = orders_of()
    gross = sum(one["price_minor"] * one["quantity"] for one in products)
    placed = {"order_id": "1", "currency": "CNY", "products": products, "discount_minor": discount}
    if discount > gross:
        with pytest.raises(InvalidInput):
            book(orders, "Order Completed", placed)
        return
    sale = book(orders, "Order Completed", placed).lines
    assert sum(line.amount_minor for line in sale) == gross - discount
    assert all(line.list_minor - line.discount_minor == line.amount_minor for line in sale)
    total = data.draw(st.integers(0, gross - discount))
    part = book(orders, "Order Refunded", {"order_id": "1", "total_minor": total}).lines
    assert sum(line.amount_minor for line in part) == -total
    rest = book(orders, "Order Cancelled", {"order_id": "1"}).lines
    assert sum(line.amount_minor for line in rest) == total - (gross - discount)
    assert sum(line.quantity for line in rest) == -sum(one["quantity"] for one in products)
    again = book(orders, "Order Cancelled", {"order_id": "1"}).lines
    assert sum(line.amount_minor for line in again) == 0


def test_a_discount_larger_than_the_lines_is_refused_by_name(orders_of) -> None:
    with pytest.raises(InvalidInput) as refusal:
        book(
            orders_of(), "Order Completed", {"order_id": "1", "discount_minor": 2, "products": [{}]}
        )
    assert refusal.value.fields[0].path == "properties.discount"


def test_state_outlives_memory_and_process(tmp_path) -> None:
    file = StateFile(tmp_path / "state.sqlite")
    keyed = file.keyed("order", list[int], keys_max=2)
    for number in range(5):
        keyed.put(str(number), [number])
    file.commit(Checkpoint(7, 1, 2))
    keyed.put("0", [99])
    file.close()
    file = StateFile(tmp_path / "state.sqlite")
    keyed = file.keyed("order", list[int], keys_max=2)
    assert [keyed.get(str(number)) for number in range(6)] == [[0], [1], [2], [3], [4], None]
    assert file.checkpoint() == Checkpoint(7, 1, 2)
    file.close()
