"""What goes back, what races and what dies half way, on the real ledger and log."""

import asyncio

import pytest
from tests.promotions.redemptions.test_redeeming import order, promotion, refusal
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import Funding
from queqiao.kernel.clock import DAY_US, MINUTE_US, SECOND_US
from queqiao.kernel.errors import Conflict, InvalidInput, Unavailable


async def test_a_cancelled_order_gives_everything_back_once(till):
    batch = CouponBatchDocument(name="b", codes=("SAVE",))
    till.show({"p": promotion(code_batch="b", total=1, budget=1_000)}, {"b": batch})
    paid = await till.order(order(codes=["SAVE"], commit=True))
    counters = ("promotion:p:total", "promotion:p:budget", "coupon:b:code:SAVE")
    for _ in range(2):
        found = await till.redemption("POST", "return", {"reason": "cancelled"}, paid["id"])
        assert len(found["returns"]) == 1
        assert await till.spent(*counters) == [(0, 0)] * 3
    assert (await till.order(order("o2", codes=["SAVE"])))["discount"] == 1_000
    (told,) = [e for e in till.events() if e["event"] == "Promotion Returned"]
    assert (told["properties"]["discount_minor"], told["properties"]["uses"]) == (1_000, 1)


async def test_parts_of_a_refund_add_up_to_what_each_paid(till):
    till.show({"p": promotion(1_001, budget=5_000, funding=Funding(33, 33, 34))}, {})
    paid = await till.order(order(commit=True))
    for number, amount in enumerate((1, 333, 500)):
        body = {"request_id": str(number), "promotions": [{"promotion_id": "p", "amount": amount}]}
        await till.redemption("POST", "return", body, paid["id"])
    rest = await till.redemption("POST", "return", {"request_id": "rest"}, paid["id"])
    assert [one["promotions"][0]["amount"] for one in rest["returns"]] == [1, 333, 500, 167]
    assert await till.spent("promotion:p:budget", "promotion:p:total") == [(0, 0), (0, 0)]
    events = [e["properties"] for e in till.events() if e["event"] == "Promotion Returned"]
    (applied,) = [e["properties"] for e in till.events() if e["event"] == "Promotion Applied"]
    for who in ("platform_minor", "shop_minor", "brand_minor", "discount_minor"):
        parts = [event.get(who, 0) for event in events]
        assert sum(parts) == applied[who]
        assert all(part >= 0 for part in parts)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"promotion_id": "p", "amount": 1_001}, "promotions[0].amount"),
        ({"promotion_id": "x", "amount": 1}, "promotions[0].promotion_id"),
    ],
)
async def test_no_more_goes_back_than_was_given(till, given, path):
    till.show({"p": promotion()}, {})
    paid = await till.order(order(commit=True))
    body = {"request_id": "a", "promotions": [given]}
    with pytest.raises(InvalidInput) as refused:
        await till.redemption("POST", "return", body, paid["id"])
    assert refused.value.fields[0].path == path


async def test_returns_of_equal_amount_at_once_are_two(till):
    till.show({"p": promotion(budget=5_000)}, {})
    paid = await till.order(order(commit=True))
    part = {"promotions": [{"promotion_id": "p", "amount": 400}]}
    bodies = [{"request_id": name, **part} for name in ("a", "b")]
    returns = (till.redemption("POST", "return", body, paid["id"]) for body in bodies)
    await asyncio.gather(*returns)
    shown = await till.redemption("GET", "{id}", name=paid["id"])
    assert {one["request_id"] for one in shown["returns"]} == {"a", "b"}
    assert await till.spent("promotion:p:budget") == [(0, 200)]
    told = [e["properties"] for e in till.events() if e["event"] == "Promotion Returned"]
    assert [one["discount_minor"] for one in told] == [400, 400]


async def test_a_return_of_parts_has_a_name_and_one_content(till):
    till.show({"p": promotion(budget=5_000)}, {})
    paid = await till.order(order(commit=True))
    part = {"promotions": [{"promotion_id": "p", "amount": 300}]}
    with pytest.raises(InvalidInput) as refused:
        await till.redemption("POST", "return", part, paid["id"])
    assert refused.value.fields[0].path == "request_id"
    first = await till.redemption("POST", "return", {"request_id": "a", **part}, paid["id"])
    assert await till.redemption("POST", "return", {"request_id": "a", **part}, paid["id"]) == first
    other = {"promotions": [{"promotion_id": "p", "amount": 200}]}
    for body in ({"request_id": "a", **other}, {"request_id": "a"}):
        with pytest.raises(Conflict):
            await till.redemption("POST", "return", body, paid["id"])
    assert await till.spent("promotion:p:budget") == [(0, 700)]


async def test_what_is_not_paid_is_not_returned(till):
    till.show({"p": promotion()}, {})
    placed = await till.order(order())
    with pytest.raises(Conflict):
        await till.redemption("POST", "return", None, placed["id"])


async def test_many_at_once_take_exactly_what_there_is(till):
    till.show({"p": promotion(total=20, budget=15_000), "q": promotion(10)}, {})
    bodies = [order(f"o{n}", f"u{n % 60}", when_used_up="leave_out") for n in range(200)]
    answers = await asyncio.gather(*(till.order(body) for body in bodies))
    given = [answer for answer in answers if answer["discount"] > 10]
    assert len(given) == 15
    assert await till.spent("promotion:p:total", "promotion:p:budget") == [(15, 0), (15_000, 0)]
    assert await till.spent("promotion:q:total") == [(200, 0)]


async def test_one_order_asked_many_times_at_once_is_one(till):
    till.show({"p": promotion(total=20)}, {})
    answers = await asyncio.gather(*(till.order(order(commit=True)) for _ in range(50)))
    assert all(answer == answers[0] for answer in answers)
    assert await till.spent("promotion:p:total") == [(0, 1)]
    assert len([e for e in till.events() if e["event"] == "Promotion Applied"]) == 1


async def test_a_retry_while_the_first_call_is_at_work_holds_what_it_holds(till):
    till.listed("S1", uses_per_code=1)
    body = order(codes=["S1"])
    first, again = await asyncio.gather(till.order(body), till.order(body, NOW_US + 2 * SECOND_US))
    assert first == again
    assert await till.spent("coupon:welcome:code:S1", "redemption:order:o1") == [(1, 0)] * 2
    paid = await till.redemption("POST", "commit", name=first["id"], now_us=NOW_US + 5 * SECOND_US)
    assert paid["state"] == "committed"
    assert await till.spent("coupon:welcome:code:S1", "redemption:order:o1") == [(0, 1)] * 2
    await till.redemption("POST", "return", name=first["id"], now_us=NOW_US + 6 * SECOND_US)
    assert await till.spent("coupon:welcome:code:S1") == [(0, 0)]


async def test_what_dies_between_ledger_and_log_is_done_by_the_same_call(till):
    till.show({"p": promotion(total=1)}, {})
    till.mortal_log.dies_next = True
    with pytest.raises(Unavailable):
        await till.order(order())
    assert await till.spent("promotion:p:total") == [(1, 0)]
    placed = await till.order(order())
    assert placed["state"] == "reserved"
    till.mortal_log.dies_next = True
    with pytest.raises(Unavailable):
        await till.redemption("POST", "commit", name=placed["id"])
    assert await till.spent("promotion:p:total") == [(0, 1)]
    assert (await till.redemption("POST", "commit", name=placed["id"]))["state"] == "committed"
    assert len([e for e in till.events() if e["event"] == "Promotion Applied"]) == 1


async def test_a_late_payment_that_died_before_the_log_is_not_released(till):
    till.show({"p": promotion(total=1, budget=5_000)}, {})
    placed = await till.order(order())
    late_us = NOW_US + 31 * MINUTE_US
    till.mortal_log.dies_next = True
    with pytest.raises(Unavailable):
        await till.redemption("POST", "commit", name=placed["id"], now_us=late_us)
    with pytest.raises(Conflict):
        await till.redemption("POST", "release", name=placed["id"], now_us=late_us)
    shown = await till.redemption("GET", "{id}", name=placed["id"], now_us=late_us)
    assert shown["state"] == "committed"
    await till.redemption("POST", "return", name=placed["id"], now_us=late_us)
    assert await till.spent("promotion:p:total", "promotion:p:budget") == [(0, 0)] * 2


async def test_what_dies_is_done_again_under_the_rules_of_then(till):
    till.show({"p": promotion(total=1)}, {})
    till.mortal_log.dies_next = True
    with pytest.raises(Unavailable):
        await till.order(order())
    till.show({"p": promotion(2_000, total=1)}, {})
    with pytest.raises(Unavailable):  # it may be at work yet
        await till.order(order(), NOW_US + 9 * SECOND_US)
    placed = await till.order(order(), NOW_US + 10 * SECOND_US)
    assert placed["discount"] == 2_000
    assert await till.spent("promotion:p:total", "promotion:p:budget") == [(1, 0), (2_000, 0)]


async def test_a_refusal_is_not_for_ever(till):
    till.show({"p": promotion(per_day=1)}, {})
    first = await till.order(order("o1"))
    assert await refusal(till.order(order("o2", "u2"))) == "promotion_day_used_up"
    await till.redemption("POST", "release", name=first["id"])
    assert (await till.order(order("o2", "u2"), NOW_US + 1))["discount"] == 1_000
    assert (await till.order(order("o3", "u3"), NOW_US + DAY_US))["discount"] == 1_000
