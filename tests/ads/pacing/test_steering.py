"""From what is known of a day to a bid: bounds that always hold, and what a target does."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.decide.ads.pacing.control import UNIT, Control
from queqiao.decide.ads.pacing.day import Day, day_of, planned, traffic_of
from queqiao.decide.ads.pacing.document import BidStrategy
from queqiao.decide.ads.pacing.steering import Situation, Tick, steer
from queqiao.decide.ads.pacing.supply import Taken
from queqiao.decide.ads.pacing.worth import Results, Worth, worth_of
from queqiao.kernel.clock import DAY_US, HOUR_US, parse_rfc3339

STRATEGIES = [
    BidStrategy(pacing="even"),
    *(
        BidStrategy(pacing=pacing, **fields)
        for pacing in ("asap", "even", "predictive")
        for fields in (
            {"kind": "max_delivery", "wanted": "click"},
            {"kind": "max_gmv"},
            {"kind": "tcpa", "target_minor": 2_000},
            {"kind": "troas", "target_return_percent": 300},
        )
    ),
]
BEGINS_US = parse_rfc3339("2026-06-18T00:00:00+08:00")


@st.composite
def ticks(draw):
    ads = draw(st.integers(0, 50))
    prices = tuple(draw(st.lists(st.integers(0, 400), min_size=1, max_size=5))) if ads else ()
    auctions = draw(st.integers(0, 5_000))
    shown = draw(st.integers(0, UNIT))
    return Tick(max(auctions, ads), Taken(ads, prices), draw(st.integers(0, 500)), shown)


@st.composite
def situations(draw):
    traffic = tuple(draw(st.lists(st.integers(0, 900), min_size=8, max_size=8)) * 18)
    past = tuple(draw(st.lists(ticks(), max_size=8)))
    budget = draw(st.integers(0, 10**6))
    return Situation(
        strategy=draw(st.sampled_from(STRATEGIES)),
        pricing=draw(st.sampled_from(["cpc", "cpm", "cpa", "ocpm"])),
        bid_minor=draw(st.integers(0, 500)),
        budget_minor=budget,
        spent_minor=draw(st.integers(0, budget)),
        tick=draw(st.integers(len(past), 143)),
        traffic=traffic,
        ticks=past,
        usual_prices=tuple(draw(st.lists(st.integers(1, 300), max_size=5))),
        worth=Worth(draw(st.floats(1e-6, 1)), draw(st.floats(1e-6, 1)), draw(st.floats(0, 1e5))),
    )


@given(situations())
def test_a_bid_is_within_what_the_document_allows(known):
    found = steer(known)
    assert 0 <= found.bid_minor <= known.bid_minor
    assert 0 <= found.probability_ppm <= UNIT
    assert Control("a", found.multiplier_ppm).bid_minor(known.bid_minor) == found.bid_minor
    assert found.expected_minor >= 0
    if not found.bid_minor or known.spent_minor > known.budget_minor:
        assert found.probability_ppm == 0
    if not known.strategy.is_automatic and found.probability_ppm:
        assert found.bid_minor == known.bid_minor


def usual(strategy, price=100, spent_of_plan=1.0, **changes):
    """Return a day at its middle in which every second auction was won at a price."""
    taken = Taken(50, (price,) * 10)
    ticks_so_far = tuple(Tick(100, taken, 200, UNIT) for _ in range(72))
    fields = {
        "strategy": strategy, "pricing": "cpc", "bid_minor": 500, "budget_minor": 7_200,
        "spent_minor": int(3_600 * spent_of_plan), "tick": 72, "traffic": (100.0,) * 144,
        "ticks": ticks_so_far, "usual_prices": (price,), "worth": Worth(0.01, 0.05, 100.0),
    } | changes  # fmt: skip
    return Situation(**fields)


@pytest.mark.parametrize("pacing", ["asap", "even", "predictive"])
def test_a_target_bounds_the_bid(pacing):
    low = steer(usual(BidStrategy(kind="tcpa", pacing=pacing, target_minor=1_000)))
    high = steer(usual(BidStrategy(kind="tcpa", pacing=pacing, target_minor=20_000)))
    assert low.bid_minor <= 100, "a click is worth 50; more than twice that cannot pay"
    assert high.bid_minor >= 100


def test_who_is_ahead_of_the_plan_slows_down_and_who_is_behind_hurries():
    even = BidStrategy(pacing="even")
    half = tuple(Tick(100, Taken(25, (100,)), 500, UNIT // 2) for _ in range(72))
    found = [
        steer(usual(even, ticks=half, budget_minor=3_600, spent_minor=spent)).probability_ppm
        for spent in (1_800, 1_813, 1_825)  # the plan is done a tick early
    ]
    assert found[1] == pytest.approx(UNIT / 2, rel=0.1)
    assert found[0] > found[1] > found[2]


def test_a_budget_that_is_gone_bids_nothing():
    for strategy in STRATEGIES:
        assert steer(usual(strategy, spent_minor=7_200)).probability_ppm == 0


@pytest.mark.parametrize("zone_day", ["2026-03-29T12:00:00+02:00", "2026-10-25T12:00:00+01:00"])
def test_a_day_of_23_or_25_hours_has_its_ticks(zone_day):
    day = day_of(parse_rfc3339(zone_day), "Europe/Berlin")
    hours = (day.ends_us - day.begins_us) // HOUR_US
    assert hours in {23, 25}
    assert day.ticks == hours * 6
    traffic = traffic_of(day, [10.0] * 48, day.begins_us, day.ends_us)
    assert len(traffic) == day.ticks
    assert planned(traffic)[-1] == 1.0


@given(st.lists(st.floats(0, 1e6), min_size=48, max_size=48), st.integers(0, 23))
def test_a_plan_rises_to_the_whole_and_spends_nothing_before_it_begins(half_hours, hour):
    day = Day("2026-06-18", BEGINS_US, BEGINS_US + DAY_US)
    begins_us = BEGINS_US + hour * HOUR_US
    plan = planned(traffic_of(day, half_hours, begins_us, day.ends_us))
    assert len(plan) == 144
    assert all(before <= after + 1e-9 for before, after in pairwise(plan))
    assert plan[-1] == 1.0
    assert all(share == 0.0 for share in plan[: hour * 6])


def test_no_traffic_at_all_has_no_plan():
    assert planned([0.0] * 144) == ()


def test_a_new_campaign_is_taken_for_an_average_one():
    known = {"old": Results(100_000, 2_000, 100, 500_000)}
    new, old = worth_of(known, "new"), worth_of(known, "old")
    assert new.clicks_of_an_ad == pytest.approx(0.02, rel=0.1)
    assert new.conversions_of_a_click == pytest.approx(old.conversions_of_a_click, rel=0.1)
    assert old.value_of_a_click == pytest.approx(250, rel=0.1)
