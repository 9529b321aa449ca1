"""Why an auction ended as it did: each bidder's and each bid's fate, from the record, replayed."""

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.openrtb.exchange.held import EVENT, Held, SeatRecord, outcome_of
from queqiao.decide.ads.openrtb.exchange.judging import Reason
from queqiao.decide.ads.openrtb.exchange.ranking import settle
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.envelope import decode_envelope
from queqiao.kernel.errors import Message, NotFound
from queqiao.ports.event_log.base import EventLog

_properties = msgspec.json.Decoder(Held)
_UNKNOWN = Message(
    "没有这场竞价，或记录尚未写下（约需 1 秒）",
    "no such auction, or it is not written yet (within a second)",
)
CODES = {reason.word: reason.code for reason in Reason}


class AuctionBidder(Struct):
    """One bidder: what it was asked for, how long it took, and why it did not answer if it did not.

    ``status`` is of IAB's Seat Non Bid list, 0 when it answered.
    """

    name: str
    imp_ids: list[str]
    took_ms: int
    status: int
    fault: str | None
    bidder: str


class AuctionBid(Struct):
    """One bid. ``price`` is as told, ``adjusted`` as compared, in the auction's currency.

    ``place`` counts from 1 within its impression. ``code`` is of IAB's Seat Non Bid list.
    """

    bidder: str
    bid_id: str
    imp_id: str
    price: float
    currency: str
    adjusted: float
    floor: float | None
    deal_id: str | None
    outcome: Literal["won", "passed_on", "rejected"]
    place: int | None
    reason: str | None
    code: int | None


class AuctionReplay(Struct):
    """Whether the record, judged again, comes to the same; else the bids that differ."""

    equal: bool
    differences: list[str]


class AuctionWhy(Struct):
    """The answer."""

    auction_id: str
    at: str
    request_id: str
    publisher_id: str
    currency: str
    tmax_ms: int
    draw: int
    bidders: list[AuctionBidder]
    bids: list[AuctionBid]
    replay: AuctionReplay


async def why(event_log: EventLog, auction_id: str) -> AuctionWhy:
    """Return what became of each bidder's bids. Raises NotFound for an auction not held here."""
    found = await event_log.find(auction_id, SOURCE)
    envelope = decode_envelope(found[0].body) if found else None
    if envelope is None or envelope.event != EVENT:
        raise NotFound(_UNKNOWN)
    held = _properties.decode(envelope.properties)
    return AuctionWhy(
        auction_id=auction_id,
        at=format_rfc3339(envelope.timestamp_us),
        request_id=held.request_id,
        publisher_id=held.publisher_id,
        currency=held.currency,
        tmax_ms=held.tmax_ms,
        draw=held.terms.draw,
        bidders=[_bidder(seat) for seat in held.seats],
        bids=list(_bids(held)),
        replay=_replay(held),
    )


def _bidder(seat: SeatRecord) -> AuctionBidder:
    return AuctionBidder(
        seat.name,
        list(seat.imp_ids),
        seat.took_ms,
        seat.status,
        seat.fault,
        seat.bidder or seat.name,
    )


def _bids(held: Held) -> Iterator[AuctionBid]:
    place_of = {
        number: place
        for places in held.places.values()
        for place, number in enumerate(places, start=1)
    }
    floors = {lot.imp_id: lot.floor for lot in held.terms.lots}
    for number, bid in enumerate(held.bids):
        reason = held.reasons.get(str(number))
        place = place_of.get(number)
        outcome: Literal["won", "passed_on", "rejected"] = "rejected"
        if reason is None:
            outcome = "won" if place == 1 else "passed_on"
        yield AuctionBid(
            bidder=bid.seat,
            bid_id=bid.bid_id,
            imp_id=bid.imp_id,
            price=bid.price,
            currency=bid.cur,
            adjusted=bid.adjusted,
            floor=floors.get(bid.imp_id),
            deal_id=bid.deal_id,
            outcome=outcome,
            place=place,
            reason=reason,
            code=CODES.get(reason or ""),
        )


def _replay(held: Held) -> AuctionReplay:
    reasons, places = outcome_of(settle(held.terms, held.bids))
    differ = [
        f"bids[{number}]"
        for number in sorted(set(reasons) | set(held.reasons), key=int)
        if reasons.get(number) != held.reasons.get(number)
    ]
    differ += [
        f"places.{imp_id}"
        for imp_id in sorted(set(places) | set(held.places))
        if places.get(imp_id) != held.places.get(imp_id)
    ]
    return AuctionReplay(not differ, differ)
