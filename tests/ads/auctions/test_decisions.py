"""Golden decisions: whole answers on the real ledger and log, and why who was not shown."""

import json
from datetime import date
from pathlib import Path

import msgspec
import pytest
from tests.ads.shop import NOW_US, live

from queqiao.decide.ads.click_rate import RATE_UNIT, Count
from queqiao.decide.ads.contracts import Campaign, Placement, check_campaign, check_placement
from queqiao.decide.ads.groups.document import AdGroup, CreativeDocument, check_ad_group
from queqiao.decide.ads.groups.joining import joined
from queqiao.decide.ads.hot_state import booking
from queqiao.decide.ads.inventory.booked import Booked
from queqiao.decide.ads.targeting.index import FOREVER_US
from queqiao.kernel.clock import SECOND_US, parse_rfc3339

FOLDER = Path(__file__).parents[2] / "cases/auctions/decisions"
CASES = {
    f"{path.stem}: {case['name']}": case
    for path in sorted(FOLDER.glob("*.json"))
    for case in json.loads(path.read_text("utf-8"))
}


def documents(said, kind, check, usual):
    """Return the documents of a case, with what it leaves out as usual; all of them are good."""
    found = []
    for name, fields in said.items():
        document = msgspec.convert(usual(name) | fields, kind)
        check(document)
        found.append(live(name, document))
    return found


def placement(name):
    return {"name": name, "floor_minor": 0, "currency": "CNY"}


def campaign(name):
    creative = {"id": f"{name}-x", "title": "t", "landing_url": "/x"}
    return {
        "name": name,
        "advertiser": f"of-{name}",
        "placements": ["home"],
        "currency": "CNY",
        "daily_budget_minor": 1_000_000,
        "creatives": [creative],
    }


def group(name):
    return {"name": name, "placements": ["home"], "creatives": ["shared"]}


def show(shop, case):
    groups = documents(case.get("groups", {}), AdGroup, check_ad_group, group)
    bidding = joined(
        documents(case["campaigns"], Campaign, check_campaign, campaign),
        groups,
        [live("shared", CreativeDocument("n", "t", "/x"))],
    )
    places = documents(case["placements"], Placement, check_placement, placement)
    shop.show(places, bidding, [Count(*each) for each in case.get("counts", ())])
    shop.segments = {user: frozenset(names) for user, names in case.get("segments", {}).items()}
    deals = {
        place: [
            Booked(
                "deal",
                deal["campaign"],
                RATE_UNIT,
                -FOREVER_US,
                FOREVER_US,
                deal["cpm_minor"],
                deal["day_minor"],
            )
        ]
        for place, deal in case.get("deals", {}).items()
    }
    if deals:
        shop.hot = booking(shop.hot, deals)


def question(ask):
    context = {"channel": ask.get("channel", "")} | ask.get("context", {})
    places = [{"id": each, "count": ask.get("count", 1)} for each in ask.get("places", ["home"])]
    user = {"id": ask["user"]} if "user" in ask else {}
    return {"placements": places, "user": user, "context": context}


async def fates(shop, ad):
    """Return why each campaign, and each group as campaign/group, was not asked."""
    why = await shop.why(ad["decision_id"])
    assert why["replay"] == {"equal": True, "differences": []}
    told = {}
    for one in why["candidates"]:
        name = f"{one['campaign_id']}/{one['group_id']}".rstrip("/")
        told[name] = one["reason"]
    return told


async def asked(shop, ask):
    now_us = parse_rfc3339(ask["at"]) if "at" in ask else NOW_US
    answer = await shop.ask(question(ask), now_us=now_us)
    ads, wanted = answer["decisions"], ask.get("ads", [])
    assert [ad["campaign_id"] for ad in ads] == [each["campaign"] for each in wanted]
    for ad, each in zip(ads, wanted, strict=True):
        prices = each["price_minor"]
        assert ad["price_minor"] in (prices if isinstance(prices, list) else [prices])
        assert ad["slot"] == each.get("slot", ad["slot"])
        if ask.get("clicked"):
            await shop.tell(ad["tracking"]["click"], now_us + SECOND_US)
    assert [none["reason"] for none in answer["no_fill"]] == (
        [ask["empty"]] if "empty" in ask else []
    )
    for ad, name in ((0, "out"), (-1, "out_of_last")):
        for who, reason in ask.get(name, {}).items():
            told = await fates(shop, ads[ad])
            if who not in told:  # what can never stand there is judged by the documents of now
                (one,) = (await shop.why(ads[ad]["decision_id"], who))["candidates"]
                told[who] = one["reason"]
            assert told[who] == reason


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_golden(shop, case):
    assert case["why"].endswith(".")
    show(shop, case)
    for ask in case["asks"]:
        for _ in range(ask.get("times", 1)):
            await asked(shop, ask)


def test_the_eighteenth_is_a_thursday():
    assert date(2026, 6, 18).isoweekday() == 4
