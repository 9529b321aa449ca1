"""An auction: our own campaigns and foreign bidders, from the request to the answer."""

import asyncio
import json

import pytest
from tests.ads.auctions.house import NOW_US, asked, bidding, bids_of, creative, document, imp

from queqiao.decide.ads.openrtb.exchange.contracts import Bidder
from queqiao.decide.ads.openrtb.exchange.publishing import check_change_bidder
from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.http import Request
from queqiao.ports.records.documents import Stored


async def test_our_own_campaign_wins_with_keys_for_the_ad_server(house):
    house.trade()
    house.put_up(bidding("tea", 900_000, creatives=[creative()], budget=10**9))
    prebid = {"targeting": {}}
    status, answer = await house.auction(
        asked(imp(bidders=["queqiao"]), cur=["CNY"], ext={"prebid": prebid})
    )
    assert status == 200
    (bid,) = bids_of(answer)["queqiao"]
    assert bid["cid"] == "tea"
    assert bid["ext"]["prebid"]["targeting"]["hb_bidder"] == "queqiao"
    assert bid["ext"]["prebid"]["targeting"]["hb_pb"] == "20.00", "the end of the highest range"
    assert "${AUCTION_PRICE}" not in bid["burl"], "our notice knows the price"
    assert answer["ext"]["responsetimemillis"]["queqiao"] >= 0


async def test_the_highest_bid_wins_and_all_are_told(house, bidders):
    house.trade({name: document(bidders, name) for name in ("alpha", "beta")})
    bidders.answers = {
        "alpha": {"bids": [{"price": 1.0}]},
        "beta": {"bids": [{"price": 2.34}]},
    }
    body = asked(imp(bidders=["alpha", "beta"]), ext={"prebid": {"targeting": {}}})
    _, answer = await house.auction(body)
    keys = {seat: bids[0]["ext"]["prebid"]["targeting"] for seat, bids in bids_of(answer).items()}
    assert keys["beta"] == {
        "hb_pb": "2.30", "hb_bidder": "beta", "hb_pb_beta": "2.30", "hb_bidder_beta": "beta",
    }  # fmt: skip
    assert keys["alpha"] == {"hb_pb_alpha": "1.00", "hb_bidder_alpha": "alpha"}


async def test_a_bidder_sees_its_own_parameters_and_not_who_else_is_asked(house, bidders):
    house.trade({name: document(bidders, name) for name in ("alpha", "beta")})
    await house.auction(asked(imp(bidders=["alpha", "beta"]), imp("2", ["beta"]), odd={"kept": 1}))
    (told,) = bidders.asked["alpha"]
    assert [each["id"] for each in told["imp"]] == ["1"]
    assert told["imp"][0]["ext"] == {"bidder": {"zone": "alpha"}}
    assert told["odd"] == {"kept": 1}, "what we do not know goes through"
    assert told["at"] == 1
    assert told["cur"] == ["USD"]
    assert told["tmax"] == 1_000
    assert "beta" not in str(told)


async def test_connections_are_kept(house, bidders):
    house.trade({"alpha": document(bidders, "alpha")})
    bidders.answers = {"alpha": {"bids": [{"price": 1.0}]}}
    for _ in range(5):
        _, answer = await house.auction(asked())
        assert bids_of(answer)["alpha"]
    assert bidders.connections == 1


async def test_a_changed_bidder_is_called_where_it_is_now(house, bidders):
    house.trade({"alpha": document(bidders, "old")})
    await house.auction(asked())
    house.trade({"alpha": document(bidders, "new")}, revision=2)
    await house.auction(asked())
    assert set(bidders.asked) == {"old", "new"}


async def test_who_is_no_bidder_any_more_is_hung_up_on(house, bidders):
    house.trade({name: document(bidders, name) for name in ("alpha", "beta")})
    await house.auction(asked(imp(bidders=["alpha", "beta"])))
    assert bidders.open_connections == 2
    house.trade({"beta": document(bidders, "beta")})
    await house.auction(asked(imp(bidders=["beta"])))
    await until(lambda: bidders.open_connections == 1)


async def test_an_auction_is_recorded_and_replays(house, bidders):
    house.trade({name: document(bidders, name) for name in ("alpha", "beta")})
    bidders.answers = {
        "alpha": {"bids": [{"price": 2.0}, {"id": "x", "price": 0.1}]},
        "beta": {"bids": [{"price": 2.0}]},
    }
    names = ["alpha", "beta", "nobody"]
    _, answer = await house.auction(asked(imp(bidders=names, bidfloor=0.5)))
    found = await house.explain(answer["bidid"])
    assert found["replay"] == {"equal": True, "differences": []}
    fates = {(bid["bidder"], bid["price"]): bid["outcome"] for bid in found["bids"]}
    assert fates["alpha", 0.1] == "rejected"
    assert sorted([fates["alpha", 2.0], fates["beta", 2.0]]) == ["passed_on", "won"]
    status = {each["name"]: each["status"] for each in found["bidders"]}
    assert status == {"alpha": 0, "beta": 0, "nobody": 200}
    rejected = next(bid for bid in found["bids"] if bid["outcome"] == "rejected")
    assert (rejected["reason"], rejected["code"], rejected["floor"]) == ("below_floor", 301, 0.5)


async def until(holds):
    """Wait until something holds that is done beside the answer."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  # what is waited for tells nobody
            await asyncio.sleep(0.01)


async def test_a_tie_is_drawn_and_each_wins_its_share(house, bidders):
    house.trade({name: document(bidders, name) for name in ("alpha", "beta")})
    bidders.answers = {name: {"bids": [{"price": 1.0}]} for name in ("alpha", "beta")}
    body = asked(imp(bidders=["alpha", "beta"]), ext={"prebid": {"targeting": {}}})
    won = []
    for _ in range(60):
        _, answer = await house.auction(body)
        won += [
            seat
            for seat, (bid,) in bids_of(answer).items()
            if "hb_pb" in bid["ext"]["prebid"]["targeting"]
        ]
    assert len(won) == 60
    assert 15 < won.count("alpha") < 45


async def test_a_test_leaves_no_record_and_takes_no_money(house):
    house.trade()
    house.put_up(bidding("tea", 900_000, budget=10**9))
    _, answer = await house.auction(asked(imp(bidders=["queqiao"]), test=1, cur=["CNY"]))
    assert bids_of(answer)["queqiao"]
    assert await house.explain(answer["bidid"]) == 404
    assert house.events() == []
    assert await house.ledger.find("ads:budget:", 1) == {}


async def test_our_own_bid_that_is_rejected_gives_its_lease_back(house):
    house.trade()
    house.put_up(bidding("tea", 900_000, budget=10**9))
    body = asked(
        imp(bidders=["queqiao"]),
        cur=["CNY"],
        ext={"prebid": {"bidadjustmentfactors": {"queqiao": 0.1}}},
    )
    body["imp"][0] |= {"bidfloor": 10_000.0, "bidfloorcur": "CNY"}
    _, answer = await house.auction(body)
    assert bids_of(answer) == {}
    assert (await house.explain(answer["bidid"]))["bids"][0]["reason"] == "below_floor"
    await until(lambda: "Ad Lost" in {event["event"] for event in house.events()})
    balance = await house.budget("tea")
    assert (balance.leased, balance.spent) == (0, 0)


@pytest.mark.parametrize("said", ["?price=0&cur=CNY", "?price=0.01&cur=USD", "?price=-1", ""])
async def test_a_page_that_tells_another_price_of_our_own_bid_changes_nothing(house, said):
    house.trade()
    house.put_up(bidding("tea", 900_000, budget=10**9))
    _, answer = await house.auction(asked(imp(bidders=["queqiao"]), cur=["CNY"]))
    bid = bids_of(answer)["queqiao"][0]
    told = bid["burl"].partition("?")[0] + said
    assert (await house.notice(told)).status == 204
    assert (await house.notice(bid["burl"])).status == 204
    (billed,) = [each["properties"] for each in house.events() if each["event"] == "Ad Billed"]
    assert billed["cpm_minor"] == billed["bid_cpm_minor"] == round(bid["price"] * 100)
    assert (await house.budget("tea")).spent == billed["cost_minor"] > 0


async def test_what_pages_tell_of_a_bid_is_written_once(house, bidders):
    house.trade({"alpha": document(bidders, "alpha")}, {"pub": {"events": True}})
    bidders.answers = {"alpha": {"bids": [{"price": 1.0}]}}
    _, answer = await house.auction(asked())
    told = bids_of(answer)["alpha"][0]["ext"]["prebid"]["events"]
    for url in (told["win"], told["win"], told["imp"]):
        assert (await house.notice(url)).status == 204
    events = house.events()
    assert [event["event"] for event in events] == ["Auction Won", "Auction Shown"]
    assert events[0]["properties"]["bidder"] == "alpha"
    assert events[0]["properties"]["decision_id"] == answer["bidid"]


async def test_what_was_said_to_a_bidder_is_told_without_its_secrets(house, bidders):
    secret = {"url": bidders.url("alpha") + "?key=hush", "headers": {"X-Key": "hush"}}
    house.trade({"alpha": document(bidders, "alpha", **secret)}, {"pub": {"debug": True}})
    _, answer = await house.auction(asked(test=1))
    (call,) = answer["ext"]["debug"]["httpcalls"]["alpha"]
    assert call["uri"] == bidders.url("alpha")
    assert "hush" not in json.dumps(answer)


@pytest.mark.parametrize("origin", ["https://news.example", "https://www.news.example:8443"])
async def test_a_page_of_the_publisher_may_ask_and_read(house, bidders, origin):
    house.trade({"alpha": document(bidders, "alpha")}, {"pub": {"domains": ["news.example"]}})
    status, _ = await house.auction(asked(), origin=origin)
    assert status == 200
    assert house.headers["access-control-allow-origin"] == origin
    assert house.headers["access-control-allow-credentials"] == "true"


async def test_a_page_of_another_may_not_ask(house, bidders):
    house.trade({"alpha": document(bidders, "alpha")}, {"pub": {"domains": ["news.example"]}})
    status, problem = await house.auction(asked(), origin="https://evil-news.example")
    assert (status, problem["errors"][0]["path"]) == (400, "request.site.page")
    assert house.headers["access-control-allow-origin"] == "https://evil-news.example"


async def test_who_asks_too_often_is_told_when_to_come_again(house, bidders):
    house.trade({"alpha": document(bidders, "alpha")}, {"pub": {"requests_per_s_max": 2}})
    statuses = [(await house.auction(asked()))[0] for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert house.headers["retry-after"] == "1"
    status, _ = await house.auction(asked(), now_us=NOW_US + 1_000_000)
    assert status == 200


async def test_our_own_bidder_knows_a_user_by_the_id_that_is_told_to_it(house):
    house.trade()
    house.segments = {"ours": frozenset({"vip"})}
    house.put_up(bidding("tea", 900_000, budget=10**9, segments=["vip"]))
    known = {"user": {"ext": {"prebid": {"buyeruids": {"queqiao": "ours"}}}}}
    for more, seats in ((known, ["queqiao"]), ({}, []), (known | {"regs": {"coppa": 1}}, [])):
        _, answer = await house.auction(asked(imp(bidders=["queqiao"]), cur=["CNY"], **more))
        assert list(bids_of(answer)) == seats, more


async def test_a_browser_may_ask_with_its_cookies_and_a_header_of_its_own(house):
    lines = {"origin": "https://news.example", "access-control-request-headers": "x-a"}
    request = Request("OPTIONS", "", {}, {}, lines, b"", "192.0.2.1", NOW_US)
    answer = await house.preflight_route.handler(request)
    allowed = dict(answer.headers)
    assert answer.status == 204
    assert allowed["access-control-allow-origin"] == "https://news.example"
    assert allowed["access-control-allow-credentials"] == "true"
    assert allowed["access-control-allow-headers"] == "x-a"


def test_no_bidder_may_have_the_name_of_our_own():
    document = Bidder(name="x", url="https://x.example/")
    for name in ("alpha", "queqiao"):
        stored = Stored("bidder", name, 1, "draft", document, 1, 1, "u")
        if name == "alpha":
            check_change_bidder(stored, None)
        else:
            with pytest.raises(InvalidInput, match="our own bidder"):
                check_change_bidder(stored, None)
