"""What an order has locked or holds is its own: for the order, and for quotes that name it."""

import asyncio

import pytest
from tests.promotions.loyalty.points_till import EARN, PAY
from tests.promotions.loyalty.points_till import PointsTill as Till
from tests.promotions.redemptions.test_redeeming import order, promotion
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.documents.benefit import CashbackBenefit
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.kernel.clock import HOUR_US
from queqiao.kernel.errors import Refused

BATCH = CouponBatchDocument(name="b", codes=("SAVE",))


@pytest.fixture
async def till(tmp_path):
    till = Till(tmp_path)
    yield till
    assert (await till.ledger.prove()).balanced
    await till.ledger.close()
    till.log.close()
    till.records.close()


async def quoted(till, body, now_us=NOW_US, **said):
    answer = await till.post("quote", {**body["question"], **said}, now_us=now_us)
    return answer["totals"]["discount"]


@pytest.mark.parametrize("limits", [{}, {"total": 1}, {"per_customer": 1}])
async def test_an_order_takes_over_the_lock_that_it_has(till, limits):
    till.show({"p": promotion(100, code_batch="b", **limits)}, {"b": BATCH})
    body = order(codes=["SAVE"])
    await till.use("lock", "SAVE")
    assert await quoted(till, body, order_id="o1") == 100
    placed = await till.order({**body, "commit": True})
    assert placed["discount"] == 100
    assert await till.spent("coupon:b:code:SAVE") == [(0, 1)]
    assert await till.order({**body, "commit": True}) == placed


async def test_an_order_that_is_refused_keeps_its_lock(till):
    """Something else of it is used up: what was promised to it may not go to another order."""
    back = promotion(benefit=CashbackBenefit(amount=50), per_day=1)
    till.show({"p": promotion(100, code_batch="b"), "q": back}, {"b": BATCH})
    await till.order(order("o0"))
    await till.use("lock", "SAVE")
    with pytest.raises(Refused) as refused:
        await till.order(order(codes=["SAVE"]))
    assert refused.value.reason == "promotion_day_used_up"
    with pytest.raises(Refused):
        await till.use("lock", "SAVE", order="o2")
    left_out = order(codes=["SAVE"], when_used_up="leave_out")
    assert (await till.order(left_out))["discount"] == 100


async def test_a_locked_code_gives_at_the_price_that_was_shown(till):
    """Another code was used up when it was quoted: only that one is left out."""
    other = CouponBatchDocument(name="o", codes=("OTHER",))
    offers = {"a": promotion(100, code_batch="b"), "z": promotion(50, code_batch="o", per_day=1)}
    till.show(offers, {"b": BATCH, "o": other})
    await till.order(order("o0", codes=["OTHER"]))
    await till.use("lock", "SAVE")
    body = order(codes=["SAVE", "OTHER"])
    shown = await till.post("quote", {**body["question"], "order_id": "o1"})
    assert shown["totals"]["discount"] == 100
    placed = await till.order({**body, "expected_total": shown["totals"]["total"]})
    assert placed["discount"] == 100


async def test_the_lock_of_another_order_stays_its_own(till):
    till.show({"p": promotion(100, code_batch="b")}, {"b": BATCH})
    await till.use("lock", "SAVE", order="o2")
    with pytest.raises(Refused) as refused:
        await till.order(order(codes=["SAVE"]))
    assert refused.value.reason == "code_used_up"
    assert (await till.use("redeem", "SAVE", order="o2"))["state"] == "redeemed"


async def test_what_the_order_has_used_is_no_lock(till):
    till.show({"p": promotion(100, code_batch="b")}, {"b": BATCH})
    await till.use("redeem", "SAVE")
    with pytest.raises(Refused) as refused:
        await till.order(order(codes=["SAVE"]))
    assert refused.value.reason == "locked_or_used_by_order"
    assert await till.spent("coupon:b:code:SAVE") == [(0, 1)]


async def test_calls_at_once_take_the_locked_code_once(till):
    till.show({"p": promotion(100, code_batch="b")}, {"b": BATCH})
    body = order(codes=["SAVE"])
    await till.use("lock", "SAVE")
    done = await asyncio.gather(*(till.order(body) for _ in range(5)), return_exceptions=True)
    placed = [one for one in done if isinstance(one, dict)]
    assert placed
    assert len({one["id"] for one in placed}) == 1
    assert await till.spent("coupon:b:code:SAVE") == [(1, 0)]


@pytest.mark.parametrize(
    "limits", [{"total": 1}, {"per_customer": 1}, {"per_day": 1}, {"budget": 100}]
)
async def test_a_reserved_order_is_quoted_as_it_was(till, limits):
    """Its own use is not gone to it; to another order, and once its time is over, it counts."""
    till.show({"p": promotion(100, **limits)}, {})
    body = order()
    await till.order(body)
    assert await quoted(till, body, order_id="o1") == 100
    assert await quoted(till, body) == 0
    assert await quoted(till, body, order_id="o2") == 0
    assert await quoted(till, body, NOW_US + HOUR_US, order_id="o1") == 100


async def test_a_request_of_its_own_name_is_asked_for_by_it(till):
    till.show({"p": promotion(100, total=1)}, {})
    body = {**order(), "request_id": "second"}
    await till.order(body)
    assert await quoted(till, body, order_id="o1", request_id="second") == 100
    assert await quoted(till, body, order_id="o1") == 0


async def test_a_reserved_order_is_quoted_with_its_own_points(till):
    till.start(promotions={"earn": EARN, "pay": PAY})
    await till.adjust(40)
    await till.buy("o1", 1, points=40, commit=False)
    cart = {"lines": [{"id": "1", "sku": "A", "quantity": 1}], "points": 40}
    question = {"cart": cart, "customer": {"id": "u1"}}
    mine = await till.post("quote", {**question, "order_id": "o1"})
    assert mine["points"]["used"] == 40
    assert (await till.post("quote", question))["points"]["used"] == 0
