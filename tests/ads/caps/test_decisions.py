"""Caps in whole decisions: golden cases, what is not counted, and what happens when it fails."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.ads.shop import NOW_US, Shop, campaign, placement

from queqiao.decide.ads.caps.document import Cap
from queqiao.decide.ads.caps.frequency import Frequency
from queqiao.decide.ads.caps.people import People
from queqiao.decide.ads.caps.store import people_in_memory
from queqiao.decide.ads.caps.windows import Windows
from queqiao.decide.ads.contracts import Creative
from queqiao.kernel.clock import SECOND_US, parse_rfc3339
from queqiao.kernel.errors import StorageFull, Unavailable

CASES = json.loads(Path("tests/cases/caps/decisions.json").read_text("utf-8"))
DAILY = [Cap("campaign", 2, "day")]


@pytest.fixture
async def shop(tmp_path):
    shop = Shop(tmp_path)
    yield shop
    await shop.ledger.close()
    shop.log.close()


def documents(case):
    for one in case["campaigns"]:
        names = one.get("creatives", ["x"])
        yield campaign(
            one["id"],
            one["bid"],
            budget=one.get("budget", 1_000_000),
            advertiser=one.get("advertiser", one["id"]),
            placements=one.get("placements", ["home"]),
            creatives=[Creative(name, "title", "/p") for name in names],
            caps=[Cap(**cap) for cap in one.get("caps", [])],
        )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
async def test_golden_cases(shop, case):
    shop.show([placement(), placement("side")], list(documents(case)))
    creatives = set()
    for step in case["steps"]:
        count = step.get("count", 1)
        places = [{"id": each, "count": count} for each in step.get("places", ["home"])]
        answer = await shop.ask(
            {
                "placements": places,
                "user": step.get("user", {"id": "ann"}),
                "context": {"channel": step.get("channel", "web")},
            },
            parse_rfc3339(step["at"]),
        )
        ads = answer["decisions"]
        assert [ad["campaign_id"] for ad in ads] == step.get("shows", []), step
        empty = [step["empty"]] if "empty" in step else []
        assert [one["reason"] for one in answer["no_fill"]] == empty, step
        creatives.update(ad["creative"]["id"] for ad in ads)
        assert len(creatives) == step.get("creatives_differ", len(creatives))
        for ad in ads:
            assert step.get("price_from", 0) <= ad["price_minor"] <= step.get("price_to", 10**9)
            assert ad["price_minor"] == step.get("price", ad["price_minor"])
            why = await shop.why(ad["decision_id"])
            assert why["replay"] == {"equal": True, "differences": []}
            capped = {each["campaign_id"]: each for each in why["candidates"] if each["cap"]}
            for campaign_id, cap in step.get("why", {}).items():
                assert capped[campaign_id]["cap"] == cap
                assert capped[campaign_id]["reason"] == "frequency"


async def test_requests_at_once_never_show_one_too_many(shop):
    shop.show([placement()], [campaign("a", 100, caps=DAILY), campaign("b", 50)])
    answers = await asyncio.gather(*(shop.ask() for _ in range(40)))
    shown = [ad["campaign_id"] for answer in answers for ad in answer["decisions"]]
    assert sorted(shown) == ["a"] * 2 + ["b"] * 38


class NoRoom:
    async def append(self, events):
        raise StorageFull

    async def find(self, message_id, source=None):
        return []


async def test_what_is_not_shown_for_want_of_the_log_is_not_counted(shop):
    """The first ad is answered before the log refuses its record: it is shown, and counts."""
    frequency = Frequency(people_in_memory(), b"k")
    shop.show([placement()], [campaign("a", 100, caps=DAILY)])
    shop.mount(log=NoRoom(), frequency=frequency)
    assert len((await shop.ask())["decisions"]) == 1
    for _ in range(3):
        with pytest.raises(StorageFull):
            await shop.ask()
    shop.mount(frequency=frequency)
    assert [len((await shop.ask())["decisions"]) for _ in range(2)] == [1, 0]


async def test_without_the_ledger_nothing_is_counted(shop):
    class NoLedger:
        async def reserve_many(self, *arguments):
            raise Unavailable

    frequency = Frequency(people_in_memory(), b"k")
    shop.show([placement()], [campaign("a", 100, caps=DAILY)])
    shop.mount(ledger=NoLedger(), frequency=frequency)
    for _ in range(5):
        assert (await shop.ask())["no_fill"][0]["reason"] == "ledger_unavailable"
    shop.mount(frequency=frequency)
    assert [len((await shop.ask())["decisions"]) for _ in range(3)] == [1, 1, 0]


async def test_where_counters_cannot_be_told_no_ad_with_a_cap_is_shown(shop):
    def away():
        raise Unavailable

    people = people_in_memory()
    broken = People(away, people.lock, Windows("Asia/Shanghai"))
    shop.show([placement()], [campaign("a", 100, caps=DAILY), campaign("b", 50)])
    shop.mount(frequency=Frequency(broken, b"k"))
    (ad,) = (await shop.ask())["decisions"]
    assert ad["campaign_id"] == "b"
    (candidate,) = (await shop.why(ad["decision_id"], "a"))["candidates"]
    assert (candidate["reason"], candidate["cap"]) == ("frequency", None)


async def test_a_cap_that_is_changed_holds_at_once_with_what_was_counted(shop):
    for times, shown in ((1, 1), (3, 2), (2, 0)):
        caps = [Cap("campaign", times, "day"), Cap("campaign", times, "week", rolling=True)]
        shop.show([placement()], [campaign("a", 100, caps=caps)])
        answers = [await shop.ask(now_us=NOW_US + number * SECOND_US) for number in range(4)]
        assert sum(len(answer["decisions"]) for answer in answers) == shown


async def test_served_says_what_was_counted_and_nothing_of_ids(shop):
    shop.show([placement()], [campaign("a", 100, caps=DAILY), campaign("b", 50)])
    for _ in range(3):
        await shop.ask()
    first, _, third = (event["properties"].get("frequency") for event in shop.events())
    assert len(first["counters"]) == 1
    assert len(first["person"]) == 16
    assert third is None
