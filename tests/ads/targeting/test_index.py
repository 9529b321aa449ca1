"""Targeting by bits finds the award that a plain scan of every campaign finds."""

import hypothesis.strategies as st
from hypothesis import given, settings
from tests.ads.shop import NOW_US, campaign, placement
from tests.ads.targeting.drawn import ATTRIBUTES, EXPRESSIONS

from queqiao.decide.ads.auction import run
from queqiao.decide.ads.click_rate import Count
from queqiao.decide.ads.hot_state import snapshot
from queqiao.decide.ads.served import Served, differences, record
from queqiao.decide.ads.targeting.index import Facts
from queqiao.decide.ads.targeting.situation import situation
from queqiao.kernel.clock import SECOND_US, format_rfc3339

NAMES = st.lists(st.sampled_from("xyz"), max_size=2, unique=True)
SECONDS = st.none() | st.integers(-3, 3)


def moment(seconds):
    return None if seconds is None else format_rfc3339(NOW_US + seconds * SECOND_US)


@st.composite
def campaigns(draw):
    return [
        campaign(
            f"c{number}",
            draw(st.integers(0, 40)),
            segments=draw(NAMES),
            channels=draw(NAMES),
            expression=draw(st.none() | EXPRESSIONS),
            starts_at=moment(draw(SECONDS)),
            ends_at=moment(draw(SECONDS)),
            currency=draw(st.sampled_from(["CNY", "CNY", "CNY", "USD"])),
        )
        for number in range(draw(st.integers(0, 12)))
    ]


COUNTS = st.lists(
    st.builds(
        Count,
        st.integers(0, 11).map("c{}".format),
        st.just("home"),
        st.integers(0, 5000),
        st.integers(0, 60),
    ),
    max_size=6,
)
FACTS = st.builds(
    Facts,
    st.frozensets(st.sampled_from("xyz")),
    st.sampled_from(["", "x", "y"]),
    st.integers(-3, 3).map(lambda seconds: NOW_US + seconds * SECOND_US),
    st.none() | ATTRIBUTES.map(lambda attributes: situation(attributes, NOW_US)),
)


def scan(place, facts, draw, out):
    fit = [
        entry.bid
        for entry in place.index.entries
        if place.index.why_not(entry, facts) is None and entry.bid.campaign_id not in out
    ]
    return run(fit, place.document.floor_minor, draw)


@settings(max_examples=150, deadline=None)
@given(
    campaigns(), COUNTS, FACTS, st.integers(0, 2**53 - 1), st.sets(st.sampled_from(["c0", "c1"]))
)
def test_bits_and_scan_agree_and_every_decision_replays(live, counts, facts, draw, out):
    place = snapshot([placement(floor_minor=5)], live, counts).placements["home"]
    award = place.choose(facts, draw, out)
    assert award == scan(place, facts, draw, out)
    if award is None:
        return
    auction = record(place, facts, dict.fromkeys(out, "budget"), draw, award)
    served = Served(
        "d", "home", award.bid.campaign_id, "x", award.price_minor, "CNY", "", auction, 0
    )
    assert differences(served) == []
    mentioned = {bid.campaign_id for bid in auction.bids} | {o.campaign_id for o in auction.out}
    assert mentioned == {entry.bid.campaign_id for entry in place.index.entries}
    assert auction.not_listed == len(place.unfit)


def test_a_long_tail_is_counted_and_still_replays():
    many = [campaign(f"c{number:04}", 50 + number % 7) for number in range(1000)]
    place = snapshot([placement()], many).placements["home"]
    award = place.choose(Facts(frozenset(), "", NOW_US), 5)
    auction = record(place, Facts(frozenset(), "", NOW_US), {}, 5, award)
    served = Served(
        "d", "home", award.bid.campaign_id, "x", award.price_minor, "CNY", "", auction, 0
    )
    assert differences(served) == []
    assert auction.propensity == 1 / 142
    assert len(auction.bids) == 142
    assert auction.not_listed == 858
