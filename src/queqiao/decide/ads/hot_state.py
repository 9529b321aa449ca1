"""What is live, frozen: built from documents and counts, swapped whole when any of them changes."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.auction import Award, Bid, run
from queqiao.decide.ads.caps.plan import NO_CAPS, Plan, plan
from queqiao.decide.ads.click_rate import ClickRates, Count
from queqiao.decide.ads.contracts import Campaign, Placement
from queqiao.decide.ads.pacing.control import ALWAYS, Shares
from queqiao.decide.ads.promises.standing import ALL_KEPT, Gone, Standing, gone_of
from queqiao.decide.ads.targeting.block import Compiled, compiled
from queqiao.decide.ads.targeting.index import FOREVER_US, Entry, Facts, Index, Reason
from queqiao.decide.ads.targeting.parsing import parse
from queqiao.decide.ads.wallets.account import Account
from queqiao.decide.ads.wallets.hot_state import NOBODY, Payers
from queqiao.kernel.clock import DEFAULT_ZONE, parse_rfc3339


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
    """One placement with its index. ``unfit`` says why a campaign that names it has no bit.

    ``gone`` are the campaigns that rest, here or elsewhere, since what they promise is not there;
    ``gone_bits`` are theirs in the index.
    """

    id: str
    revision: int
    document: Placement
    index: Index
    unfit: Mapping[str, str]
    gone: Mapping[str, Gone] = MappingProxyType({})
    gone_bits: int = 0

    def match(self, facts: Facts, out: Iterable[str] = ()) -> int:
        """Return the bits of the campaigns that may show, without those named in ``out``."""
        return self.index.match(facts, out) & ~self.gone_bits

    def why_not(self, entry: Entry, facts: Facts) -> Reason | None:
        """Return the first reason that keeps an entry out, None when none does."""
        return self.gone.get(entry.bid.campaign_id) or self.index.why_not(entry, facts)

    def choose(self, facts: Facts, draw: int, out: Iterable[str] = ()) -> Award | None:
        """Return the award for a shopper, without the campaigns named in ``out``."""
        front = self.index.front(self.match(facts, out), facts.now_us)
        return run(front, self.document.floor_minor, draw)


class LiveExpression(Struct, frozen=True):
    """The expression of a campaign, as it was compiled from a revision."""

    revision: int
    compiled: Compiled


class AdsSnapshot(Struct, frozen=True):
    """All that a decision reads, and that nothing changes."""

    placements: Mapping[str, LivePlacement]
    campaigns: Mapping[str, Campaign]
    accounts: Mapping[str, Account] = MappingProxyType({})
    caps: Plan = NO_CAPS
    expressions: Mapping[str, LiveExpression] = MappingProxyType({})
    standing: Standing = ALL_KEPT
    gone: Mapping[str, Gone] = MappingProxyType({})
    shares: Shares = ALWAYS


def keeping(ads: AdsSnapshot, standing: Standing) -> AdsSnapshot:
    """Return a snapshot in which the campaigns rest whose promises cannot be kept just now."""
    gone = gone_of(ads.campaigns, standing)
    if not gone and not ads.gone:
        return replace(ads, standing=standing)
    placements = {name: _resting(each, gone) for name, each in ads.placements.items()}
    return replace(ads, placements=MappingProxyType(placements), standing=standing, gone=gone)


def _resting(placement: LivePlacement, gone: Mapping[str, Gone]) -> LivePlacement:
    position = placement.index.position
    bits = sum(1 << position[name] for name in gone if name in position)
    return replace(placement, gone=gone, gone_bits=bits)


def snapshot(
    placements: Iterable[Live],
    campaigns: Iterable[Live],
    counts: Iterable[Count] = (),
    who_pays: Payers = NOBODY,
    *,
    zone: str = DEFAULT_ZONE,
    before: "AdsSnapshot | None" = None,
    shares: Shares = ALWAYS,
) -> AdsSnapshot:
    """Build the hot state from the live documents and what was counted of their ads.

    ``zone`` is that of clauses of time which name none. Expressions that are in the snapshot
    ``before`` are not compiled again. ``shares``: who does not take part in every auction.
    """
    before = before or EMPTY
    rates = ClickRates(counts)
    by_placement: dict[str, list[Live]] = {}
    by_id: dict[str, Campaign] = {}
    expressions: dict[str, LiveExpression] = {}
    for campaign in campaigns:
        expressions |= _expression(campaign, before.expressions.get(campaign.id), zone)
        by_id[campaign.id] = campaign.document
        for placement_id in campaign.document.placements:
            by_placement.setdefault(placement_id, []).append(campaign)
    live = {
        placement.id: _placement(
            placement,
            by_placement.get(placement.id, []),
            _Known(rates, who_pays, expressions),
            before.placements.get(placement.id),
        )
        for placement in placements
    }
    return AdsSnapshot(
        MappingProxyType(live),
        MappingProxyType(by_id),
        who_pays.accounts,
        plan(by_id.items()),
        expressions,
        shares=shares,
    )


EMPTY = AdsSnapshot(MappingProxyType({}), MappingProxyType({}))
"""Nothing is live: what a role starts with."""


def _expression(live: Live, before: LiveExpression | None, zone: str) -> dict[str, LiveExpression]:
    """Return the expression by the campaign's id; nothing where it has none."""
    expression = live.document.targeting.expression
    if expression is None:
        return {}
    if before is None or before.revision != live.revision:
        tree = parse(expression, "targeting.expression", zone=zone)
        before = LiveExpression(live.revision, compiled(live.id, tree))
    return {live.id: before}


class _Known(NamedTuple):
    """What is known of campaigns beside their documents."""

    rates: ClickRates
    who_pays: Payers
    expressions: Mapping[str, LiveExpression]


def _placement(
    placement: Live, campaigns: Iterable[Live], known: _Known, before: LivePlacement | None
) -> LivePlacement:
    document: Placement = placement.document
    entries, unfit = [], {}
    for campaign in campaigns:
        reason = _unfit(campaign.document, document) or known.who_pays.unfit(campaign.document)
        if reason is None:
            rate = known.rates.of(campaign.id, placement.id)
            entries.append(entry_of(campaign, rate, known.expressions.get(campaign.id)))
        else:
            unfit[campaign.id] = reason
    index = Index(entries, before.index if before else None)
    return LivePlacement(placement.id, placement.revision, document, index, MappingProxyType(unfit))


def _unfit(campaign: Campaign, placement: Placement) -> str | None:
    if campaign.currency != placement.currency:
        return "currency"
    return "below_floor" if campaign.bid_minor < placement.floor_minor else None


def entry_of(live: Live, click_rate: int, expression: LiveExpression | None = None) -> Entry:
    """Return what an index holds of a live campaign, with its click rate in that place."""
    campaign: Campaign = live.document
    return Entry(
        bid=Bid(live.id, live.revision, campaign.bid_minor, click_rate),
        campaign=campaign,
        starts_us=parse_rfc3339(campaign.starts_at) if campaign.starts_at else -FOREVER_US,
        ends_us=parse_rfc3339(campaign.ends_at) if campaign.ends_at else FOREVER_US,
        expression=expression.compiled if expression else None,
    )
