"""What is live, frozen: built from documents and counts, swapped whole when any of them changes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, get_args

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.auction import FIRST_SLOT, FULL_PERCENT, Award, Bid, Slot, run
from queqiao.decide.ads.caps.plan import NO_CAPS, Plan, plan
from queqiao.decide.ads.click_rate import Count
from queqiao.decide.ads.contracts import SLOTS_OF_A_PLACE_MAX, Campaign, Placement
from queqiao.decide.ads.inventory.booked import Booked, Bookings, booked_award, taken
from queqiao.decide.ads.inventory.document import Sold
from queqiao.decide.ads.inventory.fitting import fitted, unfit
from queqiao.decide.ads.inventory.floors import Floor, Floors
from queqiao.decide.ads.inventory.reserve_log import NOTHING_LEARNED, Learned
from queqiao.decide.ads.inventory.rivals import Rivals
from queqiao.decide.ads.live import Clause, Live, clauses_of, name_of
from queqiao.decide.ads.odds import Odds
from queqiao.decide.ads.pacing.control import ALWAYS, Shares
from queqiao.decide.ads.promises.standing import ALL_KEPT, Gone, Standing, gone_of
from queqiao.decide.ads.targeting.bits import integer_of
from queqiao.decide.ads.targeting.block import Compiled, compiled
from queqiao.decide.ads.targeting.index import FOREVER_US, Entry, Facts, Index, Reason
from queqiao.decide.ads.targeting.parsing import parse
from queqiao.decide.ads.targeting.tree import Junction
from queqiao.decide.ads.wallets.account import Account
from queqiao.decide.ads.wallets.hot_state import NOBODY, Payers
from queqiao.kernel.clock import DEFAULT_ZONE, parse_rfc3339


class LivePlacement(Struct, frozen=True):
    """One placement with its index. ``unfit`` says why a campaign that names it has no bit.

    ``sold`` has the bits of the campaigns by the way they are sold.
    ``gone`` are the campaigns that rest, here or elsewhere, since what they promise is not there;
    ``gone_bits`` are theirs in the index.
    """

    id: str
    revision: int
    document: Placement
    index: Index
    unfit: Mapping[str, str]
    floors: Floors
    rivals: Rivals
    sold: Mapping[Sold, int]
    gone: Mapping[str, Gone] = MappingProxyType({})
    gone_bits: int = 0
    slots: tuple[Slot, ...] = (FIRST_SLOT,)
    booked: Sequence[Booked] = ()

    def slot(self, number: int) -> Slot:
        """Return a slot of the place, the first is 0."""
        return self.slots[min(number, len(self.slots) - 1)]

    @property
    def segments(self) -> Collection[str]:
        """The segments that any campaign or floor here asks for."""
        return self.floors.segments.union(self.index.segments)

    def choose(
        self, facts: Facts, draw: int, out: Iterable[str] = (), slot: Slot | None = None
    ) -> Award | None:
        """Return the award for a shopper, without the campaigns named in ``out``.

        ``slot`` is one of the place's own, None for its first. Deals take their shares before the
        auction. House campaigns stand where nobody else does, each with the same chance, and pay
        nothing.
        """
        deal = taken(self.deals(facts, out), draw) if self.booked else None
        if deal is not None:
            return booked_award(self.index.entry(deal.campaign_id).bid, deal)
        slot = slot or self.slots[0]
        for sold in IN_TURN:
            if self.sold[sold]:
                floor = self.floor(facts, sold)
                bits = self._reaching(floor, facts, out, sold)
                front = self.index.front(bits, facts.now_us, slot.percent)
                award = run(front, floor.minor, draw, slot)
                if award is not None:
                    return award
        return None

    def deals(self, facts: Facts, out: Iterable[str] = ()) -> list[Booked]:
        """Return the deals that may stand there, in the order in which they are asked."""
        running = [deal for deal in self.booked if deal.runs(facts.now_us)]
        bits = self.match(facts, out, "booked") if running else 0
        there = (entry for entry in self.index.walk(bits) if entry.is_on(facts.now_us))
        may = {entry.bid.campaign_id for entry in there}
        return [deal for deal in running if deal.campaign_id in may]

    def match(self, facts: Facts, out: Iterable[str] = (), sold: Sold = "auction") -> int:
        """Return the bits of the campaigns sold so that may show and reach the floor.

        As in the index, the time window is not in the bits.
        """
        return self._reaching(self.floor(facts, sold), facts, out, sold)

    def _reaching(self, floor: Floor, facts: Facts, out: Iterable[str], sold: Sold) -> int:
        """Return the bits of ``match``. Written for what is rare to cost nothing."""
        bits = self.index.match(facts, out) & self.sold[sold]
        if self.gone_bits:
            bits &= ~self.gone_bits
        if facts.page is not None and (barred := self.rivals.barred(facts.page)):
            bits &= ~barred
        return bits & self.floors.reached(floor)

    def floor(self, facts: Facts, sold: Sold = "auction") -> Floor:
        """Return the floor for a shopper: nothing for what is not sold by auction."""
        return self.floors.at(facts) if sold == "auction" else NO_FLOOR

    def why_not(self, entry: Entry, facts: Facts, sold: Sold = "auction") -> Reason | None:
        """Return what kept an entry out where one sold so won, None when nothing did."""
        reason = self.gone.get(entry.bid.name) or self.index.why_not(entry, facts)
        if reason is not None:
            return reason
        if facts.page is not None and facts.page.bars(entry.campaign):
            return "exclusion"
        if sold == "booked":
            return "not_planned" if entry.campaign.sold == "booked" else "booked"
        if entry.campaign.sold != sold:
            return _NOT_BY[entry.campaign.sold]
        is_low = sold == "auction" and entry.bid.click_minor < self.floors.at(facts).minor
        return "below_floor" if is_low else None


IN_TURN: tuple[Sold, ...] = ("auction", "house")
"""Who is asked first for a slot that no deal takes."""

NO_FLOOR = Floor(0, "floor_minor")
_NOT_BY: Mapping[Sold, Reason] = MappingProxyType(
    {"booked": "not_planned", "house": "house", "auction": "below_floor"}
)
"""Why a campaign that is sold so is not where something sold otherwise stands."""


class LiveExpression(Struct, frozen=True):
    """All expressions of what bids together, and as what they were compiled."""

    clauses: tuple[Clause, ...]
    compiled: Compiled


class AdsSnapshot(Struct, frozen=True):
    """All that a decision reads, and that nothing changes.

    ``campaigns``, ``expressions`` and ``gone`` are by the name of what bids: a campaign, or one of
    its ad groups.
    """

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


def booking(ads: AdsSnapshot, bookings: Bookings) -> AdsSnapshot:
    """Return a snapshot in which deals have their shares of placements."""
    placements = {
        name: _booked(each, bookings.get(name, ())) for name, each in ads.placements.items()
    }
    return replace(ads, placements=MappingProxyType(placements))


def _booked(placement: LivePlacement, deals: Sequence[Booked]) -> LivePlacement:
    """A deal whose campaign does not stand there has nothing to show."""
    position = placement.index.position
    return replace(placement, booked=[deal for deal in deals if deal.campaign_id in position])


def _resting(placement: LivePlacement, gone: Mapping[str, Gone]) -> LivePlacement:
    bits = placement.index.bits_of(gone)
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
    floors: Learned = NOTHING_LEARNED,
) -> AdsSnapshot:
    """Build the hot state from the live documents and what was counted of their ads.

    ``zone`` is that of clauses of time which name none. Expressions that are in the snapshot
    ``before`` are not compiled again. ``shares``: who does not take part in every auction;
    ``floors``: those learned for placements that ask for them.
    """
    before = before or EMPTY
    odds = Odds(counts)
    by_placement: dict[str, list[Live]] = {}
    by_id: dict[str, Campaign] = {}
    expressions: dict[str, LiveExpression] = {}
    for campaign in campaigns:
        name = name_of(campaign)
        expressions |= _expression(campaign, before.expressions.get(name), zone)
        by_id[name] = campaign.document
        for placement_id in campaign.document.placements:
            by_placement.setdefault(placement_id, []).append(campaign)
    live = {
        placement.id: _placement(
            placement,
            by_placement.get(placement.id, []),
            _Known(zone, odds, who_pays, expressions, floors),
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
    """Return the expression by the name of what bids; nothing where it has none."""
    clauses, name = clauses_of(live), name_of(live)
    if not clauses:
        return {}
    if before is None or before.clauses != clauses:
        trees = tuple(parse(clause, path, zone=zone) for path, clause in clauses)
        tree = trees[0] if len(trees) == 1 else Junction("", "and", trees)
        before = LiveExpression(clauses, compiled(name, tree))
    return {name: before}


class _Known(NamedTuple):
    """What is known of campaigns beside their documents."""

    zone: str
    odds: Odds
    who_pays: Payers
    expressions: Mapping[str, LiveExpression]
    floors: Learned


def _placement(
    placement: Live, campaigns: Iterable[Live], known: _Known, before: LivePlacement | None
) -> LivePlacement:
    document: Placement = placement.document
    entries, kept_out = [], {}
    for campaign in campaigns:
        reason = unfit(campaign.document, document) or known.who_pays.unfit(campaign.document)
        bid = known.odds.bid(campaign, placement.id, learns=document.quality == "learned")
        if campaign.document.sold == "auction" and bid.click_minor < document.floor_minor:
            reason = reason or "below_floor"
        if reason is None:
            entry = entry_of(campaign, bid, known.expressions.get(name_of(campaign)))
            entries.append(replace(entry, campaign=fitted(entry.campaign, document)))
        else:
            kept_out[name_of(campaign)] = reason
    index = Index(entries, before.index if before else None)
    return LivePlacement(
        id=placement.id,
        revision=placement.revision,
        document=document,
        index=index,
        unfit=MappingProxyType(kept_out),
        floors=Floors(document, known.zone, index.entries, known.floors.get(placement.id, ())),
        rivals=Rivals(index.entries),
        sold=_sold(index.entries),
        slots=_slots(document),
    )


def _sold(entries: Sequence[Entry]) -> Mapping[Sold, int]:
    ways: tuple[Sold, ...] = get_args(Sold)
    ways_of = np.array([entry.campaign.sold for entry in entries], dtype=str)
    return MappingProxyType({way: integer_of(ways_of == way) for way in ways})


def _slots(placement: Placement) -> tuple[Slot, ...]:
    """Return the slots that a page may ask for, those past the last position like it."""
    shares = list(placement.positions or [FULL_PERCENT])
    shares += shares[-1:] * (SLOTS_OF_A_PLACE_MAX - len(shares))
    return tuple(Slot(placement.auction, at, percent) for at, percent in enumerate(shares))


def entry_of(live: Live, bid: Bid, expression: LiveExpression | None = None) -> Entry:
    """Return what an index holds of a live campaign, with its bid in that place."""
    campaign: Campaign = live.document
    return Entry(
        bid=bid,
        campaign=campaign,
        starts_us=parse_rfc3339(campaign.starts_at) if campaign.starts_at else -FOREVER_US,
        ends_us=parse_rfc3339(campaign.ends_at) if campaign.ends_at else FOREVER_US,
        expression=expression.compiled if expression else None,
    )
