"""Live rows are read in time or said to be away, of now only, by ids as the log has them."""

# ruff: noqa: F811  # fixtures of another room

import asyncio

import structlog
from tests.process.conftest import event, house  # noqa: F401
from tests.profile.test_live_rows import NOW_US, ZONE, Away, shop, skus  # noqa: F401

from queqiao.kernel.clock import MINUTE_US
from queqiao.profile.live_reader import UNAVAILABLE, UNKNOWN, LiveReader


async def test_a_store_that_is_away_is_said_so_in_time_and_left_alone_for_a_while(shop):
    now_s = [0.0]
    away = Away()
    reader = LiveReader(away, shop.clock, ZONE, 1.0, lambda: now_s[0])
    with structlog.testing.capture_logs() as logs:
        assert await reader.told(["u"], NOW_US) == UNAVAILABLE
        assert await reader.told(["u"], NOW_US) == UNAVAILABLE
    assert away.asked == 1
    assert [one["event"] for one in logs] == ["decided without the live rows"]
    now_s[0] = 1.5
    away.rows = shop.rows
    assert await reader.told(["u"], NOW_US) == UNKNOWN
    away.slow_s = 10.0
    began = asyncio.get_running_loop().time()
    assert await reader.told(["u"], NOW_US) == UNAVAILABLE
    assert asyncio.get_running_loop().time() - began < 5


async def test_a_call_about_another_time_is_told_nothing(shop):
    await shop.house.load(event("Product Viewed", 0, user="u", sku="cup"))
    await shop.catch_up()
    reader = LiveReader(shop.rows, shop.clock, ZONE, 2.0)
    assert (await reader.told(["u"], NOW_US - MINUTE_US)).known == "known"
    assert await reader.told(["u"], NOW_US - 2 * MINUTE_US) == UNKNOWN


async def test_an_id_is_the_same_however_its_letters_are_composed(shop):
    await shop.house.load(event("Product Viewed", 0, user="Zo\u00eb", sku="cup"))
    await shop.catch_up()
    assert skus((await shop.told("Zoe\u0308")).recent.viewed) == ["cup"]


async def test_a_device_that_was_anothers_tells_nothing_of_them_to_who_is_named(shop):
    await shop.house.load(
        event("Product Viewed", 0, user="v", anon="shared", sku="ring"),
        event("Product Viewed", 1, user="u", sku="cup"),
    )
    await shop.catch_up()
    assert skus((await shop.told("shared")).recent.viewed) == ["ring"], "the device alone"
    assert skus((await shop.told("u", "shared")).recent.viewed) == ["cup"]
