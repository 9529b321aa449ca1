"""Campaigns, ad groups and creatives as documents: what both say holds, and `why` says which."""

import msgspec
import pytest
from tests.ads.shop import NOW_US, campaign, live, placement

from queqiao.decide.ads.caps.document import Cap
from queqiao.decide.ads.contracts import CAMPAIGN, Campaign, Creative, Targeting, check_campaign
from queqiao.decide.ads.groups.document import (
    AD_GROUP,
    CREATIVE,
    AdGroup,
    CreativeDocument,
    check_ad_group,
    check_creative_document,
    creative_of,
)
from queqiao.decide.ads.groups.joining import joined
from queqiao.decide.ads.groups.publishing import check_live_ad_group
from queqiao.decide.ads.hot_state import snapshot
from queqiao.decide.ads.pacing.control import UNIT, Control, controlled
from queqiao.decide.ads.pacing.document import BidStrategy
from queqiao.kernel import json
from queqiao.kernel.clock import HOUR_US
from queqiao.kernel.errors import InvalidInput
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords

ALWAYS = "1" * 48


def creative(identifier="x", **more):
    return live(identifier, CreativeDocument("name", "title", f"/{identifier}", **more))


def group(identifier, bid_minor, of="c", creatives=("x",), placements=("home",), **more):
    document = AdGroup(identifier, of, list(placements), bid_minor, list(creatives), **more)
    return live(identifier, document, revision=7)


def order(identifier="c", **more):
    """A campaign that is shown by its ad groups alone."""
    return campaign(identifier, 0, creatives=[], placements=[], **more)


def show(shop, campaigns, groups, creatives=(), places=None):
    bidding = joined(campaigns, groups, creatives or [creative("x"), creative("y")])
    shop.show(places or [placement(floor_minor=10)], bidding)


async def ads_of(shop, body=None, **when):
    return (await shop.ask(body, **when))["decisions"]


def on(channel):
    return {
        "placements": [{"id": "home"}],
        "user": {"anonymous_id": "ann"},
        "context": {"channel": channel},
    }


async def test_the_best_group_stands_and_pays_what_another_campaign_asks(shop):
    show(
        shop,
        [order("c"), campaign("rival", 60)],
        [group("g1", 100, creatives=["x"]), group("g2", 90, creatives=["y"])],
    )
    (ad,) = await ads_of(shop)
    assert (ad["campaign_id"], ad["creative"]["id"]) == ("c", "x")
    assert 60 <= ad["price_minor"] <= 61
    assert (await shop.budget("c")).leased == ad["price_minor"]
    why = await shop.why(ad["decision_id"])
    assert why["decision"]["group_id"] == "g1"
    assert why["replay"] == {"equal": True, "differences": []}
    told = {(one["campaign_id"], one["group_id"]): one["outcome"] for one in why["candidates"]}
    assert told == {("c", "g1"): "won", ("c", "g2"): "lost", ("rival", ""): "lost"}
    (served,) = (event for event in shop.events() if event["event"] == "Ad Served")
    assert served["properties"]["group_id"] == "g1"


async def test_a_campaign_has_one_slot_whatever_its_groups(shop):
    show(shop, [order("c"), campaign("rival", 60)], [group("g1", 100), group("g2", 90)])
    ads = await ads_of(shop, {"placements": [{"id": "home", "count": 3}]})
    assert [ad["campaign_id"] for ad in ads] == ["c", "rival"]


async def test_a_campaign_with_creatives_of_its_own_is_a_group_beside_its_groups(shop):
    show(shop, [campaign("c", 50)], [group("g1", 100, targeting=Targeting(channels_any=["app"]))])
    assert [ad["creative"]["id"] for ad in await ads_of(shop, on("app"))] == ["x"]
    assert [ad["creative"]["id"] for ad in await ads_of(shop, on("web"))] == ["c-x"]


async def test_targeting_of_both_holds(shop):
    shop.segments["vip"] = frozenset({"gold"})
    shop.segments["all"] = frozenset({"gold", "silver"})
    show(
        shop,
        [order("c", segments=["gold"], channels=["app", "web"])],
        [group("g", 100, targeting=Targeting(["silver"], ["app", "mini"]))],
    )

    async def shown(user, channel):
        asked = {"placements": [{"id": "home"}], "user": {"id": user}}
        return bool(await ads_of(shop, asked | {"context": {"channel": channel}}))

    assert await shown("all", "app")
    assert not await shown("vip", "app")
    assert not await shown("all", "web")
    assert not await shown("all", "mini")


async def test_why_says_whose_clause_kept_a_group_out(shop):
    in_gd = {"field": "geo.region", "op": "=", "value": "GD"}
    show(shop, [order("c", expression=in_gd), campaign("rival", 20)], [group("g", 100)])
    (ad,) = await ads_of(shop)
    (told,) = (await shop.why(ad["decision_id"], "c"))["candidates"]
    assert (told["group_id"], told["reason"]) == ("g", "expression")
    assert told["clause"]["path"] == "campaign.targeting.expression"


@pytest.mark.parametrize("whose", ["campaign", "group"])
async def test_half_hours_of_the_week(shop, whose):
    """Thursday noon in Shanghai is the 24th half-hour of the fourth day."""
    noon = [ALWAYS.replace("1", "0")] * 7
    noon[3] = "0" * 24 + "1" + "0" * 23
    mine = {"hours": noon}
    show(
        shop,
        [order("c", **(mine if whose == "campaign" else {}))],
        [group("g", 100, **(mine if whose == "group" else {}))],
    )
    assert await ads_of(shop)
    assert not await ads_of(shop, now_us=NOW_US + HOUR_US // 2)
    assert not await ads_of(shop, now_us=NOW_US - 1)


async def test_times_of_both_bound_it(shop):
    show(
        shop,
        [order("c", starts_at="2026-06-18T10:00:00+08:00", ends_at="2026-06-18T13:00:00+08:00")],
        [
            group(
                "g", 100, starts_at="2026-06-18T11:00:00+08:00", ends_at="2026-06-19T00:00:00+08:00"
            )
        ],
    )
    hours = [-2, -1, 0, 1]
    assert [bool(await ads_of(shop, now_us=NOW_US + n * HOUR_US)) for n in hours] == [
        False, True, True, False,
    ]  # fmt: skip


async def test_caps_of_both_hold_each_for_what_it_names(shop):
    show(
        shop,
        [order("c", caps=[Cap("campaign", 3, "day")])],
        [
            group("g1", 100, caps=[Cap("group", 1, "day")]),
            group("g2", 50, creatives=["y"], caps=[Cap("creative", 9, "day")]),
        ],
    )
    shown = [[ad["creative"]["id"] for ad in await ads_of(shop)] for _ in range(5)]
    assert shown == [["x"], ["y"], ["y"], [], []]


async def test_a_cap_of_a_group_leaves_the_other_group(shop):
    show(
        shop,
        [order("c")],
        [group("g1", 100, caps=[Cap("group", 2, "day")]), group("g2", 50, creatives=["y"])],
    )
    ads = [(await ads_of(shop))[0] for _ in range(4)]
    assert [ad["creative"]["id"] for ad in ads] == ["x", "x", "y", "y"]
    why = await shop.why(ads[-1]["decision_id"], "c")
    (capped,) = (one for one in why["candidates"] if one["group_id"] == "g1")
    assert (capped["reason"], capped["cap"]["level"]) == ("frequency", "group")


async def test_the_budget_is_the_campaigns(shop):
    show(shop, [order("c", budget=25)], [group("g1", 20), group("g2", 19, creatives=["y"])])
    asked = [await ads_of(shop) for _ in range(4)]
    assert [len(ads) for ads in asked] == [1, 1, 0, 0]


async def test_groups_bid_in_their_own_ways(shop):
    show(
        shop,
        [order("c")],
        [group("g1", 100, pricing="cpm"), group("g2", 5_000, creatives=["y"], pricing="cpa")],
    )
    (ad,) = await ads_of(shop)
    assert (ad["pricing"], ad["creative"]["id"]) == ("cpa", "y")


def test_a_group_without_its_campaign_or_creatives_does_not_bid():
    assert joined([], [group("g", 100)], [creative("x")]) == []
    assert joined([order("c")], [group("g", 100)], []) == []
    (one,) = joined([order("c")], [group("g", 100, creatives=["gone", "x"])], [creative("x")])
    assert [each.id for each in one.document.creatives] == ["x"]


def test_what_has_not_changed_is_not_compiled_again():
    clause = {"field": "geo.region", "op": "=", "value": "GD"}
    documents = [order("c", expression=clause)], [group("g", 100)], [creative("x")]
    first = snapshot([placement()], joined(*documents))
    second = snapshot([placement()], joined(*documents), before=first)
    assert second.expressions["c/g"] is first.expressions["c/g"]
    other = [order("c", expression=clause | {"value": "GX"})], *documents[1:]
    third = snapshot([placement()], joined(*other), before=second)
    assert third.expressions["c/g"] is not first.expressions["c/g"]


def test_a_creative_document_has_every_field_of_a_campaigns_own():
    document = json.decode(
        b'{"name":"n","title":"t","landing_url":"/a","image_url":"/p","sku":"s"}', CreativeDocument
    )
    assert creative_of("x", document) == Creative("x", "t", "/a", image_url="/p", sku="s")
    fields = [name for name in Creative.__struct_fields__ if name != "id"]
    assert list(CreativeDocument.__struct_fields__) == ["name", *fields]
    for kind in (AD_GROUP, CREATIVE):
        assert msgspec.json.schema(kind.type)["$defs"][kind.type.__name__]["properties"]


GROUP = {"name": "g", "campaign": "c", "placements": ["home"], "bid_minor": 5, "creatives": ["x"]}


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("campaign", {"campaign": ""}),
        ("placements", {"placements": []}),
        ("placements[1]", {"placements": ["a", "a"]}),
        ("creatives", {"creatives": []}),
        ("creatives[1]", {"creatives": ["a", "a"]}),
        ("ends_at", {"starts_at": "2026-06-02T00:00:00Z", "ends_at": "2026-06-01T00:00:00Z"}),
        ("hours", {"hours": [ALWAYS]}),
        ("hours[2]", {"hours": [ALWAYS, ALWAYS, "1", ALWAYS, ALWAYS, ALWAYS, ALWAYS]}),
        ("hours", {"hours": ["0" * 48] * 7}),
        ("targeting.expression", {"targeting": {"expression": {"xor": []}}}),
        ("caps[0].times", {"caps": [{"level": "group", "times": 0, "per": "day"}]}),
        ("budget", {"budget": 5}),
    ],
)
def test_a_wrong_field_is_named(path, changes):
    with pytest.raises(InvalidInput) as refused:
        check_ad_group(json.decode(msgspec.json.encode(GROUP | changes), AdGroup))
    (field,) = refused.value.fields
    assert field.path == path
    assert field.message.zh
    assert field.message.en


def test_a_wrong_creative_is_named():
    with pytest.raises(InvalidInput) as refused:
        check_creative_document(CreativeDocument("n", "t", "javascript:1", image_url="data:x"))
    assert [field.path for field in refused.value.fields] == ["landing_url", "image_url"]


@pytest.mark.parametrize(
    ("placements", "creatives", "path"),
    [(["home"], [], "creatives"), ([], [Creative("x", "t", "/a")], "placements"), ([], [], None)],
)
def test_a_campaign_is_shown_by_itself_or_by_groups(placements, creatives, path):
    document = Campaign("n", "a", placements, 0, "CNY", 100, creatives)
    if path is None:
        check_campaign(document)
        return
    with pytest.raises(InvalidInput) as refused:
        check_campaign(document)
    assert [field.path for field in refused.value.fields] == [path]


@pytest.fixture
def conn(tmp_path):
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    with records.engine.begin() as conn:
        edit = documents.Edit(SYSTEM, NOW_US)
        shown = Campaign("n", "a", [], 0, "CNY", 100, [])
        documents.create(conn, CAMPAIGN, "c", shown, edit)
        for name in ("x", "draft"):
            documents.create(conn, CREATIVE, name, CreativeDocument("n", "t", "/a"), edit)
        documents.transition(conn, CREATIVE, "x", "live", edit)
        yield conn


def test_a_group_goes_live_with_what_it_names(conn):
    check_live_ad_group(group("g", 100).document, conn)


def test_what_a_group_names_and_is_missing_is_told_at_once(conn):
    with pytest.raises(InvalidInput) as refused:
        check_live_ad_group(group("g", 9, of="no", creatives=["x", "none", "draft"]).document, conn)
    told = {field.path: field.message.en for field in refused.value.fields}
    assert list(told) == ["campaign", "creatives[1]", "creatives[2]"]
    assert "publish it first" in told["creatives[2]"]


def test_a_group_cannot_bid_above_its_campaigns_day(conn):
    with pytest.raises(InvalidInput) as refused:
        check_live_ad_group(group("g", 101).document, conn)
    assert [field.path for field in refused.value.fields] == ["bid_minor"]
    check_live_ad_group(group("g", 100_000, pricing="cpm").document, conn)


def test_an_archived_campaign_takes_no_group(conn):
    documents.transition(conn, CAMPAIGN, "c", "archived", documents.Edit(SYSTEM, NOW_US))
    with pytest.raises(InvalidInput):
        check_live_ad_group(group("g", 100).document, conn)


def steered(name, **more):
    strategy = BidStrategy(kind="max_delivery", pacing="even")
    return Campaign(name, "a", [], 0, "CNY", 1_000, [], strategy=strategy, **more)


def test_a_strategy_bids_the_same_share_of_each_groups_bid(shop):
    documents_of = [live("s", steered("s"))]
    groups = [group("g", 100, of="s"), group("h", 50, of="s")]
    controls = {"s": Control("s", UNIT // 2)}
    bids = controlled(joined(documents_of, groups, [creative("x")]), controls)
    assert [(each.group_id, each.document.bid_minor) for each in bids] == [("g", 50), ("h", 25)]


def test_groups_of_a_campaign_that_bids_by_itself_bid_for_the_same(conn):
    documents.create(conn, CAMPAIGN, "s", steered("s"), documents.Edit(SYSTEM, NOW_US))
    check_live_ad_group(group("g", 100, of="s").document, conn)
    with pytest.raises(InvalidInput) as refused:
        check_live_ad_group(group("g", 100, of="s", pricing="cpm").document, conn)
    assert [field.path for field in refused.value.fields] == ["pricing"]
