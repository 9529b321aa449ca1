"""The documents of ads: what is wrong is said at once, by field."""

import msgspec
import pytest

from queqiao.decide.ads.contracts import KINDS, Campaign, Placement, check_campaign, check_placement
from queqiao.kernel import json
from queqiao.kernel.errors import InvalidInput

GOOD = {
    "name": "618 耳机",
    "advertiser": "声阔",
    "placements": ["home"],
    "bid_minor": 120,
    "currency": "CNY",
    "daily_budget_minor": 50_000,
    "targeting": {"segments_any": ["vip"], "channels_any": []},
    "creatives": [{"id": "c1", "title": "降噪耳机", "landing_url": "https://shop.example/p/1"}],
    "starts_at": "2026-06-01T00:00:00+08:00",
    "ends_at": "2026-06-20T00:00:00+08:00",
}


def check(**changes):
    check_campaign(json.decode(msgspec.json.encode({**GOOD, **changes}), Campaign))


def creative(**changes):
    return {**GOOD["creatives"][0], **changes}


def test_a_good_campaign_passes():
    check()
    check(starts_at=None, ends_at=None, targeting={})
    check(creatives=[creative(landing_url="/sale?from=ad", sku="s1")])
    check(strategy={"pacing": "even"})
    check(strategy={"kind": "tcpa", "target_minor": 2_000, "pacing": "predictive"})
    check(strategy={"kind": "troas", "target_return_percent": 400, "pacing": "even"})
    check(strategy={"kind": "max_delivery", "wanted": "click"})


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("currency", {"currency": "XXX"}),
        ("ends_at", {"ends_at": "2026-06-01T00:00:00+08:00"}),
        ("starts_at", {"starts_at": "soon"}),
        ("bid_minor", {"bid_minor": -1}),
        ("bid_minor", {"bid_minor": 1.5}),
        ("daily_budget_minor", {"daily_budget_minor": 119}),
        ("total_budget_minor", {"total_budget_minor": 119}),
        ("placements", {"placements": []}),
        ("placements[1]", {"placements": ["home", "home"]}),
        ("creatives", {"creatives": []}),
        ("creatives[1]", {"creatives": [creative(), creative()]}),
        ("creatives[0].landing_url", {"creatives": [creative(landing_url="javascript:alert(1)")]}),
        ("creatives[0].landing_url", {"creatives": [creative(landing_url="//evil.example")]}),
        ("creatives[0].landing_url", {"creatives": [creative(landing_url="/a\r\nSet-Cookie: b")]}),
        ("creatives[0].image_url", {"creatives": [creative(image_url="data:x")]}),
        ("strategy.target_minor", {"strategy": {"kind": "tcpa"}}),
        ("strategy.target_minor", {"strategy": {"kind": "tcpa", "target_minor": 0}}),
        ("strategy.target_minor", {"strategy": {"kind": "max_gmv", "target_minor": 9}}),
        ("strategy.target_return_percent", {"strategy": {"kind": "troas"}}),
        ("strategy.wanted", {"strategy": {"kind": "max_gmv", "wanted": "click"}}),
        ("strategy.pacing", {"strategy": {"pacing": "predictive"}}),
        ("strategy.kind", {"strategy": {"kind": "best"}}),
        ("pricing", {"strategy": {"kind": "ocpm", "target_minor": 9}}),
        (
            "strategy",
            {
                "sold": "house",
                "bid_minor": 0,
                "daily_budget_minor": 0,
                "strategy": {"pacing": "even"},
            },
        ),
        ("creatives[0].image_height", {"creatives": [creative(image_width=300)]}),
        ("daily_budget_minor", {"sold": "booked", "bid_minor": 0}),
    ],
)
def test_a_wrong_field_is_named(path, changes):
    with pytest.raises(InvalidInput) as refused:
        check(**changes)
    (field,) = refused.value.fields
    assert field.path == path
    assert field.message.zh
    assert field.message.en


def test_what_does_not_bid_has_no_bid():
    with pytest.raises(InvalidInput) as refused:
        check(sold="house")
    assert [field.path for field in refused.value.fields] == ["bid_minor", "daily_budget_minor"]
    check(sold="house", bid_minor=0, daily_budget_minor=0)


def test_all_wrong_fields_are_named_at_once():
    with pytest.raises(InvalidInput) as refused:
        check(currency="XXX", placements=["a", "a"], starts_at="x")
    paths = {field.path for field in refused.value.fields}
    assert paths == {"currency", "placements[1]", "starts_at"}


def test_a_placement_needs_a_known_currency():
    check_placement(Placement("home", 10, "CNY"))
    with pytest.raises(InvalidInput):
        check_placement(Placement("home", 10, "ABC"))


PLACE = {"name": "home", "floor_minor": 10, "currency": "CNY"}
WEEK = ["0" * 48] * 6 + ["1" * 48]


def check_place(**changes):
    check_placement(json.decode(msgspec.json.encode({**PLACE, **changes}), Placement))


def test_a_good_placement_passes():
    check_place(channel="live_room", format="video", sizes=[{"width": 1280, "height": 720}])
    check_place(floors=[{"floor_minor": 11, "hours": WEEK, "segments_any": ["gold"]}])


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("channel", {"channel": "radio"}),
        ("format", {"format": "poster"}),
        ("sizes", {"sizes": [{"width": 300, "height": 250}]}),
        ("sizes", {"format": "product_card", "sizes": [{"width": 300, "height": 250}]}),
        ("sizes[0].width", {"format": "banner", "sizes": [{"width": 0, "height": 250}]}),
        ("sizes[1]", {"format": "banner", "sizes": [{"width": 3, "height": 2}] * 2}),
        ("floors[0].floor_minor", {"floors": [{"floor_minor": 10}]}),
        ("floors[0].hours", {"floors": [{"floor_minor": 20, "hours": ["1" * 48]}]}),
        ("floors[0].hours", {"floors": [{"floor_minor": 20, "hours": ["0" * 48] * 7}]}),
        ("floors[0].hours[6]", {"floors": [{"floor_minor": 20, "hours": [*WEEK[:6], "1"]}]}),
        ("dynamic_floor.max_minor", {"dynamic_floor": {"max_minor": 10}}),
        ("dynamic_floor.explore_percent", {"dynamic_floor": {"explore_percent": 0}}),
        ("blocked_categories[0]", {"blocked_categories": [""]}),
    ],
)
def test_a_wrong_field_of_a_placement_is_named(path, changes):
    with pytest.raises(InvalidInput) as refused:
        check_place(**changes)
    (field,) = refused.value.fields
    assert field.path == path


def test_both_kinds_have_a_json_schema():
    for kind in KINDS:
        assert msgspec.json.schema(kind.type)["$defs"][kind.type.__name__]["properties"]


CAP = {"level": "campaign", "times": 3, "per": "day"}


def test_good_caps_pass():
    check(caps=[CAP, CAP | {"rolling": True}, CAP | {"level": "account", "per": "lifetime"}])


@pytest.mark.parametrize(
    ("path", "caps"),
    [
        ("caps[0].level", [CAP | {"level": "shop"}]),
        ("caps[0].times", [CAP | {"times": 0}]),
        ("caps[0].times", [CAP | {"times": 10_001}]),
        ("caps[0].times", [CAP | {"times": 101, "rolling": True}]),
        ("caps[0].per", [CAP | {"per": "year"}]),
        ("caps[0].rolling", [CAP | {"per": "lifetime", "rolling": True}]),
        ("caps[0].every", [CAP | {"every": 3}]),
        ("caps[1]", [CAP, CAP | {"times": 5}]),
        ("caps", [CAP] * 21),
    ],
)
def test_a_wrong_cap_is_named(path, caps):
    with pytest.raises(InvalidInput) as refused:
        check(caps=caps)
    (field,) = refused.value.fields
    assert field.path == path
