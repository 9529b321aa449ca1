"""Orders of our own shop become conversions of the ads that they are owed to, each once."""

import pytest
from tests.ads.shop import NOW_US, campaign, placement

from queqiao.decide.ads.delivery.conversions import Conversions, Told
from queqiao.decide.ads.delivery.own_orders import AHEAD_US, LOOK_BACK_US, OwnOrders
from queqiao.decide.ads.delivery.windows import Attribution
from queqiao.kernel.clock import MINUTE_US
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.own import own_event
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.loader import Loader

CLICKED_US = NOW_US + 5_000_000
ORDERED_US = CLICKED_US + MINUTE_US


@pytest.fixture
async def store(shop, tmp_path):
    """The warehouse of the shop's own log, loaded when asked."""
    store = Store(shop, tmp_path)
    yield store
    await store.loader.close()
    store.warehouse.close()


class Store:
    def __init__(self, shop, folder):
        self.shop = shop
        self.warehouse = open_warehouse(f"chdb://{folder}/warehouse")
        reader = EmbeddedEventLogReader(folder / "log")
        self.loader = Loader(reader, self.warehouse, folder / "process.sqlite", "CNY")
        self.conversions = Conversions(shop.ledger, shop.log)
        self.orders = OwnOrders(self.warehouse, self.conversions)
        self.is_open = False

    async def order(self, order_id, user, at_us=ORDERED_US):
        products = [{"sku": "s", "price_minor": 700, "quantity": 1}]
        said = {"order_id": order_id, "products": products}
        event = own_event(f"m-{order_id}", "Order Completed", said, at_us, source="web",
                          anonymous_id=user)  # fmt: skip
        await self.shop.log.append([event])

    async def tell(self, now_us=ORDERED_US):
        if not self.is_open:
            await self.loader.open()
            self.is_open = True
        while await self.loader.step():
            pass
        return await self.orders.tell(now_us)

    def converted(self):
        events = [one for one in self.shop.events() if one["event"] == "Ad Converted"]
        return [one["properties"] for one in events]


async def test_each_order_is_told_once_with_what_it_is_owed_to(shop, store):
    windows = Attribution(click_days=7, view_days=1)
    shop.show([placement()], [campaign("a", 100, attribution=windows)])
    seen, clicked = [
        (await shop.ask({"placements": [{"id": "home"}], "user": {"anonymous_id": one}}))
        ["decisions"][0] for one in ("seer", "clicker")
    ]  # fmt: skip
    await shop.tell(seen["tracking"]["view"], CLICKED_US)
    await shop.tell(clicked["tracking"]["click"], CLICKED_US)
    for number, who in enumerate(("seer", "clicker", "stranger")):
        await store.order(f"o{number}", who)
    told_before = Told(clicked["decision_id"], ORDERED_US, "postback", "o1", 700, "CNY")
    assert (await store.conversions.count(told_before, ORDERED_US)).status == "counted"
    assert await store.tell() == 1, "the other was told by a postback"
    by_view, by_click = sorted(store.converted(), key=lambda one: one["order_id"])
    assert (by_view["order_id"], by_view["attributed_by"], by_view["told_by"]) == (
        "o0", "view", "order",
    )  # fmt: skip
    assert (by_view["total_minor"], by_view["attribution_age_s"]) == (700, 60)
    assert (by_click["attributed_by"], by_click["told_by"]) == ("click", "postback")
    assert await store.tell() == 0
    again = OwnOrders(store.warehouse, store.conversions)
    assert await again.tell(ORDERED_US) == 0, "after a start it asks what was told"
    assert len(store.converted()) == 2
    reports = await store.warehouse.query(
        "SELECT countIf(event = 'Ad Viewable'), countIf(attributed_by = 'view'"
        " AND event = 'Ad Converted') FROM history WHERE source = 'ads'"
    )
    assert reports.rows == [[1, 1]]


@pytest.mark.parametrize(("far_us", "near_us"), [(LOOK_BACK_US + 1, LOOK_BACK_US),
                                                 (-AHEAD_US - 1, -AHEAD_US)])  # fmt: skip
async def test_orders_of_another_time_are_not_told(shop, store, far_us, near_us):
    shop.show([placement()], [campaign("a", 100)])
    (ad,) = (await shop.ask())["decisions"]
    await shop.tell(ad["tracking"]["click"], CLICKED_US)
    await store.order("o1", "ann")
    assert await store.tell(ORDERED_US + far_us) == 0
    again = OwnOrders(store.warehouse, store.conversions)
    assert await again.tell(ORDERED_US + near_us) == 1
