"""What may stand where, from which price, beside whom: golden cases through the whole decision."""

import json
from pathlib import Path

import pytest
from tests.ads.inventory.drawn import campaign_of, counts_of, placement_of
from tests.ads.shop import NOW_US

from queqiao.kernel.clock import parse_rfc3339
from queqiao.ports.ledger.base import Take

FILE = Path(__file__).parents[2] / "cases" / "inventory" / "standing.json"
CASES = json.loads(FILE.read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
async def test_case(shop, case):
    shop.show(
        [placement_of(*each) for each in case["placements"].items()],
        [campaign_of(*each) for each in case["campaigns"].items()],
        counts_of(case["campaigns"]),
    )
    shop.segments = {"u": frozenset(case.get("segments", []))}
    for name in case.get("spent", []):
        await _spend(shop, name, case["campaigns"][name]["budget"])
    now_us = parse_rfc3339(case["at"]) if "at" in case else NOW_US
    answer = await shop.ask(_asked(case), now_us)
    ads = answer["decisions"]
    found = [[ad["placement"], ad["kind"], ad["campaign_id"], ad["price_minor"]] for ad in ads]
    assert [each[:3] for each in found] == [each[:3] for each in case["ads"]]
    for (*_, price), (*_, expected) in zip(found, case["ads"], strict=True):
        assert price in (expected, expected + 1)  # one unit over, where the tie would be lost
    no_fill = [[each["placement"], each["reason"]] for each in answer["no_fill"]]
    if "no_fill" in case:
        assert no_fill == case["no_fill"]
    for ad in ads:
        assert (await shop.why(ad["decision_id"]))["replay"]["equal"]
    await _told(shop, case, ads)


async def _told(shop, case, ads):
    if "creative" in case:
        assert ads[0]["creative"]["id"] == case["creative"]
    for key, place in (("why", 0), ("why_last", -1)):
        for name, reason in case.get(key, {}).items():
            why = await shop.why(ads[place]["decision_id"], name)
            assert [each["reason"] for each in why["candidates"]] == [reason], name
    if "floor" in case:
        decision = (await shop.why(ads[0]["decision_id"]))["decision"]
        assert [decision["floor_minor"], decision["floor_rule"]] == case["floor"]


async def _spend(shop, name, budget):
    takes = [Take(f"ads:budget:{name}:2026-06-18", budget, budget)]
    await shop.ledger.spend(f"spent-{name}", takes, NOW_US)


def _asked(case):
    places = dict.fromkeys(case.get("ask", ["home"]))
    return {
        "placements": [{"id": place, "count": case.get("count", 1)} for place in places],
        "user": {"id": "u"},
        "context": case.get("context", {}),
    }


async def test_a_house_ad_is_counted_and_never_billed(shop):
    own = campaign_of("own", {"bid": 0, "budget": 0, "sold": "house"})
    shop.show([placement_of("home", {})], [own])
    (ad,) = (await shop.ask())["decisions"]
    for kind in ("impression", "view", "click"):
        await shop.tell(ad["tracking"][kind])
    events = {event["event"]: event["properties"] for event in shop.events()}
    assert events["Ad Served"]["sold"] == "house"
    assert events["Ad Clicked"]["cost_minor"] == 0
    assert await shop.ledger.find("ads:", 9) == {}
