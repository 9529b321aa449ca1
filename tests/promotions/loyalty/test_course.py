"""What a programme comes to for who buys once a month: by hand, and as real accounts go."""

import msgspec
import pytest

from queqiao.decide.promotions.documents.points_programme import MemberTier, PointsProgrammeDocument
from queqiao.decide.promotions.loyalty.course import PointsCourseQuestion, course
from queqiao.kernel.clock import day_start_us, parse_rfc3339
from queqiao.kernel.errors import InvalidInput

ZONE = "Asia/Shanghai"
NOON_US = parse_rfc3339("2026-01-15T12:00:00+08:00")
TIERS = (MemberTier("银卡", 3_000), MemberTier("金卡", 5_000, earn_percent=150))


def ask(months=24, spend_minor=100_000, **fields):
    document = PointsProgrammeDocument(name="会员", **fields)
    return course(PointsCourseQuestion(document, spend_minor, months=months), ZONE, NOON_US).months


def test_a_thousand_yuan_a_month_climbs_the_tiers_and_begins_to_lose_points():
    months = ask(15, tiers=TIERS, expires="months", expires_after=12)
    assert [one.tier for one in months[:6]] == [None, None, "银卡", "银卡", "金卡", "金卡"]
    assert [one.earned for one in months[:6]] == [1_000, 1_000, 1_000, 1_000, 1_000, 1_500]
    assert [one.expired for one in months[10:14]] == [0, 0, 1_000, 1_000]
    assert months[11].balance == 5_000 + 7 * 1_500
    assert (months[12].balance, months[12].day) == (5_000 + 8 * 1_500 - 1_000, "2027-01-15")
    assert months[0].worth == 1_000


def test_points_that_cannot_be_used_yet_are_pending():
    months = ask(4, available_after_days=45)
    assert [(one.balance, one.pending) for one in months] == [
        (0, 1_000), (1_000, 1_000), (2_000, 1_000), (3_000, 1_000),
    ]  # fmt: skip


def test_orders_that_leave_the_window_count_no_more_for_the_tier():
    """Two orders lie in a window of two months, however long it goes on."""
    tiers = (MemberTier("VIP", 150_000), MemberTier("SVIP", 250_000))
    months = ask(4, tiers=tiers, tier_by="spend", tier_months=2)
    assert [one.tier for one in months] == [None, "VIP", "VIP", "VIP"]


def test_a_programme_that_cannot_stand_is_refused_by_its_paths():
    with pytest.raises(InvalidInput) as refused:
        ask(tiers=(MemberTier("a", 5), MemberTier("b", 5)))
    assert [one.path for one in refused.value.fields] == ["document.tiers[1].at_least"]


async def test_a_real_account_goes_the_same_way(till):
    """Ten goods of 100.00 each month, under the same programme."""
    fields = {
        "tiers": (MemberTier("银卡", 200), MemberTier("金卡", 300, earn_percent=150)),
        "expires": "months",
        "expires_after": 3,
        "tier_months": 3,
        "available_after_days": 7,
    }
    till.start(**fields)
    document = PointsProgrammeDocument(name="会员积分", **fields)
    question = PointsCourseQuestion(document, 100_000, 10, 10_000, 8)
    told = await till.manage(
        "POST /api/v1/points-programmes/preview", msgspec.to_builtins(question), NOON_US
    )
    days = [one["day"] for one in told["months"]]
    for number, (month, following) in enumerate(zip(told["months"], days[1:], strict=False)):
        paid_us = day_start_us(month["day"], ZONE) + 12 * 3_600_000_000
        until_us = day_start_us(following, ZONE) + 12 * 3_600_000_000 - 1
        order = await till.buy(f"o{number}", 10, now_us=paid_us)
        assert order["quote"]["points"]["earned"] == month["earned"]
        shown = await till.points(now_us=until_us)
        assert (shown["balance"], shown["pending"]) == (month["balance"], month["pending"])
        assert shown["tier"]["name"] == month["tier"]
