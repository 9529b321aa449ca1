"""The same counter with its ledger on a Redis or Valkey server."""

from itertools import count

import pytest
from tests.promotions.flash_sales.counter import NOW_US, STARTS_US, Counter, sale, together

from queqiao.decide.promotions.flash_sales.documents import Item, Queue
from queqiao.kernel.clock import MINUTE_US
from queqiao.kernel.errors import Conflict, Gone, Refused
from queqiao.ports.ledger.redis import RedisLedger

serial = count()
pytestmark = [pytest.mark.engines, pytest.mark.engines_ci]


@pytest.fixture(params=["redis", "valkey"])
async def counter(request, tmp_path):
    url = request.getfixturevalue(f"{request.param}_url")
    ledger = RedisLedger(f"{url}?prefix=flash-{request.param}-{next(serial)}", entries_max=100)
    counter = Counter(tmp_path, ledger)
    yield counter
    assert (await ledger.prove()).balanced
    await ledger.erase()
    await counter.close()


async def test_a_reservation_from_first_to_last(counter):
    told = await counter.reserve()
    counter.show(sale(items=(Item("A", 5_000, 10),)))
    assert await counter.reserve() == told
    with pytest.raises(Conflict):
        await counter.reserve(quantity=2)
    with pytest.raises(Refused) as refused:
        await counter.reserve("r2")
    assert refused.value.reason == "customer_limit"
    await counter.settle("commit", told["reservation_id"], "o1")
    assert await counter.stock() == (9, 0, 1)
    await counter.settle("return", told["reservation_id"], "o1")
    assert await counter.stock() == (10, 0, 0)
    late = (await counter.reserve("r3", "u3"))["reservation_id"]
    with pytest.raises(Gone):
        await counter.settle("commit", late, now_us=NOW_US + 15 * MINUTE_US)
    assert await counter.stock(NOW_US + 15 * MINUTE_US) == (10, 0, 0)


async def test_a_crowd_gets_the_stock_and_not_one_more(counter):
    counter.show(sale(stock=150))
    told = await together(*(counter.reserve(f"r{n}", f"u{n}") for n in range(400)))
    assert sum(isinstance(one, dict) for one in told) == 150
    batch = await counter.batch(
        {"request_id": "r0", "customer_id": "u0"}, {"request_id": "x", "customer_id": "x"}
    )
    assert (batch[0]["state"], batch[1]["reason"]) == ("reserved", "sold_out")
    assert await counter.stock() == (0, 150, 0)


async def test_the_queue_is_one_sequence(counter):
    counter.show(sale(queue=Queue(10)))
    path = "/api/v1/flash-sales/s/admission"
    told = await together(
        *(counter.post(path, {"customer_id": f"u{n}"}, STARTS_US) for n in range(50))
    )
    assert sorted(place["number"] for place in told) == list(range(1, 51))
