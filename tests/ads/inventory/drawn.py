"""Placements and campaigns as the golden cases write them."""

import msgspec
from tests.ads.shop import campaign, live

from queqiao.decide.ads.click_rate import Count
from queqiao.decide.ads.contracts import Campaign, Creative, Placement, check_placement


def placement_of(name, said):
    rules = [_rule(dict(rule)) for rule in said.get("floors", [])]
    base = {"name": name, "floor_minor": 10, "currency": "CNY"}
    document = msgspec.convert({**base, **said, "floors": rules}, Placement)
    check_placement(document)
    return live(name, document)


def _rule(said):
    """``days`` is short for ``hours``: half-hours from and until, by the day from Monday."""
    days = said.pop("days", None)
    if days is not None:
        spans = [days.get(str(day), [0, 0]) for day in range(7)]
        said["hours"] = ["0" * a + "1" * (b - a) + "0" * (48 - b) for a, b in spans]
    return said


def campaign_of(name, said):
    said = dict(said)
    said.pop("clicks", None)
    drawn = [
        msgspec.convert({"id": f"{name}-{at}", "title": "t", "landing_url": "/p", **each}, Creative)
        for at, each in enumerate(said.pop("creatives", [{}]))
    ]
    found = campaign(name, said.pop("bid"), creatives=drawn, **said)
    return live(name, msgspec.convert(msgspec.to_builtins(found.document), Campaign))


def counts_of(campaigns):
    return [
        Count(name, "home", 1_000, said["clicks"])
        for name, said in campaigns.items()
        if "clicks" in said
    ]
