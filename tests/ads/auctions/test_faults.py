"""Bidders that are dead, slow or lie, as real servers: no auction pays for them with its time."""

import asyncio
import resource
import socket
import time

import pytest
from tests.ads.auctions.hostile import CODES, WAYS, Hostile
from tests.ads.auctions.house import NOW_US, Bidders, asked, bids_of, document, imp

from queqiao.decide.ads.openrtb.exchange.calls.callers import Callers
from queqiao.decide.ads.openrtb.exchange.calls.health import FAILURES_MIN, Health
from queqiao.kernel.clock import SECOND_US

TMAX_MS = 400
SLACK_S = 0.35
"""What a busy machine may add to the time of an auction."""
BODY = asked(
    imp(bidders=["bad", "good"]), tmax=TMAX_MS, ext={"prebid": {"returnallbidstatus": True}}
)


@pytest.fixture
async def hostile():
    hostile = Hostile()
    await hostile.start()
    yield hostile
    await hostile.stop()


def trade(house, bidders, url, **more):
    bad = {"name": "bad", "url": url, "timeout_ms": 2_000} | more
    house.trade({"bad": bad, "good": document(bidders, "good")})
    bidders.answers = {"good": {"bids": [{"price": 1.0}]}}


async def held(house, body=BODY, now_us=NOW_US):
    """Return the answer, and how long it took."""
    begun = time.monotonic()
    status, answer = await house.auction(body, now_us)
    assert status == 200, answer
    return answer, time.monotonic() - begun


def status_of(answer, seat):
    found = {each["seat"]: each["nonbid"][0]["statuscode"] for each in answer["ext"]["seatnonbid"]}
    return found[seat]


@pytest.mark.parametrize("way", WAYS)
async def test_a_bad_answer_costs_no_time_and_no_other_bid(house, bidders, hostile, way):
    trade(house, bidders, hostile.url(way))
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer, took_s = await held(house)
    assert took_s < TMAX_MS / 1_000 + SLACK_S
    assert [bid["price"] for bid in bids_of(answer)["good"]] == [1.0], "the others are not hurt"
    (error,) = answer["ext"]["errors"]["bad"]
    assert (error["code"], status_of(answer, "bad")) == CODES.get(way, (3, 102)), error
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert grown_kib < 64 * 1024, "what is answered is not kept"


async def test_a_dead_bidder_is_told_at_once(house, bidders):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    trade(house, bidders, f"http://127.0.0.1:{port}/")
    answer, took_s = await held(house)
    assert took_s < SLACK_S
    assert answer["ext"]["errors"]["bad"][0]["code"] == 4
    assert status_of(answer, "bad") == 103


async def test_a_redirect_is_not_followed(house, bidders, hostile):
    trade(house, bidders, hostile.url("redirect"))
    await held(house)
    assert hostile.paths == ["redirect"]


async def test_a_slow_bidder_has_its_own_time(house, bidders, hostile):
    trade(house, bidders, hostile.url("silent"), timeout_ms=50)
    answer, took_s = await held(house, BODY | {"tmax": 5_000})
    assert took_s < 0.05 + SLACK_S
    assert 40 <= answer["ext"]["responsetimemillis"]["bad"] < 400


@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "0.0.0.0", "fe80::1"])
async def test_a_name_that_leads_to_a_forbidden_address_is_not_called(house, bidders, address):
    async def resolve(host):
        return ["127.0.0.1"] if host == "127.0.0.1" else ["127.0.0.1", address]

    house.callers = Callers(resolve)
    house.mount_auctions()
    trade(house, bidders, f"http://bidder.example:{bidders.port}/bad")
    answer, _ = await held(house)
    assert "may not be called" in answer["ext"]["errors"]["bad"][0]["message"]
    assert "bad" not in bidders.asked


async def test_who_fails_rests_and_is_tried_again(house, bidders, hostile):
    trade(house, bidders, hostile.url("fault"))
    for _ in range(FAILURES_MIN):
        await held(house)
    answer, _ = await held(house)
    assert hostile.calls == FAILURES_MIN
    assert answer["ext"]["errors"]["bad"][0]["code"] == 5
    assert status_of(answer, "bad") == 200
    await held(house, now_us=NOW_US + SECOND_US)
    await held(house, now_us=NOW_US + SECOND_US)
    assert hostile.calls == FAILURES_MIN + 1, "one call tries it"


async def test_who_is_well_again_is_asked_again(house):
    """The same server, first away and then back: nothing has to be told to the exchange."""
    well = Bidders()
    await well.start()
    port = well.port
    await well.stop()
    house.trade({"alpha": {"name": "a", "url": f"http://127.0.0.1:{port}/alpha"}})
    for _ in range(FAILURES_MIN):
        await held(house, asked())
    back = Bidders()
    back.answers = {"alpha": {"bids": [{"price": 1.0}]}}
    await back.start(port)
    try:
        answer, _ = await held(house, asked())
        assert bids_of(answer) == {}, "it rests"
        for later_us in (SECOND_US, SECOND_US + 1):
            answer, _ = await held(house, asked(), NOW_US + later_us)
            assert bids_of(answer)["alpha"]
    finally:
        await back.stop()


@pytest.mark.parametrize(
    ("bid", "cur", "word"),
    [
        ({"price": 1_000_001}, "USD", "price_above_bound"),
        ({"price": 5, "impid": "9"}, "USD", "unknown_imp"),
        ({"price": 5}, "JPY", "currency"),
        ({"price": -1}, "USD", "no_price"),
        ({"price": 0}, "USD", "no_price"),
    ],
)
async def test_a_liar_is_rejected_told_and_rests(house, bidders, bid, cur, word):
    trade(house, bidders, bidders.url("bad"))
    bidders.answers["bad"] = {"bids": [bid], "cur": cur}
    for _ in range(FAILURES_MIN):
        answer, _ = await held(house)
        assert list(bids_of(answer)) == ["good"]
        assert word in answer["ext"]["errors"]["bad"][0]["message"]
    answer, _ = await held(house)
    assert answer["ext"]["errors"]["bad"][0]["code"] == 5
    assert len(bidders.asked["bad"]) == FAILURES_MIN


async def test_a_bidder_that_does_not_bid_is_no_failure(house, bidders):
    trade(house, bidders, bidders.url("bad"))
    for _ in range(3 * FAILURES_MIN):
        answer, _ = await held(house)
        assert "errors" not in answer["ext"]
        assert status_of(answer, "bad") == 0


async def test_a_connection_that_was_closed_meanwhile_costs_nothing(house, bidders):
    trade(house, bidders, bidders.url("bad"))
    for _ in range(3):
        answer, _ = await held(house)
        assert "errors" not in answer["ext"]
        bidders.hang_up()  # between two auctions; the exchange may not have heard of it yet


async def test_as_many_calls_as_a_bidder_may_have(house, bidders, hostile):
    trade(house, bidders, hostile.url("silent"), calls_at_once_max=2)
    answers = await asyncio.gather(*(held(house) for _ in range(5)))
    codes = sorted(answer["ext"]["errors"]["bad"][0]["code"] for answer, _ in answers)
    assert codes == [1, 1, 4, 4, 4]
    assert hostile.calls == 2


async def test_many_auctions_among_the_hostile_leave_nothing_behind(house, bidders, hostile):
    names = ["silent", "endless", "bomb", "half_a_body", "garbage"]
    house.trade({name: {"name": name, "url": hostile.url(name)} for name in names})
    tasks = len(asyncio.all_tasks())
    body = asked(imp(bidders=names), tmax=150)
    await asyncio.gather(*(held(house, body) for _ in range(20)))
    house.callers.close()
    await hostile.stop()
    async with asyncio.timeout(5):
        while len(asyncio.all_tasks()) > tasks:  # noqa: ASYNC110  # their ends tell nobody
            await asyncio.sleep(0.01)


def test_a_rest_doubles_up_to_a_minute_and_is_forgotten_by_a_success():
    health, now_us, rests = Health(), NOW_US, []
    for _ in range(FAILURES_MIN):
        assert health.may_ask(now_us)
        health.note(now_us, failed=True)
    for _ in range(9):
        begun_us = now_us
        while not health.may_ask(now_us):
            now_us += SECOND_US // 10
        rests.append((now_us - begun_us) / SECOND_US)
        health.note(now_us, failed=True)
    assert rests == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    now_us += 60 * SECOND_US
    assert health.may_ask(now_us)
    health.note(now_us, failed=False)
    assert all(health.may_ask(now_us) for _ in range(3))


def test_a_few_failures_among_many_answers_are_no_reason_to_rest():
    health = Health()
    for number in range(100):
        assert health.may_ask(NOW_US)
        health.note(NOW_US, failed=number % 3 == 0)


def test_a_trial_that_is_never_heard_of_does_not_last():
    health = Health()
    for _ in range(FAILURES_MIN):
        health.note(NOW_US, failed=True)
    later_us = NOW_US + SECOND_US
    assert health.may_ask(later_us)
    assert not health.may_ask(later_us + SECOND_US)
    assert health.may_ask(later_us + 10 * SECOND_US)
