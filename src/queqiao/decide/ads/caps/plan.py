"""The caps of all live campaigns, turned round: from what was counted to whom it stops.

A decision looks at the few counters that a person has, not at the caps of all campaigns. An object
is counted in a window as soon as any live campaign caps it there, and then for every ad under it:
an advertiser's cap on one campaign counts the ads of all its campaigns.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from msgspec import Struct

from queqiao.decide.ads.caps.counters import KIND_MASK, ROLLING, tag_of
from queqiao.decide.ads.caps.document import LEVELS, LIFETIME, Cap, Level
from queqiao.decide.ads.caps.table import Array

if TYPE_CHECKING:
    from queqiao.decide.ads.contracts import Campaign


class Check(Struct, frozen=True, gc=False):
    """One cap of one campaign or ad group (``campaign_id`` is its name) on an object of that name.

    ``creative_id`` only where it stops one of the campaign's ``creatives``.
    """

    campaign_id: str
    cap: Cap
    name: str
    creative_id: str | None
    creatives: int


class Counting(NamedTuple):
    """Under which tags an ad counts, and how many of each its own campaign allows."""

    tags: tuple[int, ...]
    limits: dict[int, int]


class Plan(Struct, frozen=True):
    """What is counted, and whom each count stops.

    ``least``: what the word of a counter must be above that of an empty one to stop anybody, by
    tag. ``countings``: by campaign and creative, where an ad counts at all. ``capped``: campaigns
    with any cap.
    """

    checks: Mapping[int, tuple[Check, ...]]
    least: Mapping[int, int]
    countings: Mapping[tuple[str, str], Counting]
    capped: frozenset[str]


NO_CAPS = Plan({}, {}, {}, frozenset())
"""No live campaign has a cap."""


def object_of(level: Level, name: str, campaign: "Campaign", creative_id: str) -> str:
    """Return the name of what a level means for an ad of ``name``, a campaign or an ad group of it.

    A campaign without groups is its own and only one. An account is its advertiser.
    """
    campaign_id = name.partition("/")[0]
    if level == "creative":
        return f"{campaign_id}/{creative_id}"
    if level == "group":
        return name
    if level in ("advertiser", "account"):
        return campaign.advertiser
    return campaign_id


def plan(campaigns: Collection[tuple[str, "Campaign"]]) -> Plan:
    """Turn the caps of the live campaigns and ad groups round, each with its name."""
    checks: dict[int, list[Check]] = {}
    counted: dict[tuple[Level, str], dict[int, None]] = {}
    for campaign_id, campaign in campaigns:
        for cap in campaign.caps:
            for creative_id in _creatives(cap, campaign):
                name = object_of(cap.level, campaign_id, campaign, creative_id or "")
                tag = tag_of(cap.level, name, cap.per, rolling=cap.rolling)
                check = Check(campaign_id, cap, name, creative_id, len(campaign.creatives))
                checks.setdefault(tag, []).append(check)
                counted.setdefault((cap.level, name), {})[tag] = None
    return Plan(
        {tag: tuple(found) for tag, found in checks.items()},
        {tag: _least(tag, found) for tag, found in checks.items()},
        _countings(campaigns, counted) if counted else {},
        frozenset(campaign_id for campaign_id, campaign in campaigns if campaign.caps),
    )


def _countings(
    campaigns: Iterable[tuple[str, "Campaign"]],
    counted: Mapping[tuple[Level, str], Mapping[int, None]],
) -> dict[tuple[str, str], Counting]:
    found: dict[tuple[str, str], Counting] = {}
    for campaign_id, campaign in campaigns:
        for creative in campaign.creatives:
            of_level = {
                level: object_of(level, campaign_id, campaign, creative.id) for level in LEVELS
            }
            tags = [tag for one in of_level.items() for tag in counted.get(one, ())]
            limits = {
                tag_of(cap.level, of_level[cap.level], cap.per, rolling=cap.rolling): cap.times
                for cap in campaign.caps
            }
            if tags:
                found[campaign_id, creative.id] = Counting(tuple(tags), limits)
    return found


def _least(tag: int, checks: list[Check]) -> int:
    times = min(check.cap.times for check in checks)
    return times if tag & KIND_MASK >= ROLLING else times << 16


def _creatives(cap: Cap, campaign: "Campaign") -> list[str | None]:
    """Return the creatives that a cap stops one by one; one of None where it stops the campaign."""
    if cap.level != "creative":
        return [None]
    return [creative.id for creative in campaign.creatives]


def gone(campaigns: Iterable[tuple[str, "Campaign"]]) -> Array:
    """Return the tags of what archived campaigns alone have counted for a lifetime, sorted.

    An archived campaign never comes back; its advertiser may go on.
    """
    own: tuple[Level, ...] = ("creative", "group", "campaign")
    tags = {
        tag_of(level, object_of(level, campaign_id, campaign, creative.id), LIFETIME, rolling=False)
        for campaign_id, campaign in campaigns
        for creative in campaign.creatives
        for level in own
    }
    return np.array(sorted(tags), dtype=np.uint64)
