"""Deciding: for each place, the auction among those who may show and can pay; then the record."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.auction import DRAW_BITS, Award, Slot, pick
from queqiao.decide.ads.budgets import Asked, Budgets, Shortage, counter
from queqiao.decide.ads.caps.frequency import Counted, Frequency, Shopper
from queqiao.decide.ads.charging import most_minor
from queqiao.decide.ads.contracts import Creative
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
from queqiao.decide.ads.pacing.control import Shares
from queqiao.decide.ads.prices import BILLS_ON, PER
from queqiao.decide.ads.promises.standing import Standing, shown
from queqiao.decide.ads.served import Auction, Served, record
from queqiao.decide.ads.targeting.context import told_by
from queqiao.decide.ads.targeting.index import Facts, Reason
from queqiao.decide.ads.unfilled import Unfilled, empty_place, unfilled, why_empty
from queqiao.decide.ads.wallets.account import Account
from queqiao.kernel.errors import StorageFull, Unavailable
from queqiao.kernel.ids import RandomBits, uuid7
from queqiao.kernel.text import clean
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.event_log.deadline import append_soon

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
    account: Account | None
    counted: Counted

    @property
    def sold(self) -> Sold:
        """How the campaign came to be shown."""
        return self.placement.index.entry(self.award.bid.name).campaign.sold

    @property
    def deal(self) -> Booked | None:
        """The deal that took the slot."""
        auction = self.auction
        return taken(auction.deals, auction.draw) if auction.deals else None


class Person(Struct, frozen=True):
    """Who looks and where, as the events will say."""

    anonymous_id: str | None
    user_id: str | None
    channel: str
    url: str


class Decider:
    """Answers ``POST /api/v1/decisions``. Holds no state but who lately could not pay."""

    def __init__(
        self,
        *,
        hot: Callable[[], AdsSnapshot],
        budgets: Budgets,
        event_log: EventLog,
        signer: Signer,
        segments_of: SegmentsOf,
        random_bits: RandomBits,
        frequency: Frequency,
    ) -> None:
        self._hot = hot
        self._budgets = budgets
        self._event_log = event_log
        self._signer = signer
        self._segments_of = segments_of
        self._random_bits = random_bits
        self._frequency = frequency

    async def decide(self, request: DecisionRequest, now_us: int) -> DecisionResponse:
        """Return the ads, each leased in the ledger and on disk in the log.

        Without the log no ad is shown, as without the ledger: what was leased then expires by
        itself. Raises StorageFull when the log's disk is full.
        """
        hot = self._hot()
        person = self._person(request, now_us)
        facts = self._facts(request, person, now_us, asked=bool(hot.expressions))
        shopper = self._shopper(hot, request, person, now_us)
        filled = await asyncio.gather(
            *(self._fill(hot, asked, facts, shopper) for asked in request.placements)
        )
        won = [each for ads, _ in filled for each in ads]
        empty = [no_fill for _, no_fill in filled if no_fill is not None]
        try:
            events = [_served(each, person, now_us) for each in won]
            events += self._unfilled(hot, request, filled, facts, person)
            if events:
                await append_soon(self._event_log, events)
        except StorageFull:
            for each in won:
                shopper.give_back(each.counted)
            raise
        except Unavailable:
            places = dict.fromkeys(each.placement.id for each in won)
            return DecisionResponse([], [NoFill(id_, "log_unavailable") for id_ in places] + empty)
        day = self._budgets.day(now_us)
        return DecisionResponse([self._tell(each, person, day) for each in won], empty)

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
        """Fill one slot; a winner who may not show or cannot pay is left out, and so on.

        The ad is counted before the ledger is asked, so that two at once are never one too many.
        """
        decision_id = uuid7(facts.now_us, self._random_bits)
        draw = self._random_bits(DRAW_BITS)
        for attempt in range(len(placement.index.entries) + 1):
            for capped in shopper.capped:
                out.setdefault(capped, "frequency")
            award = placement.choose(facts, draw, out, slot)
            if award is None:
                return None
            held = hot.shares.held(award, draw)
            if held:
                out.update(dict.fromkeys(held, "pacing"))
                continue
            # Each attempt has a key of its own: a refused key answers its refusal for ever.
            attempt_id = decision_id if not attempt else uuid7(facts.now_us, self._random_bits)
            campaign = placement.index.entry(award.bid.name).campaign
            account = hot.accounts.get(campaign.advertiser) if campaign.sold != "house" else None
            won = self._counted(
                attempt_id,
                placement,
                award,
                facts=facts,
                out=out,
                draw=draw,
                slot=slot,
                account=account,
                shopper=shopper,
                standing=hot.standing,
                shares=hot.shares,
            )
            short = "frequency" if won is None else await self._short(won, facts, shopper)
            if short is None:
                return won
            out[award.bid.name if short == "frequency" else award.bid.campaign_id] = short
        return None

    async def _short(self, won: Won, facts: Facts, shopper: Shopper) -> Shortage | None:
        """Lease what its notice costs, or say what has too little; then the ad is not counted.

        While it waits, rivals of the ad are kept from the page.
        """
        bid, paid = won.award.bid, False
        campaign = won.placement.index.entry(bid.name).campaign
        page = facts.page or Page()
        page.claim(won.decision_id, campaign)
        most = most_minor(won.award.price_minor, PER[bid.pricing])
        if campaign.sold != "auction" and not most:
            return None
        daily_minor = won.deal.day_minor if won.deal else campaign.daily_budget_minor
        asked = Asked(bid.campaign_id, most, daily_minor, won.account)
        try:
            short = await self._budgets.lease(won.decision_id, asked, facts.now_us)
            paid = short is None
        finally:
            if not paid:
                page.release(won.decision_id)
                shopper.give_back(won.counted)
        return short

    def _counted(
        self,
        decision_id: str,
        placement: LivePlacement,
        award: Award,
        *,
        facts: Facts,
        out: dict[str, Reason],
        draw: int,
        slot: Slot,
        account: Account | None,
        shopper: Shopper,
        standing: Standing,
        shares: Shares,
    ) -> Won | None:
        """Draw a creative and count its ad; None when the person may not see it any more."""
        name = award.bid.name
        campaign = placement.index.entry(name).campaign
        creatives = shown(campaign, shopper.creatives(name, campaign), standing)
        if not creatives:  # what a cap leaves is out of stock
            return None
        number = pick(len(creatives), draw, name)
        capped = dict(shopper.capped)
        counted = shopper.count(name, creatives[number].id)
        if counted is None:
            return None
        auction = record(
            placement,
            facts,
            out,
            draw,
            award,
            slot=slot,
            creatives=len(creatives),
            capped=capped,
            shares=shares,
        )
        creative = creatives[number]
        return Won(decision_id, placement, award, auction, creative, number, account, counted)

    def _tell(self, won: Won, person: Person, day: str) -> Decision:
        paths = {kind: path_of(self._signer, n) for kind, n in _notices(won, person, day)}
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


def _notices(won: Won, person: Person, day: str) -> Iterator[tuple[Kind, Notice]]:
    campaign_id = won.award.bid.campaign_id
    campaign = won.placement.index.entry(won.award.bid.name).campaign
    common: dict[str, Any] = {
        "decision_id": won.decision_id,
        "campaign_id": campaign_id,
        "creative_id": won.creative.id,
        "placement_id": won.placement.id,
        "price_minor": won.award.price_minor,
        "currency": won.placement.document.currency,
        "counter": counter(campaign_id, day),
        "also": won.account.counters(day) if won.account is not None else (),
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
