"""What a bid is for decides what is billed: on the real ledger and log, through the handlers."""

import msgspec
import pytest
from tests.ads.shop import NOW_US, campaign, live, placement

from queqiao.decide.ads.charging import most_minor
from queqiao.decide.ads.click_rate import Count
from queqiao.decide.ads.contracts import Placement
from queqiao.decide.ads.served import Served, differences
from queqiao.kernel.clock import DAY_US, SECOND_US
from queqiao.ports.ledger.base import Balance

COUNTS = [Count("a", "home", 100_000, 2_000, 100), Count("b", "home", 100_000, 2_000, 100)]
"""Both are clicked 2 % of the time, and convert in 5 % of their clicks."""


def place(**more):
    return live("home", Placement("home", more.pop("floor_minor", 0), "CNY", **more))


def events(shop, name):
    return [event["properties"] for event in shop.events() if event["event"] == name]


async def all_told(shop, ad):
    for kind in ("view", "impression", "click", "conversion"):
        await shop.tell(ad["tracking"][kind], NOW_US + SECOND_US)


@pytest.mark.parametrize(
    ("pricing", "event"),
    [
        ("cpc", "Ad Clicked"),
        ("cpm", "Ad Billed"),
        ("cpa", "Ad Billed"),
        ("ocpm", "Ad Billed"),
    ],
)
async def test_one_notice_of_an_ad_costs_its_price(shop, pricing, event):
    shop.show([place(auction="first_price")], [campaign("a", 50_000, pricing=pricing)], COUNTS)
    (ad,) = (await shop.ask())["decisions"]
    assert ad["pricing"] == pricing
    per = 1_000 if pricing.endswith("pm") else 1
    cost = ad["price_minor"] // per
    assert (await shop.budget("a")).leased == most_minor(ad["price_minor"], per)
    await all_told(shop, ad)
    await all_told(shop, ad)
    assert await shop.budget("a") == Balance(1_000_000, 0, cost, 1_000_000 - cost)
    billed = [one["cost_minor"] for one in events(shop, event) if "cost_minor" in one]
    assert billed == [cost]
    assert cost > 0
    why = await shop.why(ad["decision_id"])
    assert why["replay"] == {"equal": True, "differences": []}
    assert why["decision"]["pricing"] == why["candidates"][0]["pricing"] == pricing


async def test_an_ocpm_bid_is_charged_by_what_an_impression_is_expected_to_bring(shop):
    shop.show([place(auction="first_price")], [campaign("a", 50_000, pricing="ocpm")], COUNTS)
    (ad,) = (await shop.ask())["decisions"]
    entry = shop.hot.placements["home"].index.entry("a")
    rates = entry.bid.click_rate * entry.bid.conversion_rate
    assert ad["price_minor"] == 50_000 * rates // 10**15
    assert 45_000 < ad["price_minor"] < 55_000  # 500 yuan × 2 % × 5 % × 1,000 = 500 yuan


async def test_bids_of_every_kind_meet_in_one_auction(shop):
    """At 2 % and 5 %: a click of 100 is 2 an impression, a conversion of 1,850 about 1.85."""
    rivals = [
        campaign("a", 100),
        campaign("b", 1_900, pricing="cpm"),
        campaign("c", 1_850, pricing="cpa"),
    ]
    counts = [*COUNTS, Count("c", "home", 100_000, 2_000, 100)]
    shop.show([place()], rivals, counts)
    answer = await shop.ask({"placements": [{"id": "home", "count": 3}]})
    shown = [(each["campaign_id"], each["slot"]) for each in answer["decisions"]]
    assert shown == [("a", 0), ("b", 1), ("c", 2)]


async def test_a_lower_slot_ranks_bids_for_impressions_higher(shop):
    """In a slot with half of the clicks a click bid is worth half, an impression bid the same."""
    rivals = [
        campaign("a", 300),
        campaign("b", 100),
        campaign("c", 1_500, pricing="cpm"),
    ]
    for positions, second in (([100, 100], "b"), ([100, 50], "c")):
        shop.show([place(auction="gsp", positions=positions)], rivals, COUNTS)
        answer = await shop.ask({"placements": [{"id": "home", "count": 2}]})
        first, next_one = answer["decisions"]
        assert first["campaign_id"] == "a"
        assert next_one["campaign_id"] == second
        why = await shop.why(next_one["decision_id"])
        assert why["decision"]["slot_percent"] == positions[1]
        assert why["replay"]["equal"]


async def test_a_thousandth_is_leased_and_the_budget_holds(shop):
    shop.show(
        [place(auction="first_price")], [campaign("a", 1_500, pricing="cpm", budget=7)], COUNTS
    )
    for _ in range(20):
        for ad in (await shop.ask())["decisions"]:
            assert ad["price_minor"] == 1_500
            await all_told(shop, ad)
    assert (await shop.budget("a")).spent in {6, 7}
    billed = sum(one["cost_minor"] for one in events(shop, "Ad Billed"))
    assert billed == (await shop.budget("a")).spent


async def test_first_price_pays_the_bid(shop):
    shop.show([place(auction="first_price")], [campaign("a", 100), campaign("b", 10)])
    (ad,) = (await shop.ask())["decisions"]
    assert (ad["campaign_id"], ad["price_minor"]) == ("a", 100)


async def test_quality_decides_between_equal_bids_and_lowers_the_price(shop):
    rivals = [campaign("a", 100, quality_percent=150), campaign("b", 100)]
    shop.show([place()], rivals)
    (ad,) = (await shop.ask())["decisions"]
    assert (ad["campaign_id"], ad["price_minor"]) == ("a", 67)


async def test_a_place_may_learn_quality_from_what_its_clicks_come_to(shop):
    counts = [
        Count("a", "home", 100_000, 2_000, 200),
        Count("b", "home", 100_000, 2_000, 20),
        Count("c", "home", 100_000, 2_000, 2),
    ]
    rivals = [campaign(name, 100) for name in "abc"]
    shop.show([place(quality="learned")], rivals, counts)
    index = shop.hot.placements["home"].index
    assert [entry.bid.campaign_id for entry in index.entries] == ["a", "b", "c"]
    assert [index.entry(name).bid.quality for name in "ac"] == [2_000, 500]
    shop.show([place()], rivals, counts)
    assert {entry.bid.quality for entry in shop.hot.placements["home"].index.entries} == {1_000}


async def test_a_floor_for_clicks_holds_for_every_kind_of_bid(shop):
    """A click is to bring 50: 1,000 impressions have 20 of them, a conversion needs 20."""
    for pricing, least in (("cpc", 50), ("cpm", 1_000), ("cpa", 1_000)):
        for bid_minor, shown in ((least * 9 // 10, 0), (least * 11 // 10, 1)):
            shop.show([place(floor_minor=50)], [campaign("a", bid_minor, pricing=pricing)], COUNTS)
            assert len((await shop.ask())["decisions"]) == shown, (pricing, bid_minor)
    assert shop.hot.placements["home"].unfit == {}


def test_a_record_of_before_replays():
    """``Ad Served`` as it was written when all bids were for clicks and all places alike."""
    record = {
        "decision_id": "d", "placement_id": "home", "campaign_id": "a", "creative_id": "x",
        "click_price_minor": 72, "currency": "CNY", "channel": "web", "creative_number": 0,
        "auction": {
            "placement_revision": 1, "floor_minor": 1, "draw": 1, "segments": [],
            "bids": [["a", 1, 100, 7_000_000], ["b", 1, 100, 5_000_000]], "out": [],
            "creatives": 1, "propensity": 1.0, "runner_up": "b", "not_listed": 0,
        },
    }  # fmt: skip
    served = msgspec.convert(record, Served)
    assert differences(served) == []
    assert differences(msgspec.structs.replace(served, price_minor=73)) == ["price_minor"]
    assert differences(msgspec.structs.replace(served, campaign_id="b")) == ["campaign_id"]
    assert placement("home").document.auction == "second_price"


async def test_a_total_budget_bounds_all_days_together(shop):
    shop.show([place(floor_minor=10)], [campaign("a", 10, budget=50, total_budget_minor=70)])
    shown = []
    for day in range(4):
        now_us = NOW_US + day * DAY_US
        ads = [ad for _ in range(7) for ad in (await shop.ask(now_us=now_us))["decisions"]]
        for ad in ads:
            await shop.tell(ad["tracking"]["click"], now_us + SECOND_US)
        shown.append(len(ads))
        await shop.budgets.tidy(now_us + DAY_US // 2)
    assert shown == [5, 2, 0, 0]
    total = (await shop.ledger.find("ads:budget:a:total", 1))["ads:budget:a:total"]
    assert (total.spent, total.free) == (70, 0)
    clicks = events(shop, "Ad Clicked")
    assert sum(click["cost_minor"] for click in clicks) == 70
    assert all("bill" not in click for click in clicks)  # nobody is billed: the shop's own


async def test_a_total_that_is_used_up_is_a_budget_that_is_short(shop):
    rivals = [campaign("a", 100, total_budget_minor=100), campaign("b", 90)]
    shop.show([place(auction="first_price")], rivals)
    first, second = [(await shop.ask())["decisions"][0] for _ in range(2)]
    assert [ad["campaign_id"] for ad in (first, second)] == ["a", "b"]
    (told,) = (await shop.why(second["decision_id"], "a"))["candidates"]
    assert told["reason"] == "budget"
