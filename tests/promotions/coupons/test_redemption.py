"""Coupons on the real ledger and log: used as often as allowed, whatever is retried or races."""

import asyncio

import pytest
from tests.promotions.till import NOW_US, coupon

from queqiao.decide.promotions.coupons.redemption import Asked
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.kernel.clock import MINUTE_US, SECOND_US, parse_rfc3339
from queqiao.kernel.errors import Conflict, InvalidInput, Refused

LOCK_US = 15 * MINUTE_US


def asked_of(code):
    return Asked(code, "u1", "o1", "", NOW_US)


async def refusal(awaited):
    with pytest.raises(Refused) as refused:
        await awaited
    assert refused.value.detail is not None
    return refused.value.reason


async def test_a_redeemed_code_is_used_and_the_log_is_told(till):
    till.listed("SAVE10")
    answer = await till.use("redeem", " save10 ")
    assert answer["state"] == "redeemed"
    assert answer["promotion_ids"] == ["p"]
    (event,) = till.events()
    assert event["event"] == "Coupon Applied"
    assert event["user_id"] == "u1"
    assert event["properties"]["order_id"] == "o1"
    assert event["properties"]["coupon"] == "SAVE10"
    assert event["properties"]["promotion_id"] == "p"


async def test_a_retry_answers_as_the_first_and_counts_once(till):
    till.listed("SAVE10", uses_per_code=5, uses_per_customer=5)
    first = await till.use("redeem", "SAVE10")
    again = await till.use("redeem", "SAVE10", now_us=NOW_US + 86_400_000_000)
    assert first == again
    balances = await till.ledger.balances(["coupon:welcome:total", "coupon:welcome:code:SAVE10"])
    assert [balance.spent for balance in balances.values()] == [1, 1]
    assert len(till.events()) == 1


async def test_another_order_is_refused_when_the_code_is_used_up(till):
    till.listed("SAVE10", "OTHER")
    await till.use("redeem", "SAVE10")
    assert await refusal(till.use("redeem", "SAVE10", "u2", "o2")) == "code_used_up"
    assert await refusal(till.use("redeem", "OTHER", "u1", "o3")) == "customer_limit"
    assert len(till.events()) == 1


async def test_the_batch_and_the_promotion_have_limits_of_their_own(till):
    till.listed("A", "B", "C", uses_total=2, promotion=coupon(total=1))
    await till.use("redeem", "A", "u1", "o1")
    assert await refusal(till.use("redeem", "B", "u2", "o2")) == "promotion_used_up"
    till.listed("A", "B", "C", uses_total=2, promotion=coupon(per_customer=1))
    await till.use("redeem", "B", "u2", "o2")
    assert await refusal(till.use("redeem", "C", "u3", "o3")) == "batch_used_up"


async def test_one_customer_uses_a_promotion_as_often_as_it_allows(till):
    till.listed("A", "B", uses_per_customer=None, promotion=coupon(per_customer=1))
    await till.use("redeem", "A", "u1", "o1")
    assert await refusal(till.use("redeem", "B", "u1", "o2")) == "promotion_customer_limit"


async def test_spaces_around_a_customer_count_for_nothing(till):
    batch = CouponBatchDocument(name="b", codes=("FIRST", "SECOND"), uses_per_customer=1)
    till.show({"p": coupon("b")}, {"b": batch})
    assert (await till.use("redeem", "FIRST", " u1 "))["state"] == "redeemed"
    assert (await till.use("redeem", "FIRST", "u1"))["state"] == "redeemed", "the same, again"
    assert await refusal(till.use("redeem", "SECOND", "u1\u3000", "o2")) == "customer_limit"
    with pytest.raises(InvalidInput) as nobody:
        await till.use("validate", "SECOND", " ")
    assert [field.path for field in nobody.value.fields] == ["customer_id"]


async def test_a_lock_holds_the_code_and_becomes_the_use(till):
    till.listed("SAVE10")
    locked = await till.use("lock", "SAVE10")
    assert NOW_US + LOCK_US <= parse_rfc3339(locked["expires_at"]) <= NOW_US + LOCK_US + SECOND_US
    assert await till.use("lock", "SAVE10", now_us=NOW_US + LOCK_US // 2) == locked
    assert await refusal(till.use("redeem", "SAVE10", "u2", "o2")) == "code_used_up"
    assert (await till.use("redeem", "SAVE10"))["state"] == "redeemed"
    assert await refusal(till.use("lock", "SAVE10")) == "used_by_order"
    with pytest.raises(Conflict):
        await till.use("release", "SAVE10")


async def test_a_released_lock_is_free_for_others_and_for_the_same_order(till):
    till.listed("SAVE10")
    for _ in range(3):
        await till.use("lock", "SAVE10")
        assert (await till.use("release", "SAVE10"))["state"] == "released"
    await till.use("release", "SAVE10")
    assert (await till.use("redeem", "SAVE10", "u2", "o2"))["state"] == "redeemed"


async def test_a_lock_ends_by_itself(till):
    till.listed("SAVE10")
    await till.use("lock", "SAVE10")
    later_us = NOW_US + LOCK_US + SECOND_US
    assert (await till.use("validate", "SAVE10", "u2", "", later_us))["valid"]
    assert (await till.use("lock", "SAVE10", now_us=later_us))["state"] == "locked"
    answer = await till.use("redeem", "SAVE10", now_us=later_us + 1)
    assert answer["state"] == "redeemed"


async def test_a_batch_says_how_long_a_lock_lasts(till):
    till.listed("SAVE10", lock_minutes=120)
    await till.use("lock", "SAVE10")
    late_us = NOW_US + 119 * MINUTE_US
    assert await refusal(till.use("redeem", "SAVE10", "u2", "o2", late_us)) == "code_used_up"
    assert (await till.use("redeem", "SAVE10", now_us=late_us))["state"] == "redeemed"


async def test_a_lock_is_a_promise_that_outlasts_the_batch(till):
    till.listed("SAVE10", ends_at="2026-06-18T12:05:00+08:00")
    await till.use("lock", "SAVE10")
    late_us = NOW_US + 10 * MINUTE_US
    assert await refusal(till.use("redeem", "SAVE10", "u2", "o2", late_us)) == "code_ended"
    assert (await till.use("redeem", "SAVE10", now_us=late_us))["state"] == "redeemed"


async def test_validate_says_why_not(till):
    till.listed("SAVE10", starts_at="2026-06-18T00:00:00Z", ends_at="2026-06-19T00:00:00Z")
    good = await till.use("validate", "SAVE10", order="")
    assert good == {
        "valid": True,
        "reason": None,
        "batch_id": "welcome",
        "promotions": [{"id": "p", "name": "welcome"}],
    }
    day_us = 86_400_000_000
    reasons = [
        (await till.use("validate", "SAVE10", now_us=NOW_US + shift_us))["reason"]
        for shift_us in (-day_us, day_us)
    ]
    assert reasons == ["code_not_started", "code_ended"]
    assert (await till.use("validate", "GUESS"))["reason"] == "code_unknown"
    await till.use("redeem", "SAVE10")
    assert (await till.use("validate", "SAVE10", "u2", "o2"))["reason"] == "code_used_up"


@pytest.mark.parametrize("verb", ["lock", "redeem", "release"])
async def test_wrong_codes_and_missing_orders_are_refused(till, verb):
    assert await refusal(till.use(verb, "GUESS")) == "code_unknown"
    till.listed("SAVE10")
    with pytest.raises(InvalidInput) as refused:
        await till.use(verb, "SAVE10", order="")
    assert refused.value.fields[0].path == "order_id"


async def test_many_at_once_never_oversell(till):
    till.listed("SAVE10", uses_per_code=5)

    assert await till.try_uses("SAVE10", 60) == 5
    assert len(till.events()) == 5
    balance = (await till.ledger.balances(["coupon:welcome:code:SAVE10"])).popitem()[1]
    assert (balance.spent, balance.leased, balance.free) == (5, 0, 0)


async def test_five_hundred_want_one_code(till):
    """Each for an order of its own, at once, and each asks again: as many uses as there are."""
    till.listed("SAVE10", uses_per_code=37, uses_total=36)

    async def attempt(number):
        try:
            for _ in range(2):
                await till.use("redeem", "SAVE10", f"u{number}", f"o{number}", NOW_US + number)
        except Refused as refused:
            return refused.reason
        return "used"

    told = await asyncio.gather(*(attempt(number) for number in range(500)))
    assert told.count("used") == 36
    assert set(told) == {"used", "batch_used_up"}
    balance = (await till.ledger.balances(["coupon:welcome:total"])).popitem()[1]
    assert (balance.spent, balance.leased, balance.free) == (36, 0, 0)
    assert len(till.events()) == 36


async def test_a_lock_after_a_lost_race_is_found_by_its_redemption(till):
    """The first try of the order was refused in a race: its key is used up, the next one holds."""
    till.listed("SAVE10", uses_per_customer=None)
    await till.use("lock", "SAVE10", "u2", "o2")
    use, before, _ = await till.coupons._known(asked_of("SAVE10"))
    taking = till.coupons._reserve(NOW_US)
    await taking.step(use.tries()[0], use.takes(use.lock_end_s(NOW_US)))
    await till.use("release", "SAVE10", "u2", "o2")
    assert (await till.use("lock", "SAVE10"))["state"] == "locked"
    assert (await till.use("redeem", "SAVE10"))["state"] == "redeemed"
    assert before.limit == 0


async def test_one_order_at_once_uses_a_code_once(till):
    till.listed("SAVE10", uses_per_code=9, uses_per_customer=None)
    await asyncio.gather(*(till.use("redeem", "SAVE10", now_us=NOW_US + n) for n in range(20)))
    balance = (await till.ledger.balances(["coupon:welcome:total"])).popitem()[1]
    assert balance.spent == 1


@pytest.mark.parametrize("verb", ["lock", "redeem"])
@pytest.mark.parametrize(
    "limits",
    [{"budget": 500}, {"per_day": 1}, {"per_customer_per_day": 1}, {"per_device": 1}],
)
async def test_what_only_an_order_can_count_is_left_to_orders(till, verb, limits):
    till.listed("SAVE", promotion=coupon(**limits))
    assert await refusal(till.use(verb, "SAVE")) == "use_redemptions"
    assert await till.spent("coupon:welcome:code:SAVE") == [(0, 0)]


async def test_a_budget_that_only_counts_leaves_the_code_free(till):
    till.listed("SAVE", promotion=coupon(budget=500, budget_end="go_on"))
    assert (await till.use("redeem", "SAVE"))["state"] == "redeemed"
