"""From a shopper's click to the next auction: the log, the warehouse, the counts, the rates."""

from tests.ads.shop import NOW_US, campaign, placement

from queqiao.decide.ads import counts
from queqiao.decide.ads.click_rate import Count
from queqiao.kernel.clock import DAY_US, SECOND_US


async def serve(shop, times, *kinds):
    for _ in range(times):
        (ad,) = (await shop.ask())["decisions"]
        for kind in kinds:
            await shop.tell(ad["tracking"][kind], NOW_US + SECOND_US)


async def test_what_shoppers_do_is_counted_and_changes_the_next_auction(shop, warehouse):
    places, rivals = [placement()], [campaign("a", 100), campaign("b", 99)]
    shop.show(places, rivals)
    await serve(shop, 30, "impression")
    shop.show(places, rivals[1:])
    await serve(shop, 5, "impression", "impression", "click", "click")
    loaded = await warehouse()
    found = await counts.count(loaded, NOW_US + DAY_US)
    assert found == [Count("a", "home", 30, 0), Count("b", "home", 5, 5)]
    assert counts.decode(counts.encode(found)) == found
    shop.show(places, rivals, found)
    assert (await shop.ask())["decisions"][0]["campaign_id"] == "b"
    assert await counts.count(loaded, NOW_US + 29 * DAY_US) == []
    (row,) = (await loaded.query("select sum(cost_minor), sum(value_minor) from events")).rows
    assert row == [50, 0]
    assert (await shop.budget("b")).spent == 50
