"""Bids that follow the margin: what promotions leave of it is what is bid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ads.shop import campaign, placement

from queqiao.decide.ads.contracts import Creative
from queqiao.decide.ads.hot_state import keeping
from queqiao.decide.ads.promises.margin import FULL_PPM, following, margin_ppm, part_of
from queqiao.decide.ads.promises.standing import Standing

TEA, POT = Creative("tea", "茶", "/tea", sku="TEA"), Creative("pot", "壶", "/pot", sku="POT")
MINOR = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("full", "now", "cost", "part"),
    [
        (10_000, 10_000, 6_000, 1_000_000),
        (10_000, 8_000, 6_000, 500_000),
        (10_000, 6_000, 6_000, 0),
        (10_000, 5_000, 6_000, 0),
        (10_000, 12_000, 6_000, 1_000_000),
        (6_000, 5_000, 6_000, None),
        (5_000, 5_000, 6_000, None),
        (10, 9, 7, 666_666),
    ],
)
def test_the_part_of_a_margin_that_a_price_leaves(full, now, cost, part):
    assert margin_ppm(full, now, cost) == part


@given(MINOR, MINOR, MINOR, MINOR)
def test_a_lower_price_never_leaves_more(full, low, high, cost):
    low, high = sorted((low, high))
    left, more = margin_ppm(full, low, cost), margin_ppm(full, high, cost)
    assert (left is None) == (more is None)
    if left is not None and more is not None:
        assert 0 <= left <= more <= FULL_PPM


def test_a_campaign_bids_the_mean_part_of_its_goods():
    document = campaign("a", 100, creatives=[TEA, POT], bid_follows_margin=True).document
    assert part_of(document, {"TEA": 500_000, "POT": 1_000_000}) == 750_000
    assert part_of(document, {"TEA": 500_000}) == 500_000
    assert part_of(document, {"OTHER": 0}) == FULL_PPM


def test_only_bids_that_follow_are_changed():
    margins = {"TEA": 333_333}
    live = [
        campaign("a", 100, creatives=[TEA], bid_follows_margin=True),
        campaign("b", 100, creatives=[TEA]),
    ]
    assert [each.document.bid_minor for each in following(live, margins)] == [33, 100]
    assert [each.id for each in following(live, margins)] == ["a", "b"]


async def test_a_promotion_lowers_the_bid_and_so_the_rank(shop):
    live = [
        campaign("a", 100, creatives=[TEA], bid_follows_margin=True),
        campaign("b", 60, creatives=[POT]),
    ]

    async def winner(margins):
        standing = Standing(margins=margins)
        shop.show([placement()], list(following(live, margins)))
        shop.hot = keeping(shop.hot, standing)
        (ad,) = (await shop.ask())["decisions"]
        why = await shop.why(ad["decision_id"])
        assert why["replay"]["equal"]
        reasons = {each["campaign_id"]: each["reason"] for each in why["candidates"]}
        return ad["campaign_id"], ad["price_minor"] // 10, reasons["a"]

    assert (await winner({}))[:2] == ("a", 6)
    assert await winner({"TEA": 500_000}) == ("b", 5, "outranked")
    assert await winner({"TEA": 0}) == ("b", 1, "no_margin")
