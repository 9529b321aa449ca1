"""The properties that make the auction fair, for every kind of bid, place and slot."""

from collections import Counter
from fractions import Fraction
from typing import get_args

import hypothesis.strategies as st
from hypothesis import assume, given
from msgspec.structs import replace

from queqiao.decide.ads.auction import QUALITY_UNIT, Bid, Kind, Pricing, Slot, rank, run
from queqiao.decide.ads.click_rate import RATE_UNIT, ClickRates, Count, smoothed

DRAWS = st.integers(0, 2**53 - 1)
BIDS = st.lists(
    st.builds(
        Bid,
        campaign_id=st.sampled_from("abcdefgh"),
        revision=st.just(1),
        bid_minor=st.integers(0, 12) | st.integers(0, 2**53 - 1),
        click_rate=st.integers(1, 6) | st.integers(1, RATE_UNIT),
        pricing=st.sampled_from(get_args(Pricing)),
        conversion_rate=st.sampled_from([RATE_UNIT, RATE_UNIT // 3, 1]),
        quality=st.sampled_from([500, 1_000, 1_001, 2_000]),
        group_id=st.sampled_from(["", "x", "y"]),
    ),
    max_size=8,
    unique_by=lambda bid: bid.name,
)
SLOTS = st.builds(Slot, st.sampled_from(get_args(Kind)), st.just(0), st.sampled_from([100, 60, 1]))
FLOORS = st.integers(0, 12)


def with_bid(bids, winner, bid_minor):
    changed = replace(winner, bid_minor=bid_minor)
    return [changed if bid == winner else bid for bid in bids]


def slots_of(percents, kind="second_price"):
    return [Slot(kind, number, percent) for number, percent in enumerate(percents)]


def sold(bids, floor_minor, draws, slots):
    """Return the awards of the slots, from the top."""
    left, awards = list(bids), []
    for slot, draw in zip(slots, draws, strict=True):
        award = run(left, floor_minor, draw, slot)
        if award is None:
            break
        awards.append(award)
        left = [bid for bid in left if bid.campaign_id != award.bid.campaign_id]
    return awards


def of_impressions(award, percent):
    """Return what a thousand impressions of an award are expected to cost, times its quality."""
    bid, clicks = award.bid, Fraction(award.bid.click_rate * percent, 100 * RATE_UNIT)
    quality = Fraction(bid.quality, QUALITY_UNIT)
    if bid.pricing in {"cpm", "ocpm"}:
        return award.price_minor * quality
    converts = Fraction(bid.conversion_rate, RATE_UNIT) if bid.pricing == "cpa" else 1
    return award.price_minor * clicks * converts * 1_000 * quality


@given(BIDS, FLOORS, DRAWS, SLOTS)
def test_the_best_score_wins_and_pays_between_floor_and_bid(bids, floor_minor, draw, slot):
    award = run(bids, floor_minor, draw, slot)
    able = [bid for bid in bids if bid.bid_minor >= bid.floor(floor_minor)]
    assert able == [bid for bid in bids if bid.click_minor >= floor_minor]
    assert (award is None) == (not able)
    if award is None:
        return
    scores = {bid.name: bid.bid_minor * bid.weight_in(slot.percent) for bid in able}
    assert scores[award.bid.name] == max(scores.values())
    assert award.propensity == 1 / list(scores.values()).count(scores[award.bid.name])
    assert award.runner_up != award.bid.campaign_id
    least, most = award.bid.floor(floor_minor), award.bid.bid_minor
    if award.bid.pricing == "ocpm":
        least, most = (award.bid.thousand_minor(each, slot.percent) for each in (least, most))
    assert least <= award.price_minor <= most
    if slot.kind == "first_price":
        assert award.price_minor == most


@given(BIDS, FLOORS, DRAWS, SLOTS)
def test_the_price_is_the_least_bid_that_still_wins(bids, floor_minor, draw, slot):
    award = run(bids, floor_minor, draw, slot)
    assume(award is not None and slot.kind != "first_price" and award.bid.pricing != "ocpm")
    at_price = run(with_bid(bids, award.bid, award.price_minor), floor_minor, draw, slot)
    assume(at_price.bid.group_id == award.bid.group_id)  # else another of its groups would stand
    assert at_price.bid.campaign_id == award.bid.campaign_id
    assert at_price.price_minor == award.price_minor
    if award.price_minor > 0:
        below = run(with_bid(bids, award.bid, award.price_minor - 1), floor_minor, draw, slot)
        assert below is None or below.bid.name != award.bid.name


@given(BIDS, FLOORS, st.lists(DRAWS, min_size=4, max_size=4), st.integers(1, 1000), st.booleans())
def test_a_higher_bid_never_loses_a_slot(bids, floor_minor, draws, more, is_first_price):
    slots = slots_of((100, 70, 70, 5), "first_price" if is_first_price else "gsp")
    before = [award.bid.campaign_id for award in sold(bids, floor_minor, draws, slots)]
    for bid in bids:
        raised = with_bid(bids, bid, bid.bid_minor + more)
        after = [award.bid.campaign_id for award in sold(raised, floor_minor, draws, slots)]
        if bid.campaign_id in before:
            assert after.index(bid.campaign_id) <= before.index(bid.campaign_id)


@given(BIDS, FLOORS, DRAWS, st.integers(0, 2**53 - 1))
def test_in_one_slot_at_second_price_the_true_value_is_never_worse(bids, floor_minor, draw, lie):
    """Value of what is bid for less its price, for the first campaign, whatever it bids instead."""
    assume(bids and bids[0].pricing != "ocpm")
    truth = bids[0]
    alone = [bid for bid in bids if bid is truth or bid.campaign_id != truth.campaign_id]

    def gain(bid_minor):
        award = run(with_bid(alone, truth, bid_minor), floor_minor, draw)
        won = award is not None and award.bid.campaign_id == truth.campaign_id
        return truth.bid_minor - award.price_minor if won else 0

    assert gain(truth.bid_minor) >= gain(lie)


@given(BIDS, st.lists(DRAWS, min_size=4, max_size=4))
def test_the_prices_of_slots_fall_from_the_top(bids, draws):
    """What a thousand impressions cost, where every slot gets as many clicks."""
    exact = [replace(bid, pricing="cpa") if bid.pricing == "ocpm" else bid for bid in bids]
    awards = sold(exact, 0, draws, slots_of((100, 100, 100, 100), "gsp"))
    paid = [of_impressions(award, 100) for award in awards]
    assert paid == sorted(paid, reverse=True)


@given(BIDS, FLOORS, DRAWS, SLOTS, st.integers(0, 2**53 - 1))
def test_one_more_bid_never_makes_it_cheaper(bids, floor_minor, draw, slot, bid_minor):
    award = run(bids, floor_minor, draw, slot)
    more = run([*bids, Bid("new", 1, bid_minor, 3)], floor_minor, draw, slot)
    assume(award is not None and more.bid.campaign_id != "new")
    assert more.bid == award.bid
    assert more.price_minor >= award.price_minor


@given(BIDS, FLOORS, DRAWS, SLOTS, st.randoms(use_true_random=False))
def test_the_order_of_the_bids_does_not_matter(bids, floor_minor, draw, slot, chance):
    shuffled = chance.sample(bids, len(bids))
    assert run(shuffled, floor_minor, draw, slot) == run(bids, floor_minor, draw, slot)


@given(BIDS, st.integers(1, 100), DRAWS)
def test_a_slot_orders_bids_of_one_kind_as_the_first_does(bids, percent, draw):
    for kinds in ({"cpm"}, {"cpc", "cpa", "ocpm"}):
        alike = [bid for bid in bids if bid.pricing in kinds]
        lower = [bid for _, bid in rank(alike, draw, percent)]
        assert lower == [bid for _, bid in rank(alike, draw)]


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
