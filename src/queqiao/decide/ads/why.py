"""Why this ad, and why not that one: answered from the record, by running the auction again."""

import asyncio
from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.auction import QUALITY_UNIT, SCORE_UNIT, Bid, rank
from queqiao.decide.ads.caps.frequency import Capped
from queqiao.decide.ads.click_rate import RATE_UNIT
from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.hot_state import LivePlacement
from queqiao.decide.ads.inventory.document import Sold
from queqiao.decide.ads.inventory.page import Page
from queqiao.decide.ads.messages import (
    Replay,
    WhyBecame,
    WhyCandidate,
    WhyCap,
    WhyClause,
    WhyDecision,
    WhyResponse,
)
from queqiao.decide.ads.openrtb.why import BidExplainer
from queqiao.decide.ads.pacing.control import UNIT
from queqiao.decide.ads.served import Clause, Served, clause_of, differences
from queqiao.decide.ads.targeting.index import Entry, Facts
from queqiao.decide.ads.targeting.situation import situation
from queqiao.decide.ads.then import ThenOf
from queqiao.kernel.clock import SECOND_US, format_rfc3339
from queqiao.kernel.envelope import decode_envelope
from queqiao.kernel.errors import Message, NotFound
from queqiao.kernel.ids import time_of_uuid7
from queqiao.ports.event_log.base import EventLog, StoredEvent

YOUNG_US = 5 * SECOND_US
LOOKS, LOOK_EVERY_S = 20, 0.05
"""A record follows its decision by milliseconds; so often it is looked for."""

_UNKNOWN = Message("没有这个决策", "no such decision")
_LOST = Message(
    "做出这个决策的进程还没写下记录就中断了；广告和价格见它的事件",
    "the process that made this decision ended before its record was written; its events have the"
    " ad and the price",
)


ENDINGS = ("viewed", "viewable", "clicked", "billed", "converted", "refunded", "clicked-refused")
"""How the ids of an ad's later events end (``notice_events.py``)."""


class _Cost(Struct):
    """What a later event says that it cost."""

    cost_minor: int | None = None


_costs = msgspec.json.Decoder(_Cost)


class _Mark(Struct):
    """Whether a record was made anew without its auction (``rebuilt.py``)."""

    rebuilt: bool = False


_marks = msgspec.json.Decoder(_Mark)
_properties = msgspec.json.Decoder(Served)


class Explainer:
    """Answers ``GET /api/v1/decisions/{id}/why``."""

    def __init__(self, then: ThenOf, event_log: EventLog) -> None:
        self._then = then
        self._event_log = event_log
        self._bids = BidExplainer(then, event_log)

    async def why(
        self, decision_id: str, now_us: int, campaign_id: str | None = None
    ) -> WhyResponse:
        """Return the decision, its candidates (or the one asked for) and whether it replays.

        A campaign that the record does not list is judged by the documents as they stood then, and
        the answer says so (``recorded`` is false). Raises NotFound for a decision that was not made
        here, and for one whose record was lost with the worker that made it.
        """
        envelope = decode_envelope((await self._record(decision_id, now_us)).body)
        if envelope.event == "Ad Bid":
            return await self._bids.why(envelope, campaign_id)
        if envelope.event != "Ad Served":
            raise NotFound(_UNKNOWN)
        if _marks.decode(envelope.properties).rebuilt:
            raise NotFound(_LOST)
        served = _properties.decode(envelope.properties)
        candidates = list(_candidates(served))
        if campaign_id is not None:
            candidates = [each for each in candidates if each.campaign_id == campaign_id]
            at_us = envelope.timestamp_us
            candidates = candidates or await self._unlisted(served, campaign_id, at_us)
        unequal = differences(served)
        return WhyResponse(
            replace(
                _decision(served, envelope.timestamp_us), became=await self._became(decision_id)
            ),
            candidates,
            served.auction.not_listed,
            Replay(not unequal, unequal),
        )

    async def _became(self, decision_id: str) -> list[WhyBecame]:
        """Return what later events say of the ad."""
        found = []
        for ending in ENDINGS:
            for stored in await self._event_log.find(f"{decision_id}-{ending}", SOURCE):
                envelope = decode_envelope(stored.body)
                cost_minor = _costs.decode(envelope.properties).cost_minor
                at = format_rfc3339(envelope.timestamp_us)
                found.append(WhyBecame(envelope.event or "", at, cost_minor))
        return sorted(found, key=lambda each: each.at)

    async def _record(self, decision_id: str, now_us: int) -> StoredEvent:
        """Return the record of a decision; that of a moment ago may still be on its way."""
        made_us = time_of_uuid7(decision_id)
        is_young = made_us is not None and 0 <= now_us - made_us < YOUNG_US
        for _ in range(LOOKS if is_young else 1):
            found = await self._event_log.find(decision_id, SOURCE)
            if found:
                return found[0]
            if is_young:
                await asyncio.sleep(LOOK_EVERY_S)
        raise NotFound(_UNKNOWN)

    async def _unlisted(self, served: Served, campaign_id: str, at_us: int) -> list[WhyCandidate]:
        """Judge a campaign, or each of its ad groups: by the record where that names it among the
        many, else by the documents as they stood."""
        for reason, names in (served.auction.more or {}).items():
            if campaign_id in names:
                return [replace(_absent(campaign_id, "filtered", reason), recorded=True)]
        placement, state = await self._then(served.placement_id, campaign_id, at_us)
        if placement is None or state is not None:
            return [_absent(campaign_id, "filtered", state or "not_live_in_placement")]
        index, facts = placement.index, _facts(served, at_us)
        found = [
            _unfit(name, reason)
            for name, reason in placement.unfit.items()
            if name.partition("/")[0] == campaign_id
        ]
        found += [
            _judged(entry, facts, _why_not(served, placement, entry, facts))
            for entry in index.walk(index.bits_of([campaign_id]))
        ]
        return found or [_absent(campaign_id, "filtered", "not_live_in_placement")]


def _why_not(served: Served, placement: LivePlacement, entry: Entry, facts: Facts) -> str | None:
    """Return what kept one out; the floor is the one of the record, wherever it came from."""
    reason = placement.why_not(entry, facts, served.sold)
    if reason not in {None, "below_floor"}:
        return reason
    is_low = entry.bid.click_minor < served.auction.floor_minor
    return "below_floor" if is_low and served.sold == "auction" else None


def _unfit(name: str, reason: str) -> WhyCandidate:
    campaign_id, _, group_id = name.partition("/")
    return replace(_absent(campaign_id, "filtered", reason), group_id=group_id)


def _judged(entry: Entry, facts: Facts, reason: str | None) -> WhyCandidate:
    if reason is None:
        found = _absent(entry.bid.campaign_id, "lost", "outranked")
    else:
        clause = clause_of(entry, facts) if reason == "expression" else None
        found = _absent(entry.bid.campaign_id, "filtered", reason, clause)
    return replace(found, group_id=entry.bid.group_id)


def _facts(served: Served, at_us: int) -> Facts:
    """Return what was known then, as far as it was asked for."""
    told = situation(served.auction.attributes or {}, at_us)
    auction = served.auction
    page = Page(auction.page)
    return Facts(frozenset(auction.segments), served.channel, at_us, told, auction.device, page)


def _absent(
    campaign_id: str,
    outcome: Literal["lost", "filtered"],
    reason: str,
    clause: Clause | None = None,
) -> WhyCandidate:
    return WhyCandidate(
        campaign_id, outcome, reason, None, None, 0.0, recorded=False, clause=_clause(clause)
    )


def _clause(clause: Clause | None) -> WhyClause | None:
    return WhyClause(clause.path, clause.seen) if clause else None


def _decision(served: Served, at_us: int) -> WhyDecision:
    return WhyDecision(
        decision_id=served.decision_id,
        at=format_rfc3339(at_us),
        placement=served.placement_id,
        campaign_id=served.campaign_id,
        group_id=served.group_id,
        creative_id=served.creative_id,
        price_minor=served.price_minor,
        currency=served.currency,
        floor_minor=served.auction.floor_minor,
        runner_up=served.auction.runner_up,
        channel=served.channel,
        segments=served.auction.segments,
        draw=served.auction.draw,
        floor_rule=served.auction.floor_rule,
        sold=served.sold,
        deal_id=served.deal_id,
        auction=served.auction.slot.kind,
        slot=served.auction.slot.number,
        slot_percent=served.auction.slot.percent,
        pricing=served.pricing,
    )


def _candidates(served: Served) -> Iterator[WhyCandidate]:
    auction = served.auction
    ranked = rank(auction.bids, auction.draw, auction.slot.percent)
    scores = [score for score, _ in ranked]
    for score, bid in ranked:
        yield _bidder(served, bid, scores.count(scores[0]), is_best=score == scores[0])
    for out in served.auction.out:
        yield WhyCandidate(
            out.campaign_id,
            "filtered",
            out.reason,
            out.bid_minor,
            None,
            0.0,
            group_id=out.group_id,
            cap=_cap(out.cap),
            clause=_clause(out.clause),
            probability=None if out.share_ppm is None else out.share_ppm / UNIT,
        )


def _cap(capped: Capped | None) -> WhyCap | None:
    if capped is None or capped.cap is None:
        return None
    cap, until_us = capped.cap, capped.until_us
    return WhyCap(
        level=cap.level,
        name=capped.name,
        times=cap.times,
        per=cap.per,
        rolling=cap.rolling,
        shown=capped.shown,
        until=None if until_us is None else format_rfc3339(until_us),
    )


def _why_won(sold: Sold, tied: int) -> str:
    if sold != "auction":
        return sold
    return "best_score" if tied == 1 else "won_tie"


def _bidder(served: Served, bid: Bid, tied: int, *, is_best: bool) -> WhyCandidate:
    won = (bid.campaign_id, bid.group_id) == (served.campaign_id, served.group_id)
    lost = "lost_tie" if is_best else "outranked"
    reason = _why_won(served.sold, tied) if won else lost
    return WhyCandidate(
        bid.campaign_id,
        "won" if won else "lost",
        reason,
        bid.bid_minor,
        bid.score / SCORE_UNIT,
        1 / tied if is_best else 0.0,
        pricing=bid.pricing,
        click_rate=bid.click_rate / RATE_UNIT,
        conversion_rate=bid.conversion_rate / RATE_UNIT if bid.is_for_conversions else None,
        quality=bid.quality / QUALITY_UNIT,
        group_id=bid.group_id,
    )
