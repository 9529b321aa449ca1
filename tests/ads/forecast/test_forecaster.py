"""Forecasts of a world that is known: they say what comes, and how sure that is."""

import numpy as np
import pytest
from tests.ads.forecast.world import CLICK_RATE, START_US, World, alike, case, forecaster, sample_of

from queqiao.decide.ads.caps.document import Cap
from queqiao.decide.ads.contracts import Campaign, Creative, Targeting
from queqiao.decide.ads.forecast.opportunities import Opportunity, Rival, hash_column
from queqiao.decide.ads.forecast.results import Result
from queqiao.kernel.clock import DAY_US, HOUR_US


def truth(world, bid_minor, budget_minor, days=range(14, 21)):
    """What becomes of the campaign when the days come: the auction and luck, one by one."""
    impressions = clicks = cost = 0
    for number in days:
        spent = 0
        for one in world.day(number):
            if bid_minor * CLICK_RATE <= one.rivals[0].worth_minor:
                continue
            price = max(10, int(np.ceil(one.rivals[0].worth_minor / CLICK_RATE)))
            if spent + price > budget_minor:
                continue
            impressions += 1
            if world.chance.random() < world.click_rate:
                clicks += 1
                spent += price
        cost += spent
    return impressions, clicks, cost


@pytest.mark.parametrize("budget_minor", [10**9, 350])
def test_intervals_hold_what_comes(budget_minor):
    within = np.zeros(3)
    seeds = 25
    for seed in range(seeds):
        world = World(seed, a_day=200)
        past = world.days(0, 14)
        found = forecaster(sample_of(past, 14, alike(CLICK_RATE))).forecast(case(100, budget_minor))
        came = truth(world, 100, budget_minor)
        told = (found.impressions, found.clicks, found.cost_minor)
        within += [one.low <= each <= one.high for one, each in zip(told, came, strict=True)]
        assert found.cost_minor.high <= 7 * budget_minor
    assert (within / seeds >= 0.8).all(), within / seeds


def test_expected_is_what_comes_on_average():
    world = World(1, a_day=600)
    found = forecaster(sample_of(world.days(0, 28), 28, alike(CLICK_RATE))).forecast(
        case(100, after=28)
    )
    came = np.mean([truth(world, 100, 10**9, range(28, 35)) for _ in range(10)], axis=0)
    assert found.impressions.expected == pytest.approx(came[0], rel=0.08)
    assert found.clicks.expected == pytest.approx(came[1], rel=0.2)
    assert found.cost_minor.expected == pytest.approx(came[2], rel=0.2)
    assert found.sample.days == 28


def test_more_bid_and_more_budget_never_bring_less():
    world = World(2)
    found = forecaster(sample_of(world.days(0, 14), 14, alike(CLICK_RATE))).forecast(case(100, 400))
    assert len(found.by_bid) == len(found.by_budget) == 15
    won = [point.impressions.expected for point in found.by_bid]
    assert won[0] < won[-1]
    clicks = [point.clicks.expected for point in found.by_budget]
    assert clicks == sorted(clicks)
    costs = [point.cost_minor.expected for point in found.by_budget]
    assert costs == sorted(costs)
    own = [point for point in found.by_bid if point.bid_minor == 100]
    assert own[0].clicks == found.clicks


def test_an_empty_log_says_nothing_is_known():
    found = forecaster(sample_of([], 0)).forecast(case(100, 1_000, after=0))
    assert (found.impressions.expected, found.win_rate, found.average_price_minor) == (0, 0, None)
    assert found.reach.people.expected == 0
    assert found.sample.days == 0


def test_the_first_hours_stand_for_a_day():
    rows = [plain(at * HOUR_US, person=at + 1) for at in range(6)]
    found = forecaster(sample_of(rows, 0.25)).forecast(case(100, days=1, after=1))
    assert found.sample.days == 0
    assert found.opportunities == pytest.approx(24, rel=0.3)


def test_nobody_sees_more_than_the_caps_allow():
    rows = [plain(day * DAY_US + at * HOUR_US, person=1) for day in range(7) for at in range(8)]
    of = forecaster(sample_of(rows, 7))
    free = of.forecast(case(100, days=7, after=7)).impressions.expected
    daily = of.forecast(case(100, days=7, after=7, caps=[Cap("campaign", 2, "day")]))
    rolling = of.forecast(
        case(100, days=7, after=7, caps=[Cap("campaign", 2, "hour", rolling=True)])
    )
    strict = of.forecast(case(100, days=7, after=7, caps=[Cap("campaign", 1, "day", rolling=True)]))
    assert daily.impressions.expected == pytest.approx(free / 4, rel=0.01)
    assert rolling.impressions.expected == free
    assert strict.impressions.expected == pytest.approx(free / 8, rel=0.01)


def test_a_request_with_several_slots_is_won_once():
    rows = [plain(at * HOUR_US, person=at + 1, request="same") for at in range(24)]
    rows += [plain(DAY_US + HOUR_US, person=99)]
    found = forecaster(sample_of(rows, 1)).forecast(case(100, days=1, after=1))
    assert found.opportunities == 1
    assert found.impressions.expected == pytest.approx(1, rel=0.15)


def test_a_campaign_is_no_rival_of_its_own():
    rows = [plain(at * HOUR_US, person=at + 1, rivals=(Rival("me", 5.0),)) for at in range(24)]
    of = forecaster(sample_of(rows, 1))
    other = of.forecast(case(100, days=1, after=1))
    own = of.forecast(case(100, days=1, after=1, own="me"))
    assert (other.impressions.expected, other.win_rate) == (0, 0)
    assert own.impressions.expected > 20
    assert own.average_price_minor == 10


def test_segments_are_those_of_today():
    rows = [plain(at * HOUR_US, person=at + 1, names=(f"u{at}", "")) for at in range(24)]
    segments = {"gold": hash_column(["u1", "u2", "elsewhere"])}
    of = forecaster(sample_of(rows, 1), segments)
    found = of.forecast(case(100, days=1, after=1, targeting=Targeting(["gold"])))
    assert found.reach.people.expected == 2
    assert found.reach.members == 3
    none = of.forecast(case(100, days=1, after=1, targeting=Targeting(["nobody"])))
    assert none.reach.people.expected == 0


def test_what_was_not_logged_is_said_and_makes_the_interval_wide():
    grove = {"field": "geo.region", "op": "in", "value": ["CN-44"]}
    mobile = {"field": "device.type", "op": "in", "value": ["mobile"]}
    rows = [
        plain(at * HOUR_US, person=at + 1, attributes={"geo.region": [f"CN-{44 + at % 2}"]})
        for at in range(24)
    ]
    of = forecaster(sample_of(rows, 1))

    def asked(expression):
        targeting = Targeting(expression=expression)
        return of.forecast(case(100, days=1, after=1, targeting=targeting))

    known = asked(grove)
    assert known.assumed == []
    assert known.reach.people.expected == 12
    unknown = asked({"and": [grove, mobile]})
    assert [(one.field, one.share) for one in unknown.assumed] == [("device.type", 1.0)]
    assert unknown.impressions.expected == known.impressions.expected
    assert unknown.impressions.low == 0
    decided = asked({"or": [grove, mobile]})
    assert decided.reach.people.expected == 24
    assert decided.reach.people.low == 12
    assert [(one.field, one.share) for one in decided.assumed] == [("device.type", 0.5)]


def test_hours_are_those_of_the_days_to_come():
    rows = [plain(at * HOUR_US, person=at + 1) for at in range(7 * 24)]
    evening = {
        "field": "now",
        "op": "in_windows",
        "value": [{"weekdays": [6], "from_time": "18:00", "until_time": "22:00"}],
    }
    found = forecaster(sample_of(rows, 7)).forecast(
        case(100, days=7, after=7, targeting=Targeting(expression=evening))
    )
    assert found.reach.people.expected == 4


def test_the_hours_of_a_draft_are_kept():
    rows = [plain(at * HOUR_US, person=at + 1) for at in range(7 * 24)]
    grid = ["1" * 2 + "0" * 46] * 7
    found = forecaster(sample_of(rows, 7)).forecast(case(100, days=7, after=7, hours=grid))
    assert found.reach.people.expected == 7


def test_the_click_rate_comes_from_campaigns_that_are_alike():
    results = [
        Result("same", "home", 10_000, 10_000, 200, 10, 0),
        Result("other", "home", 10_000, 10_000, 20, 1, 0),
    ]

    def document(advertiser, segments):
        return Campaign(
            "n", advertiser, ["home"], 100, "CNY", 1_000,
            [Creative("x", "t", "/x")], Targeting(segments),
        )  # fmt: skip

    campaigns = {"same": document("tea", ["gold"]), "other": document("cars", ["men"])}
    rows = [plain(at * HOUR_US, person=at + 1) for at in range(24)]
    of = forecaster(sample_of(rows, 1, results), campaigns=campaigns)
    ours = of.forecast(case(100, days=1, after=1, advertiser="tea", targeting=Targeting()))
    theirs = of.forecast(case(100, days=1, after=1, advertiser="cars", targeting=Targeting()))
    assert ours.click_rate.expected > 1.5 * theirs.click_rate.expected
    assert [(one.campaign_id, one.likeness) for one in ours.alike] == [
        ("same", 1.0),
        ("other", 0.25),
    ]
    own = of.forecast(case(100, days=1, after=1, own="other"))
    assert own.click_rate.expected < 0.004


def plain(since_us, *, person, rivals=(), attributes=None, request=None, names=()):
    return Opportunity(
        START_US + since_us, "home", person, names, request or f"{since_us}", "web", (),
        attributes, 10, rivals,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pricing", "bid_minor", "paid_for"),
    [
        ("cpm", 500, lambda told: told.impressions.expected * 10 * CLICK_RATE),
        ("cpa", 5_000, lambda told: told.conversions.expected * 10 / 0.05),
        ("ocpm", 5_000, lambda told: told.impressions.expected * 10 * CLICK_RATE),
    ],
)
def test_what_is_bid_for_is_what_is_paid_for(pricing, bid_minor, paid_for):
    """Without rivals the floor is paid: 10 a click, in whatever unit it is billed."""
    rows = [plain(at * HOUR_US // 8, person=at + 1) for at in range(24 * 8 * 3)]
    of = forecaster(sample_of(rows, 3, alike(CLICK_RATE, impressions=40_000), share=0.01))
    found = of.forecast(case(bid_minor, pricing=pricing, days=3, after=3))
    assert found.win_rate == pytest.approx(1, rel=0.1)
    assert found.win_rate <= 1
    assert found.cost_minor.expected == pytest.approx(paid_for(found), rel=0.1)
    assert found.conversions.expected == pytest.approx(found.clicks.expected * 0.05, rel=0.1)
    low = of.forecast(case(1, pricing=pricing, days=3, after=3))
    assert low.impressions.expected == 0


def test_a_first_price_place_costs_the_bid_and_a_lower_slot_has_fewer_clicks():
    rival = (Rival("r", 20 * CLICK_RATE),)
    rows = [
        plain(at * HOUR_US, person=at + 1, rivals=rival)._replace(is_first_price=True)
        for at in range(24)
    ]
    first = forecaster(sample_of(rows, 1)).forecast(case(100, days=1, after=1))
    assert first.average_price_minor == 100
    half = [one._replace(percent=50, rivals=()) for one in rows]
    lower = forecaster(sample_of(half, 1)).forecast(case(100, days=1, after=1))
    assert lower.clicks.expected == pytest.approx(first.clicks.expected / 2, abs=0.06)
