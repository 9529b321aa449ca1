"""What is live, frozen: built from documents and counts, swapped whole when any of them changes."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from msgspec import Struct

from queqiao.decide.ads.auction import Award, Bid, run
from queqiao.decide.ads.click_rate import ClickRates, Count
from queqiao.decide.ads.contracts import Campaign, Placement
from queqiao.decide.ads.targeting import FOREVER_US, Entry, Facts, Index
from queqiao.kernel.clock import parse_rfc3339


class Live(Protocol):
    """A live document with its id and revision, as the store of documents gives it."""

    @property
    def id(self) -> str:
        """The document's id."""
        ...

    @property
    def revision(self) -> int:
        """Its revision."""
        ...

    @property
    def document(self) -> Any:
        """The Placement or Campaign."""
        ...


class LivePlacement(Struct, frozen=True):
    """One placement with its index. ``unfit`` says why a campaign that names it has no bit."""

    id: str
    revision: int
    document: Placement
    index: Index
    unfit: Mapping[str, str]

    def choose(self, facts: Facts, draw: int, out: Iterable[str] = ()) -> Award | None:
        """Return the award for a shopper, without the campaigns named in ``out``."""
        front = self.index.front(self.index.match(facts, out), facts.now_us)
        return run(front, self.document.floor_minor, draw)


class AdsSnapshot(Struct, frozen=True):
    """All that a decision reads, and that nothing changes."""

    placements: Mapping[str, LivePlacement]
    campaigns: Mapping[str, Campaign]


def snapshot(
    placements: Iterable[Live], campaigns: Iterable[Live], counts: Iterable[Count] = ()
) -> AdsSnapshot:
    """Build the hot state from the live documents and what was counted of their ads."""
    rates = ClickRates(counts)
    by_placement: dict[str, list[Live]] = {}
    by_id: dict[str, Campaign] = {}
    for campaign in campaigns:
        by_id[campaign.id] = campaign.document
        for placement_id in campaign.document.placements:
            by_placement.setdefault(placement_id, []).append(campaign)
    live = {
        placement.id: _placement(placement, by_placement.get(placement.id, []), rates)
        for placement in placements
    }
    return AdsSnapshot(MappingProxyType(live), MappingProxyType(by_id))


EMPTY = AdsSnapshot(MappingProxyType({}), MappingProxyType({}))
"""Nothing is live: what a role starts with."""


def _placement(placement: Live, campaigns: Iterable[Live], rates: ClickRates) -> LivePlacement:
    document: Placement = placement.document
    entries, unfit = [], {}
    for campaign in campaigns:
        reason = _unfit(campaign.document, document)
        if reason is None:
            entries.append(_entry(campaign, rates.of(campaign.id, placement.id)))
        else:
            unfit[campaign.id] = reason
    return LivePlacement(
        placement.id, placement.revision, document, Index(entries), MappingProxyType(unfit)
    )


def _unfit(campaign: Campaign, placement: Placement) -> str | None:
    if campaign.currency != placement.currency:
        return "currency"
    return "below_floor" if campaign.bid_minor < placement.floor_minor else None


def _entry(live: Live, click_rate: int) -> Entry:
    campaign: Campaign = live.document
    return Entry(
        bid=Bid(live.id, live.revision, campaign.bid_minor, click_rate),
        campaign=campaign,
        starts_us=parse_rfc3339(campaign.starts_at) if campaign.starts_at else -FOREVER_US,
        ends_us=parse_rfc3339(campaign.ends_at) if campaign.ends_at else FOREVER_US,
    )
