"""Orders to lines: golden cases as data, and the laws that hold for all."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.kernel.errors import InvalidInput
from queqiao.process.attribution import NO_TOUCH
from queqiao.process.orders import Order, Orders
from queqiao.process.properties import Properties
from queqiao.process.state import Checkpoint, StateFile

CASES = json.loads((Path(__file__).parents[1] / "cases/process/orders.json").read_text())


@pytest.fixture(scope="module")
def orders_of(tmp_path_factory):
    numbers = iter(range(10**9))
    file = StateFile(tmp_path_factory.mktemp("orders") / "state.sqlite")

    def make() -> Orders:
        number = next(numbers)
        sales = file.keyed(f"sale{number}", Order, 10)
        return Orders(sales, file.keyed(f"sources{number}", list[str], 10), "CNY")

    yield make
    file.close()


def book(orders: Orders, event: str, properties: dict, source: str = "web"):
    decoded = msgspec.json.decode(json.dumps(properties), type=Properties)
    return orders.book(event, source, decoded, NO_TOUCH)


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


sale_product = st.fixed_dictionaries(
    {
        "sku": st.sampled_from(["a", "b", "c"]),
        "price_minor": st.integers(-500, 2000),
        "quantity": st.integers(0, 5),
    }
)
refund = st.fixed_dictionaries(
    {},
    optional={
        "total_minor": st.integers(-5000, 50_000),
        "products": st.lists(
            st.fixed_dictionaries(
                {"sku": st.sampled_from(["a", "b", "c", "x"]), "quantity": st.integers(-2, 9)},
                optional={"price_minor": st.integers(-100, 5000)},
            ),
            max_size=3,
        ),
    },
)


@given(st.lists(sale_product, max_size=4), st.lists(refund, max_size=6))
def test_refunds_never_take_more_than_the_sale(orders_of, products, refunds) -> None:
    orders = orders_of()
    placed = {"order_id": "1", "products": products, "total_minor": 700}
    sale = book(orders, "Order Completed", placed).lines
    worth, units = sum(one.amount_minor for one in sale), sum(one.quantity for one in sale)
    back = []
    for one in refunds:
        booked = book(orders, "Order Refunded", {"order_id": "1", **one})
        back += booked.lines
        assert all(x.list_minor - x.discount_minor == x.amount_minor for x in booked.lines)
        assert 0 <= -sum(x.quantity for x in back) <= units
        if worth >= 0:
            assert -sum(x.amount_minor for x in back) <= worth
    back += book(orders, "Order Cancelled", {"order_id": "1"}).lines
    assert sum(one.amount_minor for one in back) == -worth


def test_what_a_refund_asks_beyond_the_sale_is_named(orders_of) -> None:
    orders = orders_of()
    sold = [{"sku": "a", "price_minor": 500, "quantity": 2}]
    book(orders, "Order Completed", {"order_id": "1", "products": sold})
    within = book(orders, "Order Refunded", {"order_id": "1", "total_minor": 400})
    assert not within.beyond
    asked = {"order_id": "1", "products": [{**sold[0], "quantity": 3}]}
    over = book(orders, "Order Refunded", asked)
    assert [(one.quantity, one.amount_minor) for one in over.lines] == [(-2, -600)]
    (field,) = over.beyond
    assert (field.path, "900 minor units" in field.message.en) == ("properties.products", True)
    again = book(orders, "Order Refunded", {"order_id": "1", "total_minor": 1})
    assert sum(one.amount_minor for one in again.lines) == 0
    assert [one.path for one in again.beyond] == ["properties.total"]


def test_an_order_is_known_by_its_source_and_its_number(orders_of) -> None:
    orders = orders_of()
    refund = {"order_id": "7", "total_minor": 100_000}
    book(orders, "Order Completed", {"order_id": "7", "total_minor": 100}, "web")
    alone = book(orders, "Order Refunded", {"order_id": "7", "total_minor": 30}, "back office")
    assert alone.order.left, "the only sale of that number"
    book(orders, "Order Completed", {"order_id": "7", "total_minor": 900}, "shop")
    taken = [
        sum(line.amount_minor for line in book(orders, "Order Refunded", refund, source).lines)
        for source in ("shop", "web", "back office")
    ]
    assert taken == [-900, -70, -100_000], "own sale first; of two others, neither"
    with pytest.raises(InvalidInput):
        book(orders, "Order Completed", {"order_id": "7", "total_minor": 1}, "shop")


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
