"""The auction: golden cases, and the properties that make it fair."""

import json
from collections import Counter
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given

from queqiao.decide.ads.auction import Bid, run
from queqiao.decide.ads.click_rate import RATE_UNIT, ClickRates, Count, smoothed

CASES = json.loads((Path(__file__).parents[1] / "cases/ads/auctions.json").read_text())

DRAWS = st.integers(0, 2**53 - 1)
BIDS = st.lists(
    st.builds(
        Bid,
        campaign_id=st.sampled_from("abcdefgh"),
        revision=st.just(1),
        bid_minor=st.integers(0, 12) | st.integers(0, 2**53 - 1),
        click_rate=st.integers(1, 6) | st.integers(1, RATE_UNIT),
    ),
    max_size=8,
    unique_by=lambda bid: bid.campaign_id,
)
FLOORS = st.integers(0, 12)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_golden(case):
    award = run([Bid(*bid) for bid in case["bids"]], case["floor_minor"], case["draw"])
    found = award and {
        "winner": award.bid.campaign_id,
        "price_minor": award.price_minor,
        "propensity": award.propensity,
        "runner_up": award.runner_up,
    }
    assert found == case["expected"]


def with_bid(bids, winner, bid_minor):
    changed = Bid(winner.campaign_id, 1, bid_minor, winner.click_rate)
    return [changed if bid == winner else bid for bid in bids]


@given(BIDS, FLOORS, DRAWS)
def test_the_best_score_wins_and_pays_between_floor_and_bid(bids, floor_minor, draw):
    award = run(bids, floor_minor, draw)
    able = [bid for bid in bids if bid.bid_minor >= floor_minor]
    assert (award is None) == (not able)
    if award is not None:
        assert award.bid.score == max(bid.score for bid in able)
        assert floor_minor <= award.price_minor <= award.bid.bid_minor
        assert award.propensity == 1 / sum(bid.score == award.bid.score for bid in able)


@given(BIDS, FLOORS, DRAWS)
def test_the_price_is_the_least_bid_that_still_wins(bids, floor_minor, draw):
    award = run(bids, floor_minor, draw)
    assume(award is not None)
    at_price = run(with_bid(bids, award.bid, award.price_minor), floor_minor, draw)
    assert at_price.bid.campaign_id == award.bid.campaign_id
    assert at_price.price_minor == award.price_minor
    if award.price_minor > 0:
        below = run(with_bid(bids, award.bid, award.price_minor - 1), floor_minor, draw)
        assert below is None or below.bid.campaign_id != award.bid.campaign_id


@given(BIDS, FLOORS, DRAWS, st.integers(1, 1000))
def test_a_higher_bid_keeps_the_place_and_the_price(bids, floor_minor, draw, more):
    award = run(bids, floor_minor, draw)
    assume(award is not None)
    higher = run(with_bid(bids, award.bid, award.bid.bid_minor + more), floor_minor, draw)
    assert higher.bid.campaign_id == award.bid.campaign_id
    assert higher.price_minor == award.price_minor


@given(BIDS, FLOORS, DRAWS, st.integers(0, 2**53 - 1))
def test_bidding_the_true_value_is_never_worse(bids, floor_minor, draw, lie):
    """Value of a click less its price, for the first campaign, whatever it bids instead."""
    assume(bids)
    truth = bids[0]

    def gain(bid_minor):
        award = run(with_bid(bids, truth, bid_minor), floor_minor, draw)
        won = award is not None and award.bid.campaign_id == truth.campaign_id
        return truth.bid_minor - award.price_minor if won else 0

    assert gain(truth.bid_minor) >= gain(lie)


@given(BIDS, FLOORS, DRAWS, st.randoms(use_true_random=False))
def test_the_order_of_the_bids_does_not_matter(bids, floor_minor, draw, chance):
    shuffled = chance.sample(bids, len(bids))
    assert run(shuffled, floor_minor, draw) == run(bids, floor_minor, draw)


def test_ties_fall_evenly():
    bids = [Bid(name, 1, 100, 5) for name in "abcd"]
    wins = Counter(run(bids, 0, draw).bid.campaign_id for draw in range(4000))
    assert all(900 < wins[name] < 1100 for name in "abcd"), wins


def test_a_new_campaign_starts_from_its_place_and_learns():
    assert ClickRates().of("a", "p") == 5_000_000
    counts = [Count("a", "p", 100_000, 4_000), Count("b", "p", 100_000, 0)]
    rates = ClickRates(counts)
    place = rates.of("new", "p")
    assert place == (4_000 * RATE_UNIT + 5_000_000 * 2_000) // 202_000
    assert rates.of("b", "p") < place < rates.of("a", "p")
    assert abs(rates.of("a", "p") - RATE_UNIT * 4 // 100) < RATE_UNIT // 1000


@given(st.integers(0, 10**9), st.integers(0, 10**10), st.integers(1, RATE_UNIT))
def test_a_click_rate_is_a_share_and_never_zero(impressions, clicks, prior):
    assert 1 <= smoothed(impressions, clicks, prior, 400) <= RATE_UNIT
