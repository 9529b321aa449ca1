"""Notices: signed, counted once, clicks charged once and never over the budget."""

import asyncio
from collections import Counter

import pytest
from tests.ads.shop import NOW_US, campaign, placement

from queqiao.decide.ads import rebuilt, why
from queqiao.decide.ads.charging import LATE_US
from queqiao.decide.ads.contracts import Creative
from queqiao.decide.ads.delivery.conversions import Conversions, Told
from queqiao.decide.ads.notice_events import Notice, notice_of, path_of
from queqiao.decide.ads.slices import LEASE_US, USE_US
from queqiao.kernel.clock import DAY_US, SECOND_US
from queqiao.kernel.errors import NotFound, Unavailable
from queqiao.kernel.ids import uuid7
from queqiao.ports.ledger.base import Balance, Take
from queqiao.ports.ledger.remote import RemoteLedger
from queqiao.ports.rpc import RpcClient


@pytest.fixture
async def ad(shop):
    creatives = [Creative("x", "t", "/商品?a=1&b=%20#部分", sku="s1")]
    shop.show([placement()], [campaign("a", 100, budget=100, creatives=creatives)])
    (ad,) = (await shop.ask())["decisions"]
    return ad


def named(shop, name):
    return [event["properties"] for event in shop.events() if event["event"] == name]


async def test_a_click_redirects_costs_its_price_and_counts_once(shop, ad):
    answers = [await shop.tell(ad["tracking"]["click"], NOW_US + n) for n in range(3)]
    for answer in answers:
        headers = dict(answer.headers)
        assert answer.status == 302
        assert headers["Cache-Control"] == "no-store"
        location = "/%E5%95%86%E5%93%81?a=1&b=%20#%E9%83%A8%E5%88%86"
        assert headers["Location"] == location
    (click,) = named(shop, "Ad Clicked")
    terms = notice_of(click.pop("terms"))
    assert (terms.kind, terms.decision_id) == ("conversion", ad["decision_id"])
    assert (terms.anonymous_id, terms.landing_url) == (None, ""), "nobody is named in them"
    assert click == {
        "decision_id": ad["decision_id"],
        "campaign_id": "a",
        "creative_id": "x",
        "placement_id": "home",
        "click_price_minor": 10,
        "currency": "CNY",
        "channel": "",
        "sku": "s1",
        "cost_minor": 10,
    }
    assert await shop.budget("a") == Balance(100, 0, 10, 90)


async def test_the_shop_that_a_click_leads_to_may_be_told_its_id(shop):
    creatives = [Creative("x", "t", "https://brand.example/?c={click_id}&x={y}")]
    shop.show([placement()], [campaign("a", 100, creatives=creatives)])
    (ad,) = (await shop.ask())["decisions"]
    location = dict((await shop.tell(ad["tracking"]["click"])).headers)["Location"]
    assert location == f"https://brand.example/?c={ad['decision_id']}&x=%7By%7D"


async def test_impression_and_view_are_one_event_and_answer_at_once(shop, ad):
    tracking = ad["tracking"]
    impression = await shop.tell(tracking["impression"])
    assert (impression.status, impression.content_type) == (200, "image/gif")
    assert impression.body.startswith(b"GIF89a")
    assert (await shop.tell(tracking["view"])).status == 204
    assert (await shop.tell(tracking["conversion"])).status == 204
    await asyncio.gather(*(shop.tell(tracking["impression"]) for _ in range(10)))
    events = Counter(event["event"] for event in shop.events())
    assert events == {"Ad Served": 1, "Ad Viewed": 1, "Ad Viewable": 1, "Ad Converted": 1}
    assert "cost_minor" not in named(shop, "Ad Viewed")[0]


@pytest.mark.parametrize("kind", ["impression", "view", "conversion"])
async def test_a_decision_may_bill_on_another_kind_of_notice(shop, kind):
    """Each thousandth is counted: 1,500 for a thousand come to 1 and 2 and so on."""
    counter = "ads:budget:a:2026-06-18"
    await shop.ledger.reserve("slice", [Take(counter, 20, 50)], NOW_US + USE_US + LEASE_US, NOW_US)
    told = {
        "creative_id": "x", "placement_id": "home", "price_minor": 1_500, "currency": "CNY",
        "counter": counter, "channel": "", "anonymous_id": "ann", "user_id": None, "sku": None,
        "lease": "slice", "bills_on": kind, "per": 1_000,
    }  # fmt: skip
    for number in range(4):
        decision_id = uuid7(NOW_US, lambda _, number=number: number)
        for each in ("impression", "view", "click", "conversion", kind):
            notice = Notice(each, decision_id, "a", **told)
            assert (await shop.tell(path_of(shop.signer, notice))).status < 400
    billed = [event["properties"] for event in shop.events() if event["event"] == "Ad Billed"]
    assert [each["cost_minor"] for each in billed] == [1, 2, 1, 2]
    assert {(each["bills_on"], each["per"]) for each in billed} == {(kind, 1_000)}
    assert not any("cost_minor" in click for click in named(shop, "Ad Clicked"))
    assert await shop.budget("a") == Balance(50, 12, 6, 32)


async def test_a_late_click_costs_its_price_where_the_budget_has_it_free(shop, ad):
    late = NOW_US + USE_US + LEASE_US
    for n in range(2):
        assert (await shop.tell(ad["tracking"]["click"], late + n)).status == 302
    assert [click["cost_minor"] for click in named(shop, "Ad Clicked")] == [10]
    assert await shop.budget("a") == Balance(100, 0, 10, 90)


async def test_a_late_click_is_free_where_the_budget_is_spent(shop, ad):
    late = NOW_US + USE_US + LEASE_US
    (counter,) = await shop.ledger.find("ads:budget:a:", 1)
    await shop.ledger.spend("others", [Take(counter, 95)], late)
    assert (await shop.tell(ad["tracking"]["click"], late)).status == 302
    await shop.ledger.refund("back", "others", {counter: 95}, late)
    assert (await shop.tell(ad["tracking"]["click"], late)).status == 302
    assert [click["cost_minor"] for click in named(shop, "Ad Clicked")] == [0]
    assert await shop.budget("a") == Balance(100, 0, 0, 100)


@pytest.mark.parametrize(("after_us", "cost_minor"), [(LATE_US, 10), (LATE_US + 1000, 0)])
async def test_a_click_costs_nothing_once_the_months_bill_may_be_closed(
    shop, ad, after_us, cost_minor
):
    assert (await shop.tell(ad["tracking"]["click"], NOW_US + after_us)).status == 302
    assert [click["cost_minor"] for click in named(shop, "Ad Clicked")] == [cost_minor]
    assert (await shop.budget("a")).spent == cost_minor


async def test_a_late_click_cut_off_after_its_charge_says_what_it_cost_however_late(shop, ad):
    shop.mount(log=Cut(shop.log))
    assert (await shop.tell(ad["tracking"]["click"], NOW_US + USE_US + LEASE_US)).status == 503
    assert (await shop.tell(ad["tracking"]["click"], NOW_US + LATE_US + 1000)).status == 302
    assert [click["cost_minor"] for click in named(shop, "Ad Clicked")] == [10]
    assert (await shop.budget("a")).spent == 10


async def test_a_click_on_a_decision_long_forgotten_is_free(shop, ad):
    much_later = NOW_US + 3 * DAY_US
    await shop.ledger.expire(much_later)
    await shop.ledger.spend("now", [], much_later + 3 * DAY_US)
    await shop.ledger.compact()
    assert (await shop.tell(ad["tracking"]["click"], much_later)).status == 302
    assert [click["cost_minor"] for click in named(shop, "Ad Clicked")] == [0]


async def test_forged_and_foreign_tokens_are_not_found(shop, ad):
    click = ad["tracking"]["click"]
    tokens = [
        "x",
        "",
        "é",
        click[3:-3] + "AAA",
        click[3:40],
        shop.signer.sign(b"\x90", "ad notice"),
    ]
    tokens.append(shop.signer.sign(b"\x93", "cursor"))
    for token in tokens:
        with pytest.raises(NotFound):
            await shop.tell(f"/t/{token}")
    assert len(shop.events()) == 1


async def test_without_the_ledger_a_click_waits_and_asks_again(shop, ad, tmp_path):
    client = RpcClient(tmp_path / "nobody", retry_for_s=0.05)
    shop.mount(ledger=RemoteLedger(client))
    answer = await shop.tell(ad["tracking"]["click"])
    assert answer.status == 503
    assert dict(answer.headers)["Refresh"] == "1"
    assert (await shop.tell(ad["tracking"]["impression"])).status == 200
    assert named(shop, "Ad Clicked") == []
    shop.mount()
    assert (await shop.tell(ad["tracking"]["click"])).status == 302
    assert [click["cost_minor"] for click in named(shop, "Ad Clicked")] == [10]
    await client.close()


class Cut:
    """A log that fails after the charge: the click comes again."""

    def __init__(self, log):
        self.log, self.cuts = log, 1

    async def append(self, events):
        if self.cuts:
            self.cuts -= 1
            raise Unavailable
        return await self.log.append(events)


async def test_a_click_cut_off_between_charge_and_log_costs_once(shop, ad):
    shop.mount(log=Cut(shop.log))
    assert (await shop.tell(ad["tracking"]["click"])).status == 503
    assert await shop.budget("a") == Balance(100, 0, 10, 90)
    assert (await shop.tell(ad["tracking"]["click"], NOW_US + USE_US + LEASE_US)).status == 302
    assert [click["cost_minor"] for click in named(shop, "Ad Clicked")] == [10]
    assert await shop.budget("a") == Balance(100, 0, 10, 90)


class Lost:
    """A log of a worker that dies before it writes."""

    async def append(self, events):
        await asyncio.get_running_loop().create_future()


class Heard:
    """A log that tells what became of one event."""

    def __init__(self, log, message_id):
        self.log, self.message_id = log, message_id
        self.status = asyncio.get_running_loop().create_future()

    async def append(self, events):
        outcomes = await self.log.append(events)
        for event, outcome in zip(events, outcomes, strict=True):
            if event.message_id == self.message_id:
                self.status.set_result(outcome.status)
        return outcomes

    async def find(self, message_id, source=None):
        return await self.log.find(message_id, source)


@pytest.mark.parametrize("status", ["stored", "duplicate"])
async def test_an_ad_that_cost_something_has_its_record_though_its_worker_died(
    shop, ad, monkeypatch, status
):
    monkeypatch.setattr(rebuilt, "AFTER_S", 0.01)
    monkeypatch.setattr(why, "LOOK_EVERY_S", 0)
    if status == "stored":
        shop.mount(log=Lost())
        (ad,) = (await shop.ask(now_us=NOW_US + 1_000))["decisions"]
    log = Heard(shop.log, ad["decision_id"])
    shop.mount(log=log)
    assert (await shop.tell(ad["tracking"]["click"])).status == 302
    assert await asyncio.wait_for(log.status, 5) == status
    (event,) = [one for one in shop.events() if one["message_id"] == ad["decision_id"]]
    assert (event["event"], event["anonymous_id"]) == ("Ad Served", "ann")
    assert event["properties"]["campaign_id"] == "a"
    assert abs(event["timestamp_us"] - NOW_US) <= 1_000
    if status == "duplicate":
        assert (await shop.why(ad["decision_id"]))["replay"]["equal"]
        return
    assert event["properties"]["rebuilt"] is True
    with pytest.raises(NotFound) as told:
        await shop.why(ad["decision_id"])
    assert "ended before its record" in told.value.explain("en")


@pytest.mark.parametrize(
    ("pricing", "bid", "told"),
    [("cpm", 100_000, ("view", "impression")), ("cpa", 10_000, ("click", "conversion"))],
)
async def test_whatever_costs_has_its_record_though_its_worker_died(
    shop, monkeypatch, pricing, bid, told
):
    monkeypatch.setattr(rebuilt, "AFTER_S", 0.01)
    shop.show([placement(floor_minor=1)], [campaign("a", bid, pricing=pricing)])
    shop.mount(log=Lost())
    (ad,) = (await shop.ask())["decisions"]
    shop.mount()
    conversions = Conversions(shop.ledger, shop.log)
    for kind in told:
        now_us = NOW_US + SECOND_US
        if kind == "conversion":
            said = Told(ad["decision_id"], now_us, "postback")
            assert (await conversions.count(said, now_us)).status == "counted"
        else:
            await shop.tell(ad["tracking"][kind], now_us)
    for _ in range(200):
        found = [one for one in shop.events() if one["message_id"] == ad["decision_id"]]
        if found:
            break
        await asyncio.sleep(0.02)
    assert [one["event"] for one in found] == ["Ad Served"]
    assert found[0]["properties"]["rebuilt"] is True
    assert sum(one["event"] == "Ad Billed" for one in shop.events()) == 1
