"""Why we bid so in another exchange, and what became of the bid.

The request of the exchange is not kept: of what it blocked or asked for, only what its bid says is
known. Of other campaigns the documents of then tell most, and the rest is said to be not known.
"""

from typing import Literal

import msgspec

from queqiao.decide.ads.click_rate import RATE_UNIT
from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.messages import (
    Replay,
    WhyBecame,
    WhyCandidate,
    WhyDecision,
    WhyResponse,
)
from queqiao.decide.ads.openrtb.bidder import BidPlaced
from queqiao.decide.ads.openrtb.notices import EVENTS, BidOutcome
from queqiao.decide.ads.openrtb.shelf import OFF_SITE, bids_elsewhere, cpm_minor
from queqiao.decide.ads.targeting.index import Entry, Facts
from queqiao.decide.ads.then import ThenOf
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.ports.event_log.base import EventLog

_placed = msgspec.json.Decoder(BidPlaced)
_outcomes = msgspec.json.Decoder(BidOutcome)


class BidExplainer:
    """Answers why of ``Ad Bid``."""

    def __init__(self, then: ThenOf, event_log: EventLog) -> None:
        self._then = then
        self._event_log = event_log

    async def why(self, envelope: Envelope, campaign_id: str | None) -> WhyResponse:
        """Return the bid, whose it was (or the fate of the campaign that is asked for), and what
        became of it. It replays where its price reaches the floor that it was asked for."""
        placed = _placed.decode(envelope.properties)
        became = await self._became(placed.decision_id)
        candidates = [_winner(placed)]
        if campaign_id not in {None, placed.campaign_id}:
            candidates = await self._other(placed, str(campaign_id), envelope.timestamp_us)
        unequal = [] if placed.price >= placed.floor else ["floor"]
        decision = _decision(placed, envelope.timestamp_us, became)
        return WhyResponse(decision, candidates, 0, Replay(not unequal, unequal))

    async def _became(self, decision_id: str) -> list[WhyBecame]:
        found = []
        for told, event in EVENTS.items():
            for stored in await self._event_log.find(f"{decision_id}-{told}", SOURCE):
                envelope = decode_envelope(stored.body)
                outcome = _outcomes.decode(envelope.properties)
                at = format_rfc3339(envelope.timestamp_us)
                found.append(
                    WhyBecame(event, at, outcome.cost_minor, outcome.cpm_minor, outcome.reason)
                )
        return sorted(found, key=lambda each: each.at)

    async def _other(self, placed: BidPlaced, campaign_id: str, at_us: int) -> list[WhyCandidate]:
        """Judge another campaign by its documents of then, in the place that the request named."""
        placement, state = await self._then(placed.placement_id, campaign_id, at_us)
        if state is not None:
            return [_absent(campaign_id, state)]
        if placement is None:  # the request named no place of ours
            return [_absent(campaign_id, "not_known")]
        index = placement.index
        facts = Facts(frozenset(placed.segments), OFF_SITE, at_us)
        entries = list(index.walk(index.bits_of([campaign_id])))
        found = [_judged(placed, entry, index.why_not(entry, facts)) for entry in entries]
        return found or [_absent(campaign_id, "not_live_in_placement")]


def _judged(placed: BidPlaced, entry: Entry, reason: str | None) -> WhyCandidate:
    name = entry.bid.campaign_id
    if not bids_elsewhere(entry.campaign):
        return _absent(name, "not_in_exchanges")
    if reason == "expression":  # what the request said is not kept
        return _absent(name, "not_known")
    if reason is not None:
        return _absent(name, reason)
    outranked = cpm_minor(entry) < (placed.worth_minor or placed.cpm_minor)
    return _absent(name, "outranked" if outranked else "not_known")


def _absent(campaign_id: str, reason: str) -> WhyCandidate:
    outcome: Literal["lost", "filtered"] = "lost" if reason == "outranked" else "filtered"
    return WhyCandidate(campaign_id, outcome, reason, None, None, 0.0, recorded=False)


def _winner(placed: BidPlaced) -> WhyCandidate:
    return WhyCandidate(
        placed.campaign_id,
        "won",
        "best_score",
        placed.worth_minor or placed.cpm_minor,
        (placed.worth_minor or placed.cpm_minor) / 1_000,
        1.0,
        pricing="cpm",
        click_rate=placed.click_rate / RATE_UNIT,
    )


def _decision(placed: BidPlaced, at_us: int, became: list[WhyBecame]) -> WhyDecision:
    floor = placed.cpm_minor * placed.floor / placed.price if placed.price else 0.0
    return WhyDecision(
        decision_id=placed.decision_id,
        at=format_rfc3339(at_us),
        placement=placed.placement_id,
        campaign_id=placed.campaign_id,
        creative_id=placed.creative_id,
        price_minor=placed.cpm_minor,
        currency=placed.currency,
        floor_minor=round(floor),
        runner_up=None,
        channel=placed.exchange,
        segments=placed.segments,
        draw=placed.draw,
        floor_rule="request",
        auction="first_price" if placed.first_price else "second_price",
        pricing="cpm",
        deal_id=placed.deal_id,
        exchange=placed.exchange,
        became=became,
    )
