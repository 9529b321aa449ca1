"""From a booking to what it delivered: served before the auction, billed, counted, told."""

import pytest
from tests.ads.inventory.drawn import campaign_of, placement_of
from tests.ads.inventory.supplied import TODAY
from tests.ads.inventory.test_booking import Desk, deal
from tests.ads.shop import NOW_US

from queqiao.decide.ads.click_rate import RATE_UNIT
from queqiao.decide.ads.hot_state import booking
from queqiao.decide.ads.inventory import supply
from queqiao.decide.ads.inventory.booked import Booked
from queqiao.decide.ads.inventory.endpoints import InventoryDesk
from queqiao.decide.ads.inventory.upkeep import InventoryUpkeep, bookings_at, plan_at
from queqiao.kernel.clock import DAY_US, HOUR_US, SECOND_US
from queqiao.kernel.errors import InvalidInput, NotFound
from queqiao.kernel.http import Request
from queqiao.ports.records import artifacts

ZONE = "Asia/Shanghai"
OPEN = {"name": "t", "floor_minor": 0}
BOOKED = {"bid": 0, "budget": 0, "sold": "booked"}


def share(part, deal_id="d", campaign_id="c", cpm_minor=2_000, *, day_minor=10**9, total=None):
    parts, ends_us = round(part * RATE_UNIT), NOW_US + DAY_US
    return Booked(deal_id, campaign_id, parts, NOW_US, ends_us, cpm_minor, day_minor, total)


def show(shop, shares, **campaigns):
    said = {"c": BOOKED, "a": {"bid": 100}, **campaigns}
    shop.show([placement_of("home", {})], [campaign_of(*each) for each in said.items()])
    shop.hot = booking(shop.hot, {"home": shares})


async def test_a_deal_takes_its_share_before_the_auction_and_why_replays_it(shop):
    show(shop, [share(0.5)])
    ads = [(await shop.ask())["decisions"][0] for _ in range(60)]
    by_deal = [ad for ad in ads if ad["campaign_id"] == "c"]
    assert 18 <= len(by_deal) <= 42
    assert all((ad["price_minor"], ad["pricing"]) == (2_000, "cpm") for ad in by_deal)
    why = await shop.why(by_deal[0]["decision_id"])
    assert why["replay"]["equal"]
    assert why["decision"]["sold"] == "booked"
    assert why["decision"]["deal_id"] == "d"
    found = {one["campaign_id"]: (one["outcome"], one["reason"]) for one in why["candidates"]}
    assert found == {"c": ("won", "booked"), "a": ("filtered", "booked")}
    other = next(ad for ad in ads if ad["campaign_id"] == "a")
    why = await shop.why(other["decision_id"], "c")
    assert why["candidates"][0]["reason"] == "not_planned"
    assert why["replay"]["equal"]
    served = [e["properties"] for e in shop.events() if e["event"] == "Ad Served"]
    assert sum(one.get("deal_id") == "d" for one in served) == len(by_deal)


async def test_impressions_of_a_deal_cost_its_price_and_no_more_than_the_day_may(shop):
    show(shop, [share(1.0, cpm_minor=2_000, day_minor=8)])
    for number in range(6):
        (ad,) = (await shop.ask())["decisions"]
        await shop.tell(ad["tracking"]["impression"], NOW_US + SECOND_US)
        assert ad["campaign_id"] == ("c" if number < 4 else "a")
    assert (await shop.budget("c")).spent == 8
    assert (await shop.why(ad["decision_id"], "c"))["candidates"][0]["reason"] == "budget"


async def test_a_deal_costs_no_more_than_was_promised_where_its_plan_is_of_yesterday(shop):
    """What a day may cost is planned from what the warehouse has, which may be late."""
    show(shop, [share(1.0, cpm_minor=2_000, day_minor=8, total=8)])
    shown, told = [], []
    for number in range(6):
        now_us = NOW_US + number * 5 * HOUR_US  # the third is the next day's
        (ad,) = (await shop.ask(None, now_us))["decisions"]
        shown.append(ad["campaign_id"])
        told.append(ad["tracking"]["impression"])
        if number != 1:
            await shop.tell(told[-1], now_us + SECOND_US)
    assert shown == ["c"] * 5 + ["a"]
    await shop.tell(told[1], NOW_US + 21 * HOUR_US)  # late, when others have taken what was free
    balances = await shop.ledger.find("ads:budget:c:", 10)
    by_day = [each.spent for name, each in balances.items() if ":deal:" not in name]
    assert sum(by_day) == 8
    assert balances["ads:budget:c:deal:d"].spent == 8


@pytest.mark.parametrize(
    ("shares", "campaigns"),
    [
        ([], {}),
        ([share(0.0)], {}),
        ([share(1.0, campaign_id="gone")], {}),
        ([share(1.0)], {"c": {**BOOKED, "segments": ["gold"]}}),
        ([share(1.0)], {"c": {**BOOKED, "ends_at": "2026-06-01T00:00:00Z"}}),
    ],
)
async def test_what_a_deal_does_not_need_or_cannot_use_goes_to_the_auction(shop, shares, campaigns):
    show(shop, shares, **campaigns)
    assert (await shop.ask())["decisions"][0]["campaign_id"] == "a"


async def test_rivals_of_a_deal_stay_away(shop):
    rival = {"bid": 100, "advertiser": "y", "exclusion_labels": ["cars"]}
    show(shop, [share(1.0)], c={**BOOKED, "exclusion_labels": ["cars"]}, a=rival, b={"bid": 5})
    shop.hot = booking(shop.hot, {"home": [share(1.0)]})
    answer = await shop.ask({"placements": [{"id": "home", "count": 2}]})
    assert [ad["campaign_id"] for ad in answer["decisions"]] == ["c"]


async def test_slots_are_counted_planned_served_and_told(shop, warehouse, tmp_path):
    desk = await Desk(tmp_path).open()
    records = desk.records
    upkeep = InventoryUpkeep(warehouse, records, ZONE)
    await upkeep.plan_deals(NOW_US)
    assert (await records.read(plan_at)).deals == []
    await desk.publish("d", deal(from_day=TODAY, to_day=TODAY, impressions=400))
    await upkeep.plan_deals(NOW_US)
    (planned,) = (await records.read(plan_at)).deals
    bookings = await records.read(bookings_at)
    assert 0 < planned.shares["home"] < RATE_UNIT
    show(shop, [])
    shop.hot = booking(shop.hot, bookings)
    ads = [(await shop.ask())["decisions"][0] for _ in range(40)]
    mine = [ad for ad in ads if ad["campaign_id"] == "c"]
    for ad in mine[:3]:
        await shop.tell(ad["tracking"]["impression"], NOW_US + SECOND_US)
    asked = {"placements": [{"id": "home", "count": 5}], "user": {"anonymous_id": "ann"}}
    answer = await shop.ask(asked)  # two campaigns at most: the rest stays empty
    more = len(answer["decisions"])
    await warehouse.load()
    later_us = NOW_US + 60 * SECOND_US
    console = InventoryDesk(records, warehouse, ZONE)
    told = await console.delivery("d", later_us)
    extra = sum(ad["campaign_id"] == "c" for ad in answer["decisions"])
    assert (told.impressions, told.served, told.shown) == (400, len(mine) + extra, 3)
    assert [(day.day, day.planned) for day in told.days] == [(TODAY, 400)]
    assert told.shares == {"home": planned.shares["home"] / RATE_UNIT}
    await upkeep.count_supply(later_us)
    counted = await records.read(lambda conn: artifacts.get(conn, supply.ARTIFACT))
    home = supply.decode(counted[1]).placements["home"]
    assert (home.today, home.counts, sum(home.week)) == (45, [], 45)
    assert more < 5
    await upkeep.plan_deals(later_us)
    (planned,) = (await records.read(plan_at)).deals
    assert (planned.served, planned.shown) == (told.served, 3)
    with pytest.raises(NotFound):
        await console.delivery("nobody", later_us)


async def test_availability_is_told_by_day(tmp_path):
    desk = await Desk(tmp_path).open()
    await desk.publish("d", deal(impressions=1_400))
    console = InventoryDesk(desk.records, None, ZONE)

    def asked(**query):
        return console.asked(Request("GET", "", {}, query, {}, b"", "127.0.0.1", NOW_US))

    found = await console.availability("home", *asked())
    assert len(found.days) == 30
    assert found.days[0].day == TODAY
    for day in found.days:
        assert 0 <= day.low <= day.expected <= day.high
        assert day.free == day.expected - day.booked
    assert sum(day.booked for day in found.days) == found.booked == 1_400
    assert (found.days_known, found.confidence) == (91, 0.9)
    past = await console.availability("home", *asked(**{"from": "2026-06-17", "to": "2026-06-17"}))
    assert past.days[0].low == past.days[0].high == desk.supplies.placements["home"].counts[-1]
    with pytest.raises(NotFound):
        await console.availability("nowhere", *asked())
    assert asked(**{"from": "2027-06-18"})[0][-1] == "2027-06-19"
    for days, path in (
        ({"from": "9999-12-30"}, "from"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "from"),
        ({"to": "2027-06-20"}, "to"),
        ({"to": "2026-06-17"}, "to"),
    ):
        with pytest.raises(InvalidInput) as refused:
            asked(**days)
        assert refused.value.fields[0].path == path
    for name, query in {
        "from": {"from": "soon"},
        "to": {"from": "2026-06-19", "to": "2026-06-18"},
    }.items():
        with pytest.raises(InvalidInput) as refused:
            asked(**query)
        assert [field.path for field in refused.value.fields] == [name]
    with pytest.raises(InvalidInput):
        asked(to="2036-06-18")
    assert all(day.high > 0 for day in found.days)
