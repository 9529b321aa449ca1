"""Floods that only the day shows: found in the warehouse, given back once, on real parts."""

import pytest
from tests.ads.shop import NOW_US, campaign, placement

from queqiao.decide.ads.traffic.afterwards import Afterwards, Click, DayBounds, owed_of
from queqiao.kernel.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from queqiao.kernel.ids import uuid7

BOUNDS = DayBounds(MINUTE_US, 5, 12, 8)


async def click(shop, times, person="ann", start_us=NOW_US, gap_us=10 * MINUTE_US):
    """Be served and click, again and again."""
    for n in range(times):
        at_us = start_us + n * gap_us
        body = {"placements": [{"id": "home"}], "user": {"anonymous_id": person}}
        (ad,) = (await shop.ask(body, at_us))["decisions"]
        await shop.tell(ad["tracking"]["click"], at_us + SECOND_US)


async def look(shop, warehouse, now_us=NOW_US + 4 * HOUR_US):
    """Look at what is loaded by now; return how many clicks were given back."""
    loaded = await warehouse()
    return await Afterwards(loaded, shop.ledger, shop.log, BOUNDS).look(now_us)


async def spent(shop):
    return (await shop.budget("a")).spent


async def test_more_clicks_on_a_campaign_than_a_day_has_are_given_back_once(shop, warehouse):
    shop.show([placement(floor_minor=7)], [campaign("a", 100)])
    await click(shop, 8, "bob")
    await click(shop, 9, "ann")
    assert await spent(shop) == 17 * 7
    assert await look(shop, warehouse) == 9
    assert await spent(shop) == 8 * 7, "bob clicked as often as one may"
    assert await look(shop, warehouse) == 0
    back = [one for one in shop.events() if one["event"] == "Ad Click Refunded"]
    assert {one["properties"]["detail"] for one in back} == {"campaign_day"}
    assert [one["properties"]["cost_minor"] for one in back] == [-7] * 9
    assert {one["anonymous_id"] for one in back} == {"ann"}
    assert (await shop.ledger.prove()).balanced


async def test_a_window_that_a_restart_cut_in_two_is_seen_whole(shop, warehouse):
    shop.show([placement(floor_minor=7)], [campaign("a", 100)])
    await click(shop, 6, gap_us=2 * SECOND_US)
    assert await look(shop, warehouse) == 6
    (details,) = {
        one["properties"]["detail"] for one in shop.events() if one["event"] == "Ad Click Refunded"
    }
    assert details == "person"


async def test_old_clicks_are_left_alone_since_their_bill_may_be_closed(shop, warehouse):
    shop.show([placement(floor_minor=7)], [campaign("a", 100)])
    await click(shop, 9)
    assert await look(shop, warehouse, NOW_US + DAY_US + 2 * HOUR_US) == 0


async def test_no_click_is_given_back_from_a_bill_that_is_closed(shop, warehouse):
    """The bill is the decision's: its month is closed a day after, however late the click came."""
    shop.show([placement(floor_minor=7)], [campaign("a", 100)])
    body, paths = {"placements": [{"id": "home"}], "user": {"anonymous_id": "ann"}}, []
    for n in range(9):
        (ad,) = (await shop.ask(body, NOW_US + n * SECOND_US))["decisions"]
        paths.append(ad["tracking"]["click"])
    for n, path in enumerate(paths):
        await shop.tell(path, NOW_US + 20 * HOUR_US + n * 10 * MINUTE_US)
    assert await spent(shop) == 9 * 7
    assert await look(shop, warehouse, NOW_US + DAY_US + HOUR_US) == 0
    assert await spent(shop) == 9 * 7
    assert await look(shop, warehouse, NOW_US + 22 * HOUR_US) == 9, "a little sooner they are"


async def test_a_death_between_refund_and_event_is_made_good_next_time(shop, warehouse):
    shop.show([placement(floor_minor=7)], [campaign("a", 100)])
    await click(shop, 9)
    loaded = await warehouse()

    class Dying:
        async def append(self, events):
            raise SystemExit

    with pytest.raises(SystemExit):
        await Afterwards(loaded, shop.ledger, Dying(), BOUNDS).look(NOW_US + 4 * HOUR_US)
    assert await spent(shop) == 8 * 7
    assert await look(shop, warehouse) == 9
    assert await spent(shop) == 0


def a_click(person, n, campaign_id, at_us, *, counts=True):
    return Click(person, counts, campaign_id, uuid7(at_us, lambda _: n), person, "", at_us, "terms")


def test_refused_clicks_count_towards_a_flood_and_are_not_given_back():
    clicks = [a_click("p", n, f"c{n}", n * HOUR_US, counts=n % 2 == 0) for n in range(13)]
    owed = list(owed_of(clicks, BOUNDS, 0))
    assert [(one.campaign_id, which) for one, which in owed] == [
        (f"c{n}", "person_day") for n in range(0, 13, 2)
    ]


def test_a_day_slides():
    clicks = [a_click("p", n, "c", n * 4 * HOUR_US) for n in range(40)]
    assert list(owed_of(clicks, BOUNDS, 0)) == []
    clicks = [a_click("p", n, "c", n * 2 * HOUR_US) for n in range(40)]
    assert len(list(owed_of(clicks, BOUNDS, 0))) == 40
    assert len(list(owed_of(clicks, BOUNDS, 70 * HOUR_US))) == 5
