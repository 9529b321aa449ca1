"""The express lane answers as the routes do, and declines whatever is unusual."""

import msgspec
import pytest
from tests.promotions.flash_sales.counter import NOW_US, SIGNER, sale

from queqiao.decide.promotions.flash_sales.contracts import HeldPrices
from queqiao.decide.promotions.flash_sales.desk import Desk
from queqiao.decide.promotions.flash_sales.express import Express
from queqiao.decide.promotions.flash_sales.queue import Admissions
from queqiao.kernel.clock import FixedClock
from queqiao.kernel.errors import Conflict, Refused

LINE = (b"authorization", b"Bearer good")
WISH = {"request_id": "r1", "customer_id": "u1", "sku": "A"}


@pytest.fixture
def express(counter):
    admissions = Admissions(counter.ledger, SIGNER, lambda _: 0)
    desk = Desk(lambda: counter.sales, counter.ledger, HeldPrices(SIGNER), admissions)
    return Express(desk, FixedClock(NOW_US), lambda line: line == b"Bearer good")


def one(express, wish=WISH, headers=(LINE,), sale_id="s"):
    body = wish if isinstance(wish, bytes) else msgspec.json.encode(wish)
    return express.one(sale_id, headers, body)


def many(express, *wishes):
    return express.many("s", (LINE,), msgspec.json.encode({"reservations": wishes}))


async def test_it_answers_as_the_route_does(counter, express):
    told = msgspec.json.decode(await one(express))
    assert told == await counter.reserve()
    other = WISH | {"request_id": "r2", "customer_id": "u2"}
    results = msgspec.json.decode(await many(express, WISH, other))["results"]
    assert results == await counter.batch(WISH, other)
    assert await counter.stock() == (8, 2, 0)


async def test_a_refusal_is_the_same_error(counter, express):
    counter.show(sale(stock=0))
    with pytest.raises(Refused) as refused:
        await one(express)
    assert refused.value.reason == "sold_out"
    with pytest.raises(Conflict):
        await one(express, WISH | {"customer_id": "u2"})


@pytest.mark.parametrize(
    "asked",
    [
        {"headers": ()},
        {"headers": ((b"authorization", b"Bearer bad"),)},
        {"headers": (LINE, (b"cookie", b"x=y"))},
        {"headers": (LINE, (b"queqiao-now", b"2026-01-01T00:00:00Z"))},
        {"sale_id": "none"},
        {"wish": b"{"},
        {"wish": WISH | {"quantity": 0}},
        {"wish": WISH | {"customer_id": "e\u0301"}},
    ],
)
async def test_what_is_unusual_goes_the_general_way(counter, express, asked):
    assert one(express, **asked) is None
    assert await counter.stock() == (10, 0, 0)


async def test_a_wrong_batch_goes_the_general_way(express):
    assert many(express) is None
    assert many(express, WISH, WISH | {"sku": 1}) is None
