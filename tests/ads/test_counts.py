"""From a shopper's click to the next auction: the log, the warehouse, the counts, the rates."""

import pytest
from tests.ads.shop import NOW_US, campaign, placement

from queqiao.decide.ads import counts
from queqiao.decide.ads.click_rate import Count
from queqiao.kernel.clock import DAY_US, SECOND_US
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.loader import Loader


@pytest.fixture
async def warehouse(shop, tmp_path):
    """The warehouse into which the shop's log is loaded when it is asked for."""
    warehouse = open_warehouse(f"chdb://{tmp_path}/warehouse")
    reader = EmbeddedEventLogReader(tmp_path / "log")
    loader = Loader(reader, warehouse, tmp_path / "process.sqlite", "CNY")
    await loader.open()

    async def load():
        while await loader.step():
            pass
        return warehouse

    yield load
    await loader.close()
    warehouse.close()


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
