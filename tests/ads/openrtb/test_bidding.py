"""Our bidder: who bids, on which terms, at what price, in which media."""

import asyncio
import json
from xml.etree import ElementTree as ET

import pytest
from tests.ads.openrtb.exchange import Exchange, asked, banner_imp, bidding, creative, with_files
from tests.ads.shop import NOW_US, placement

from queqiao.decide.ads.caps.document import Cap
from queqiao.decide.ads.click_rate import Count
from queqiao.decide.ads.openrtb.check_request import read_request
from queqiao.decide.ads.openrtb.check_response import check_response, read_response
from queqiao.decide.ads.openrtb.rates import DEFAULT_RATES

NATIVE = {
    "ver": "1.2",
    "assets": [
        {"id": 1, "required": 1, "title": {"len": 3}},
        {"id": 2, "required": 1, "img": {"type": 3, "w": 600, "h": 400}},
        {"id": 3, "data": {"type": 1, "len": 25}},
        {"id": 4, "data": {"type": 3}},
    ],
    "eventtrackers": [{"event": 1, "methods": [1, 2]}, {"event": 2, "methods": [1]}],
}


def native_imp(request=NATIVE):
    return {"id": "n", "native": {"request": json.dumps(request), "ver": "1.2"}}


def video_imp(**more):
    return {"id": "v", "video": {"mimes": ["video/mp4"], "protocols": [2, 3], **more}}


async def test_the_best_bids_for_a_thousand_impressions(exchange):
    exchange.put_up(bidding("low", 400), bidding("high", 500))
    (bid,) = await exchange.bids(asked())
    assert (bid["impid"], bid["cid"], bid["crid"]) == ("1", "high", "high:x")
    assert bid["price"] == 25, "5.00 a click, 0.5 % of impressions clicked, a thousand of them"
    assert (bid["mtype"], bid["w"], bid["h"], bid["exp"]) == (1, 300, 250, 300)
    assert bid["adomain"] == ["shop.example"]


async def test_every_answer_is_valid(exchange, proto, examples):
    exchange.put_up(
        bidding("a", 50_000, creatives=[with_files(video_s=20)], categories=["IAB22"], budget=10**9)
    )
    answered = 0
    for name, kind, body in examples:
        if kind != "request":
            continue
        status, answer = await exchange.call(body)
        assert status in {200, 204}, name
        if status == 200:
            answered += 1
            assert proto.faults("BidResponse", answer) == [], name
            request = read_request(json.dumps(body).encode())
            assert check_response(read_response(json.dumps(answer).encode()), request) == [], name
    assert answered >= 5, "of seven; one asks for a deal of seats that are not ours"


async def test_prices_are_told_in_a_currency_of_the_request(exchange):
    exchange.put_up(bidding("a", 500))
    (bid,) = await exchange.bids(asked(cur=["USD"]))
    assert bid["price"] == pytest.approx(25 / DEFAULT_RATES["USD"], abs=1e-4)
    assert bid["price"] <= 25 / DEFAULT_RATES["USD"]
    _, answer = await exchange.call(asked(cur=None))
    assert answer["cur"] == "USD"
    _, answer = await exchange.call(asked(cur=["ZMW", "EUR"]))
    assert answer["cur"] == "EUR"
    assert (await exchange.call(asked(cur=["ZMW"])))[0] == 204


async def test_campaigns_of_different_currencies_are_compared_by_worth(exchange):
    exchange.put_up(bidding("yuan", 500), bidding("dollars", 100, currency="USD"))
    (bid,) = await exchange.bids(asked())
    assert bid["cid"] == "dollars"
    assert bid["price"] == pytest.approx(5 * DEFAULT_RATES["USD"])


@pytest.mark.parametrize(
    ("floor", "cur", "bids"), [(25, "CNY", 1), (25.01, "CNY", 0), (3.7, None, 1), (3.8, None, 0)]
)
async def test_floors_hold_in_their_currency(exchange, floor, cur, bids):
    exchange.put_up(bidding("a", 500))
    imp = banner_imp(bidfloor=floor) | ({"bidfloorcur": cur} if cur else {})
    assert len(await exchange.bids(asked(imp))) == bids


BLOCKED = {
    "category": ({"bcat": ["IAB25-3"]}, {"categories": ["IAB25-3"]}),
    "category above": ({"bcat": ["IAB25"]}, {"categories": ["IAB25-3"]}),
    "domain": ({"badv": ["Shop.Example"]}, {}),
    "domain above": ({"badv": ["brand.example"]}, {"domain": "news.brand.example"}),
    "bundle": ({"bapp": ["com.brand"]}, {"bundle": "com.brand"}),
    "language": ({"wlang": ["en"]}, {"language": "zh"}),
    "unknown language": ({"wlang": ["zh"]}, {}),
    "categories wanted": ({"acat": ["IAB1"]}, {"categories": ["IAB22"]}),
    "attribute": ({"imp": [banner_imp() | {"banner": {"w": 1, "h": 1, "battr": [9]}}]},
                  {"attributes": [9]}),
    "type": ({"imp": [banner_imp() | {"banner": {"w": 1, "h": 1, "btype": [2]}}]}, {}),
    "no HTML": ({"imp": [banner_imp() | {"banner": {"w": 1, "h": 1, "mimes": ["video/mp4"]}}]}, {}),
    "other seats": ({"wseat": ["x"]}, {}),
    "our seat": ({"bseat": ["queqiao"]}, {}),
    "not in exchanges": ({}, {"bids": False}),
    "not of this channel": ({}, {"channels": ["app"]}),
    "segment": ({"user": {"buyeruid": "nobody"}}, {"segments": ["vip"]}),
    "not yet": ({}, {"starts_at": "2026-07-01T00:00:00+08:00"}),
    "no more": ({}, {"ends_at": "2026-06-01T00:00:00+08:00"}),
    "our own domain, perhaps": (
        {"badv": ["x.example"]}, {"creatives": [creative(landing_url="/here")]}
    ),
    "secure": ({"imp": [banner_imp(secure=1)]},
               {"creatives": [creative(image_url="http://shop.example/x.jpg")]}),
}  # fmt: skip


@pytest.mark.parametrize("case", BLOCKED)
async def test_who_is_blocked_does_not_bid_and_the_next_does(exchange, case):
    more, terms = BLOCKED[case]
    exchange.put_up(bidding("blocked", 900, **terms))
    assert await exchange.bids(asked(**more)) == []
    open_one = {"language": "zh", "domain": "other.example", "categories": ["IAB1"]}
    if case in {"unknown language", "domain", "not yet", "no more", "segment"}:
        exchange.put_up(bidding("blocked", 900, **terms), bidding("open", 500, **open_one))
        (bid,) = await exchange.bids(asked(**more))
        assert bid["cid"] == "open"


async def test_the_language_that_is_wanted(exchange):
    exchange.put_up(bidding("a", language="zh-CN"))
    (bid,) = await exchange.bids(asked(wlang=["zh"]))
    assert bid["language"] == "zh-CN"


async def test_segments_of_a_known_user_count_unless_privacy_forbids(exchange):
    exchange.segments["ann"] = frozenset({"vip"})
    exchange.put_up(bidding("a", segments=["vip"]))
    known = asked(user={"buyeruid": "ann"})
    assert len(await exchange.bids(known)) == 1
    assert await exchange.bids(known | {"device": {"lmt": 1}}) == []
    assert await exchange.bids(known | {"regs": {"coppa": 1}}) == []
    assert await exchange.bids(known | {"regs": {"ext": {"pipl_optout": 1}}}) == []


ASKS = {
    "all": [
        {"field": "device.type", "op": "one_of", "value": ["mobile"]},
        {"field": "geo", "op": "in_radius", "value": {"lat": 31.23, "lon": 121.47, "radius_km": 5}},
    ]
}


async def test_expressions_are_asked_of_what_the_request_tells(exchange):
    exchange.put_up(bidding("a", expression=ASKS))
    there = {"devicetype": 4, "geo": {"lat": 31.231, "lon": 121.471}}
    assert len(await exchange.bids(asked(device=there))) == 1
    assert await exchange.bids(asked(device=there | {"devicetype": 2})) == []
    assert await exchange.bids(asked()) == []
    child = {"coppa": 1}
    there["geo"] = {"lat": 31.2649, "lon": 121.471}
    assert len(await exchange.bids(asked(device=there))) == 1
    assert await exchange.bids(asked(device=there, regs=child)) == [], "11 km is not exact enough"


async def test_campaigns_with_caps_stay_at_home(exchange):
    exchange.put_up(bidding("a", caps=[Cap("campaign", 3, "day")]))
    assert await exchange.bids(asked()) == []


async def test_a_landing_page_on_our_own_host(exchange):
    exchange.put_up(bidding("a", creatives=[creative(landing_url="/tea", image_url="/tea.jpg")]))
    (bid,) = await exchange.bids(asked(banner_imp(secure=1)))
    assert bid["adomain"] == ["ads.shop.example"]
    assert 'src="https://ads.shop.example/tea.jpg"' in bid["adm"]


async def test_a_placement_of_ours_can_be_named(exchange):
    exchange.put_up(
        bidding("home", 400), bidding("cart", 500, placements=["cart"]),
        placements=[placement("home"), placement("cart")],
    )  # fmt: skip
    for imp in (
        banner_imp(tagid="home"),
        banner_imp(ext={"bidder": {"placement": "home", "more": 1}}),
        banner_imp(ext={"prebid": {"bidder": {"queqiao": {"placement": "home"}, "other": 7}}}),
    ):
        (bid,) = await exchange.bids(asked(imp))
        assert bid["cid"] == "home"
    (bid,) = await exchange.bids(asked(banner_imp(ext={"bidder": {"placement": "nowhere"}})))
    assert bid["cid"] == "cart"


async def test_params_that_are_none_are_refused_by_their_path(exchange):
    status, error = await exchange.call(asked(banner_imp(ext={"bidder": {"placement": 7}})))
    assert (status, error.fields[0].path) == (400, "request.imp[0].ext.bidder.placement")
    for params in ([], 7, "x"):
        status, error = await exchange.call(asked(banner_imp(ext={"bidder": params})))
        assert (status, error.fields[0].path) == (400, "request.imp[0].ext.bidder")


async def test_impressions_of_one_request_go_to_different_campaigns(exchange):
    exchange.put_up(bidding("a", 500), bidding("b", 400))
    bids = await exchange.bids(asked(banner_imp("1"), banner_imp("2"), banner_imp("3")))
    assert [(bid["impid"], bid["cid"]) for bid in bids] == [("1", "a"), ("2", "b"), ("3", "a")]


async def test_ties_are_drawn(exchange):
    exchange.put_up(bidding("a"), bidding("b"), bidding("c"))
    won = {(await exchange.bids(asked()))[0]["cid"] for _ in range(40)}
    assert won == {"a", "b", "c"}


async def test_counts_of_past_impressions_make_the_price(exchange):
    exchange.put_up(
        bidding("clicked", 400), bidding("not", 500),
        counts=[Count("clicked", "off-site", 10_000, 500), Count("not", "off-site", 10_000, 1)],
    )  # fmt: skip
    (bid,) = await exchange.bids(asked())
    assert bid["cid"] == "clicked"
    assert bid["price"] > 150


# Deals

DEALS = [{"id": "d1", "bidfloor": 1, "bidfloorcur": "CNY"},
         {"id": "d2", "bidfloor": 20, "bidfloorcur": "CNY"},
         {"id": "d3", "bidfloor": 90, "bidfloorcur": "CNY"},
         {"id": "d4", "bidfloor": 22, "bidfloorcur": "CNY", "wseat": ["another"]}]  # fmt: skip


async def deal_of(exchange, deals, terms=None, **pmp):
    exchange.put_up(bidding("a", 500, **(terms or {})))
    bids = await exchange.bids(asked(banner_imp(bidfloor=1, pmp={"deals": deals, **pmp})))
    return bids and bids[0].get("dealid", "open")


async def test_deals(exchange):
    assert await deal_of(exchange, DEALS) == "d2", "the dearest that it reaches and may use"
    assert await deal_of(exchange, DEALS, {"deals": ["d1"]}) == "d1"
    assert await deal_of(exchange, DEALS, {"deals": ["d9"]}) == "open"
    assert await deal_of(exchange, DEALS[2:], private_auction=1) == []
    assert await deal_of(exchange, DEALS, private_auction=1) == "d2"
    mine = [DEALS[0] | {"wseat": ["queqiao"], "wadomain": ["shop.example"]}]
    assert await deal_of(exchange, mine, private_auction=1) == "d1"
    others = [DEALS[0] | {"wadomain": ["else.example"]}]
    assert await deal_of(exchange, others, private_auction=1) == []


# Media


async def test_banner_markup(exchange):
    evil = creative(title='"><script>alert(1)</script>', image_url="https://x.example/'\"<.jpg")
    exchange.put_up(bidding("a", creatives=[evil]))
    (bid,) = await exchange.bids(
        asked(banner_imp() | {"banner": {"format": [{"w": 728, "h": 90}]}})
    )
    assert (bid["w"], bid["h"]) == (728, 90)
    assert bid["adm"].count("<script>") == 1
    assert "alert(1)</script>" not in bid["adm"]
    assert "广告" in bid["adm"]
    assert bid["adm"].count("https://ads.shop.example/t/") == 3


async def test_native(exchange):
    exchange.put_up(bidding("a"))
    (bid,) = await exchange.bids(asked(native_imp()))
    said = json.loads(bid["adm"])
    assert bid["mtype"] == 4
    assert said["ver"] == "1.2"
    assert said["assets"][0]["title"] == {"text": "买一送", "len": 3}
    assert said["assets"][1]["img"]["url"] == "https://shop.example/x.jpg"
    assert said["assets"][2]["data"] == {"type": 1, "value": "brand"}
    assert len(said["assets"]) == 3, "nothing is known of a rating, and it is not required"
    assert [each["event"] for each in said["eventtrackers"]] == [1, 2]
    assert said["link"]["url"].startswith("https://ads.shop.example/t/")


async def test_native_before_1_2(exchange, proto):
    exchange.put_up(bidding("a"))
    old = {"native": {"ver": "1.0", "assets": NATIVE["assets"][:2]}}
    (bid,) = await exchange.bids(asked(native_imp(old)))
    said = json.loads(bid["adm"])["native"]
    assert len(said["imptrackers"]) == 1
    assert proto.faults("NativeResponse", said) == []


async def test_native_parts_that_must_be_there(exchange):
    exchange.put_up(bidding("a"))
    rating = {"assets": [{"id": 1, "required": 1, "data": {"type": 3}}]}
    assert await exchange.bids(asked(native_imp(rating))) == []
    exchange.put_up(bidding("a", creatives=[creative(image_url=None)]))
    assert await exchange.bids(asked(native_imp())) == []


@pytest.mark.parametrize(
    ("protocols", "version"),
    [([2], "2.0"), ([2, 3], "3.0"), ([7], "4.0"), ([3, 11, 13], "4.2"), (None, "4.2")],
)
async def test_video(exchange, protocols, version):
    exchange.put_up(bidding("a", creatives=[with_files()]))
    (bid,) = await exchange.bids(asked(video_imp(protocols=protocols, maxduration=15)))
    root = ET.fromstring(bid["adm"])
    assert root.get("version") == version
    assert root.find(".//Duration").text == "00:00:15"
    assert root.find(".//MediaFile").text == "https://shop.example/v.mp4"
    assert root.find(".//ClickThrough").text.startswith("https://ads.shop.example/t/")
    assert (bid["mtype"], bid["dur"], bid["w"], bid["h"]) == (2, 15, 1280, 720)


@pytest.mark.parametrize(
    "more",
    [{"mimes": ["video/webm"]}, {"maxduration": 14}, {"minduration": 16}, {"protocols": [5]},
     {"linearity": 2}, {"rqddurs": [10, 30]}],
)  # fmt: skip
async def test_video_that_does_not_fit(exchange, more):
    exchange.put_up(bidding("a", creatives=[with_files()]))
    assert await exchange.bids(asked(video_imp(**more))) == []


async def test_audio(exchange):
    exchange.put_up(bidding("a", creatives=[with_files()]))
    (bid,) = await exchange.bids(asked({"id": "1", "audio": {"mimes": ["audio/mpeg"]}}))
    assert (bid["mtype"], bid["dur"]) == (3, 20)
    assert ET.fromstring(bid["adm"]).find(".//MediaFile").get("type") == "audio/mpeg"


async def test_several_media_take_the_richest_that_fits(exchange):
    both = banner_imp() | video_imp() | {"id": "1"}
    exchange.put_up(bidding("a", creatives=[with_files()]))
    assert (await exchange.bids(asked(both)))[0]["mtype"] == 2
    exchange.put_up(bidding("a"))
    assert (await exchange.bids(asked(both)))[0]["mtype"] == 1


async def test_the_digital_services_act(exchange, proto):
    exchange.put_up(bidding("a"))
    regs = {"ext": {"dsa": {"dsarequired": 3, "pubrender": 0, "datatopub": 2}}}
    status, answer = await exchange.call(asked(regs=regs))
    dsa = answer["seatbid"][0]["bid"][0]["ext"]["dsa"]
    assert (status, dsa["behalf"], dsa["paid"], dsa["adrender"]) == (200, "brand", "brand", 1)
    assert dsa["transparency"] == [{"domain": "shop.example", "dsaparams": [2]}]
    assert proto.faults("BidResponse", answer) == []
    (bid,) = await exchange.bids(asked())
    assert "ext" not in bid


# Time


@pytest.mark.parametrize("tmax", [1, 20, 21])
async def test_too_little_time_is_no_bid_with_the_reason(exchange, tmax):
    exchange.put_up(bidding("a"))
    status, answer = await exchange.call(asked(tmax=tmax))
    assert (status, answer) == (200, {"id": "r", "seatbid": [], "nbr": 14})


class Slow:
    """A ledger that never answers."""

    async def reserve_many(self, *_):
        await asyncio.Event().wait()


async def test_a_ledger_that_hangs_does_not_cost_more_than_the_time_given(tmp_path):
    exchange = Exchange(tmp_path)
    exchange.mount(ledger=Slow())
    exchange.put_up(bidding("a"))
    status, answer = await exchange.call(asked(tmax=60))
    assert (status, answer["nbr"]) == (200, 14)
    await exchange.ledger.close()
    exchange.log.close()


async def test_a_test_request_takes_no_money_and_leaves_no_event(exchange):
    exchange.put_up(bidding("a"))
    (bid,) = await exchange.bids(asked(test=1))
    await exchange.notice(bid["burl"], AUCTION_PRICE=20, AUCTION_CURRENCY="CNY")
    assert exchange.events() == []
    assert await exchange.ledger.find("ads:budget:", 10) == {}


async def test_every_bid_is_on_record_with_what_made_it(exchange):
    exchange.segments["ann"] = frozenset({"vip"})
    exchange.put_up(bidding("a"))
    (bid,) = await exchange.bids(asked(user={"buyeruid": "ann"}), NOW_US)
    (event,) = exchange.events()
    assert event["event"] == "Ad Bid"
    said = event["properties"]
    assert said["decision_id"] == bid["id"]
    assert (said["exchange"], said["campaign_id"], said["cpm_minor"]) == ("foreign", "a", 2_500)
    assert (said["segments"], said["price"], said["cur"]) == (["vip"], 25.0, "CNY")
