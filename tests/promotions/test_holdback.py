"""Who is held back, what quotes say of it, and what the log is told: once, and of both sides."""

from decimal import Decimal
from statistics import correlation

import pytest

from queqiao.decide.promotions.contracts import PROMOTION
from queqiao.decide.promotions.documents.benefit import FixedBenefit
from queqiao.decide.promotions.documents.condition import Condition
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.holdback import FEW_MAX, below_of, draw, draws, draws_of, salt_of
from queqiao.decide.promotions.restraints import Restraints
from queqiao.kernel.errors import InvalidInput

KEY = b"the key of these draws"
PEOPLE = [f"u{number}" for number in range(20_000)]


def held(promotion_id, percent, key=KEY, people=PEOPLE):
    below, salt, made = below_of(Decimal(percent)), salt_of(promotion_id), draws(key)
    return [draw(made.customer(person), salt) < below for person in people]


def promotion(percent=None, **more):
    percent = None if percent is None else Decimal(percent)
    return PromotionDocument(
        name="p", benefit=FixedBenefit(1_000), holdback_percent=percent, **more
    )


def hold_back(till, holdout=0):
    made = draws(KEY, Decimal(holdout))
    till.shop = till.shop._replace(restraints=Restraints(draws=made))


def person(promotion_id="p", percent=50, *, is_held):
    """Return somebody on the wanted side."""
    return PEOPLE[held(promotion_id, percent).index(is_held)]


async def ask(till, customer, **more):
    question = {"cart": {"lines": [{"sku": "A"}]}, "customer": {"id": customer}, **more}
    return await till.post("quote", question)


async def told(till):
    await till.exposures.flush()
    return [
        (event["user_id"], event["properties"]["promotion_id"], event["properties"]["arm"])
        for event in till.events()
        if event["event"] == "Promotion Exposed"
    ]


@pytest.mark.parametrize("percent", ["0", "0.1", "5", "50", "99.9"])
def test_as_many_are_held_back_as_the_document_says(percent):
    share = sum(held("p", percent)) / len(PEOPLE)
    expected = float(percent) / 100
    assert abs(share - expected) <= 4 * (expected * (1 - expected) / len(PEOPLE)) ** 0.5


def test_sides_of_promotions_are_independent():
    sides = [held(f"p{number}", 50) for number in range(12)]
    for first in range(12):
        for second in range(first):
            assert abs(correlation(sides[first], sides[second])) < 0.035


def test_a_side_is_kept_and_only_grows_with_the_share():
    assert held("p", 5) == held("p", 5)
    assert all(more or not less for less, more in zip(held("p", 5), held("p", 8), strict=True))


def test_who_does_not_know_the_key_does_not_know_the_side():
    ours, guessed = held("p", 50), held("p", 50, key=b"another key")
    agree = sum(a == b for a, b in zip(ours, guessed, strict=True)) / len(PEOPLE)
    assert abs(agree - 0.5) < 0.02


async def test_a_quote_says_who_is_held_back(till):
    till.show({"p": promotion(50)}, {})
    hold_back(till)
    answer = await ask(till, person(is_held=True))
    assert answer["totals"]["discount"] == 0
    assert answer["refused"] == [{"promotion_id": "p", "reason": "holdback", "name": "p"}]
    assert (await ask(till, person(is_held=False)))["totals"]["discount"] == 1_000


async def test_five_percent_by_default_and_none_with_a_code(till):
    batch = CouponBatchDocument(name="b", codes=("SAVE",), uses_per_customer=None)
    till.show({"p": promotion(), "q": promotion(code_batch="b")}, {"b": batch})
    hold_back(till)
    answer = await ask(till, person(percent=5, is_held=True), codes=["SAVE"])
    assert [item["promotion_id"] for item in answer["applied"]] == ["q"]


async def test_drafts_and_strangers_are_never_held_back(till):
    till.show({"p": promotion("99.9")}, {})
    hold_back(till)
    cart = {"cart": {"lines": [{"sku": "A"}]}}
    assert (await till.post("quote", cart))["totals"]["discount"] == 1_000
    draft = {
        "id": "p",
        "name": "p",
        "benefit": {"type": "fixed", "amount": 1_000},
        "holdback_percent": "99.9",
    }
    answer = await ask(till, person(percent=99, is_held=True), promotions=[draft])
    assert answer["totals"]["discount"] == 1_000
    assert await told(till) == []


async def test_an_order_holds_back_like_its_quote(till):
    till.show({"p": promotion(50)}, {})
    hold_back(till)
    customer = person(is_held=True)
    question = {"cart": {"lines": [{"sku": "A"}]}, "customer": {"id": customer}}
    placed = await till.order({"order_id": "o1", "question": question})
    assert placed["discount"] == 0
    assert placed["quote"]["refused"][0]["reason"] == "holdback"


async def test_held_out_of_everything_but_codes(till):
    batch = CouponBatchDocument(name="b", codes=("SAVE",), uses_per_customer=None)
    till.show({"p": promotion(0), "q": promotion(code_batch="b")}, {"b": batch})
    hold_back(till, holdout=50)
    made = draws(KEY, Decimal(50))
    out = next(one for one in PEOPLE if made.is_held_out(made.customer(one)))
    answer = await ask(till, out, codes=["SAVE"])
    assert [item["promotion_id"] for item in answer["applied"]] == ["q"]
    assert [item["reason"] for item in answer["refused"]] == ["holdout"]


async def test_both_sides_are_told_once(till):
    till.show({"p": promotion(50)}, {})
    hold_back(till)
    both = {person(is_held=side): arm for side, arm in ((True, "holdback"), (False, "treated"))}
    for _ in range(3):
        for customer in both:
            await ask(till, customer)
    assert sorted(await told(till)) == sorted((who, "p", arm) for who, arm in both.items())
    till._open()  # another process, which remembers nothing  # as restart does
    for customer in both:
        await ask(till, customer)
    assert len(await told(till)) == 2


async def test_who_would_have_got_nothing_is_not_told(till):
    far = promotion(50, condition=Condition(subtotal_at_least=99_999))
    till.show({"p": far}, {})
    hold_back(till)
    for side in (True, False):
        await ask(till, person(is_held=side))
    assert await told(till) == []


async def test_what_another_promotion_would_have_kept_away_is_not_told(till):
    """An exclusive one stands before it: who is held back from it would not have had it either."""
    first = promotion(0, priority=9, exclusive=True)
    till.show({"first": first, "p": promotion(50)}, {})
    hold_back(till)
    for side in (True, False):
        await ask(till, person(is_held=side))
    assert await told(till) == []


async def test_a_what_if_of_another_time_is_not_told(till):
    till.show({"p": promotion(50)}, {})
    hold_back(till)
    await ask(till, person(is_held=False), now="2026-06-18T12:00:00+08:00")
    assert await told(till) == []


async def test_while_the_log_is_away_it_waits(till):
    till.show({"p": promotion(50)}, {})
    hold_back(till)
    await ask(till, person(is_held=False), now=None)
    till.mortal_log.dies_next = True
    with pytest.raises(Exception, match="Not available"):
        await till.exposures.flush()
    assert len(await told(till)) == 1


@pytest.mark.parametrize("percent", ["100", "-1", "101", "1.2345678", "NaN"])
def test_a_wrong_share_is_refused(percent):
    with pytest.raises(InvalidInput) as refused:
        PROMOTION.check(promotion(percent))
    assert refused.value.fields[0].path == "holdback_percent"


@pytest.mark.parametrize("count", [0, 1, FEW_MAX, FEW_MAX + 1, 300])
def test_many_draws_at_once_are_the_same_draws(count):
    customer, salts = draws(KEY).customer("u1"), [salt_of(f"p{n}") for n in range(count)]
    assert draws_of(customer, salts) == [draw(customer, salt) for salt in salts]
