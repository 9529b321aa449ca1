"""From documents to what bids: a campaign with its own creatives, and each of its ad groups.

A group is shown as a campaign of its own in which what both documents say holds: the group's
placements, bid and creatives, the campaign's budget, advertiser and promises, and the targeting,
hours, times and caps of both.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from queqiao.decide.ads.caps.document import Cap
from queqiao.decide.ads.checks import hours_clause
from queqiao.decide.ads.contracts import Campaign, Targeting
from queqiao.decide.ads.groups.document import AdGroup, creative_of
from queqiao.decide.ads.live import Bidding, Clause, Live, clauses_of
from queqiao.kernel.clock import parse_rfc3339


def joined(
    campaigns: Iterable[Live], groups: Iterable[Live] = (), creatives: Iterable[Live] = ()
) -> list[Bidding]:
    """Return what bids, of live documents. A group whose campaign is not live does not."""
    library = {each.id: each.document for each in creatives}
    of_campaign: dict[str, list[Live]] = {}
    for group in groups:
        of_campaign.setdefault(group.document.campaign, []).append(group)
    return [
        each
        for campaign in campaigns
        for each in _of_campaign(campaign, of_campaign.get(campaign.id, ()), library)
    ]


def _of_campaign(
    live: Live, groups: Iterable[Live], library: Mapping[str, Any]
) -> Iterator[Bidding]:
    campaign: Campaign = live.document
    if campaign.creatives:
        yield Bidding(live.id, live.revision, campaign, clauses=clauses_of(live))
    for group in groups:
        document = _both(campaign, group.document, library)
        if document.creatives:
            clauses = tuple(_clauses_of_both(campaign, group.document))
            yield Bidding(live.id, group.revision, document, group.id, clauses)


def _both(campaign: Campaign, group: AdGroup, library: Mapping[str, Any]) -> Campaign:
    quality = group.quality_percent
    return replace(
        campaign,
        placements=group.placements,
        bid_minor=group.bid_minor,
        pricing=group.pricing,
        creatives=[creative_of(each, library[each]) for each in group.creatives if each in library],
        targeting=_targeting(campaign.targeting, group.targeting),
        starts_at=_bound(max, campaign.starts_at, group.starts_at),
        ends_at=_bound(min, campaign.ends_at, group.ends_at),
        caps=_caps([*campaign.caps, *group.caps]),
        quality_percent=campaign.quality_percent if quality is None else quality,
    )


def _targeting(campaign: Targeting, group: Targeting) -> Targeting:
    """Return the lists that the index looks up; where both have one, the other is a clause."""
    return Targeting(
        group.segments_any or campaign.segments_any,
        group.channels_any or campaign.channels_any,
        group.expression,
    )


def _clauses_of_both(campaign: Campaign, group: AdGroup) -> Iterator[Clause]:
    yield from _clauses("", group.targeting, group.hours)
    yield from _clauses("campaign.", campaign.targeting, campaign.hours)
    for field, ours, theirs in (
        ("segments", campaign.targeting.segments_any, group.targeting.segments_any),
        ("channel", campaign.targeting.channels_any, group.targeting.channels_any),
    ):
        if ours and theirs:
            name = "segments_any" if field == "segments" else "channels_any"
            clause = {"field": field, "op": "one_of", "value": ours}
            yield f"campaign.targeting.{name}", clause


def _clauses(prefix: str, targeting: Targeting, hours: list[str]) -> Iterator[Clause]:
    if targeting.expression is not None:
        yield f"{prefix}targeting.expression", targeting.expression
    if hours:
        yield f"{prefix}hours", hours_clause(hours)


def _bound(choose: Any, *moments: str | None) -> str | None:
    said = [each for each in moments if each]
    return choose(said, key=parse_rfc3339) if said else None


def _caps(caps: list[Cap]) -> list[Cap]:
    """Return the caps, the smaller one where two count the same."""
    found: dict[tuple[str, str, bool], Cap] = {}
    for cap in caps:
        key = (cap.level, cap.per, cap.rolling)
        if key not in found or cap.times < found[key].times:
            found[key] = cap
    return list(found.values())
