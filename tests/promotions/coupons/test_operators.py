"""What operators ask and do: single codes, voids, statistics that add up, giving out."""

import asyncio
from collections import Counter
from contextlib import suppress
from random import Random

import msgspec
import pytest
from sqlalchemy import select
from tests.promotions.till import NOW_US, SECRET, coupon

from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.decide.promotions.coupons import statistics, uses
from queqiao.decide.promotions.coupons.endpoints import CouponServices, handlers
from queqiao.decide.promotions.coupons.gifts import Giver
from queqiao.decide.promotions.coupons.voids import load
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument, PersonalCoupons
from queqiao.kernel.clock import DAY_US, FixedClock
from queqiao.kernel.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    Message,
    NotFound,
    Refused,
)
from queqiao.kernel.http import Principal, Request
from queqiao.kernel.ids import IdSource
from queqiao.ports.records import artifacts, documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.tables import audit, changes
from queqiao.ports.warehouse.base import Table
from queqiao.profile.contracts import SEGMENT, SegmentArtifact, SegmentDocument

BATCH = "/api/v1/coupon-batches/{id}"
BOSS = Principal("key:1", "boss", scopes=frozenset({"admin"}))


class History:
    """Stands for the warehouse: what the event log tells of any code."""

    async def query(self, sql, parameters):
        assert parameters["code"]
        return Table(
            ("event", "at", "user_id", "order_id"), [("Coupon Applied", NOW_US, "u1", "o1")]
        )


class Office:
    """The console's routes beside a till."""

    def __init__(self, till, warehouse=None):
        self.till = till
        warehouse = warehouse or History()
        ids = IdSource(FixedClock(NOW_US), Random(1).getrandbits)
        self.dangers = []
        services = CouponServices(
            till.records, SECRET, till.ledger, warehouse, till.log, ids, self._refuse
        )
        self.routes = {f"{route.method} {route.path}": route for route in handlers(services)}

    def _refuse(self, conn, stored, path):
        """Refuse the kinds that are dangerous, as the console's wiring does."""
        if stored.kind in self.dangers:
            assert documents.get(conn, PROMOTION, stored.id).state == "live"
            raise Refused(reason="approval_needed", fields=(FieldError(path, Message("", "")),))

    async def ask(self, name, body=None, now_us=NOW_US, headers=None, **params):
        route = self.routes[name]
        raw = b"" if body is None else msgspec.json.encode(body)
        request = Request(
            route.method, name, params, {}, headers or {}, raw, "10.0.0.1", now_us, BOSS
        )
        response = await route.handler(request)
        return response if response.stream else msgspec.json.decode(response.body)

    async def state(self, number, now_us):
        known = code(self.till, "b", number)
        return (await self.ask("GET /api/v1/coupons/{code}", code=known, now_us=now_us))["state"]

    def live(self, batch_id, document):
        """Store a batch and let the till see it, with what is void by now."""
        known = self.till.records.read_now(lambda conn: documents.live(conn, COUPON_BATCH))
        if batch_id not in {one.id for one in known}:
            edit = documents.Edit(SYSTEM, NOW_US)
            self.till.records.write_now(
                lambda conn: (
                    documents.create(conn, COUPON_BATCH, batch_id, document, edit),
                    documents.transition(conn, COUPON_BATCH, batch_id, "live", edit),
                )
            )
        voids = self.till.records.read_now(load)
        self.till.show({"p": coupon(batch_id)}, {batch_id: document}, voids)

    def segment(self, segment_id, members):
        edit = documents.Edit(SYSTEM, NOW_US)
        document = SegmentDocument("vip", {"field": "orders", "op": ">=", "value": 2})
        body = msgspec.msgpack.encode(SegmentArtifact(segment_id, 1, members))

        def store(conn):
            documents.create(conn, SEGMENT, segment_id, document, edit)
            artifacts.put(conn, f"segment:{segment_id}", body, NOW_US)

        self.till.records.write_now(store)

    def giver(self):
        return Giver(self.till.records, self.till.log, SECRET, FixedClock(NOW_US))


@pytest.fixture
def office(till):
    return Office(till)


def code(till, batch_id, number):
    return till.shop.promotions.code_book.batch(batch_id).code(number)


async def refusals(awaited):
    with pytest.raises(InvalidInput) as refused:
        await awaited
    return [field.path for field in refused.value.fields]


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
