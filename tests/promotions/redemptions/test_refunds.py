"""Refunds of orders that were placed here: kept once, given back once, by the rules of then."""

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.promotions.till import NOW_US, coupon

from queqiao.decide.promotions.contracts import PROMOTION
from queqiao.decide.promotions.documents.benefit import (
    FixedBenefit,
    FixedPriceBenefit,
    PercentBenefit,
    ThresholdBenefit,
    Tier,
)
from queqiao.decide.promotions.documents.condition import Condition
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.mechanic import Bargain, Presale
from queqiao.decide.promotions.documents.profile import ProfileDocument
from queqiao.decide.promotions.documents.promotion import Limits, PromotionDocument
from queqiao.decide.promotions.profiles import Profiles
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import Conflict, InvalidInput, NotFound, Refused, Unavailable
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.profile.buyers import Bought, Buyer

SIX_AT_HALF = PromotionDocument(
    name="满6件5折",
    benefit=ThresholdBenefit((Tier(6, percent=Decimal(50)),), measure="quantity"),
    limits=Limits(total=9, budget=90_000),
)
COUNTERS = ("promotion:p:total", "promotion:p:budget")
FIVE = {"items": [{"line": "1", "quantity": 5}]}
CLAW_BACK = {"policy": {"discounts": "claw_back"}}


def publish(till, document, at_us=NOW_US):
    """Store a document and show it, as publishing does."""

    def write(conn):
        documents.create(conn, PROMOTION, "p", document, documents.Edit(SYSTEM, at_us))
        documents.transition(conn, PROMOTION, "p", "live", documents.Edit(SYSTEM, at_us))

    till.records.write_now(write)
    till.show({"p": document}, {})


def change(till, document, at_us):
    edit = documents.Edit(SYSTEM, at_us)
    till.records.write_now(lambda conn: documents.replace(conn, PROMOTION, "p", document, edit))
    till.show({"p": document}, {})


async def placed(till, document=SIX_AT_HALF, quantity=6, **more):
    publish(till, document)
    question = {"cart": {"lines": [{"id": "1", "sku": "A", "quantity": quantity}]}, **more}
    body = {"order_id": "o1", "question": question, "commit": True}
    return (await till.order(body))["id"]


async def refund(till, name, body, *, query=None, now_us=NOW_US):
    asked = {"redemption_id": name, **body}
    route = "POST /api/v1/promotions/refund"
    return (await till.ask(route, {}, asked, query=query, now_us=now_us))[1]


async def memos(till, name):
    path = "GET /api/v1/promotions/redemptions/{id}/memos"
    return (await till.ask(path, {"id": name}))[1]["items"]


async def test_who_sent_something_back_before_may_order_and_send_back_again(till):
    loyal = replace(SIX_AT_HALF, condition=Condition(orders_at_least=1))
    at_us = NOW_US - DAY_US
    till.buyers["u1"] = Buyer(
        orders=2,
        spent={"CNY": 10_000},
        bought=(
            Bought("A", "", -1, -10_000, "CNY", at_us),
            Bought("A", "", 2, 20_000, "CNY", at_us),
        ),
    )
    name = await placed(till, loyal, customer={"id": "u1"})
    memo = await refund(till, name, {**FIVE, "request_id": "a", **CLAW_BACK})
    assert memo["totals"]["total"] == 20_000


async def test_a_refund_is_kept_and_gives_back_money_and_uses(till):
    name = await placed(till)
    assert await till.spent(*COUNTERS) == [(0, 1), (0, 30_000)]
    first = await refund(till, name, {**FIVE, "request_id": "a"})
    assert first["totals"]["total"] == 25_000
    assert await till.spent(*COUNTERS) == [(0, 1), (0, 5_000)]
    second = await refund(till, name, {"everything": True, "request_id": "b"})
    assert (second["totals"]["total"], second["complete"]) == (5_000, True)
    assert await till.spent(*COUNTERS) == [(0, 0), (0, 0)]
    assert await memos(till, name) == [first, second]
    told = [event for event in till.events() if event["event"] == "Credit Memo Issued"]
    assert [event["properties"]["total_minor"] for event in told] == [25_000, 5_000]


async def test_the_same_request_gets_the_first_answer_and_gives_back_once(till):
    name = await placed(till)
    asked = {**FIVE, "request_id": "a"}
    first = await refund(till, name, asked)
    assert await refund(till, name, asked, now_us=NOW_US + DAY_US) == first
    assert await till.spent(*COUNTERS) == [(0, 1), (0, 5_000)]
    with pytest.raises(Conflict):
        await refund(till, name, {"everything": True, "request_id": "a"})
    assert len(await memos(till, name)) == 1


async def test_what_is_kept_is_priced_by_the_rules_of_then(till):
    name = await placed(till)
    cheaper = replace(SIX_AT_HALF, benefit=PercentBenefit(Decimal(90)))
    change(till, cheaper, NOW_US + DAY_US)
    memo = await refund(till, name, {**FIVE, **CLAW_BACK, "request_id": "a"})
    assert (memo["totals"]["total"], memo["totals"]["claw_back"]) == (20_000, 5_000)


async def test_the_reduced_last_use_of_a_budget_stays_reduced(till):
    half = PromotionDocument(
        name="半价",
        benefit=PercentBenefit(Decimal(50)),
        limits=Limits(budget=100, budget_end="reduce"),
        holdback_percent=Decimal(0),
    )
    name = await placed(till, half, quantity=2)
    memo = await refund(
        till, name, {"items": [{"line": "1", "quantity": 1}], **CLAW_BACK, "request_id": "a"}
    )
    assert (memo["totals"]["total"], memo["promotions"]) == (10_000, [])


BARGAIN = PromotionDocument(
    name="砍价",
    benefit=FixedPriceBenefit(100),
    mechanic=Bargain(100, 5, cut_percent_min=Decimal(0), cut_percent_max=Decimal(10)),
)
PRESALE = PromotionDocument(
    name="预售",
    benefit=FixedBenefit(2_000),
    mechanic=Presale(
        1_000, 2_000, "2026-06-19T00:00:00Z", "2026-06-20T00:00:00Z", "2026-06-30T00:00:00Z"
    ),
)


@pytest.mark.parametrize(
    ("document", "begun"),
    [(BARGAIN, {"sku": "A", "price": 10_000}), (PRESALE, {})],
    ids=["bargain", "presale"],
)
async def test_what_an_engagement_made_of_a_promotion_holds_for_what_is_kept(till, document, begun):
    publish(till, document)
    asked = {"promotion_id": "p", "customer_id": "u1", **begun}
    found = (await till.ask("POST /api/v1/engagements", {}, asked))[1]
    later = NOW_US
    if document is BARGAIN:
        cut = "POST /api/v1/engagements/{id}/cut"
        await till.ask(cut, {"id": found["id"]}, {"customer_id": "u2"})
    else:
        later += 4 * DAY_US
    lines = [{"id": "1", "sku": "A", "quantity": 3}]
    question = {
        "cart": {"lines": lines, "engagements": [found["id"]]},
        "customer": {"id": "u1"},
    }
    order = await till.order({"order_id": "o1", "question": question, "commit": True}, later)
    assert 0 < order["discount"] <= 2_000
    one = {"items": [{"line": "1", "quantity": 1}], **CLAW_BACK, "request_id": "a"}
    memo = await refund(till, order["id"], one, now_us=later)
    assert (memo["totals"]["total"], memo["promotions"]) == (10_000, [])


async def test_what_held_for_the_customer_then_holds_still(till):
    first_time = replace(
        SIX_AT_HALF,
        benefit=PercentBenefit(Decimal(10)),
        condition=Condition(segments_any=("new",)),
        ends_at="2026-06-19T00:00:00+08:00",
    )
    name = await placed(till, first_time, customer={"id": "u1", "segments": ["new"]})
    later = NOW_US + 30 * DAY_US
    memo = await refund(till, name, {**FIVE, **CLAW_BACK, "request_id": "a"}, now_us=later)
    assert (memo["totals"]["total"], memo["totals"]["claw_back"]) == (45_000, 0)


@pytest.mark.parametrize(("rule", "is_usable"), [("never", False), ("always", True)])
async def test_the_memo_says_of_codes_what_the_rule_of_their_batch_says(till, rule, is_usable):
    batch = CouponBatchDocument(name="b", codes=("CODE-1",), return_on_refund=rule)
    till.show({"p": coupon("b")}, {"b": batch})
    cart = {"lines": [{"id": "1", "sku": "A"}]}
    question = {"cart": cart, "codes": ["CODE-1"], "customer": {"id": "u1"}}
    order = await till.order({"order_id": "o1", "question": question, "commit": True})
    whole = {"everything": True, "request_id": "a"}
    for query in ({"dry_run": "true"}, None):
        memo = await refund(till, order["id"], whole, query=query)
        assert [one["returned"] for one in memo["coupons"]] == [is_usable]
    placed_again = till.order({"order_id": "o2", "question": question, "commit": True})
    if is_usable:
        assert (await placed_again)["discount"] == 1_000
    else:
        with pytest.raises(Refused):
            await placed_again


async def test_what_is_kept_is_reckoned_by_the_profile_of_then(till):
    third = replace(SIX_AT_HALF, benefit=PercentBenefit(Decimal("33.336")))
    publish(till, third)
    till.shop = till.shop._replace(
        profiles=Profiles({"ours": ProfileDocument(name="ours", rounding="up")}, "ours")
    )
    question = {"cart": {"lines": [{"id": "1", "sku": "A", "quantity": 3}]}}
    order = await till.order({"order_id": "o1", "question": question, "commit": True})
    till.shop = till.shop._replace(
        profiles=Profiles(
            {"ours": ProfileDocument(name="ours", tax="exclusive", tax_rate=Decimal(9))}
        )
    )
    memo = await refund(
        till, order["id"], {"items": [{"line": "1", "quantity": 1}], **CLAW_BACK, "request_id": "a"}
    )
    assert order["total"] - memo["totals"]["total"] == 2 * 10_000 - 6_668


async def test_refunds_at_once_sum_to_what_was_paid(till):
    name = await placed(till)
    one = {"items": [{"line": "1", "quantity": 1}]}
    asked = [{**one, "request_id": f"r{number}"} for number in range(6)]
    answers = await asyncio.gather(*(refund(till, name, ask) for ask in asked))
    assert sum(memo["totals"]["total"] for memo in answers) == 30_000
    units = sorted(unit["unit"] for memo in answers for unit in memo["lines"][0]["units"])
    assert units == [0, 1, 2, 3, 4, 5]
    for ask in asked:
        await refund(till, name, ask)
    assert await till.spent(*COUNTERS) == [(0, 0), (0, 0)]


async def test_a_process_that_dies_after_the_memo_has_it_finished_by_the_same_request(till):
    name = await placed(till)
    asked = {**FIVE, "request_id": "a"}
    till.mortal_log.dies_after = 1
    with pytest.raises(Unavailable):
        await refund(till, name, asked)
    (memo,) = await memos(till, name)
    assert await refund(till, name, asked) == memo
    assert await till.spent(*COUNTERS) == [(0, 1), (0, 5_000)]
    redemption = await till.redemption("GET", "{id}", name=name)
    assert [one["promotions"][0]["amount"] for one in redemption["returns"]] == [25_000]


async def test_a_dry_run_keeps_nothing(till):
    name = await placed(till)
    memo = await refund(till, name, FIVE, query={"dry_run": "true"})
    assert memo["totals"]["total"] == 25_000
    assert await memos(till, name) == []
    assert await till.spent(*COUNTERS) == [(0, 1), (0, 30_000)]


async def test_an_order_that_is_not_paid_has_no_refund(till):
    publish(till, SIX_AT_HALF)
    question = {"cart": {"lines": [{"id": "1", "sku": "A"}]}}
    name = (await till.order({"order_id": "o1", "question": question}))["id"]
    with pytest.raises(Conflict):
        await refund(till, name, {"everything": True, "request_id": "a"})
    with pytest.raises(NotFound):
        await refund(till, "0" * 32, {"everything": True, "request_id": "a"})


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"everything": True}, "request_id"),
        ({"everything": True, "request_id": "a", "order": {"quote": None}}, "order"),
        ({"request_id": "a"}, "items"),
        ({"request_id": "a", "items": [{"line": "1", "quantity": 7}]}, "items[0].quantity"),
    ],
)
async def test_what_is_wrong_is_named(till, more, path):
    name = await placed(till)
    with pytest.raises(InvalidInput) as refused:
        await refund(till, name, more)
    assert refused.value.fields[0].path.startswith(path)
