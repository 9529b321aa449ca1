"""Replays as jobs over the real log and warehouse: what they find is what the ledger took."""

import asyncio

import msgspec
import pytest
from tests.ads.shop import NOW_US, campaign, placement

from queqiao.decide.ads.forecast.results import results
from queqiao.decide.ads.replay.auctions import Outcome, logged
from queqiao.decide.ads.replay.change import NewFloor, asked_in
from queqiao.decide.ads.replay.endpoints import Known, ReplayServices, handlers
from queqiao.decide.ads.replay.jobs import Jobs
from queqiao.decide.ads.replay.replay import Past
from queqiao.decide.ads.replay.rerun import Rerun
from queqiao.kernel.clock import DAY_US, SECOND_US
from queqiao.kernel.errors import InvalidInput, NotFound
from queqiao.kernel.http import Request
from queqiao.kernel.ids import IdSource

ZONE = "Asia/Shanghai"
PLACES = {"home": placement(), "search": placement("search", floor_minor=30)}
CAMPAIGNS = {
    "a": campaign("a", 100, budget=20_000, segments=["gold"], placements=["home", "search"]),
    "b": campaign("b", 90),
}


class Clock:
    def now_us(self):
        return NOW_US


class Desk:
    """The routes over one warehouse."""

    def __init__(self, folder, warehouse):
        async def known(campaign_id, place_id, from_us, until_us):
            became = await results(warehouse, from_us - DAY_US, until_us + DAY_US)
            documents = [one.document for one in CAMPAIGNS.values()]
            asked = asked_in({name: one.document for name, one in PLACES.items()}, documents)
            found, place = CAMPAIGNS.get(campaign_id), PLACES.get(place_id)
            return Known(
                Past(became, {}, "CNY", ZONE, asked),
                found and found.document,
                place and place.document,
            )

        self.jobs = Jobs(folder / "replays", warehouse)
        ids = IdSource(Clock(), lambda bits: 7)
        services = ReplayServices(known, self.jobs, ids, ZONE)
        self.start, self.state, self.stop = handlers(services)

    async def ask(self, body, now_us=NOW_US + DAY_US):
        request = Request("POST", "", {}, {}, {}, msgspec.json.encode(body), "::1", now_us)
        return await self.start.handler(request)

    async def look(self, job_id, route=None):
        request = Request("GET", "", {"id": job_id}, {}, {}, b"", "::1", NOW_US)
        return msgspec.json.decode((await (route or self.state).handler(request)).body)

    async def done(self, body):
        answer = await self.ask(body)
        assert answer.status == 202
        job_id = msgspec.json.decode(answer.body)["id"]
        assert dict(answer.headers)["location"] == f"/api/v1/ads/replays/{job_id}"
        for _ in range(500):
            told = await self.look(job_id)
            if told["status"] != "running":
                return told
            await asyncio.sleep(0.01)
        raise AssertionError(told)


@pytest.fixture
async def lived(shop, warehouse, tmp_path):
    """A day of 60 requests of two slots: every second shopper is gold, every tenth clicks."""
    shop.show(PLACES.values(), CAMPAIGNS.values())
    shop.segments = {f"d{at}": frozenset({"gold"}) for at in range(0, 60, 2)}
    for at in range(60):
        asked = [{"id": "home", "count": 2}, {"id": "search"}]
        user = {"anonymous_id": f"d{at}"}
        now_us = NOW_US + at * SECOND_US
        for ad in (await shop.ask({"placements": asked, "user": user}, now_us))["decisions"]:
            await shop.tell(ad["tracking"]["impression"], now_us + SECOND_US)
            if at % 10 == 0:
                await shop.tell(ad["tracking"]["click"], now_us + 3 * SECOND_US)
    return Desk(tmp_path, await warehouse())


async def test_nothing_changed_is_what_happened(lived, shop):
    told = await lived.done({"campaign": {"id": "a"}})
    assert (told["status"], told["auctions_read"]) == ("done", told["auctions_total"])
    result = told["result"]
    spent = (await shop.budget("a")).spent
    assert (result["unequal"], result["assumed"], result["slots"]) == (0, 0, 180)
    assert result["campaign"]["before"]["cost_minor"] == spent > 0
    for part in (result["campaign"], *result["placements"]):
        for name, was in part["before"].items():
            assert part["after"][name] == {"expected": was, "low": was, "high": was}
            assert part["difference"][name] == {"expected": 0, "low": 0, "high": 0}
    assert await lived.look(told["id"]) == told


async def test_another_bid_moves_ads_between_campaigns_and_slots(lived):
    told = (await lived.done({"campaign": {"id": "a", "bid_minor": 60}}))["result"]
    own = told["campaign"]
    assert own["difference"]["impressions"]["expected"] == 0  # it falls to the second slot
    lost = (await lived.done({"campaign": {"id": "a", "bid_minor": 20}}))["result"]["campaign"]
    search = lost["before"]["impressions"] - lost["after"]["impressions"]["expected"]
    assert search == 30  # below the floor of search, and all that it had there


async def test_another_targeting_reaches_those_of_whom_nothing_is_logged(lived):
    everyone = {"segments_any": [], "channels_any": []}
    told = (await lived.done({"campaign": {"id": "a", "targeting": everyone}}))["result"]
    assert told["campaign"]["after"]["impressions"]["expected"] >= 100
    silver = {"segments_any": ["silver"]}
    unknown = (await lived.done({"campaign": {"id": "a", "targeting": silver}}))["result"]
    assert unknown["assumed"] > 0
    assert unknown["campaign"]["after"]["impressions"]["low"] == 0


async def test_a_person_sees_no_more_than_new_caps_allow(lived):
    caps = [{"level": "campaign", "times": 1, "per": "day"}]
    told = (await lived.done({"campaign": {"id": "a", "caps": caps}}))["result"]["campaign"]
    assert told["before"]["impressions"] == 60
    assert told["after"]["impressions"]["expected"] == 30


async def test_a_floor_above_all_bids_leaves_the_place_empty(lived):
    told = (await lived.done({"placement": {"id": "home", "floor_minor": 95}}))["result"]
    (home,) = told["placements"]
    assert (told["campaign"], home["id"]) == (None, "home")
    assert home["after"]["impressions"]["expected"] == 30  # a alone, for gold shoppers
    assert home["after"]["cost_minor"]["expected"] == pytest.approx(6 * 95, abs=1)


async def test_the_range_may_hold_nothing(lived):
    asked = {"campaign": {"id": "a"}, "from": "2026-06-01", "until": "2026-06-02"}
    told = await lived.done(asked)
    assert (told["status"], told["auctions_total"]) == ("done", 0)
    assert told["result"]["campaign"]["before"]["impressions"] == 0


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "campaign"),
        ({"campaign": {"id": "a"}, "placement": {"id": "home", "floor_minor": 1}}, "campaign"),
        ({"campaign": {"id": "x"}}, "campaign.id"),
        ({"placement": {"id": "x", "floor_minor": 1}}, "placement.id"),
        ({"campaign": {"id": "a", "bid_minor": 30_000}}, "campaign.daily_budget_minor"),
        ({"campaign": {"id": "a", "targeting": {"expression": {}}}}, "campaign.targeting"),
        ({"campaign": {"id": "a", "bid": 1}}, "campaign"),
        ({"campaign": {"id": "a"}, "from": "2026-01-01", "until": "2026-06-01"}, "until"),
    ],
)
async def test_what_is_wrong_is_named(tmp_path, body, path):
    class Nothing:
        async def query(self, sql, parameters):
            raise AssertionError

    desk = Desk(tmp_path, Nothing())

    async def known(campaign_id, place_id, from_us, until_us):
        found, place = CAMPAIGNS.get(campaign_id), PLACES.get(place_id)
        past = Past([], {}, "CNY")
        return Known(past, found and found.document, place and place.document)

    services = ReplayServices(known, desk.jobs, IdSource(Clock(), lambda bits: 7), ZONE)
    desk.start, *_ = handlers(services)
    with pytest.raises(InvalidInput) as refused:
        await desk.ask(body)
    assert refused.value.fields[0].path.startswith(path)


async def test_a_replay_that_is_not_there_is_not_found(tmp_path):
    desk = Desk(tmp_path, None)
    for name in ("nothing", "../x", "x" * 65):
        with pytest.raises(NotFound):
            await desk.look(name)


def test_a_record_that_was_made_anew_stays_as_it_was():
    body = b'{"decision_id":"d","placement_id":"home","campaign_id":"a","rebuilt":true}'
    row = (1, "Ad Served", NOW_US, 5, "", "ann", "d", body)
    (slot,) = logged(row, ("home",), {"d": Outcome(1, 1, 90, 0)})
    rerun = Rerun(None, "", NewFloor("home", 10, 500), lambda us: "2026-06-18")
    rerun.take([slot])
    assert rerun.same.of("a") == rerun.before.of("a") == Outcome(1, 1, 90, 0)
    assert len(rerun.columns()) == 0
