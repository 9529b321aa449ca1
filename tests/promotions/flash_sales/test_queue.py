"""The waiting room: in order, by the rate, no crowd after an idle hour, no forged admission."""

import asyncio

import pytest
from tests.promotions.flash_sales.counter import NOW_US, STARTS_US, sale, together

from queqiao.decide.promotions.flash_sales.documents import Queue
from queqiao.decide.promotions.flash_sales.queue import now_serving, turn_us
from queqiao.decide.promotions.flash_sales.sessions import Session
from queqiao.kernel.clock import HOUR_US, MINUTE_US, SECOND_US
from queqiao.kernel.errors import Broken, InvalidInput, Refused

TEN = Queue(admissions_per_s=10, admission_lifetime_s=60)


@pytest.fixture
def queued(counter):
    counter.show(sale(stock=1_000, queue=TEN, warm_up_s=600))
    return counter


async def arrive(counter, customer="u1", now_us=STARTS_US, **fields):
    body = {"customer_id": customer} | fields
    return await counter.post("/api/v1/flash-sales/s/admission", body, now_us)


async def refused(call):
    with pytest.raises(Refused) as error:
        await call
    return error.value.reason


async def test_who_comes_first_is_let_in_first_and_by_the_rate(queued):
    places = [await arrive(queued, f"u{n}", STARTS_US - 5 * SECOND_US) for n in range(35)]
    assert [place["number"] for place in places] == list(range(1, 36))
    assert {place["state"] for place in places} == {"waiting"}
    assert places[-1]["position"] == 35
    assert places[-1]["estimated_wait_s"] == 8
    for second, let_in in ((0, 10), (1, 20), (2, 30), (3, 35)):
        now_us = STARTS_US + second * SECOND_US
        again = [
            await arrive(queued, f"u{n}", now_us, ticket=place["ticket"])
            for n, place in enumerate(places)
        ]
        assert [place["state"] for place in again] == ["admitted"] * let_in + ["waiting"] * (
            35 - let_in
        )


async def test_many_who_come_at_once_get_numbers_of_one_sequence(queued):
    told = await together(*(arrive(queued, f"u{n}") for n in range(200)))
    assert sorted(place["number"] for place in told) == list(range(1, 201))


async def test_a_defect_of_the_ledger_answers_everybody_who_waits(queued, monkeypatch):
    async def draw(*_arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(queued.ledger, "draw", draw)
    told = await asyncio.wait_for(together(*(arrive(queued, f"u{n}") for n in range(9))), 5)
    assert [type(error) for error in told] == [Broken] * 9


async def test_an_hour_without_visitors_lets_in_no_crowd(queued):
    now_us = STARTS_US + HOUR_US
    told = await together(*(arrive(queued, f"u{n}", now_us) for n in range(50)))
    assert sum(place["state"] == "admitted" for place in told) == 10


async def test_an_admission_lets_its_customer_reserve_in_its_session(queued):
    place = await arrive(queued)
    assert place["admission_expires_at"] == "2026-06-18T02:01:00Z"
    told = await queued.reserve(admission=place["admission"], now_us=STARTS_US + 1)
    assert told["state"] == "reserved"
    for fields in (
        {},
        {"admission": "x"},
        {"admission": place["ticket"]},
        {"admission": place["admission"], "customer": "u2"},
        {"admission": place["admission"], "session": "20260618T120000Z"},
    ):
        reason = await refused(queued.reserve(f"r-{fields}", now_us=STARTS_US + 1, **fields))
        assert reason == "not_admitted"
    late_us = STARTS_US + MINUTE_US
    again = await refused(queued.reserve("r9", now_us=late_us, admission=place["admission"]))
    assert again == "admission_expired"
    first = await queued.reserve(admission=place["admission"], now_us=late_us)
    assert first == told


async def test_who_missed_the_turn_draws_anew(queued):
    place = await arrive(queued)
    late = await arrive(queued, now_us=STARTS_US + 61 * SECOND_US, ticket=place["ticket"])
    assert late["number"] > place["number"]


async def test_tickets_cannot_be_forged_or_lent(queued):
    ticket = (await arrive(queued))["ticket"]
    for customer, said in (("u2", ticket), ("u1", ticket[:-1] + "A"), ("u1", "x"), ("u1", "é")):
        with pytest.raises(InvalidInput) as wrong:
            await arrive(queued, customer, ticket=said)
        assert wrong.value.fields[0].path == "ticket"


async def test_the_queue_opens_with_the_warm_up_and_closes_with_the_session(queued):
    early_us = STARTS_US - 11 * MINUTE_US
    assert await refused(arrive(queued, now_us=early_us)) == "not_started"
    assert (await arrive(queued, now_us=early_us + MINUTE_US))["state"] == "waiting"
    assert await refused(arrive(queued, now_us=STARTS_US + 99 * HOUR_US)) == "ended"
    with pytest.raises(InvalidInput):
        await arrive(queued, session="x")
    queued.show(sale(queue=TEN), is_live=False)
    assert await refused(arrive(queued)) == "paused"


async def test_the_state_tells_how_many_wait(queued):
    await together(*(arrive(queued, f"u{n}") for n in range(35)))
    queue = (await queued.state(STARTS_US))["queue"]
    assert queue == {"drawn": 35, "now_serving": 10, "waiting": 25, "admissions_per_s": 10}


async def test_a_sale_without_a_queue_admits_at_once(counter):
    place = await arrive(counter, now_us=NOW_US)
    assert place["state"] == "admitted"
    assert (await counter.reserve(admission=place["admission"]))["state"] == "reserved"


@pytest.mark.parametrize("rate", [1, 3, 7, 1_000_000])
def test_a_turn_is_the_first_moment_that_serves_a_number(rate):
    queue, session = Queue(rate), Session(STARTS_US, STARTS_US + HOUR_US, "x")
    for number in (1, 2, rate, rate + 1, 10 * rate + 3):
        turn = turn_us(queue, session, number)
        assert now_serving(queue, session, turn) >= number
        assert turn == STARTS_US or now_serving(queue, session, turn - 1) < number
