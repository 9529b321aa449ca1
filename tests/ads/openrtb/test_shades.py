"""First prices are shaded by what became of earlier bids: log, warehouse, artifact, bid."""

import random

import pytest
from tests.ads.openrtb.exchange import asked, banner_imp, bidding
from tests.ads.shop import NOW_US

from queqiao.decide.ads.bidding.shading import Shading, half_at
from queqiao.decide.ads.openrtb.shades import (
    ARTIFACT,
    HEARD_WITHIN_US,
    Curves,
    Seller,
    Shades,
    decode,
    encode,
    fresh,
    learn,
    shades,
)
from queqiao.kernel.clock import MINUTE_US
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.records import artifacts
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.loader import Loader

SELLER = Seller("foreign", "off-site", "CNY")
WORTH = 25.0
"""5.00 a click, 0.5 % of impressions clicked, a thousand of them: in yuan."""


def known(least=800, count=2_000):
    """Return the curve of a seller whose auctions are all won from some bid on."""
    shading, chance = fresh(), random.Random(3)
    for _ in range(count):
        bid = chance.uniform(1, 2_500)
        shading.notice(bid, bid >= least)
    return Shades({SELLER: shading})


async def told(exchange, name):
    return [each["properties"] for each in exchange.events() if each["event"] == name]


async def test_a_first_price_is_shaded_and_said_so(exchange):
    exchange.put_up(bidding("a", 500))
    exchange.shades = known()
    prices = [bid["price"] for _ in range(40) for bid in await exchange.bids(asked())]
    usual = sorted(prices)[20]
    assert 8.0 <= usual < 12.0
    assert max(prices) <= WORTH
    placed = await told(exchange, "Ad Bid")
    assert all(each["first_price"] for each in placed)
    shaded = [each for each in placed if "worth_minor" in each]
    assert {each["worth_minor"] for each in shaded} == {2_500}
    assert all(each["cpm_minor"] < 2_500 for each in shaded)


async def test_the_lease_is_that_of_the_shaded_bid(exchange):
    exchange.put_up(bidding("a", 50_000, budget=10**9))
    exchange.shades = known()
    (bid,) = await exchange.bids(asked())
    leased = (await exchange.budget("a")).leased
    assert leased == -(-round(bid["price"] * 100) // 1_000)


@pytest.mark.parametrize("at", [2, 3, None])
async def test_other_auctions_get_the_bid_as_it_is(exchange, at):
    exchange.put_up(bidding("a", 500))
    exchange.shades = known()
    (bid,) = await exchange.bids(asked(at=at))
    assert bid["price"] == WORTH


async def test_a_deal_gets_the_bid_as_it_is(exchange):
    exchange.put_up(bidding("a", 500))
    exchange.shades = known()
    deal = {"id": "d", "bidfloor": 1, "bidfloorcur": "CNY"}
    (bid,) = await exchange.bids(asked(banner_imp(pmp={"deals": [deal]})))
    assert (bid["price"], bid["dealid"]) == (WORTH, "d")


async def test_another_seller_is_not_shaded(exchange):
    exchange.put_up(bidding("a", 500))
    exchange.shades = Shades({Seller("another", "off-site", "CNY"): fresh()})
    (bid,) = await exchange.bids(asked())
    assert bid["price"] == WORTH


@pytest.mark.parametrize("floor", [9.0, 15.0, 24.99, 25.0])
async def test_never_below_the_floor_nor_above_the_worth(exchange, floor):
    exchange.put_up(bidding("a", 500))
    exchange.shades = known(least=300)
    imp = banner_imp(bidfloor=floor, bidfloorcur="CNY")
    for _ in range(30):
        (bid,) = await exchange.bids(asked(imp))
        assert floor <= bid["price"] <= WORTH


async def test_it_learns_from_notices_and_goes_on_after_a_restart(exchange, tmp_path):
    warehouse = open_warehouse(f"chdb://{tmp_path}/warehouse")
    loader = Loader(
        EmbeddedEventLogReader(tmp_path / "log"), warehouse, tmp_path / "process.sqlite", "CNY"
    )
    await loader.open()
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    exchange.put_up(bidding("a", 500, budget=10**9))
    chance = random.Random(1)

    async def live(begins_us, count):
        for number in range(count):
            (bid,) = await exchange.bids(asked(), begins_us + number)
            market = chance.uniform(4, 10)
            if bid["price"] >= market:
                await exchange.notice(bid["nurl"], begins_us + number, AUCTION_PRICE=bid["price"])
            elif number % 2:
                await exchange.notice(
                    bid["lurl"],
                    begins_us + number,
                    AUCTION_MIN_TO_WIN=round(market, 2),
                    AUCTION_CURRENCY="CNY",
                )
        while await loader.step():
            pass

    async def learned(now_us):
        count = await learn(records, warehouse, now_us)
        found = await records.read(lambda conn: artifacts.get(conn, ARTIFACT))
        exchange.shades = shades(decode(found[1] if found else None))
        return count

    try:
        await live(NOW_US, 60)
        assert await learned(NOW_US + MINUTE_US) == 0, "not all may be heard yet"
        assert await learned(NOW_US + HEARD_WITHIN_US + MINUTE_US) == 60
        assert await learned(NOW_US + HEARD_WITHIN_US + MINUTE_US) == 0, "once each"
        for turn in range(1, 4):
            at_us = NOW_US + turn * 10 * MINUTE_US
            await live(at_us, 150)
            assert await learned(at_us + HEARD_WITHIN_US + MINUTE_US) == 150
    finally:
        await loader.close()
        warehouse.close()
        records.close()
    shading = exchange.shades.by_seller[SELLER]
    assert shading.state().notices == 510
    assert 700 <= shading.price(2_500.0) <= 1_200


def test_a_curve_travels_whole():
    shading = known().by_seller[SELLER]
    again = decode(encode(Curves(7, [(SELLER, shading.state())])))
    assert again.until_us == 7
    ((seller, state),) = again.sellers
    assert seller == SELLER
    restored = fresh().restored(state)
    assert restored.state() == shading.state()
    assert restored.price(2_000.0) == shading_refitted(shading).price(2_000.0)


def shading_refitted(shading):
    """Return a curve fitted to all that another has seen, its last notices among it."""
    return Shading(1.0, 10_000_000.0, half_at(1_000.0)).restored(shading.state())


def test_few_bids_tell_nothing():
    shading = fresh()
    shading.notice(900.0, True)
    assert shades(Curves(1, [(SELLER, shading.state())])).by_seller == {}
