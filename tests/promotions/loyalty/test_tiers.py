"""Tiers of members: by points or money within some months, as conditions and for earning."""

from decimal import Decimal

import pytest
from tests.promotions.loyalty.points_till import EARN, PAY, tier_price
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.documents.benefit import PercentBenefit
from queqiao.decide.promotions.documents.points_programme import MemberTier, PointsProgrammeDocument
from queqiao.decide.promotions.loyalty.checks import check_points_programme
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.errors import InvalidInput

TIERS = (MemberTier("银卡", 50), MemberTier("金卡", 100, earn_percent=150))
MEMBERS = {"earn": EARN, "pay": PAY, "gold": tier_price("金卡", PercentBenefit(Decimal(10)))}


async def test_who_has_earned_enough_is_in_the_tier_and_has_its_price(till):
    till.start(promotions=MEMBERS, tiers=TIERS)
    assert (await till.quote(1))["totals"]["discount"] == 0
    await till.buy("o1", 5)
    tier = (await till.points())["tier"]
    assert (tier["name"], tier["score"], tier["next"], tier["missing"]) == ("银卡", 50, "金卡", 50)
    await till.buy("o2", 5)
    assert (await till.points())["tier"]["name"] == "金卡"
    gold = await till.quote(2, loyalty={"tier": None})
    assert gold["totals"]["discount"] == 2_000
    assert gold["points"]["earned"] == 15
    changes = [event["properties"] for event in till.told("Tier Changed")]
    assert changes == [
        {"programme_id": "club", "tier": "银卡"},
        {"programme_id": "club", "tier": "金卡", "before": "银卡"},
    ]


async def test_a_tier_is_lost_by_refunds_and_by_time(till):
    till.start(promotions=MEMBERS, tiers=TIERS, tier_months=1)
    order = await till.buy("o1", 10)
    assert (await till.points())["tier"]["name"] == "金卡"
    await till.refund(order, "r1", items=[{"line": "1", "quantity": 5}])
    assert (await till.points())["tier"]["name"] == "银卡"
    month = parse_rfc3339("2026-07-19T00:00:00+08:00")
    assert (await till.points(now_us=month - 1))["tier"]["name"] == "银卡"
    assert (await till.points(now_us=month))["tier"]["name"] is None


async def test_money_spent_counts_where_the_programme_says_so(till):
    tiers = (MemberTier("VIP", 30_000),)
    till.start(promotions={"pay": PAY}, tiers=tiers, tier_by="spend")
    order = await till.buy("o1", 3)
    tier = (await till.points())["tier"]
    assert (tier["name"], tier["score"], tier["by"]) == ("VIP", 30_000, "spend")
    await till.refund(order, "r1", items=[{"line": "1", "quantity": 1}])
    tier = (await till.points())["tier"]
    assert (tier["name"], tier["score"], tier["missing"]) == (None, 20_000, 10_000)
    await till.redemption("POST", "return", {"request_id": "all"}, name=order["id"])


async def test_a_refund_of_a_member_takes_back_what_a_member_earned(till):
    till.start(promotions={"earn": EARN}, tiers=TIERS)
    await till.buy("o1", 10)
    order = await till.buy("o2", 2)
    assert order["quote"]["points"]["earned"] == 30
    said = {"items": [{"line": "1", "quantity": 1}], "policy": {"discounts": "claw_back"}}
    with pytest.raises(InvalidInput):  # the rules of then are not stored here
        await till.refund(order, "r1", **said)
    memo = await till.refund(order, "r1", items=said["items"])
    assert memo["points"]["taken_back"] == 15


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        (
            {"tiers": (MemberTier("A", 5), MemberTier("A", 5))},
            ["tiers[1].name", "tiers[1].at_least"],
        ),
        ({"expires": "months", "expires_after": 0}, ["expires_after"]),
    ],
)
def test_a_programme_that_cannot_stand_says_where(fields, paths):
    with pytest.raises(InvalidInput) as error:
        check_points_programme(PointsProgrammeDocument(name="p", **fields))
    assert [field.path for field in error.value.fields] == paths


@pytest.mark.parametrize(
    ("bought", "months", "until"),
    [
        ("2026-02-28T12:00:00+08:00", 1, "2026-04-01T00:00:00+08:00"),
        ("2026-01-31T12:00:00+08:00", 1, "2026-03-01T00:00:00+08:00"),
        ("2026-06-18T12:00:00+08:00", 12, "2027-06-19T00:00:00+08:00"),
        ("2024-02-29T23:59:59+08:00", 12, "2025-03-01T00:00:00+08:00"),
    ],
)
def test_an_order_counts_up_to_the_same_day_some_months_later(bought, months, until):
    document = PointsProgrammeDocument(name="p", tier_months=months)
    programme = Programme("p", document, "Asia/Shanghai")
    at_us, until_us = parse_rfc3339(bought), parse_rfc3339(until)
    assert programme.counts_until_us(at_us) == until_us
    assert programme.window_start_us(until_us - 1) <= at_us < programme.window_start_us(until_us)


def test_points_are_never_lost_before_they_can_be_used():
    document = PointsProgrammeDocument(
        name="p", available_after_days=400, expires="year_end", expires_after=0
    )
    programme = Programme("p", document, "Asia/Shanghai")
    assert programme.expires_us(NOW_US) == programme.available_us(NOW_US)
