"""Who takes part in a share of auctions only: the draw, the record, the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ads.shop import campaign, placement

from queqiao.decide.ads.auction import Bid
from queqiao.decide.ads.click_rate import RATE_UNIT
from queqiao.decide.ads.hot_state import snapshot
from queqiao.decide.ads.pacing.control import (
    ALWAYS,
    UNIT,
    Control,
    Shares,
    controlled,
    decode,
    encode,
    shares_of,
)
from queqiao.decide.ads.pacing.document import BidStrategy
from queqiao.decide.ads.pacing.holding import held_minor

EVEN = BidStrategy(pacing="even")
BUYING = BidStrategy(kind="max_delivery", wanted="click", pacing="even")


def show(shop, campaigns, controls):
    campaigns = list(controlled(campaigns, controls))
    shop.hot = snapshot([placement()], campaigns, shares=shares_of(campaigns, controls))


async def test_who_takes_part_in_no_auction_is_left_out_with_the_probability(shop):
    show(
        shop,
        [campaign("a", 100, strategy=EVEN), campaign("b", 50)],
        {"a": Control("a", UNIT, 0)},
    )
    (ad,) = (await shop.ask())["decisions"]
    assert (ad["campaign_id"], ad["price_minor"]) == ("b", 10)
    why = await shop.why(ad["decision_id"], "a")
    (candidate,) = why["candidates"]
    assert (candidate["reason"], candidate["probability"]) == ("pacing", 0.0)
    assert why["replay"]["equal"]


async def test_a_runner_up_that_does_not_take_part_sets_no_price(shop):
    show(
        shop,
        [campaign("a", 100), campaign("b", 90, strategy=EVEN)],
        {"b": Control("b", UNIT, 0)},
    )
    (ad,) = (await shop.ask())["decisions"]
    assert (ad["campaign_id"], ad["price_minor"]) == ("a", 10)


async def test_it_takes_part_as_often_as_it_should(shop):
    show(shop, [campaign("a", 100, strategy=EVEN)], {"a": Control("a", UNIT, UNIT // 4)})
    answers = [await shop.ask() for _ in range(400)]
    taken = sum(len(answer["decisions"]) for answer in answers)
    assert 70 <= taken <= 130
    left = [answer["no_fill"][0]["reason"] for answer in answers if answer["no_fill"]]
    assert set(left) == {"pacing"}


async def test_who_is_not_controlled_yet_waits(shop):
    show(shop, [campaign("a", 100, strategy=BUYING)], {})
    assert (await shop.ask())["no_fill"] == [{"placement": "home", "reason": "pacing"}]


async def test_a_multiplied_bid_ranks_and_pays_as_a_bid(shop):
    show(
        shop,
        [campaign("a", 100, strategy=BUYING), campaign("b", 60)],
        {"a": Control("a", 700_000)},
    )
    (ad,) = (await shop.ask())["decisions"]
    assert ad["campaign_id"] == "a"
    why = await shop.why(ad["decision_id"], "a")
    assert why["candidates"][0]["bid_minor"] == 70
    assert 60 <= ad["price_minor"] <= 61
    show(shop, [campaign("a", 100, strategy=BUYING)], {"a": Control("a", 50_000)})
    assert (await shop.ask())["no_fill"][0]["reason"] == "no_campaign"


def test_a_manual_bid_is_never_multiplied():
    (kept,) = controlled([campaign("a", 100, strategy=EVEN)], {"a": Control("a", 1, UNIT)})
    assert kept.document.bid_minor == 100


def test_controls_travel():
    controls = [Control("b", 3, 4), Control("a")]
    assert decode(encode(controls)) == {"a": Control("a"), "b": Control("b", 3, 4)}


@given(st.integers(0, UNIT), st.integers(0, (1 << 53) - 1))
def test_a_larger_share_takes_part_wherever_a_smaller_one_does(share, draw):
    small, large = Shares({"a": share // 2}), Shares({"a": share})
    assert not small.takes_part("a", draw) or large.takes_part("a", draw)
    assert ALWAYS.takes_part("a", draw)
    assert not Shares({"a": 0}).takes_part("a", draw)


@pytest.mark.parametrize("multiplier", [0, 1, 499_999, UNIT])
def test_a_multiplied_bid_is_at_most_what_the_document_allows(multiplier):
    assert 0 <= Control("a", multiplier).bid_minor(101) <= 101


@pytest.mark.parametrize(
    ("pricing", "clicks", "conversions", "held"),
    [
        ("cpc", 0.01, 1.0, 40),
        ("cpc", 0.5, 1.0, 1_000),
        ("cpc", 1e-9, 1.0, 1),
        ("cpa", 0.1, 0.1, 40),
        ("cpm", 0.01, 0.01, 1_000),
        ("ocpm", 0.01, 0.01, 1_000),
    ],
)
def test_a_paced_ad_holds_some_times_what_it_is_expected_to_cost(
    pricing, clicks, conversions, held
):
    bid = Bid("a", 1, 1_000, int(clicks * RATE_UNIT), pricing, int(conversions * RATE_UNIT))
    assert held_minor(1_000, bid) == held
    assert held_minor(0, bid) == 0


async def test_clicks_beyond_what_was_held_cost_what_is_free_and_never_more(shop):
    show(
        shop,
        [campaign("a", 60, budget=125, strategy=EVEN), campaign("b", 50, budget=10_000)],
        {"a": Control("a", UNIT, UNIT)},
    )
    ads = [ad for _ in range(4) for ad in (await shop.ask())["decisions"]]
    assert [ad["campaign_id"] for ad in ads] == ["a"] * 4, "each holds a part of its price"
    for ad in ads:
        await shop.tell(ad["tracking"]["click"])
    balance = await shop.budget("a")
    assert 100 <= balance.spent <= 102, "of the four, two are paid for"
