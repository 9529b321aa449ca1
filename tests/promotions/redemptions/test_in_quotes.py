"""What a quote promises, an order keeps: limits, budgets and codes at the moment of asking."""

from decimal import Decimal
from random import Random

import pytest
from tests.promotions.coupons.test_personal import CLAIM
from tests.promotions.redemptions.test_redeeming import order, promotion, refusal
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.documents.benefit import PercentBenefit
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument, PersonalCoupons
from queqiao.kernel.clock import DAY_US, MINUTE_US
from queqiao.kernel.errors import Refused, Unavailable


async def quoted(till, customer="u1", codes=(), device=None, now_us=NOW_US, **more):
    who = {"id": customer, "device_id": device}
    body = {"cart": {"lines": [{"sku": "A"}]}, "customer": who, "codes": list(codes), **more}
    return await till.post("quote", body, now_us=now_us)


def reasons(answer):
    return [(item["reason"], item.get("left")) for item in answer["refused"]]


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("per_customer", "promotion_customer_limit"),
        ("per_customer_per_day", "promotion_customer_day_limit"),
        ("per_device", "promotion_device_limit"),
        ("total", "promotion_used_up"),
        ("per_day", "promotion_day_used_up"),
    ],
)
async def test_a_limit_that_an_order_would_meet_is_said(till, limit, reason):
    till.show({"p": promotion(**{limit: 2})}, {})
    for number, left in ((1, 2), (2, 1)):
        answer = await quoted(till, device="d1")
        assert (answer["applied"][0]["uses_left"], answer["limits"]) == (left, "asked")
        await till.order(order(f"o{number}", device_id="d1"))
    answer = await quoted(till, device="d1")
    assert (answer["totals"]["discount"], reasons(answer)) == (0, [(reason, 0)])
    assert await refusal(till.order(order("o3", device_id="d1"))) == reason
    if limit not in {"total", "per_day"}:
        other = await quoted(till, "u2", device="d2")
        assert other["totals"]["discount"] == 1_000, "another customer has used nothing"
    if limit.endswith("per_day"):
        tomorrow = await quoted(till, device="d1", now_us=NOW_US + DAY_US)
        assert tomorrow["totals"]["discount"] == 1_000


async def test_a_budget_that_does_not_hold_the_whole_gives_nothing_and_says_what_is_left(till):
    till.show({"p": promotion(700, budget=1_000), "q": promotion(200)}, {})
    await till.order(order())
    answer = await quoted(till, "u2")
    assert (answer["totals"]["discount"], reasons(answer)) == (200, [("budget_used_up", 300)])
    assert await refusal(till.order(order("o2", "u2"))) == "budget_used_up"
    placed = await till.order(order("o2", "u2", expected_total=answer["totals"]["total"]))
    assert placed["discount"] == 200, "the price that was shown is the one that is kept"


async def test_a_budget_that_may_be_reduced_gives_its_rest(till):
    till.show({"p": promotion(700, budget=1_000, budget_end="reduce")}, {})
    await till.order(order())
    answer = await quoted(till, "u2")
    assert answer["totals"]["discount"] == 300
    placed = await till.order(order("o2", "u2", expected_total=answer["totals"]["total"]))
    assert placed["discount"] == 300
    assert reasons(await quoted(till, "u3")) == [("budget_used_up", 0)]


async def test_a_used_code_is_told_by_its_own_reason(till):
    till.listed("SAVE", "ONCE", uses_per_customer=1)
    await till.order(order(codes=["SAVE"]))
    for customer, code, reason in (
        ("u2", "save", "code_used_up"),
        ("u1", "ONCE", "customer_limit"),
    ):
        answer = await quoted(till, customer, [code])
        assert answer["totals"]["discount"] == 0
        assert answer["refused"][0] == {"promotion_id": None, "reason": reason, "code": code}
        wanted = order("o2", customer, [code])
        assert await refusal(till.order(wanted)) in {reason, "code_used_up", "customer_limit"}
    assert (await quoted(till, "u2", ["ONCE"]))["totals"]["discount"] == 1_000


async def test_a_code_that_the_order_itself_has_locked_is_its_own(till):
    till.listed("SAVE", promotion=promotion(code_batch="welcome", per_customer=1))
    await till.use("lock", "SAVE")
    assert (await quoted(till, codes=["SAVE"]))["refused"][0]["reason"] == "code_used_up"
    mine = await quoted(till, codes=["SAVE"], order_id="o1")
    assert mine["totals"]["discount"] == 1_000
    later = NOW_US + 20 * MINUTE_US
    again = await quoted(till, "u2", ["SAVE"], now_us=later)
    assert again["totals"]["discount"] == 1_000, "a lock that has expired holds nothing"


async def test_an_expired_personal_coupon_gives_nothing(till):
    batch = CouponBatchDocument(name="b", count=9, personal=PersonalCoupons(valid_days=1))
    till.keep("b", batch)
    till.show({"p": promotion(code_batch="b")}, {"b": batch})
    body = {"batch_id": "b", "request_id": ""}
    _, had = await till.ask(CLAIM, {"id": "u1"}, body)
    assert (await quoted(till, codes=[had["code"]]))["totals"]["discount"] == 1_000
    late = await quoted(till, codes=[had["code"]], now_us=NOW_US + 2 * DAY_US)
    assert (late["totals"]["discount"], late["refused"][0]["reason"]) == (0, "code_ended")


class Watched:
    """The till's ledger, which counts how often it is asked, or is away."""

    def __init__(self, ledger):
        self._ledger, self.asked, self.is_away = ledger, 0, False

    def __getattr__(self, name):
        return getattr(self._ledger, name)

    async def balances(self, counters):
        self.asked += 1
        if self.is_away:
            raise Unavailable
        return await self._ledger.balances(counters)


@pytest.fixture
async def watched(till):
    till.ledger = Watched(till.ledger)
    till._open()
    return till


async def test_only_what_gives_and_is_bounded_is_asked_for_and_once(watched):
    watched.show({"p": promotion(), "q": promotion(100, budget=9, budget_end="go_on")}, {})
    assert (await quoted(watched))["limits"] == "none"
    assert watched.ledger.asked == 0
    every = {f"p{n}": promotion(100, per_customer=2, total=9, budget=9_000) for n in range(20)}
    watched.show(every, {})
    assert (await quoted(watched))["limits"] == "asked"
    assert watched.ledger.asked == 1


async def test_while_the_ledger_is_away_quotes_answer_and_say_so(watched):
    watched.show({"p": promotion(per_customer=1)}, {})
    await watched.order(order())
    watched.ledger.is_away = True
    answer = await quoted(watched)
    assert (answer["totals"]["discount"], answer["limits"]) == (1_000, "recent")


async def test_drafts_are_bound_by_nothing(watched):
    draft = {"id": "p", "name": "p", "benefit": {"type": "fixed", "amount": 1_000}}
    answer = await quoted(watched, promotions=[{**draft, "limits": {"total": 1}}])
    assert (answer["totals"]["discount"], answer["limits"]) == (1_000, "none")


async def test_what_a_customer_has_used_up_is_shown_as_gone_the_next_time(till):
    shown = {
        f"p{n}": promotion(benefit=PercentBenefit(Decimal(n)), per_customer=1) for n in (10, 20, 30)
    }
    till.show(shown, {})
    discounts = []
    for number in range(3):
        answer = await quoted(till)
        placed = await till.order(order(f"o{number}", expected_total=answer["totals"]["total"]))
        discounts.append(placed["discount"])
    assert discounts[1:] == [0, 0]


@pytest.mark.parametrize("seed", range(6))
async def test_what_a_quote_promises_its_order_keeps(till, seed):
    """Random promotions with random bounds: no order is refused what its quote has shown."""
    chance = Random(seed)
    bounds = ("total", "per_customer", "per_day", "per_customer_per_day", "per_device")
    promotions = {
        f"p{n}": promotion(
            chance.randrange(100, 2_000),
            budget=chance.choice([None, chance.randrange(500, 9_000)]),
            budget_end=chance.choice(["stop", "reduce"]),
            **{name: chance.randrange(1, 6) for name in chance.sample(bounds, 2)},
        )
        for n in range(8)
    }
    till.show(promotions, {})
    refused = 0
    for number in range(60):
        customer, device = f"u{chance.randrange(4)}", f"d{chance.randrange(3)}"
        answer = await quoted(till, customer, device=device)
        wanted = order(f"o{number}", customer, expected_total=answer["totals"]["total"])
        wanted["question"]["customer"]["device_id"] = device
        try:
            placed = await till.order(wanted)
        except Refused as error:
            pytest.fail(f"{error.reason} of {answer['applied']}")
        assert placed["discount"] == answer["totals"]["discount"]
        refused += len(answer["refused"])
    assert refused, "nothing was ever used up"
