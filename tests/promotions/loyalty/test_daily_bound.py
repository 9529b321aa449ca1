"""What one person gives in a day is bounded in all; above it another person allows it."""

import asyncio

import pytest
from sqlalchemy import select
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.loyalty import asked
from queqiao.decide.promotions.loyalty.adjusting import Adjustment, Who
from queqiao.decide.promotions.loyalty.tables import asked as table
from queqiao.kernel.clock import DAY_US, HOUR_US
from queqiao.kernel.errors import Conflict, InvalidInput, NotFound, Refused
from queqiao.kernel.http import Principal
from queqiao.ports.records.audit import Actor

OTHER = Principal("user:2", "other", scopes=frozenset({"write"}))
ASKER, ALLOWER = Actor("user:1", "asker"), Actor("user:2", "allower")
ENDS_US = NOW_US + 72 * HOUR_US


@pytest.fixture
async def bounded(till):
    """A shop in which a person gives 100 points a day."""
    till.daily = 100
    till.desk = till._points()
    till.start()
    return till


async def test_the_sum_of_a_day_is_bounded_and_says_what_is_left(bounded):
    await bounded.adjust(70, "a")
    with pytest.raises(Refused) as refused:
        await bounded.adjust(40, "b", customer="u2")
    assert refused.value.reason == "approval_needed"
    (field,) = refused.value.fields
    assert field.path == "points"
    assert field.message.en == "a person gives at most 100 a day; 30 are left today"
    assert await bounded.has("u2") == (0, 0, 0)
    assert (await bounded.adjust(30, "c", customer="u2"))["balance"] == 30


async def test_the_next_day_and_another_person_have_a_bound_of_their_own(bounded):
    await bounded.adjust(100, "a")
    assert (await bounded.adjust(100, "b", who=OTHER))["balance"] == 200
    assert (await bounded.adjust(100, "c", NOW_US + DAY_US))["balance"] == 300


async def test_a_retry_counts_once_and_what_is_taken_counts_not_at_all(bounded):
    for _ in range(3):
        await bounded.adjust(60, "a")
    await bounded.adjust(-50, "b")
    assert (await bounded.adjust(40, "c"))["balance"] == 50
    with pytest.raises(Refused):
        await bounded.adjust(1, "d")


async def test_many_at_once_give_no_more_than_the_bound(bounded):
    found = await asyncio.gather(
        *(bounded.adjust(9, f"r{n}", customer=f"u{n}") for n in range(30)), return_exceptions=True
    )
    assert sum(not isinstance(one, Refused) for one in found) == 11


async def test_what_is_wrong_counts_nothing(bounded):
    for points, reason in ((0, "x"), (100_001, "x")):
        with pytest.raises(InvalidInput):
            await bounded.adjust(points, "a", reason=reason)
    path = "POST /api/v1/points-programmes/{id}/adjustments"
    body = {"customer_id": "u1", "points": 9, "reason": "x", "request_id": "a"}
    with pytest.raises(NotFound):
        await bounded.manage(path, body, programme="none")
    assert (await bounded.adjust(100, "b"))["balance"] == 100


async def test_a_second_key_of_a_person_gives_no_second_bound(bounded):
    bounded.adjusting._bound = bounded.adjusting._bound._replace(person_of=lambda _conn, _id: "p")
    await bounded.adjust(100, "a")
    with pytest.raises(Refused):
        await bounded.adjust(1, "b", who=OTHER)


def wanted(points=500, reason="lost parcel", request="big"):
    return Adjustment("u1", points, reason, request)


async def test_what_another_person_allows_is_given_once(bounded):
    def ask(conn, said):
        return bounded.adjusting.ask(conn, "club", said, Who(ASKER, NOW_US), ENDS_US)

    waiting = bounded.records.write_now(lambda conn: ask(conn, wanted()))
    (shown,) = (await bounded.manage("GET /api/v1/points-programmes/{id}/adjustments/asked"))[
        "items"
    ]
    assert (shown["id"], shown["customer_id"], shown["points"]) == (waiting.id, "u1", 500)
    with pytest.raises(Conflict):
        bounded.records.write_now(lambda conn: ask(conn, wanted(501)))

    def allow(conn):
        bounded.adjusting.give_asked(conn, waiting.id, Who(ALLOWER, NOW_US))

    bounded.records.write_now(allow)
    with pytest.raises(NotFound):
        bounded.records.write_now(allow)
    await bounded.keeper.keep_due(NOW_US)
    assert await bounded.has() == (500, 0, 0)
    assert (await bounded.adjust(100, "a"))["balance"] == 600
    with pytest.raises(Conflict):  # done already
        bounded.records.write_now(lambda conn: ask(conn, wanted()))


async def test_what_waits_for_an_erased_customer_is_dropped(bounded):
    def ask(conn):
        return bounded.adjusting.ask(conn, "club", wanted(), Who(ASKER, NOW_US), ENDS_US)

    waiting = bounded.records.write_now(ask)
    bounded.records.write_now(lambda conn: asked.forget(conn, ["u1"]))
    assert not bounded.records.read_now(lambda conn: conn.execute(select(table)).all())
    with pytest.raises(NotFound):
        bounded.records.write_now(
            lambda conn: bounded.adjusting.give_asked(conn, waiting.id, Who(ALLOWER, NOW_US))
        )


@pytest.mark.parametrize("points", [-5, 0, 100_001])
async def test_only_what_may_be_given_is_asked_for(bounded, points):
    with pytest.raises(InvalidInput):
        bounded.records.write_now(
            lambda conn: bounded.adjusting.ask(
                conn, "club", wanted(points), Who(ASKER, NOW_US), ENDS_US
            )
        )
