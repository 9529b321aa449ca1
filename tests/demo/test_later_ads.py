"""Ads that go up when the store's history ends: valid papers, and patience with a promise."""

from datetime import date

import httpx
import msgspec
from tests.demo.fake_system import FakeSystem

from queqiao.decide.ads.contracts import CAMPAIGN, PLACEMENT
from queqiao.decide.ads.inventory.deal import DEAL
from queqiao.demo import documents, later_ads
from queqiao.demo.client import StoreClient
from queqiao.demo.generator import LivingStore, Plan
from queqiao.demo.store import Store
from queqiao.kernel.clock import FixedClock, parse_rfc3339
from queqiao.kernel.randomness import Randomness

PROMISE = "/api/v1/deals/brand-day-week/publish"
NOW_US = parse_rfc3339("2026-06-18T12:00:00Z")


def test_every_paper_is_one_that_the_system_takes():
    goods = Store(Randomness(618), NOW_US).goods
    campaigns = documents.campaigns(goods) | later_ads.later_campaigns(goods)
    papers = [
        (PLACEMENT, documents.PLACEMENTS),
        (CAMPAIGN, campaigns),
        (DEAL, later_ads.later_deals(date(2026, 6, 18))),
    ]
    for kind, some in papers:
        for document in some.values():
            kind.check(msgspec.convert(document, kind.type))
    assert all(each["creatives"] for each in campaigns.values())


async def brought(refusals: int) -> tuple[FakeSystem, list[str]]:
    """Bring the ads in; so many attempts to publish the promise are refused."""
    system, told = FakeSystem(), []
    left = iter(range(refusals))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == PROMISE and next(left, None) is not None:
            return httpx.Response(400, json={"code": "invalid_input"})
        return system.answer(request)

    client = StoreClient("http://store", "admin", "write", transport=httpx.MockTransport(answer))
    living = LivingStore(client, Plan(days=0), FixedClock(NOW_US), progress=told.append)
    await living.bring_ads(again_s=0)
    await client.close()
    return system, told


async def test_a_promise_is_tried_again_until_there_is_a_forecast():
    system, told = await brought(refusals=3)
    paths = [request.url.path for request in system.requests]
    assert paths.count(PROMISE) == 1
    assert "/api/v1/campaigns/snack-orders/publish" in paths
    assert told == []


async def test_a_promise_that_stays_refused_is_told():
    _, told = await brought(refusals=99)
    assert len(told) == 1
    assert "brand-day-week" in told[0]
    assert "400" in told[0]
