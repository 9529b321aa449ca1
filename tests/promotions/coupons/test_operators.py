"""What operators ask and do: single codes, voids, statistics that add up."""

from collections import Counter
from contextlib import suppress
from random import Random

import pytest
from sqlalchemy import select
from tests.promotions.coupons.office import BATCH, code, refusals
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons import known_batches, statistics, uses
from queqiao.decide.promotions.coupons.code_book import compile_batch
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument, PersonalCoupons
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import (
    Conflict,
    NotFound,
    Refused,
)
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.tables import audit, changes


async def test_a_code_tells_its_state_uses_and_history(office, till):
    office.live("b", CouponBatchDocument(name="b", prefix="b-", count=9, uses_per_code=2))
    known = code(till, "b", 4)
    await till.use("redeem", known)
    await till.use("lock", known, "u2", "o2")
    seen = await office.ask("GET /api/v1/coupons/{code}", code=known.lower())
    assert (seen["code"], seen["number"], seen["batch_state"]) == (known, 4, "live")
    assert (seen["state"], seen["uses"], seen["redeemed"], seen["locked"]) == ("locked", 2, 1, 1)
    assert [one["event"] for one in seen["history"]] == ["Coupon Applied"]
    with pytest.raises(NotFound):
        await office.ask("GET /api/v1/coupons/{code}", code="NOTHING")


async def test_batches_are_compiled_once_until_one_changes(office, till, monkeypatch):
    made = []

    def compiling(batch_id, *given):
        made.append(batch_id)
        return compile_batch(batch_id, *given)

    monkeypatch.setattr(known_batches, "compile_batch", compiling)
    office.live("a", CouponBatchDocument(name="a", count=9))
    office.live("b", CouponBatchDocument(name="b", codes=("FIRST", "SECOND")))
    for _ in range(3):
        seen = await office.ask("GET /api/v1/coupons/{code}", code="second")
        assert (seen["batch_id"], seen["batch_state"]) == ("b", "live")
    assert sorted(made) == ["a", "b"]
    body = {"reason": "leaked", "codes": ["second"]}
    await office.ask(f"POST {BATCH}/voids", body, id="b")
    assert await office.state_of("SECOND") == "void"
    assert len(made) == 2, "voids make no batch anew"
    edit = documents.Edit(SYSTEM, NOW_US)
    till.records.write_now(
        lambda conn: documents.transition(conn, COUPON_BATCH, "b", "paused", edit)
    )
    seen = await office.ask("GET /api/v1/coupons/{code}", code="FIRST")
    assert seen["batch_state"] == "paused"
    assert sorted(made) == ["a", "b", "b"]


async def test_a_shop_of_very_many_listed_codes_keeps_none(office, monkeypatch):
    monkeypatch.setattr(known_batches, "LISTED_MAX", 1)
    office.live("b", CouponBatchDocument(name="b", codes=("FIRST", "SECOND")))
    assert await office.state_of("FIRST") == await office.state_of("second") == "issued"


async def test_operators_see_why_a_code_is_refused(office, till):
    office.live("b", CouponBatchDocument(name="b", count=9, personal=PersonalCoupons()))
    body = {"customer_ids": ["u1"]}
    await office.ask(f"POST {BATCH}/gifts", body, id="b")
    await office.ask(f"POST {BATCH}/voids", {"reason": "leaked", "first": 0, "last": 0}, id="b")
    seen = await office.ask("GET /api/v1/coupons/{code}", code=code(till, "b", 0))
    assert (seen["state"], seen["void_reason"], seen["customer_id"]) == ("void", "leaked", "u1")


async def test_a_void_code_is_refused_and_the_trail_and_the_feed_know(office, till):
    document = CouponBatchDocument(name="b", count=100)
    office.live("b", document)
    bad = code(till, "b", 7)
    asked = {"reason": "printed twice", "codes": [bad.lower(), bad]}
    answer = await office.ask(f"POST {BATCH}/voids", asked, id="b")
    assert [(one["first"], one["last"], one["reason"]) for one in answer["items"]] == [
        (7, 7, "printed twice")
    ]
    again = await office.ask(f"POST {BATCH}/voids", asked, id="b")
    assert again == answer
    wider = {"reason": "the whole box", "first": 5, "last": 9}
    assert (await office.ask(f"POST {BATCH}/voids", wider, id="b"))["codes"] == 5
    office.live("b", document)
    with pytest.raises(Refused):
        await till.use("redeem", bad)
    assert (await till.use("redeem", code(till, "b", 10)))["state"] == "redeemed"
    rows = till.records.read_now(
        lambda conn: conn.execute(select(audit).where(audit.c.action == "coupon_batch.void")).all()
    )
    assert [row.summary for row in rows] == ["1 codes: printed twice", "4 codes: the whole box"]
    told = till.records.read_now(lambda conn: conn.execute(select(changes)).all())
    assert [row.id for row in told if row.kind == "coupon_batch"][-2:] == ["b", "b"]


@pytest.mark.parametrize(
    ("asked", "paths"),
    [
        ({"reason": "x"}, ["codes"]),
        ({"reason": "x", "all": True, "first": 1, "last": 2}, ["codes"]),
        ({"reason": "x", "first": 3, "last": 2}, ["last"]),
        ({"reason": "x", "first": 3, "last": 100}, ["last"]),
        ({"reason": "x", "first": 3}, ["last"]),
        ({"reason": "x", "codes": ["OK", "AB"]}, ["codes[0]", "codes[1]"]),
        ({"reason": "", "all": True}, ["reason"]),
        ({"reason": "x", "all": False}, ["all"]),
    ],
)
async def test_a_wrong_void_names_its_fields(office, asked, paths):
    office.live("b", CouponBatchDocument(name="b", count=100))
    assert await refusals(office.ask(f"POST {BATCH}/voids", asked, id="b")) == paths


@pytest.mark.parametrize("seed", range(4))
async def test_statistics_add_up_and_equal_a_count_of_every_code(office, till, monkeypatch, seed):
    """Lots of four numbers, so that ranges have whole lots and edges."""
    for module in (statistics, uses):
        monkeypatch.setattr(module, "LOT", 4)
    random = Random(seed)
    personal = PersonalCoupons(per_customer=1, valid_days=2) if seed % 2 else None
    document = CouponBatchDocument(name="b", count=40, uses_per_customer=None, personal=personal)
    office.live("b", document)
    if personal:
        names = [f"u{number}" for number in range(25)]
        await office.ask(f"POST {BATCH}/gifts", {"customer_ids": names}, id="b")
    for step in range(40):
        number = random.randrange(40)
        verb = random.choice(["redeem", "lock", "lock", "release"])
        with suppress(Refused, Conflict):
            await till.use(verb, code(till, "b", number), f"u{number}", f"o{number}", NOW_US + step)
        if step % 9 == 5:
            first = random.randrange(40)
            body = {"reason": "r", "first": first, "last": min(39, first + random.randrange(12))}
            await office.ask(f"POST {BATCH}/voids", body, id="b")
            office.live("b", document)
    for now_us in (NOW_US + 60, NOW_US + 3_600_000_000, NOW_US + 3 * DAY_US):
        found = await office.ask(f"GET {BATCH}/statistics", id="b", now_us=now_us)
        states = Counter([await office.state(number, now_us) for number in range(40)])
        assert states["issued"] == found["available"]
        for state in ("redeemed", "locked", "void", "expired"):
            assert states[state] == found[state], state
        parts = ("redeemed", "locked", "void", "expired", "available", "over_total")
        assert sum(found[part] for part in parts) == found["uses"] == 40


async def test_uses_beyond_the_total_are_told_apart(office, till):
    document = CouponBatchDocument(name="b", count=10, uses_per_code=3, uses_total=12)
    office.live("b", document)
    await till.use("redeem", code(till, "b", 0))
    found = await office.ask(f"GET {BATCH}/statistics", id="b")
    assert (found["uses"], found["redeemed"], found["available"], found["over_total"]) == (
        30,
        1,
        11,
        18,
    )


async def test_an_ended_batch_has_expired(office, till):
    office.live("b", CouponBatchDocument(name="b", count=5, ends_at="2026-06-19T00:00:00Z"))
    await till.use("redeem", code(till, "b", 0))
    found = await office.ask(f"GET {BATCH}/statistics", id="b", now_us=NOW_US + 2 * DAY_US)
    assert (found["redeemed"], found["expired"], found["available"]) == (1, 4, 0)
