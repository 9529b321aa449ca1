"""Orders on the real ledger and log: everything or nothing, once, and back again."""

from decimal import Decimal

import pytest
from msgspec import structs
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.documents.benefit import (
    FixedBenefit,
    PercentBenefit,
    ThresholdBenefit,
    Tier,
)
from queqiao.decide.promotions.documents.condition import Condition
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.mechanic import GroupBuy
from queqiao.decide.promotions.documents.promotion import Funding, Limits, PromotionDocument
from queqiao.kernel.clock import MINUTE_US
from queqiao.kernel.errors import Conflict, Gone, InvalidInput, NotFound, Refused


def promotion(amount=1_000, code_batch=None, benefit=None, funding=None, **limits):
    return PromotionDocument(
        name="p",
        benefit=benefit or FixedBenefit(amount),
        code_batch=code_batch,
        limits=Limits(**limits),
        funding=funding or Funding(),
    )


def order(order_id="o1", customer="u1", codes=(), quantity=1, **more):
    question = {
        "cart": {"lines": [{"sku": "A", "quantity": quantity}]},
        "codes": list(codes),
        "customer": {"id": customer} if customer else {},
    }
    return {"order_id": order_id, "question": question, **more}


async def refusal(awaited):
    with pytest.raises(Refused) as refused:
        await awaited
    return refused.value.reason


async def test_an_order_reserves_pays_and_is_remembered(till):
    till.show({"p": promotion(1_000, total=5, budget=9_000, funding=Funding(60, 40, 0))}, {})
    placed = await till.order(order())
    assert (placed["state"], placed["discount"], placed["total"]) == ("reserved", 1_000, 9_000)
    assert await till.spent("promotion:p:total", "promotion:p:budget") == [(1, 0), (1_000, 0)]
    paid = await till.redemption("POST", "commit", name=placed["id"])
    assert paid["state"] == "committed"
    assert await till.spent("promotion:p:total", "promotion:p:budget") == [(0, 1), (0, 1_000)]
    assert await till.redemption("GET", "{id}", name=placed["id"]) == paid
    names = [event["event"] for event in till.events()]
    assert names == ["Redemption Reserved", "Redemption Committed", "Promotion Applied"]
    applied = till.events()[2]["properties"]
    assert applied["discount_minor"] == 1_000
    assert (applied["platform_minor"], applied["shop_minor"]) == (600, 400)
    assert till.events()[2]["user_id"] == "u1"


async def test_what_was_asked_and_answered_is_kept_whole(till):
    till.show({"p": promotion()}, {})
    await till.order(order(quantity=7))
    kept = till.events()[0]["properties"]
    assert kept["question"]["cart"]["lines"][0]["quantity"] == 7
    (line,) = kept["quote"]["lines"]
    assert sum(run["count"] for run in line["units"]) == 7
    assert sum(run["count"] * run["total"] for run in line["units"]) == line["total"]
    assert kept["rules_version"] == till.shop.promotions.rules_version


async def test_a_retry_gets_the_first_answer(till):
    till.show({"p": promotion(total=5)}, {})
    first = await till.order(order())
    till.show({"p": promotion(2_000, total=5)}, {})
    assert await till.order(order()) == first
    assert await till.spent("promotion:p:total") == [(1, 0)]
    paid = await till.order(order(commit=True))
    assert paid["state"] == "committed"
    assert await till.order(order(commit=True), NOW_US + 1) == paid
    assert len([e for e in till.events() if e["event"] == "Promotion Applied"]) == 1


async def test_another_question_under_the_same_id_is_a_conflict(till):
    till.show({"p": promotion()}, {})
    await till.order(order())
    with pytest.raises(Conflict):
        await till.order(order(quantity=2))


async def test_an_order_holds_its_promotions_once(till):
    till.show({"p": promotion(total=5)}, {})
    first = await till.order(order())
    assert await refusal(till.order(order(request_id="2", quantity=2))) == "order_redeemed"
    await till.redemption("POST", "release", name=first["id"])
    second = await till.order(order(request_id="2", quantity=2))
    assert second["state"] == "reserved"
    assert await till.spent("promotion:p:total") == [(1, 0)]
    with pytest.raises(Gone):
        await till.redemption("POST", "commit", name=first["id"])


async def test_everything_or_nothing(till):
    till.show({"p": promotion(total=9), "q": promotion(500, total=1)}, {})
    await till.order(order("o1"))
    with pytest.raises(Refused) as refused:
        await till.order(order("o2", "u2"))
    assert refused.value.reason == "promotion_used_up"
    assert refused.value.fields[0].path == "applied.q"
    assert await till.spent("promotion:p:total", "promotion:p:budget") == [(1, 0), (1_000, 0)]
    other = await till.order(order("o2", "u2", when_used_up="leave_out"))
    assert [item["promotion_id"] for item in other["promotions"]] == ["p"]
    refusals = [[item["promotion_id"], item["reason"]] for item in other["quote"]["refused"]]
    assert refusals == [["q", "promotion_used_up"]]


@pytest.mark.parametrize(
    ("limits", "second", "reason"),
    [
        ({"total": 1}, order("o2", "u2"), "promotion_used_up"),
        ({"per_day": 1}, order("o2", "u2"), "promotion_day_used_up"),
        ({"per_customer": 1}, order("o2", "u1"), "promotion_customer_limit"),
        ({"per_customer_per_day": 1}, order("o2", "u1"), "promotion_customer_day_limit"),
        ({"per_device": 1}, order("o2", "u2", device_id="d1"), "promotion_device_limit"),
        ({"budget": 1_500}, order("o2", "u2"), "budget_used_up"),
    ],
)
async def test_each_limit_holds_and_says_so(till, limits, second, reason):
    till.show({"p": promotion(**limits)}, {})
    await till.order(order(device_id="d1"))
    assert await refusal(till.order(second)) == reason


@pytest.mark.parametrize(
    ("limits", "second"),
    [
        ({"per_customer": 1}, order("o2", "u2")),
        ({"per_customer_per_day": 1}, order("o2", "u2")),
        ({"per_device": 1}, order("o2", "u1", device_id="d2")),
        ({"budget": 2_000}, order("o2", "u2")),
    ],
)
async def test_others_are_not_bound_by_it(till, limits, second):
    till.show({"p": promotion(**limits)}, {})
    await till.order(order(device_id="d1"))
    assert (await till.order(second))["discount"] == 1_000


async def test_days_are_those_of_the_shop(till):
    till.show({"p": promotion(per_day=1, per_customer_per_day=1)}, {})
    await till.order(order(commit=True))
    evening_us = NOW_US + 12 * 60 * MINUTE_US - 1  # one microsecond before midnight in Shanghai
    assert await refusal(till.order(order("o2"), evening_us)) == "promotion_day_used_up"
    assert (await till.order(order("o2"), evening_us + 1))["state"] == "reserved"


async def test_who_is_counted_must_be_named(till):
    till.show({"p": promotion(per_customer=1)}, {})
    assert await refusal(till.order(order(customer=""))) == "customer_unknown"
    till.show({"p": promotion(per_device=1)}, {})
    assert await refusal(till.order(order())) == "device_unknown"


async def test_the_last_use_gets_what_is_left_of_a_budget_that_says_so(till):
    till.show({"p": promotion(budget=2_500, budget_end="reduce")}, {})
    given = [(await till.order(order(f"o{n}", f"u{n}")))["discount"] for n in range(3)]
    assert given == [1_000, 1_000, 500]
    assert await till.spent("promotion:p:budget") == [(2_500, 0)]
    assert await refusal(till.order(order("o4"))) == "budget_used_up"
    last = await till.order(order("o4", when_used_up="leave_out"))
    assert (last["discount"], last["total"]) == (0, 10_000)


@pytest.mark.parametrize(
    "benefit",
    [
        PercentBenefit(Decimal(10)),
        PercentBenefit(Decimal(10), cap=1_000),
        ThresholdBenefit((Tier(5_000, discount=1_000),)),
        ThresholdBenefit((Tier(5_000, discount=500),), repeat=True),
    ],
)
async def test_a_reduced_price_follows_in_every_place(till, benefit):
    till.show({"p": promotion(benefit=benefit, budget=1_400, budget_end="reduce")}, {})
    await till.order(order("o1"))
    second = await till.order(order("o2", "u2"))
    assert second["discount"] == 400
    assert second["total"] == 9_600
    assert second["quote"]["lines"][0]["discount"] == 400


async def test_a_budget_that_goes_on_is_only_counted(till):
    till.show({"p": promotion(budget=1_500, budget_end="go_on")}, {})
    for number in range(3):
        await till.order(order(f"o{number}"))
    assert await till.spent("promotion:p:budget") == [(3_000, 0)]


async def test_what_the_shopper_saw_must_still_be_the_price(till):
    till.show({"p": promotion(total=5)}, {})
    assert await refusal(till.order(order(expected_total=8_000))) == "price_changed"
    assert await till.spent("promotion:p:total") == [(0, 0)]
    assert (await till.order(order(expected_total=9_000)))["state"] == "reserved"


async def test_a_reservation_ends_by_itself_and_a_late_payment_takes_again(till):
    till.show({"p": promotion(total=1)}, {})
    first = await till.order(order("o1", hold_minutes=10))
    late_us = NOW_US + 10 * MINUTE_US
    seen = await till.redemption("GET", "{id}", name=first["id"], now_us=late_us)
    assert seen["state"] == "expired"
    paid = await till.redemption("POST", "commit", name=first["id"], now_us=late_us)
    assert paid["state"] == "committed"
    assert await till.spent("promotion:p:total") == [(0, 1)]
    assert await refusal(till.order(order("o2", "u2"), late_us)) == "promotion_used_up"


async def test_a_late_payment_is_told_when_nothing_is_left(till):
    till.show({"p": promotion(total=1)}, {})
    first = await till.order(order("o1", hold_minutes=10))
    late_us = NOW_US + 10 * MINUTE_US
    await till.order(order("o2", "u2", commit=True), late_us)
    with pytest.raises(Gone) as gone:
        await till.redemption("POST", "commit", name=first["id"], now_us=late_us)
    assert gone.value.reason == "expired"
    assert await till.spent("promotion:p:total") == [(0, 1)]


async def test_a_released_order_leaves_nothing(till):
    till.show({"p": promotion(total=1, budget=1_000)}, {})
    first = await till.order(order())
    for _ in range(2):
        released = await till.redemption("POST", "release", name=first["id"])
        assert released["state"] == "released"
    assert await till.spent("promotion:p:total", "promotion:p:budget") == [(0, 0), (0, 0)]
    paid = await till.order(order("o2", "u2", commit=True))
    with pytest.raises(Conflict):
        await till.redemption("POST", "release", name=paid["id"])


async def test_a_code_is_used_with_the_order(till):
    batch = CouponBatchDocument(name="b", codes=("SAVE", "MORE"), uses_per_customer=1)
    till.show({"p": promotion(code_batch="b", total=9)}, {"b": batch})
    placed = await till.order(order(codes=["save"], commit=True))
    assert placed["promotions"][0]["code"] == "save"
    assert await till.spent("coupon:b:code:SAVE", "coupon:b:total") == [(0, 1), (0, 1)]
    assert await refusal(till.order(order("o2", "u2", codes=["SAVE"]))) == "code_used_up"
    assert await refusal(till.order(order("o3", "u1", codes=["MORE"]))) == "customer_limit"
    assert await refusal(till.use("redeem", "SAVE", "u3", "o4")) == "code_used_up"
    assert [e["event"] for e in till.events()][-1] == "Coupon Applied"


async def test_a_code_that_each_customer_may_use_once_asks_who_it_is(till):
    batch = CouponBatchDocument(name="b", codes=("SAVE",))
    till.show({"p": promotion(code_batch="b")}, {"b": batch})
    asked = order(codes=["SAVE"], customer="")
    assert await refusal(till.order(asked)) == "customer_unknown"


async def test_one_code_that_unlocks_two_promotions_is_one_use(till):
    batch = CouponBatchDocument(name="b", codes=("SAVE",), uses_per_code=2)
    unlocked = {"p": promotion(code_batch="b"), "q": promotion(500, code_batch="b")}
    till.show(unlocked, {"b": batch})
    placed = await till.order(order(codes=["SAVE"]))
    assert placed["discount"] == 1_500
    assert await till.spent("coupon:b:code:SAVE") == [(1, 0)]


async def test_a_shop_that_prices_by_itself_says_what_it_gave(till):
    till.show({"p": promotion(1_000, budget=1_500, per_customer=1)}, {})
    given = {
        "order_id": "o1",
        "customer_id": "u1",
        "applied": [{"promotion_id": "p", "amount": 800}],
    }
    placed = await till.order(given)
    assert (placed["discount"], placed["total"], placed["quote"]) == (800, None, None)
    assert await till.spent("promotion:p:budget") == [(800, 0)]
    assert await refusal(till.order({**given, "order_id": "o2"})) == "promotion_customer_limit"


_TWICE = {"promotion_id": "p", "amount": 1}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"order_id": "o"}, "question"),
        ({**order(), "applied": []}, "question"),
        ({**order(), "customer_id": "other"}, "customer_id"),
        ({"order_id": "o", "applied": [{**_TWICE, "promotion_id": "none"}]},
         "applied[0].promotion_id"),
        ({"order_id": "", "applied": []}, "order_id"),
        ({**order(), "hold_minutes": 0}, "hold_minutes"),
        ({**order(), "order": 1}, "order"),
        ({"order_id": "o", "question": {"cart": {"lines": []}, "promotions": []}},
         "question.promotions"),
        ({"order_id": "o", "question": {"cart": {"lines": []}, "now": "2026-06-18"}},
         "question.now"),
        ({"order_id": "o", "applied": [_TWICE, _TWICE]},
         "applied[1].promotion_id"),
    ],
)  # fmt: skip
async def test_a_wrong_field_is_named(till, body, path):
    till.show({"p": promotion()}, {})
    with pytest.raises(InvalidInput) as refused:
        await till.order(body)
    assert refused.value.fields[0].path == path


async def test_an_unknown_redemption_is_not_found(till):
    for method, verb in (("GET", "{id}"), ("POST", "commit"), ("POST", "release")):
        with pytest.raises(NotFound):
            await till.redemption(method, verb, name="0" * 32)


async def test_a_code_of_the_condition_unlocks_an_order_as_it_does_a_quote(till):
    either = PromotionDocument(
        name="p", benefit=FixedBenefit(1_000), condition=Condition(code_batches_any=("b", "c"))
    )
    batches = {
        "b": CouponBatchDocument(name="b", codes=("SAVE",)),
        "c": CouponBatchDocument(name="c", codes=("OTHER",)),
    }
    till.show({"p": either}, batches)
    for number, code in enumerate(("SAVE", "OTHER")):
        placed = await till.order(order(f"o{number}", codes=[code], commit=True))
        assert placed["discount"] == 1_000
    assert await till.spent("coupon:b:code:SAVE", "coupon:c:code:OTHER") == [(0, 1)] * 2


async def test_the_device_of_the_question_counts(till):
    till.show({"p": promotion(per_device=1)}, {})
    first, second = order("o1"), order("o2")
    first["question"]["customer"]["device_id"] = "d1"
    second["question"]["customer"]["device_id"] = " d1"
    assert (await till.order(first))["discount"] == 1_000
    assert await refusal(till.order(second)) == "promotion_device_limit"


@pytest.mark.parametrize(("one", "other"), [("ren\u00e9", "rene\u0301"), ("u 1", " u 1 ")])
async def test_another_spelling_is_the_same_customer(till, one, other):
    till.show({"p": promotion(per_customer=1)}, {})
    assert (await till.order(order("o1", one)))["discount"] == 1_000
    assert await refusal(till.order(order("o2", other))) == "promotion_customer_limit"


@pytest.mark.parametrize(
    "changed",
    [
        {"currency": "EUR"},
        {"ends_at": "2026-06-18T12:00:00+08:00"},
        {"starts_at": "2026-06-18T12:00:01+08:00"},
        {"mechanic": GroupBuy(size=2)},
    ],
)
async def test_a_shop_gives_only_what_could_be_given(till, changed):
    till.show({"p": structs.replace(promotion(), **changed)}, {})
    body = {"order_id": "o1", "applied": [{"promotion_id": "p", "amount": 800}]}
    with pytest.raises(InvalidInput) as refused:
        await till.order(body)
    assert refused.value.fields[0].path == "applied[0].promotion_id"
