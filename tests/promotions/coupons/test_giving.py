"""Coupons given out, to customers by name and to segments, and what else operators begin."""

import asyncio

import msgspec
import pytest
from tests.promotions.coupons.office import BATCH, code, refusals
from tests.promotions.till import NOW_US, SECRET

from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.decide.promotions.coupons.gifts import Giver
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument, PersonalCoupons
from queqiao.kernel.clock import FixedClock
from queqiao.kernel.errors import (
    Conflict,
    Refused,
)
from queqiao.ports.records import documents


async def test_spaces_around_a_customer_count_for_nothing(office):
    office.live("b", CouponBatchDocument(name="b", count=3, personal=PersonalCoupons()))
    gift = await office.ask(f"POST {BATCH}/gifts", {"customer_ids": ["u1", " u1 "]}, id="b")
    assert gift["given"] == 1
    wrong = office.ask(f"POST {BATCH}/gifts", {"customer_ids": ["u1", "  "]}, id="b")
    assert await refusals(wrong) == ["customer_ids[1]"]


async def test_customers_are_given_a_coupon_each_once(office, till):
    office.live("b", CouponBatchDocument(name="b", count=3, personal=PersonalCoupons()))
    body, headers = {"customer_ids": ["u1", "u2", "u1"]}, {"idempotency-key": "k1"}
    first = await office.ask(f"POST {BATCH}/gifts", body, id="b", headers=headers)
    assert (first["state"], first["total"], first["given"]) == ("done", 2, 2)
    assert await office.ask(f"POST {BATCH}/gifts", body, id="b", headers=headers) == first
    with pytest.raises(Refused) as exhausted:
        await office.ask(f"POST {BATCH}/gifts", {"customer_ids": ["u3", "u4"]}, id="b")
    assert exhausted.value.reason == "batch_exhausted"
    assert (await office.ask(f"GET {BATCH}/statistics", id="b"))["issued"] == 2
    assert [event["event"] for event in till.events()] == ["Coupon Issued"] * 2
    assert (await till.use("redeem", code(till, "b", 0), "u1"))["state"] == "redeemed"


@pytest.mark.parametrize("most", [1, 2])
async def test_giving_again_gives_no_more_than_one_may_have(office, till, most):
    personal = PersonalCoupons(per_customer=most)
    office.live("b", CouponBatchDocument(name="b", count=99, personal=personal))
    office.segment("vip", ["u1", "u2"])
    for _ in range(3):
        last = await office.ask(f"POST {BATCH}/gifts", {"customer_ids": ["u1"]}, id="b")
    assert (last["state"], last["total"], last["given"], last["skipped"]) == ("done", 1, 0, 1)
    gift = await office.ask(f"POST {BATCH}/gifts", {"segment_id": "vip"}, id="b")
    await office.giver().run()
    done = await office.ask(f"GET {BATCH}/gifts/{{gift_id}}", id="b", gift_id=gift["id"])
    assert (done["state"], done["total"], done["given"], done["skipped"]) == ("done", 2, 1, 1)
    assert (await office.ask(f"GET {BATCH}/statistics", id="b"))["issued"] == most + 1
    with pytest.raises(Refused) as refused:
        await till.ask("POST /api/v1/customers/{id}/coupons", {"id": "u1"}, {"batch_id": "b"})
    assert refused.value.reason == "claim_limit"


async def test_a_segment_is_given_piece_by_piece_and_the_stream_tells(office, till):
    office.live("b", CouponBatchDocument(name="b", count=2_000, personal=PersonalCoupons()))
    office.segment("vip", [f"u{number:04}" for number in range(1_200)])
    gift = await office.ask(f"POST {BATCH}/gifts", {"segment_id": "vip"}, id="b")
    assert gift["state"] == "queued"
    response = await office.ask(f"GET {BATCH}/gifts/{{gift_id}}/events", id="b", gift_id=gift["id"])
    assert response.content_type == "text/event-stream"

    async def listen():
        return [piece async for piece in response.stream if piece.startswith(b"event:")]

    heard, _ = await asyncio.gather(listen(), office.giver().run())
    told = [msgspec.json.decode(piece.split(b"data: ")[1]) for piece in heard]
    assert told[-1]["state"] == "done"
    assert (told[-1]["given"], told[-1]["total"]) == (1_200, 1_200)
    await office.giver().run()
    assert (await office.ask(f"GET {BATCH}/statistics", id="b"))["issued"] == 1_200


async def test_a_giving_that_was_killed_goes_on_and_gives_nobody_twice(office, till):
    office.live("b", CouponBatchDocument(name="b", count=2_000, personal=PersonalCoupons()))
    office.segment("vip", [f"u{number:04}" for number in range(1_200)])
    gift = await office.ask(f"POST {BATCH}/gifts", {"segment_id": "vip"}, id="b")
    write, writes = till.records.write, []

    class Killed(Exception):
        pass

    class Dying:
        read = till.records.read

        async def write(self, work):
            if len(writes) == 2:
                raise Killed
            writes.append(1)
            return await write(work)

    with pytest.raises(Killed):
        await Giver(Dying(), till.log, SECRET, FixedClock(NOW_US)).run()
    name = f"GET {BATCH}/gifts/{{gift_id}}"
    half = await office.ask(name, id="b", gift_id=gift["id"])
    assert (half["state"], half["given"]) == ("running", 1_000)
    await office.giver().run()
    whole = await office.ask(name, id="b", gift_id=gift["id"])
    assert (whole["state"], whole["given"]) == ("done", 1_200)
    assert (await office.ask(f"GET {BATCH}/statistics", id="b"))["issued"] == 1_200


async def test_a_giving_ends_when_the_batch_is_empty_or_somebody_ends_it(office, till):
    office.live("b", CouponBatchDocument(name="b", count=700, personal=PersonalCoupons()))
    office.segment("vip", [f"u{number:04}" for number in range(1_200)])
    gift = await office.ask(f"POST {BATCH}/gifts", {"segment_id": "vip"}, id="b")
    await office.giver().run()
    (failed,) = (await office.ask(f"GET {BATCH}/gifts", id="b"))["items"]
    assert (failed["state"], failed["reason"], failed["given"]) == (
        "failed",
        "batch_exhausted",
        700,
    )
    second = await office.ask(f"POST {BATCH}/gifts", {"segment_id": "vip"}, id="b")
    cancel = f"POST {BATCH}/gifts/{{gift_id}}/cancel"
    ended = await office.ask(cancel, id="b", gift_id=second["id"])
    assert ended["state"] == "cancelled"
    await office.giver().run()
    assert (await office.ask(f"GET {BATCH}/statistics", id="b"))["issued"] == 700
    assert gift["id"] != second["id"]


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["segment_id"]),
        ({"segment_id": "s", "customer_ids": ["u"]}, ["segment_id"]),
        ({"segment_id": "nobody"}, ["segment_id"]),
        ({"customer_ids": ["u", ""]}, ["customer_ids[1]"]),
    ],
)
async def test_a_wrong_giving_names_its_fields(office, body, paths):
    office.live("b", CouponBatchDocument(name="b", count=3, personal=PersonalCoupons()))
    assert await refusals(office.ask(f"POST {BATCH}/gifts", body, id="b")) == paths


async def test_codes_that_belong_to_nobody_are_not_given(office):
    office.live("b", CouponBatchDocument(name="b", count=3))
    assert await refusals(office.ask(f"POST {BATCH}/gifts", {"customer_ids": ["u"]}, id="b")) == [
        "id"
    ]


COUPON = {
    "id": "spring",
    "batch": {"name": "春季券", "count": 5},
    "promotion": {"name": "满99减20", "benefit": {"type": "fixed", "amount": 2_000}},
    "publish": True,
}


async def test_a_coupon_is_made_in_one_act(office, till):
    made = await office.ask("POST /api/v1/coupons", COUPON)
    assert made == {
        "id": "spring",
        "batch_revision": 2,
        "batch_state": "live",
        "promotion_revision": 2,
        "promotion_state": "live",
    }
    office.dangers = [PROMOTION.name]  # what is live already needs nobody
    assert await office.ask("POST /api/v1/coupons", COUPON) == made
    stored = till.records.read_now(lambda conn: documents.get(conn, PROMOTION, "spring"))
    assert stored.document.code_batch == "spring"


async def test_a_dangerous_coupon_is_not_live_without_a_second_person(office, till):
    office.dangers = [PROMOTION.name]
    with pytest.raises(Refused) as refused:
        await office.ask("POST /api/v1/coupons", COUPON)
    assert [field.path for field in refused.value.fields] == ["promotion"]
    for kind in (COUPON_BATCH, PROMOTION):
        assert till.records.read_now(lambda conn, kind=kind: documents.find(conn, kind)) == []
    drafts = await office.ask("POST /api/v1/coupons", COUPON | {"publish": False})
    assert (drafts["batch_state"], drafts["promotion_state"]) == ("draft", "draft")


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({"batch": {"name": "b"}}, ["batch.count"]),
        ({"batch": {"name": "b", "count": 0}}, ["batch.count"]),
        ({"promotion": COUPON["promotion"] | {"ends_at": "x"}}, ["promotion.ends_at"]),
        ({"promotion": COUPON["promotion"] | {"code_batch": "q"}}, ["promotion.code_batch"]),
        ({"id": "not an id"}, ["id"]),
    ],
)
async def test_a_wrong_coupon_is_not_made_in_part(office, till, change, paths):
    assert await refusals(office.ask("POST /api/v1/coupons", COUPON | change)) == paths
    for kind in (COUPON_BATCH, PROMOTION):
        assert till.records.read_now(lambda conn, kind=kind: documents.find(conn, kind)) == []


async def test_another_coupon_of_the_same_id_is_a_conflict(office):
    await office.ask("POST /api/v1/coupons", COUPON)
    with pytest.raises(Conflict):
        await office.ask("POST /api/v1/coupons", COUPON | {"batch": {"name": "x", "count": 9}})
