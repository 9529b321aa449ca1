"""The learning phase: what begins it anew, when it ends, and what keeps it from ending."""

import pytest
from msgspec.structs import replace
from tests.ads.shop import campaign

from queqiao.decide.ads.pacing.book import CampaignDay, Setting
from queqiao.decide.ads.pacing.control import UNIT
from queqiao.decide.ads.pacing.document import BidStrategy
from queqiao.decide.ads.pacing.learning import NEEDED, PATIENCE_US, Edit, begun_us, learning
from queqiao.decide.ads.pacing.worth import Results

TCPA = BidStrategy(kind="tcpa", target_minor=1_000, pacing="even")
GOOD = campaign("a", 100, budget=100_000, strategy=TCPA).document


def edits(*documents):
    return [Edit(at * 100, at > 0, each) for at, each in enumerate(documents)]


@pytest.mark.parametrize(
    ("changes", "begins_anew"),
    [
        ({"name": "renamed"}, False),
        ({"bid_minor": 120}, False),
        ({"bid_minor": 121}, True),
        ({"daily_budget_minor": 79_999}, True),
        ({"placements": ["home", "cart"]}, True),
        ({"strategy": replace(TCPA, target_minor=1_200)}, False),
        ({"strategy": replace(TCPA, target_minor=1_201)}, True),
        ({"strategy": replace(TCPA, kind="ocpm")}, True),
        ({"strategy": replace(TCPA, pacing="predictive")}, False),
    ],
)
def test_a_significant_edit_begins_anew(changes, begins_anew):
    after = edits(GOOD, GOOD, replace(GOOD, **changes))
    assert begun_us(after) == (200 if begins_anew else 100)


def test_it_ends_with_enough_results():
    known = edits(GOOD, GOOD)
    few = learning(known, Results(conversions=NEEDED["conversion"] - 1), None, 0, 200)
    assert (few.state, few.counted, few.needed) == ("learning", 19, 20)
    enough = learning(known, Results(conversions=20), None, 0, 200)
    assert (enough.state, enough.limited_by) == ("learned", [])


def test_who_has_not_learned_in_a_week_is_limited_and_told_why():
    late_us = 101 + PATIENCE_US
    assert learning(edits(GOOD, GOOD), Results(), None, 0, late_us).limited_by == [
        "few_conversions"
    ]
    small = replace(GOOD, daily_budget_minor=9_999)
    found = learning(edits(small, small), Results(), None, 0, late_us)
    assert (found.state, found.limited_by) == ("limited", ["budget"])


@pytest.mark.parametrize(
    ("multiplier", "probability", "limits"),
    [(UNIT, UNIT, ["bid"]), (UNIT // 2, UNIT, ["supply"]), (UNIT, UNIT // 2, [])],
)
def test_who_is_behind_the_plan_is_told_why(multiplier, probability, limits):
    plan = tuple(tick * UNIT // 144 for tick in range(1, 145))
    settings = tuple(Setting(tick, multiplier, probability, 100, 0) for tick in range(60, 72))
    today = CampaignDay(1, 0, plan, settings)
    assert learning(edits(GOOD, GOOD), Results(), today, 1_000, 200).limited_by == limits
    assert learning(edits(GOOD, GOOD), Results(), today, 50_000, 200).limited_by == []
