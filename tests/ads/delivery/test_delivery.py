"""Ads for pages, players and apps: by a write key, for whom the shop vouches, without prices."""

import json
from collections import Counter
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import msgspec
import pytest
from tests.ads.delivery.vast_rules import problems
from tests.ads.shop import NOW_US, campaign, live

from queqiao.decide.ads.contracts import Creative, Placement
from queqiao.decide.ads.creative_parts import ImageFile
from queqiao.decide.ads.delivery.asks import Asks
from queqiao.decide.ads.delivery.hot_endpoints import DeliveryServices, delivery_routes
from queqiao.decide.ads.delivery.steps import QUARTILES
from queqiao.decide.ads.hot_endpoints import decider_of
from queqiao.decide.ads.inventory.document import Size
from queqiao.decide.ads.openrtb.terms import VideoFile
from queqiao.decide.ads.traffic.caller import Callers
from queqiao.decide.ads.traffic.data_centres import DataCentres
from queqiao.kernel.clock import MINUTE_US
from queqiao.kernel.errors import Refused
from queqiao.kernel.http import Request

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"
PICTURE = Creative(
    "x", "新茶上市", "/tea", image_url="/tea.jpg", image_width=970, image_height=250,
    image_sources=[ImageFile("/tea-480.jpg", 480)],
)  # fmt: skip
VIDEO = Creative(
    "v", "采茶 <3 & 更多", "https://tea.example/v?c={click_id}",
    video=VideoFile("https://cdn.example/tea.mp4?a=1&b=]]>", 15),
)  # fmt: skip


class Site:
    """Pages of any origin, asking as browsers do."""

    def __init__(self, shop, per_minute=1_000):
        callers = Callers(DataCentres(None, None), [], [])
        decider = decider_of(shop.services())
        services = DeliveryServices(
            hot=lambda: shop.hot,
            decide=decider.decide,
            source_of={"wk": "web"}.get,
            customer=self.customer,
            is_valid=lambda agent, address: callers.judge(agent, address).valid,
            asks=Asks(per_minute),
        )
        self.routes = {(one.method, one.path): one for one in delivery_routes(services)}

    @staticmethod
    def customer(token, now_us):
        if token != "word of u-1":
            raise Refused(reason="visitor_unknown")
        return "u-1"

    async def places(self, *ids, agent=BROWSER, now_us=NOW_US, **more):
        asked = {"write_key": "wk", "placements": [{"id": one} for one in ids], **more}
        headers = {"user-agent": agent, "origin": "https://shop.example"}
        request = Request("POST", "", {}, {}, headers, json.dumps(asked).encode(), "203.0.113.9",
                          now_us)  # fmt: skip
        return await self.routes["POST", "/a/v1/places"].handler(request)

    async def get(self, what, placement, **query):
        headers = {"user-agent": BROWSER, "host": "q.example:8400"}
        request = Request("GET", "", {"placement": placement}, {"write_key": "wk", **query},
                          headers, b"", "203.0.113.9", NOW_US)  # fmt: skip
        return await self.routes["GET", f"/a/v1/{what}/{{placement}}"].handler(request)


@pytest.fixture
def site(shop):
    return Site(shop)


def place(identifier, form=None, sizes=()):
    return live(identifier, Placement("place", 10, "CNY", format=form, sizes=list(sizes)))


def told(answer):
    return msgspec.json.decode(answer.body)


async def test_a_page_gets_what_to_show_and_no_price(shop, site):
    shop.show(
        [place("top", "banner", [Size(970, 250)]), place("none")],
        [campaign("a", 100, placements=["top"], creatives=[PICTURE], segments=["vip"])],
    )
    shop.segments["u-1"] = frozenset({"vip"})
    answer = await site.places("top", "none", visitor="word of u-1")
    assert answer.status == 200
    (ad,), empty = told(answer)["ads"], told(answer)["empty"]
    assert empty == ["none"]
    assert (ad["format"], ad["title"], ad["advertiser"]) == ("banner", "新茶上市", "brand")
    assert ad["image"] == {
        "url": "/tea.jpg", "width": 970, "height": 250,
        "sources": [{"url": "/tea-480.jpg", "width": 480}],
    }  # fmt: skip
    assert ad["reasons"] == ["placement", "audience"]
    assert not any(word in answer.body.decode() for word in ("price", "minor", "budget", "bid"))
    headers = dict(answer.headers)
    assert headers["access-control-allow-origin"] == "https://shop.example"
    assert headers["cache-control"] == "no-store"
    for kind in ("impression", "view"):
        await shop.tell(ad["tracking"][kind])
    (served,) = [one for one in shop.events() if one["event"] == "Ad Served"]
    assert served["user_id"] == "u-1"
    assert served["context"] == {"channel": "web"}


@pytest.mark.parametrize("visitor", ["", "forged", "word of u-2"])
async def test_nobody_is_a_customer_without_the_shops_word(shop, site, visitor):
    shop.show([place("top")], [campaign("a", 100, placements=["top"], segments=["vip"])])
    shop.segments["u-1"] = frozenset({"vip"})
    answer = await site.places("top", visitor=visitor, anonymous_id="d-1")
    assert told(answer) == {"ads": [], "empty": ["top"]}
    answer = await site.places("top", user={"id": "u-1"})
    assert answer.status == 400
    assert "access-control-allow-origin" in dict(answer.headers)


async def test_a_wrong_key_is_refused_so_that_a_page_may_read_why(shop, site):
    answer = await site.places("top", write_key="other")
    assert answer.status == 401
    assert told(answer)["code"] == "unauthenticated"
    assert dict(answer.headers)["access-control-allow-origin"] == "https://shop.example"


async def test_bots_are_shown_nothing_and_cost_no_lease(shop, site):
    shop.show([place("top")], [campaign("a", 100, placements=["top"])])
    answer = await site.places("top", agent="Googlebot/2.1 (+http://www.google.com/bot.html)")
    assert told(answer) == {"ads": [], "empty": ["top"]}
    assert shop.events() == []
    assert await shop.ledger.find("ads:budget:", 1) == {}


async def test_one_address_asks_so_often_and_then_waits(shop):
    site = Site(shop, per_minute=3)
    statuses = [(await site.places("top")).status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = dict((await site.places("top")).headers)
    assert 1 <= int(refused["retry-after"]) <= 61
    assert refused["access-control-expose-headers"] == "retry-after"
    assert (await site.places("top", now_us=NOW_US + MINUTE_US)).status == 200


@pytest.mark.parametrize(
    ("creative", "form"),
    [
        (PICTURE, "banner"),
        (VIDEO, "video"),
        (Creative("h", "t", "/", html="<b>x</b>"), "banner"),
        (Creative("s", "t", "/", image_url="/x.jpg", sku="s1"), "product_card"),
        (Creative("t", "t", "/"), "native"),
    ],
)
async def test_a_place_without_a_format_shows_what_the_creative_is(shop, site, creative, form):
    shop.show([place("top")], [campaign("a", 100, placements=["top"], creatives=[creative])])
    (ad,) = told(await site.places("top"))["ads"]
    assert ad["format"] == form


async def test_a_player_gets_vast_that_keeps_the_rules(shop, site):
    shop.show([place("pre", "video")],
              [campaign("a", 100, placements=["pre"], creatives=[VIDEO])])  # fmt: skip
    answer = await site.get("vast", "pre", url="https://shop.example/watch", anonymous_id="d-1")
    assert answer.content_type == "application/xml; charset=utf-8"
    text = answer.body.decode()
    assert problems(text) == []
    linear = ET.fromstring(text).find(".//Linear")
    assert linear.get("skipoffset") == "00:00:05"
    assert linear.findtext(".//MediaFile") == "https://cdn.example/tea.mp4?a=1&b=]]>"
    steps = {one.get("event"): one.text for one in linear.iter("Tracking")}
    assert list(steps) == list(QUARTILES)
    root = ET.fromstring(text)
    told_at = [root.findtext(f".//{tag}") for tag in ("Impression", "Viewable")]
    error = root.findtext(".//Error").replace("[ERRORCODE]", "405")
    for url in (*told_at, *steps.values(), error):
        parts = urlsplit(url)
        assert parts.netloc == "q.example:8400"
        query = dict(pair.split("=") for pair in parts.query.split("&") if pair)
        await shop.tell(parts.path, **query)
    seen = Counter(one["event"] for one in shop.events())
    assert set(seen.values()) == {1}
    assert len(seen) == 10
    (failed,) = [one["properties"] for one in shop.events() if one["event"] == "Ad Failed"]
    assert failed["reason"] == "405"
    click = await shop.tell(urlsplit(root.findtext(".//ClickThrough")).path, NOW_US + 5_000_000)
    serving = root.findtext(".//AdServingId")
    assert dict(click.headers)["Location"] == f"https://tea.example/v?c={serving}"


async def test_no_video_is_an_empty_document(shop, site):
    shop.show([place("pre", "video")], [])
    text = (await site.get("vast", "pre")).body.decode()
    assert problems(text) == []
    assert len(ET.fromstring(text)) == 0


async def test_rules_of_vast_find_what_is_wrong(shop, site):
    """The checker itself: each of these breaks one rule of a good document."""
    shop.show([place("pre", "video")],
              [campaign("a", 100, placements=["pre"], creatives=[VIDEO])])  # fmt: skip
    good = (await site.get("vast", "pre")).body.decode()
    breaks = [
        ("<AdServingId>", "<AdServingID>"), ("[ERRORCODE]", "x"), ('event="start"', 'event="go"'),
        ("00:00:15", "15"), ('skipoffset="00:00:05"', 'skipoffset="00:00:25"'),
        ('idRegistry="unknown"', 'idRegistry=""'), (' type="video/mp4"', ""),
        ("http://q.example:8400/t/start", "/t/start"), ('version="4.2"', 'version="3.0"'),
    ]  # fmt: skip
    for before, after in breaks:
        assert before in good
        broken = good.replace(before, after).replace(f"</{before[1:]}", f"</{after[1:]}")
        assert problems(broken), before


async def test_an_app_gets_native_assets(shop, site):
    shop.show([place("feed")], [campaign("a", 100, placements=["feed"], creatives=[PICTURE])])
    answer = await site.get("native", "feed")
    ad = told(answer)
    assert ad["ver"] == "1.2"
    assets = {one["id"]: one for one in ad["assets"]}
    assert assets[1]["title"]["text"] == "新茶上市"
    assert assets[2]["img"] == {"type": 3, "url": "http://q.example:8400/tea.jpg"}
    assert assets[3]["data"]["value"] == "brand"
    assert set(assets) == {1, 2, 3, 4, 5}
    assert [one["event"] for one in ad["eventtrackers"]] == [1, 2]
    assert ad["link"]["url"].startswith("http://q.example:8400/t/")
    shop.show([place("feed")], [])
    assert (await site.get("native", "feed")).status == 204


@pytest.mark.parametrize("what", ["vast", "native"])
async def test_players_and_apps_need_a_key_too(shop, site, what):
    assert (await site.get(what, "pre", write_key="x")).status == 401
    assert (await site.get(what, "pre", write_key="")).status == 400
