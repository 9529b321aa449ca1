"""Codes that orders hold: free again when nothing needs them, whatever became of their batch."""

import asyncio
import itertools

import pytest
from msgspec import structs
from tests.promotions.redemptions.test_redeeming import order, promotion
from tests.promotions.till import NOW_US, SECRET

from queqiao.decide.promotions import hot_state
from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons.ranges import Ranges
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.kernel.clock import MINUTE_US
from queqiao.kernel.errors import Conflict, Refused
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM

BATCH = CouponBatchDocument(name="b", codes=("SAVE",), uses_per_customer=None)
CODE = "coupon:b:code:SAVE"
GUESSES = "guess:"


def use_of(promotion_id):
    return {"request_id": promotion_id, "promotions": [{"promotion_id": promotion_id, "use": True}]}


async def ordered_with_two(till, batch=BATCH):
    till.show({name: promotion(100, code_batch="b") for name in "pq"}, {"b": batch})
    return (await till.order(order(codes=["SAVE"], commit=True)))["id"]


@pytest.mark.parametrize("names", list(itertools.permutations("pq")))
async def test_a_code_is_free_when_the_last_of_its_promotions_is_returned(till, names):
    name = await ordered_with_two(till)
    first, last = names
    await till.redemption("POST", "return", use_of(first), name)
    assert await till.spent(CODE, f"promotion:{first}:total") == [(0, 1), (0, 0)]
    for _ in range(2):
        await till.redemption("POST", "return", use_of(last), name)
        assert await till.spent(CODE, "coupon:b:total") == [(0, 0), (0, 0)]
    assert (await till.order(order("o2", codes=["SAVE"])))["discount"] == 200


async def test_returns_at_once_free_the_code_once(till):
    name = await ordered_with_two(till)
    returns = (till.redemption("POST", "return", use_of(one), name) for one in "pq")
    await asyncio.gather(*returns)
    assert await till.spent(CODE, "coupon:b:total") == [(0, 0), (0, 0)]


async def test_the_rule_of_the_batch_keeps_the_code_of_two(till):
    batch = CouponBatchDocument(name="b", codes=("SAVE",), return_on_refund="never")
    name = await ordered_with_two(till, batch)
    for one in "pq":
        await till.redemption("POST", "return", use_of(one), name)
    assert await till.spent(CODE, "promotion:p:total") == [(0, 1), (0, 0)]


async def test_the_memo_says_so_too(till):
    """``q`` gives nothing on what is kept, ``p`` still does: the code is still needed."""
    every = promotion(100, code_batch="b")
    till.show({"p": every, "q": structs.replace(every, scope=Scope(skus=("B",)))}, {"b": BATCH})
    lines = [{"id": "1", "sku": "A"}, {"id": "2", "sku": "B"}]
    question = {"cart": {"lines": lines}, "customer": {"id": "u1"}, "codes": ["SAVE"]}
    placed = await till.order({"order_id": "o1", "question": question, "commit": True})
    asked = {"redemption_id": placed["id"], "policy": {"coupons": "when_unused"}}
    route = "POST /api/v1/promotions/refund"
    for line, is_free in (("2", False), ("1", True)):
        body = {**asked, "request_id": line, "items": [{"line": line, "quantity": 1}]}
        memo = (await till.ask(route, {}, body))[1]
        assert {one["returned"] for one in memo["coupons"]} == {is_free}
        assert await till.spent(CODE) == [(0, 0 if is_free else 1)]


@pytest.mark.parametrize("code_batch", ["b", None])
async def test_a_pause_of_the_batch_keeps_no_code_used_and_is_no_guess(till, code_batch):
    """Paused alone, or together with its promotion."""
    paid = {"p": promotion(100, code_batch="b")}
    till.show(paid, {"b": BATCH})
    name = (await till.order(order(codes=["SAVE"], commit=True)))["id"]
    till.show(paid if code_batch else {}, {}, resting=[("b", BATCH)])
    body = {"redemption_id": name, "request_id": "a", "everything": True}
    memo = (await till.ask("POST /api/v1/promotions/refund", {}, body))[1]
    assert [one["returned"] for one in memo["coupons"]] == [True]
    assert await till.spent(CODE) == [(0, 0)]
    assert await till.ledger.find(GUESSES, 10) == {}


async def test_a_paused_batch_is_settled_for_orders_that_hold_its_codes(till):
    batch = CouponBatchDocument(
        name="b", codes=("ONE", "TWO", "TRE"), uses_per_customer=None, return_on_refund="always"
    )
    shown = {"p": promotion(100, code_batch="b")}
    till.show(shown, {"b": batch})
    await till.use("lock", "ONE")
    await till.use("lock", "TWO")
    await till.use("redeem", "TRE")
    till.show(shown, {}, resting=[("b", batch)])
    assert (await till.use("release", "ONE"))["state"] == "released"
    assert (await till.use("redeem", "TWO"))["state"] == "redeemed"
    for _ in range(2):
        assert (await till.use("return", "TRE"))["state"] == "returned"
    assert await till.ledger.find(GUESSES, 10) == {}
    assert await till.spent("coupon:b:total") == [(0, 1)]


@pytest.mark.parametrize("verb", ["lock", "redeem", "release", "return"])
async def test_who_holds_nothing_of_a_paused_batch_learns_nothing(till, verb):
    till.show({"p": promotion(100, code_batch="b")}, {}, resting=[("b", BATCH)])
    with pytest.raises(Refused) as refused:
        await till.use(verb, "SAVE")
    assert refused.value.reason == "code_unknown"
    assert len(await till.ledger.find("guess:customer:", 10)) == 1


async def test_a_lock_that_has_ended_takes_no_code_of_a_paused_batch(till):
    till.show({"p": promotion(100, code_batch="b")}, {"b": BATCH})
    await till.use("lock", "SAVE")
    till.show({"p": promotion(100, code_batch="b")}, {}, resting=[("b", BATCH)])
    with pytest.raises(Refused):
        await till.use("redeem", "SAVE", now_us=NOW_US + 60 * MINUTE_US)
    await till.ledger.expire(NOW_US + 60 * MINUTE_US)
    assert await till.spent(CODE) == [(0, 0)]


async def test_a_lock_of_a_code_that_became_void_is_a_promise(till):
    till.show({"p": promotion(100, code_batch="b")}, {"b": BATCH})
    await till.use("lock", "SAVE")
    till.show({"p": promotion(100, code_batch="b")}, {"b": BATCH}, {"b": Ranges([(0, 1)])})
    assert (await till.use("redeem", "SAVE"))["state"] == "redeemed"


@pytest.mark.parametrize("is_paid", [True, False])
@pytest.mark.parametrize("verb", ["redeem", "release", "return"])
async def test_a_code_that_the_orders_redemption_has_is_left_to_it(till, verb, is_paid):
    till.show({"p": promotion(100, code_batch="b")}, {"b": BATCH})
    await till.order(order(codes=["SAVE"], commit=is_paid))
    before = await till.spent(CODE)
    with pytest.raises(Conflict) as refused:
        await till.use(verb, "SAVE")
    detail = refused.value.detail
    assert "promotions/redemptions" in detail.zh
    assert "promotions/redemptions" in detail.en
    assert await till.spent(CODE) == before
    told = [event for event in till.events() if event["event"] == "Coupon Applied"]
    assert len(told) == is_paid


async def test_a_redemption_that_gave_the_code_up_leaves_it_to_the_verbs(till):
    till.show({"p": promotion(100, code_batch="b")}, {"b": BATCH})
    placed = await till.order(order(codes=["SAVE"]))
    await till.redemption("POST", "release", None, placed["id"])
    assert (await till.use("redeem", "SAVE"))["state"] == "redeemed"
    assert (await till.use("redeem", "SAVE"))["state"] == "redeemed"


async def test_batches_that_rest_are_loaded(till):
    edit = documents.Edit(SYSTEM, NOW_US)

    def write(conn):
        for name, states in (("b", ("live", "paused")), ("c", ("archived",)), ("d", ())):
            batch = CouponBatchDocument(name=name, codes=(f"OF-{name}",))
            documents.create(conn, COUPON_BATCH, name, batch, edit)
            for state in states:
                documents.transition(conn, COUPON_BATCH, name, state, edit)

    till.records.write_now(write)
    book = till.records.read_now(lambda conn: hot_state.load_codes(conn, SECRET)).book
    located = [book.locate(code) for code in ("OF-B", "OF-C", "OF-D")]
    assert [found.batch.id for found in located if found] == ["b", "c"]
    assert all(book.find(code) is None for code in ("OF-B", "OF-C", "OF-D"))
