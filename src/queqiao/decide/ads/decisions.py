"""Deciding: for each place, the auction among those who may show and can pay; then the record."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.auction import DRAW_BITS, Award, Slot, pick
from queqiao.decide.ads.budgets import Asked, Budgets, Lease, Shortage, counter, promise_of
from queqiao.decide.ads.caps.frequency import Counted, Frequency, Shopper
from queqiao.decide.ads.charging import most_minor
from queqiao.decide.ads.contracts import Campaign, Creative
from queqiao.decide.ads.delivery.steps import template_of
from queqiao.decide.ads.hot_state import AdsSnapshot, LivePlacement
from queqiao.decide.ads.inventory.booked import Booked, taken
from queqiao.decide.ads.inventory.document import Sold
from queqiao.decide.ads.inventory.page import Page
from queqiao.decide.ads.messages import (
    AskedPlacement,
    Decision,
    DecisionRequest,
    DecisionResponse,
    NoFill,
    Tracking,
)
from queqiao.decide.ads.notice_events import Kind, Notice, new_event, path_of
from queqiao.decide.ads.outbox import Outbox
from queqiao.decide.ads.pacing.holding import held_minor
from queqiao.decide.ads.prices import BILLS_ON, PER
from queqiao.decide.ads.promises.standing import shown
from queqiao.decide.ads.served import Auction, Served, record
from queqiao.decide.ads.targeting.context import told_by
from queqiao.decide.ads.targeting.index import Facts, Reason
from queqiao.decide.ads.unfilled import Unfilled, empty_place, unfilled, why_empty
from queqiao.kernel.errors import StorageFull, Unavailable
from queqiao.kernel.ids import RandomBits, uuid7
from queqiao.kernel.text import clean
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import NewEvent

SegmentsOf = Callable[[str], frozenset[str]]
"""Gives the segments of a person, by user id or anonymous id, that ads may know."""


class Won(Struct, frozen=True):
    """An ad that is paid for: what won, and all that went into it."""

    decision_id: str
    placement: LivePlacement
    award: Award
    auction: Auction
    creative: Creative
    creative_number: int
    counted: Counted
    lease: Lease

    @property
    def sold(self) -> Sold:
        """How the campaign came to be shown."""
        return self.placement.index.entry(self.award.bid.name).campaign.sold

    @property
    def deal(self) -> Booked | None:
        """The deal that took the slot."""
        return deal_of(self.auction)


def deal_of(auction: Auction) -> Booked | None:
    """Return the deal that took a slot, None where none did."""
    return taken(auction.deals, auction.draw) if auction.deals else None


class Turn(NamedTuple):
    """One slot that is to be filled, for whom, and what chance gave."""

    hot: AdsSnapshot
    placement: LivePlacement
    slot: Slot
    facts: Facts
    shopper: Shopper
    decision_id: str
    draw: int


class Person(Struct, frozen=True):
    """Who looks and where, as the events will say."""

    anonymous_id: str | None
    user_id: str | None
    channel: str
    url: str


class Decider:
    """Answers ``POST /api/v1/decisions`` from memory.

    It waits for the ledger only where what is held of a campaign's budget is too little.
    """

    def __init__(
        self,
        *,
        hot: Callable[[], AdsSnapshot],
        budgets: Budgets,
        outbox: Outbox,
        signer: Signer,
        segments_of: SegmentsOf,
        random_bits: RandomBits,
        frequency: Frequency,
    ) -> None:
        self._hot = hot
        self._budgets = budgets
        self._outbox = outbox
        self._signer = signer
        self._segments_of = segments_of
        self._random_bits = random_bits
        self._frequency = frequency

    async def decide(self, request: DecisionRequest, now_us: int) -> DecisionResponse:
        """Return the ads, each with its price held in the ledger; their records follow.

        Where the log takes nothing, no ad is shown, as without the ledger: raises StorageFull when
        its disk is full, and says ``log_unavailable`` otherwise.
        """
        try:
            self._outbox.check()
        except Unavailable as error:
            if isinstance(error, StorageFull):
                raise
            return self._without_log(request)
        hot = self._hot()
        person = self._person(request, now_us)
        facts = self._facts(request, person, now_us, asked=bool(hot.expressions))
        shopper = self._shopper(hot, request, person, now_us)
        filled = [await self._fill(hot, each, facts, shopper) for each in request.placements]
        won = [each for ads, _ in filled for each in ads]
        empty = [no_fill for _, no_fill in filled if no_fill is not None]
        self._outbox.put([_served(each, person, now_us) for each in won])
        if empty:
            self._outbox.put(self._unfilled(hot, request, filled, facts, person))
        return DecisionResponse([self._tell(each, person) for each in won], empty)

    def _without_log(self, request: DecisionRequest) -> DecisionResponse:
        known = self._hot().placements
        ids = dict.fromkeys(each.id for each in request.placements)
        empty = [
            NoFill(id_, "log_unavailable" if id_ in known else "unknown_placement") for id_ in ids
        ]
        return DecisionResponse([], empty)

    def _unfilled(
        self,
        hot: AdsSnapshot,
        request: DecisionRequest,
        filled: Sequence[tuple[list[Won], NoFill | None]],
        facts: Facts,
        person: Person,
    ) -> list[NewEvent]:
        """Return the event of what stays empty, if anything does in a place that is live.

        A stranger stays without an id: nothing was shown that a later event could tell of.
        """
        empty = [
            empty_place(hot.placements[asked.id], no_fill.reason, asked.count - len(ads))
            for asked, (ads, no_fill) in zip(request.placements, filled, strict=True)
            if no_fill is not None and asked.id in hot.placements
        ]
        record_id = uuid7(facts.now_us, self._random_bits)
        found = unfilled(record_id, empty, hot.placements, facts)
        if not request.user.anonymous_id:
            person = replace(person, anonymous_id=None)
        return [] if found is None else [_event("Ad Unfilled", found, person, facts.now_us)]

    def _shopper(
        self, hot: AdsSnapshot, request: DecisionRequest, person: Person, now_us: int
    ) -> Shopper:
        """Return whose ads are counted. An id that was made up for a stranger is nobody's."""
        return self._frequency.shopper(
            hot.caps,
            now_us,
            user_id=person.user_id,
            device_id=person.anonymous_id if request.user.anonymous_id else None,
            session_id=request.user.session_id,
        )

    def _facts(
        self, request: DecisionRequest, person: Person, now_us: int, *, asked: bool
    ) -> Facts:
        """Return what is known; ``asked``: whether any expression asks for more."""
        ids = {person.user_id, person.anonymous_id if request.user.anonymous_id else None}
        segments = frozenset().union(*(self._segments_of(each) for each in ids if each))
        told = told_by(request.context, segments, now_us) if asked else None
        device = request.context.device
        device_type = device.type or "" if device is not None else ""
        return Facts(segments, person.channel, now_us, told, device_type, Page())

    def _person(self, request: DecisionRequest, now_us: int) -> Person:
        """A visitor without any id gets one of this request: strangers are not one person."""
        user, context = request.user, request.context
        anonymous_id = user.anonymous_id and clean(user.anonymous_id, "user.anonymous_id", 128)
        if not anonymous_id and not user.id:
            anonymous_id = uuid7(now_us, self._random_bits)
        return Person(
            anonymous_id,
            user.id and clean(user.id, "user.id", 128),
            clean(context.channel, "context.channel", 128),
            clean(context.url, "context.url", 4_000),
        )

    async def _fill(
        self, hot: AdsSnapshot, asked: AskedPlacement, facts: Facts, shopper: Shopper
    ) -> tuple[list[Won], NoFill | None]:
        placement = hot.placements.get(asked.id)
        if placement is None:
            return [], NoFill(asked.id, "unknown_placement")
        won: list[Won] = []
        out: dict[str, Reason] = {**self._budgets.short(facts.now_us)}
        for _ in range(asked.count):
            try:
                slot = placement.slot(len(won))
                each = await self._slot(hot, placement, facts, out, shopper, slot=slot)
            except Unavailable:
                return won, NoFill(asked.id, "ledger_unavailable")
            if each is None:
                return won, NoFill(asked.id, why_empty(placement, facts, out))
            won.append(each)
            out[each.award.bid.campaign_id] = "already_shown"
        return won, None

    async def _slot(
        self,
        hot: AdsSnapshot,
        placement: LivePlacement,
        facts: Facts,
        out: dict[str, Reason],
        shopper: Shopper,
        *,
        slot: Slot,
    ) -> Won | None:
        """Fill one slot; a winner who may not show or cannot pay is left out, and so on."""
        decision_id, draw = uuid7(facts.now_us, self._random_bits), self._random_bits(DRAW_BITS)
        turn = Turn(hot, placement, slot, facts, shopper, decision_id, draw)
        for _ in range(len(placement.index.entries) + 1):
            for capped in shopper.capped:
                out.setdefault(capped, "frequency")
            award = placement.choose(facts, draw, out, slot)
            if award is None:
                return None
            held = hot.shares.held(award, draw)
            if held:
                out.update(dict.fromkeys(held, "pacing"))
                continue
            found = await self._show(turn, award, out)
            if isinstance(found, Won):
                return found
            out[award.bid.name if found == "frequency" else award.bid.campaign_id] = found
        return None

    async def _show(self, turn: Turn, award: Award, out: Mapping[str, Reason]) -> Won | Reason:
        """Draw a creative, count its ad and hold its price, or say what is in the way.

        The ad is counted before its price is held, so that two at once are never one too many.
        """
        shopper, name = turn.shopper, award.bid.name
        campaign = turn.placement.index.entry(name).campaign
        creatives = shown(campaign, shopper.creatives(name, campaign), turn.hot.standing)
        if not creatives:  # what a cap leaves is out of stock
            return "frequency"
        number = pick(len(creatives), turn.draw, name)
        capped, counted = shopper.capped, shopper.count(name, creatives[number].id)
        if counted is None:
            return "frequency"
        auction = record(
            turn.placement,
            turn.facts,
            out,
            turn.draw,
            award,
            slot=turn.slot,
            creatives=len(creatives),
            capped=capped,
            shares=turn.hot.shares,
        )
        deal = deal_of(auction)
        lease: Lease | Shortage = "budget"
        try:
            lease = await self._lease(turn, award, campaign, deal)
        finally:
            if not isinstance(lease, Lease):
                shopper.give_back(counted)
        if not isinstance(lease, Lease):
            return lease
        if turn.facts.page is not None:  # behind the record: an ad is no rival of itself
            turn.facts.page.claim(turn.decision_id, campaign)
        creative = creatives[number]
        return Won(
            turn.decision_id, turn.placement, award, auction, creative, number, counted, lease
        )

    async def _lease(
        self, turn: Turn, award: Award, campaign: Campaign, deal: Booked | None
    ) -> Lease | Shortage:
        """Hold what its notice costs, or say what has too little."""
        bid, now_us = award.bid, turn.facts.now_us
        most = most_minor(award.price_minor, PER[bid.pricing])
        if campaign.sold != "auction" and not most:
            return Lease("", (counter(bid.campaign_id, self._budgets.day(now_us)),))
        if campaign.strategy.pacing != "asap":
            most = held_minor(most, bid)
        account = turn.hot.accounts.get(campaign.advertiser)
        daily_minor = deal.day_minor if deal else campaign.daily_budget_minor
        asked = Asked(
            bid.campaign_id,
            most,
            daily_minor,
            account,
            campaign.total_budget_minor,
            promise_of(deal),
        )
        return self._budgets.take(asked, now_us) or await self._budgets.lease(asked, now_us)

    def _tell(self, won: Won, person: Person) -> Decision:
        paths = {kind: path_of(self._signer, n) for kind, n in _notices(won, person)}
        return Decision(
            decision_id=won.decision_id,
            placement=won.placement.id,
            kind="house" if won.sold == "house" else "ad",
            campaign_id=won.award.bid.campaign_id,
            creative=won.creative,
            price_minor=won.award.price_minor,
            pricing=won.award.bid.pricing,
            slot=won.auction.slot.number,
            currency=won.placement.document.currency,
            tracking=Tracking(**paths, step=template_of(paths["view"])),
        )


def _notices(won: Won, person: Person) -> Iterator[tuple[Kind, Notice]]:
    campaign_id = won.award.bid.campaign_id
    campaign = won.placement.index.entry(won.award.bid.name).campaign
    common: dict[str, Any] = {
        "decision_id": won.decision_id,
        "campaign_id": campaign_id,
        "creative_id": won.creative.id,
        "placement_id": won.placement.id,
        "price_minor": won.award.price_minor,
        "currency": won.placement.document.currency,
        "counter": won.lease.counters[0],
        "also": won.lease.counters[1:],
        "lease": won.lease.key,
        "channel": person.channel,
        "anonymous_id": person.anonymous_id,
        "user_id": person.user_id,
        "sku": won.creative.sku,
        "advertiser": campaign.advertiser,
        "click_days": campaign.attribution.click_days,
        "view_days": campaign.attribution.view_days,
        "bills_on": BILLS_ON[won.award.bid.pricing],
        "per": PER[won.award.bid.pricing],
    }
    kinds: tuple[Kind, ...] = ("impression", "view", "click", "conversion")
    for kind in kinds:
        landing_url = won.creative.landing_url if kind == "click" else ""
        yield kind, Notice(kind=kind, landing_url=landing_url, **common)


def _served(won: Won, person: Person, now_us: int) -> NewEvent:
    properties = Served(
        decision_id=won.decision_id,
        placement_id=won.placement.id,
        campaign_id=won.award.bid.campaign_id,
        group_id=won.award.bid.group_id,
        creative_id=won.creative.id,
        price_minor=won.award.price_minor,
        pricing=won.award.bid.pricing,
        currency=won.placement.document.currency,
        channel=person.channel,
        auction=won.auction,
        creative_number=won.creative_number,
        sku=won.creative.sku,
        url=person.url or None,
        frequency=won.counted if won.counted.counters else None,
        sold=won.sold,
        deal_id=won.deal.deal_id if won.deal else None,
    )
    return _event("Ad Served", properties, person, now_us)


def _event(name: str, properties: Served | Unfilled, person: Person, now_us: int) -> NewEvent:
    return new_event(
        properties.decision_id,
        name,
        properties,
        anonymous_id=person.anonymous_id,
        user_id=person.user_id,
        channel=person.channel,
        now_us=now_us,
    )
