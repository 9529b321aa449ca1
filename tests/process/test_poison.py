"""One event can never stop the others, and a failing warehouse never makes rows twice."""

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.process.conftest import MINUTE, append, event

from queqiao.kernel.errors import Unavailable
from queqiao.process import machines
from queqiao.process.loader import Pace, _arrows
from queqiao.process.machines import Machines, Rows
from queqiao.process.state import StateFile

HUGE = 10**30
SOLD = {"sku": "a", "price_minor": 500, "quantity": 2}


async def test_numbers_beyond_every_amount_are_named_and_stop_nothing(house) -> None:
    await house.load(
        event("Foo", 1, user="u", cost_minor=HUGE),
        event("Order Completed", 2, user="u", order_id="1",
              products=[{**SOLD, "list_price_minor": HUGE}]),
        event("Order Completed", 3, user="u", order_id="2",
              products=[SOLD, {"sku": "b", "price_minor": 2**52, "quantity": 2**31}]),
        event("Order Completed", 4, user="u", order_id="3",
              products=[{"sku": str(n), "price_minor": 2**52} for n in range(3000)]),
        event("Product Viewed", 5, user="u", quantity=HUGE, price_minor=-HUGE),
        event("Order Completed", 6, user="u", order_id="4", products=[SOLD]),
    )  # fmt: skip
    assert await house.ask("SELECT offset, path FROM unprocessed ORDER BY offset, path") == [
        [1, "properties.cost_minor"],
        [2, "properties.products[0].list_price_minor"],
        [3, "properties.products[1]"],
        [4, "properties.products"],
        [5, "properties.price_minor"],
        [5, "properties.quantity"],
    ]
    assert await house.ask("SELECT count() FROM events") == [[6]]
    assert await house.ask("SELECT order_id, amount_minor FROM order_lines") == [["4", 1000]]


@pytest.mark.parametrize("raised", [True, False], ids=["raises", "arrow refuses"])
async def test_an_event_that_our_code_fails_on_is_there_without_its_lines(
    house, monkeypatch, raised
) -> None:
    def bad_lines(fact, *rest):
        if fact.offset != 2:
            return whole(fact, *rest)
        if raised:
            raise ZeroDivisionError
        return [(*row[:-1], HUGE) for row in whole(fact, *rest)]

    whole = machines._line_rows
    monkeypatch.setattr(machines, "_line_rows", bad_lines)
    sale = {"order_id": "1", "products": [SOLD]}
    await house.load(
        event("Foo", 1, anon="d"),
        event("Order Completed", 40 * MINUTE, anon="d", **sale),
        event("Order Completed", 41 * MINUTE, anon="d", **sale),
    )
    assert await house.ask("SELECT offset, session_id FROM events ORDER BY offset") == [
        [1, "1"], [2, "2"], [3, "2"],
    ]  # fmt: skip
    assert await house.ask("SELECT offset, path FROM unprocessed") == [[2, "*"]]
    assert await house.ask("SELECT offset FROM order_lines") == [[3]], "the sale was not half known"
    assert await house.ask("SELECT count() FROM sessions") == [[3]]


wild = st.one_of(
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([HUGE, -HUGE, 2**63, 2**53, -(2**63) - 1, 2**31]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.builds("{}e{}".format, st.integers(), st.integers(-(10**9), 10**9)),
    st.decimals(allow_nan=False, allow_infinity=False).map(Decimal).map(str),
    st.none(),
)
NUMBERS = ["price", "price_minor", "list_price_minor", "discount_minor", "quantity"]
TOTALS = ["total", "total_minor", "subtotal_minor", "shipping_minor", "tax", "cost_minor"]
products = st.lists(st.dictionaries(st.sampled_from(NUMBERS), wild, max_size=4), max_size=3)
numbers = st.dictionaries(st.sampled_from(NUMBERS + TOTALS), wild, max_size=5)
names = st.sampled_from(
    ["Foo", "Order Completed", "Order Refunded", "Order Cancelled", "Order Adjusted"]
)


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    file = StateFile(tmp_path_factory.mktemp("poison") / "state.sqlite")
    yield file
    file.close()


@given(st.lists(st.tuples(names, numbers, products), min_size=1, max_size=5))
def test_any_numbers_fit_the_tables(state, happened) -> None:
    state.forget()
    machine, rows = Machines(state), Rows()
    for offset, (name, given_numbers, given_products) in enumerate(happened, 1):
        sold = {"products": given_products} if given_products else {}
        body = event(name, offset, user="u", order_id="1", **given_numbers, **sold)
        machine.see(offset, body, rows)
    assert set(_arrows(rows)) >= {"events"}
    assert rows.events.offsets() == list(range(1, len(happened) + 1))
    assert "*" not in [row[1] for row in rows.unprocessed]
    state.keep()


class Failing:
    """A warehouse whose next questions of some words fail, as often as it is told."""

    def __init__(self, inner) -> None:
        self.inner = inner
        self.command = inner.command
        self.failures: list[str] = []

    async def query(self, sql, parameters=()):
        await self._fail(sql)
        return await self.inner.query(sql, dict(parameters))

    async def insert(self, table, rows, *, gathered=False) -> None:
        await self.inner.insert(table, rows, gathered=gathered)
        await self._fail(f"inserted {table}")

    async def _fail(self, words: str) -> None:
        if self.failures and self.failures[0] in words:
            self.failures.pop(0)
            raise Unavailable


@pytest.mark.parametrize(
    "failures",
    [
        ["inserted events", "max(offset) FROM events"],
        ["inserted events", "max(offset) FROM unprocessed", "max(offset) FROM order_lines"],
        ["inserted order_lines", "SELECT offset, line FROM", "max(offset) FROM identities"],
        ["inserted watermark", "max(offset) FROM events", "SELECT offset FROM events"],
    ],
    ids=" then ".join,
)
async def test_a_failure_while_opening_again_makes_no_row_twice(house, failures) -> None:
    warehouse = Failing(house.warehouse)
    house.warehouse = warehouse
    loader = house.loader = house.new_loader()
    loader._pace = Pace(poll_s=0.001, retry_s=0.001)
    warehouse.close = warehouse.inner.close
    await loader.open()
    warehouse.failures = list(failures)
    sale = {"order_id": "1", "products": [SOLD]}
    await append(house.log, [event("Order Completed", 1, anon="d", user="u", **sale)])
    stop = asyncio.Event()
    running = asyncio.create_task(loader.run(stop))
    while loader.checkpoint.offset < 1 and not running.done():  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0.01)
    stop.set()
    await running
    assert not warehouse.failures
    for table in ("events", "order_lines", "identities", "sessions"):
        assert await house.ask(f"SELECT count() FROM {table}") == [[1]], table


async def test_nothing_is_loaded_before_opening_has_completed(house) -> None:
    warehouse = Failing(house.warehouse)
    house.warehouse, warehouse.close = warehouse, warehouse.inner.close
    house.loader = house.new_loader()
    warehouse.failures = ["max(offset) FROM events"]
    with pytest.raises(Unavailable):
        await house.loader.open()
    with pytest.raises(RuntimeError):
        await house.loader.step()
