"""Decisions honour expressions, as everything of a request is known or not; ``why`` says which."""

import msgspec
import pytest
from tests.ads.shop import NOW_US, campaign, placement

from queqiao.decide.ads.contracts import check_campaign
from queqiao.decide.ads.hot_state import snapshot
from queqiao.decide.ads.messages import AskedContext
from queqiao.decide.ads.targeting.context import told_by
from queqiao.decide.ads.targeting.fields import FIELDS
from queqiao.decide.ads.targeting.situation import recorded, situation
from queqiao.kernel.clock import HOUR_US
from queqiao.kernel.errors import InvalidInput

CONTEXT = {
    "channel": "app",
    "device": {"type": "mobile", "os": "harmony", "browser": "arkweb", "language": "zh-CN"},
    "geo": {"country": "CN", "region": "CN-31", "city": "上海", "lat": 31.23, "lon": 121.47},
    "keywords": ["明前 龙井茶"],
    "skus": ["TEA-100"],
    "categories": ["茶/绿茶"],
    "tags": ["gift"],
    "attributes": {"weather": "rain", "basket": {"lines": 3}},
}


def clause(field, op, value=None):
    return {"field": field, "op": op, "value": value}


ASKED = {
    "segments": clause("segments", "one_of", ["vip"]),
    "channel": clause("channel", "=", "app"),
    "device.type": clause("device.type", "in", ["mobile"]),
    "device.os": clause("device.os", "in", ["harmony"]),
    "device.browser": clause("device.browser", "exists"),
    "device.language": clause("device.language", "under", ["zh"]),
    "geo": clause("geo", "in_radius", {"lat": 31.2, "lon": 121.5, "radius_km": 9}),
    "geo.country": clause("geo.country", "=", "CN"),
    "geo.region": clause("geo.region", "under", ["CN"]),
    "geo.city": clause("geo.city", "=", "上海"),
    "keywords": clause("keywords", "phrase", ["龙井"]),
    "skus": clause("skus", "in", ["TEA-100"]),
    "categories": clause("categories", "under", ["茶"]),
    "tags": clause("tags", "all_of", ["gift"]),
    "now": clause("now", "in_windows", [{"from_time": "12:00", "until_time": "13:00"}]),
    "attributes.weather": clause("attributes.weather", "=", "rain"),
    "attributes.basket.lines": clause("attributes.basket.lines", ">", 2),
}


def body(context=None):
    return {
        "placements": [{"id": "home"}],
        "user": {"anonymous_id": "ann"},
        "context": context or {},
    }


def test_every_field_that_a_campaign_may_ask_is_in_these_tests():
    assert {name for name in ASKED if not name.startswith("attributes.")} == FIELDS


@pytest.mark.parametrize("field", ASKED)
async def test_what_a_request_tells_is_asked_and_what_it_does_not_is_not_known(shop, field):
    shop.segments["ann"] = frozenset({"vip"})
    one = campaign("a", 100, expression=ASKED[field])
    check_campaign(one.document)
    shop.show([placement()], [one])
    assert (await shop.ask(body(CONTEXT)))["decisions"][0]["campaign_id"] == "a"
    shop.segments.clear()
    answer = await shop.ask(body(), NOW_US + HOUR_US)
    assert answer["no_fill"] == [{"placement": "home", "reason": "no_match"}]


async def test_why_names_the_clause_and_what_it_saw(shop):
    expression = {"and": [ASKED["channel"], {"not": ASKED["device.os"]}]}
    shop.show([placement()], [campaign("a", 100, expression=expression), campaign("b", 50)])
    (decision,) = (await shop.ask(body(CONTEXT)))["decisions"]
    assert decision["campaign_id"] == "b"
    why = await shop.why(decision["decision_id"], "a")
    (candidate,) = why["candidates"]
    assert (candidate["outcome"], candidate["reason"]) == ("filtered", "expression")
    assert candidate["clause"] == {
        "path": "targeting.expression.and[1].not",
        "seen": ["harmony"],
    }
    assert candidate["recorded"]
    assert why["replay"]["equal"]


async def test_a_campaign_that_is_not_listed_is_judged_by_what_was_recorded(shop):
    first = campaign("first", 900, expression=ASKED["geo"])
    listed = [campaign(f"a{n:02}", 100) for n in range(30)]
    later = campaign("later", 5, expression={"not": ASKED["geo"]})
    shop.show([placement(floor_minor=0)], [first, *listed, later])
    (decision,) = (await shop.ask(body(CONTEXT)))["decisions"]
    shop.show(
        [placement(floor_minor=0)],
        [campaign("unseen", 5, expression=later.document.targeting.expression)],
    )
    (candidate,) = (await shop.why(decision["decision_id"], "unseen"))["candidates"]
    assert not candidate["recorded"]
    assert candidate["clause"] == {
        "path": "targeting.expression.not",
        "seen": {"lat": 31.23, "lon": 121.47},
    }  # fmt: skip


async def test_only_what_expressions_ask_is_recorded(shop):
    shop.show(
        [placement()], [campaign("a", 100, expression={"not": ASKED["tags"]}), campaign("b", 50)]
    )
    await shop.ask(body(CONTEXT))
    (event,) = shop.events()
    assert event["properties"]["auction"]["attributes"] == {"tags": ["gift"]}
    shop.show([placement()], [campaign("b", 50)])
    await shop.ask(body(CONTEXT))
    assert shop.events()[1]["properties"]["auction"]["attributes"] is None


def test_what_was_recorded_makes_the_same_situation_again():
    told = told_by(msgspec.convert(CONTEXT, AskedContext), {"vip"}, NOW_US)
    again = situation(recorded(told, told.values.keys()), NOW_US)
    assert (again.points, again.now_us) == (told.points, told.now_us)
    known = {name: set(values) for name, values in told.values.items() if values}
    assert {name: set(again.values[name]) for name in known} == known


async def test_a_wrong_context_is_told_with_its_path(shop):
    shop.show([placement()], [campaign("a", 100, expression=ASKED["tags"])])
    with pytest.raises(InvalidInput) as caught:
        await shop.ask(body({"attributes": {"x": [{}]}}))
    assert caught.value.fields[0].path == "context.attributes.x[0]"
    with pytest.raises(InvalidInput) as caught:
        await shop.ask(body({"geo": {"lat": 91, "lon": 0}}))
    assert caught.value.fields[0].path == "context.geo.lat"


def test_a_campaign_with_a_wrong_expression_is_refused_with_its_path():
    wrong = campaign("a", 100, expression={"and": [ASKED["tags"], clause("mood", "=", "x")]})
    with pytest.raises(InvalidInput) as caught:
        check_campaign(wrong.document)
    assert caught.value.fields[0].path == "targeting.expression.and[1].field"


def test_a_snapshot_takes_over_the_expressions_of_the_one_before():
    many = [campaign(f"c{n}", 50 + n, expression=ASKED["tags"]) for n in range(200)]
    first = snapshot([placement()], many)
    changed = campaign("c7", 999, expression=ASKED["channel"])
    changed.revision = 2
    following = snapshot([placement()], [changed, *many[8:], campaign("new", 60)], before=first)
    assert following.expressions["c9"] is first.expressions["c9"]
    index = following.placements["home"].index
    facts = told_by(msgspec.convert(CONTEXT, AskedContext), (), NOW_US)
    bits = index.expressions.match(facts)
    matching = {entry.bid.campaign_id for entry in index.walk(bits)}
    assert matching == {"c7", "new", *(f"c{n}" for n in range(8, 200))}
    assert index.expressions.match(facts) is bits
