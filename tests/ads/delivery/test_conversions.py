"""Conversions: once, whoever tells them; owed within the windows; billed where it is agreed."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest
from tests.ads.shop import NOW_US, campaign, placement

from queqiao.decide.ads.delivery.conversion_endpoints import (
    ConversionServices,
    conversion_routes,
)
from queqiao.decide.ads.delivery.conversions import Conversions, Told
from queqiao.decide.ads.delivery.windows import Attribution
from queqiao.decide.ads.notice_events import read, terms_of, told_event
from queqiao.kernel.clock import DAY_US, HOUR_US, format_rfc3339
from queqiao.kernel.errors import Gone, InvalidInput, NotFound, Unavailable
from queqiao.kernel.http import Request

CASES = json.loads((Path(__file__).parents[2] / "cases/delivery/conversions.json").read_text())
CLICKED_US = NOW_US + 5_000_000


async def decided(shop, *, windows=(7, 0), **more):
    shop.show([placement()], [campaign("a", 100, attribution=Attribution(*windows), **more)])
    (ad,) = (await shop.ask())["decisions"]
    return ad


async def clicked(shop, **more):
    ad = await decided(shop, **more)
    await shop.tell(ad["tracking"]["click"], CLICKED_US)
    return ad


def named(shop, name="Ad Converted"):
    return [event["properties"] for event in shop.events() if event["event"] == name]


class Server:
    """The advertiser's server, asking as HTTP asks."""

    def __init__(self, shop, ledger=None, log=None, base_url="https://q.example"):
        self.conversions = Conversions(ledger or shop.ledger, log or shop.log)
        services = ConversionServices(self.conversions, shop.signer, base_url)
        self.tell_route, self.link_route, self.by_link_route = conversion_routes(services)

    async def tell(self, *conversions, now_us=CLICKED_US):
        body = msgspec.json.encode({"conversions": list(conversions)})
        answer = await self.tell_route.handler(asked("POST", body=body, now_us=now_us))
        return msgspec.json.decode(answer.body)["results"]

    async def link(self, advertiser="brand", days=10):
        body = msgspec.json.encode({"advertiser": advertiser, "days": days})
        return msgspec.json.decode((await self.link_route.handler(asked("POST", body=body))).body)

    async def by_link(self, url, now_us=CLICKED_US, **query):
        token = url.split("?")[0].rsplit("/", 1)[1]
        request = asked("GET", {"token": token}, query, now_us=now_us)
        return msgspec.json.decode((await self.by_link_route.handler(request)).body)


def asked(method, params=None, query=None, body=b"", now_us=NOW_US):
    return Request(method, "", params or {}, query or {}, {}, body, "127.0.0.1", now_us)


@pytest.fixture
def server(shop):
    return Server(shop)


def in_words(outcome):
    more = outcome.get("reason") or outcome.get("attributed_by")
    return f"{outcome['status']} {more}" if more else outcome["status"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
async def test_case(shop, server, case):
    ad = await decided(shop, windows=case["windows"])
    for touch in case["touches"]:
        await shop.tell(ad["tracking"][touch], CLICKED_US)
    told = []
    for by, order_id, hours in case["tell"]:
        now_us = CLICKED_US + hours * HOUR_US
        if by == "notice":
            path = ad["tracking"]["conversion"]
            before = len(named(shop)), len(named(shop, "Ad Conversion Refused"))
            await shop.tell(path, now_us, order_id=order_id or "")
            told.append(noticed(shop, before))
            continue
        one = Told(ad["decision_id"], now_us, by, order_id, 100, "CNY")
        outcome = await server.conversions.count(one, now_us)
        told.append(in_words(msgspec.to_builtins(outcome)))
    assert told == case["told"]
    assert len(named(shop)) == case["counted"]


def noticed(shop, before):
    """Say what became of a notice by the event that it left; a repeat leaves none here."""
    counted, refused = named(shop), named(shop, "Ad Conversion Refused")
    if len(counted) > before[0]:
        return f"counted {counted[-1]['attributed_by']}"
    return f"refused {refused[-1]['reason']}" if len(refused) > before[1] else "duplicate click"


async def test_what_is_told_is_kept_with_what_it_is_owed_to(shop, server):
    ad = await clicked(shop)
    (outcome,) = await server.tell(
        {"click_id": ad["decision_id"], "order_id": "o1", "value_minor": 1250, "currency": "USD",
         "time": format_rfc3339(CLICKED_US + 90_000_000)},
        now_us=CLICKED_US + HOUR_US,
    )  # fmt: skip
    assert outcome == {"status": "counted", "attributed_by": "click", "age_s": 90}
    (event,) = [event for event in shop.events() if event["event"] == "Ad Converted"]
    assert event["timestamp_us"] == CLICKED_US + 90_000_000
    assert event["anonymous_id"] == "ann"
    said = event["properties"]
    assert (said["campaign_id"], said["order_id"]) == ("a", "o1")
    assert (said["total_minor"], said["currency"]) == (1250, "USD")
    assert (said["attributed_by"], said["attribution_age_s"]) == ("click", 90)
    assert said["told_by"] == "postback"


async def test_an_order_is_one_decisions_only(shop, server):
    first = await clicked(shop)
    second = await clicked(shop)
    ids = [ad["decision_id"] for ad in (first, second)]
    assert ids[0] != ids[1]
    results = await server.tell(*({"click_id": one, "order_id": "o1"} for one in ids))
    assert [one["status"] for one in results] == ["counted", "duplicate"]
    results = await server.tell({"click_id": ids[1], "order_id": "o2"})
    assert results[0]["status"] == "counted"


async def test_many_tell_at_once_and_one_counts(shop, server):
    ad = await clicked(shop)
    one = {"click_id": ad["decision_id"], "order_id": "o1"}
    told = await asyncio.gather(*(server.tell(one) for _ in range(8)))
    assert sorted(result["status"] for (result,) in told) == ["counted"] + ["duplicate"] * 7
    assert len(named(shop)) == 1


async def test_a_click_that_was_refunded_is_owed_nothing(shop, server):
    ad = await clicked(shop)
    notice = read(shop.signer, ad["tracking"]["click"].removeprefix("/t/"))
    refunded = told_event(notice, "Ad Click Refunded", "refunded", CLICKED_US)
    await shop.log.append([refunded])
    (outcome,) = await server.tell({"click_id": ad["decision_id"]})
    assert outcome == {"status": "refused", "reason": "invalid_click"}


async def test_the_first_conversion_of_a_decision_is_billed_and_only_it(shop, server):
    """The terms of the decision say that it pays for conversions."""
    ad = await decided(shop)
    notice = read(shop.signer, ad["tracking"]["click"].removeprefix("/t/"))
    paying = msgspec.structs.replace(notice, bills_on="conversion")
    clicked = told_event(paying, "Ad Clicked", "clicked", CLICKED_US, terms=terms_of(paying))
    await shop.log.append([clicked])
    for order_id in ("o1", "o1", "o2"):
        await server.tell({"click_id": ad["decision_id"], "order_id": order_id})
    (billed,) = named(shop, "Ad Billed")
    assert billed["cost_minor"] == 10
    assert (billed["attributed_by"], billed["order_id"]) == ("click", "o1")
    assert "total_minor" not in billed
    assert [one["order_id"] for one in named(shop)] == ["o1", "o2"]
    assert (await shop.budget("a")).spent == 10


class Cut:
    """A log that is cut off at its second append: after the claim of the order."""

    def __init__(self, log):
        self.log, self.left = log, 1

    async def find(self, *asked):
        return await self.log.find(*asked)

    async def append(self, events):
        if not self.left:
            raise Unavailable
        self.left -= 1
        return await self.log.append(events)


async def test_what_was_cut_off_is_told_again_and_counts_once(shop, server):
    ad = await clicked(shop)
    one = {"click_id": ad["decision_id"], "order_id": "o1"}
    with pytest.raises(Unavailable):
        await Server(shop, log=Cut(shop.log)).tell(one)
    assert named(shop) == []
    assert [(await server.tell(one))[0]["status"] for _ in range(2)] == ["counted", "duplicate"]


async def test_nobody_but_the_advertiser_uses_its_link(shop, server):
    ad = await clicked(shop)
    link = (await server.link())["url"]
    said = {"order_id": "o1", "value": "12.50", "currency": "CNY", "time": str(CLICKED_US // 10**6)}
    foreign = (await server.link("other"))["url"]
    refused = await server.by_link(foreign, click_id=ad["decision_id"], **said)
    assert refused == {"status": "refused", "reason": "other_advertiser"}
    assert (await server.by_link(link, click_id=ad["decision_id"], **said))["status"] == "counted"
    assert named(shop)[0]["total_minor"] == 1250
    with pytest.raises(Gone, match="ask for a new one"):
        await server.by_link(link, NOW_US + 10 * DAY_US, click_id=ad["decision_id"])
    with pytest.raises(NotFound):
        await server.by_link("https://q.example/a/v1/conversions/x?", click_id="c")


async def test_a_link_leads_to_us_where_no_address_is_set_too(shop):
    body = msgspec.json.encode({"advertiser": "brand"})
    request = Request("POST", "", {}, {}, {"host": "q.lan:8400"}, body, "127.0.0.1", NOW_US)
    answer = await Server(shop, base_url="").link_route.handler(request)
    assert msgspec.json.decode(answer.body)["url"].startswith("http://q.lan:8400/a/v1/conversions/")


async def test_places_that_a_partner_left_as_they_were_say_nothing(shop, server):
    ad = await clicked(shop)
    link = (await server.link())["url"]
    query = dict(part.split("=") for part in link.split("?")[1].split("&"))
    assert set(query) == {"click_id", "order_id", "value", "currency", "time"}
    outcome = await server.by_link(link, **query | {"click_id": ad["decision_id"]})
    assert outcome["status"] == "counted"
    assert "order_id" not in named(shop)[0]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"value": "12"}, "currency"),
        ({"value": "x", "currency": "CNY"}, "value"),
        ({"value": "-1", "currency": "CNY"}, "value"),
        ({"value": "1.234", "currency": "CNY"}, "value"),
        ({"currency": "XXX"}, "currency"),
        ({"time": "yesterday"}, "time"),
        ({"time": "99999999999"}, "time"),
        ({"time": "9" * 400}, "time"),
        ({"order_id": "x" * 129}, "order_id"),
        ({"order_id": "\x00"}, "order_id"),
        ({"click_id": ""}, "click_id"),
    ],
)
async def test_what_is_wrong_is_named(shop, server, said, path):
    link = (await server.link())["url"]
    with pytest.raises(InvalidInput) as refused:
        await server.by_link(link, **{"click_id": "c"} | said)
    assert refused.value.fields[0].path == path


async def test_nothing_of_a_list_is_counted_when_one_of_it_is_wrong(shop, server):
    ad = await clicked(shop)
    good = {"click_id": ad["decision_id"], "order_id": "o1"}
    with pytest.raises(InvalidInput) as refused:
        await server.tell(good, {"click_id": "c", "value_minor": 1})
    assert refused.value.fields[0].path == "conversions[1].currency"
    assert named(shop) == []
