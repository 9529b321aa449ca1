"""Deciding: for each place, the auction among those who may show and can pay; then the record."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from queqiao.decide.ads.auction import DRAW_BITS, Award, pick
from queqiao.decide.ads.budgets import Budgets, counter
from queqiao.decide.ads.contracts import Creative
from queqiao.decide.ads.hot_state import AdsSnapshot, LivePlacement
from queqiao.decide.ads.messages import (
    AskedPlacement,
    Decision,
    DecisionRequest,
    DecisionResponse,
    NoFill,
    NoFillReason,
    Tracking,
)
from queqiao.decide.ads.notices import Kind, Notice, new_event, path_of
from queqiao.decide.ads.served import Auction, Served, record
from queqiao.decide.ads.targeting import Facts, Reason
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
    ) -> None:
        self._hot = hot
        self._budgets = budgets
        self._event_log = event_log
        self._signer = signer
        self._segments_of = segments_of
        self._random_bits = random_bits

    async def decide(self, request: DecisionRequest, now_us: int) -> DecisionResponse:
        """Return the ads, each leased in the ledger and on disk in the log.

        Without the log no ad is shown, as without the ledger: what was leased then expires by
        itself. Raises StorageFull when the log's disk is full.
        """
        hot = self._hot()
        person = self._person(request, now_us)
        facts = self._facts(request, person, now_us)
        filled = await asyncio.gather(
            *(self._fill(hot, asked, facts) for asked in request.placements)
        )
        won = [each for ads, _ in filled for each in ads]
        empty = [no_fill for _, no_fill in filled if no_fill is not None]
        try:
            if won:
                served = [_served(each, person, now_us) for each in won]
                await append_soon(self._event_log, served)
        except StorageFull:
            raise
        except Unavailable:
            places = dict.fromkeys(each.placement.id for each in won)
            return DecisionResponse([], [NoFill(id_, "log_unavailable") for id_ in places] + empty)
        day = self._budgets.day(now_us)
        return DecisionResponse([self._tell(each, person, day) for each in won], empty)

    def _facts(self, request: DecisionRequest, person: Person, now_us: int) -> Facts:
        ids = {person.user_id, person.anonymous_id if request.user.anonymous_id else None}
        segments = [self._segments_of(each) for each in ids if each]
        return Facts(frozenset().union(*segments), person.channel, now_us)

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
        self, hot: AdsSnapshot, asked: AskedPlacement, facts: Facts
    ) -> tuple[list[Won], NoFill | None]:
        placement = hot.placements.get(asked.id)
        if placement is None:
            return [], NoFill(asked.id, "unknown_placement")
        won: list[Won] = []
        out: dict[str, Reason] = dict.fromkeys(self._budgets.short(facts.now_us), "budget")
        for _ in range(asked.count):
            try:
                each = await self._slot(placement, facts, out)
            except Unavailable:
                return won, NoFill(asked.id, "ledger_unavailable")
            if each is None:
                return won, NoFill(asked.id, _empty(placement, facts, out))
            won.append(each)
            out[each.award.bid.campaign_id] = "already_shown"
        return won, None

    async def _slot(
        self, placement: LivePlacement, facts: Facts, out: dict[str, Reason]
    ) -> Won | None:
        """Fill one slot; a winner who cannot pay is left out and the auction is held again."""
        decision_id = uuid7(facts.now_us, self._random_bits)
        draw = self._random_bits(DRAW_BITS)
        for attempt in range(len(placement.index.entries) + 1):
            award = placement.choose(facts, draw, out)
            if award is None:
                return None
            campaign = placement.index.entry(award.bid.campaign_id).campaign
            # Each attempt has a key of its own: a refused key answers its refusal for ever.
            attempt_id = decision_id if not attempt else uuid7(facts.now_us, self._random_bits)
            if await self._budgets.lease(
                attempt_id,
                award.bid.campaign_id,
                award.price_minor,
                campaign.daily_budget_minor,
                facts.now_us,
            ):
                return self._won(attempt_id, placement, award, facts=facts, out=out, draw=draw)
            out[award.bid.campaign_id] = "budget"
        return None

    def _won(
        self,
        decision_id: str,
        placement: LivePlacement,
        award: Award,
        *,
        facts: Facts,
        out: dict[str, Reason],
        draw: int,
    ) -> Won:
        campaign_id = award.bid.campaign_id
        creatives = placement.index.entry(campaign_id).campaign.creatives
        number = pick(len(creatives), draw, campaign_id)
        auction = record(placement, facts, out, draw, award)
        return Won(decision_id, placement, award, auction, creatives[number], number)

    def _tell(self, won: Won, person: Person, day: str) -> Decision:
        paths = {kind: path_of(self._signer, n) for kind, n in _notices(won, person, day)}
        return Decision(
            decision_id=won.decision_id,
            placement=won.placement.id,
            kind="ad",
            campaign_id=won.award.bid.campaign_id,
            creative=won.creative,
            price_minor=won.award.price_minor,
            currency=won.placement.document.currency,
            tracking=Tracking(**paths),
        )


def _empty(placement: LivePlacement, facts: Facts, out: dict[str, Reason]) -> NoFillReason:
    if not placement.index.entries:
        return "no_campaign"
    without_budget = [campaign_id for campaign_id, reason in out.items() if reason == "budget"]
    asked = placement.index.match(facts, set(out).difference(without_budget))
    return "budget" if placement.index.front(asked, facts.now_us) else "no_match"


def _notices(won: Won, person: Person, day: str) -> Iterator[tuple[Kind, Notice]]:
    campaign_id = won.award.bid.campaign_id
    common: dict[str, Any] = {
        "decision_id": won.decision_id,
        "campaign_id": campaign_id,
        "creative_id": won.creative.id,
        "placement_id": won.placement.id,
        "price_minor": won.award.price_minor,
        "currency": won.placement.document.currency,
        "counter": counter(campaign_id, day),
        "channel": person.channel,
        "anonymous_id": person.anonymous_id,
        "user_id": person.user_id,
        "sku": won.creative.sku,
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
        creative_id=won.creative.id,
        price_minor=won.award.price_minor,
        currency=won.placement.document.currency,
        channel=person.channel,
        auction=won.auction,
        creative_number=won.creative_number,
        sku=won.creative.sku,
        url=person.url or None,
    )
    return new_event(
        won.decision_id,
        "Ad Served",
        properties,
        anonymous_id=person.anonymous_id,
        user_id=person.user_id,
        channel=person.channel,
        now_us=now_us,
    )
