"""The response of an auction: OpenRTB 2.6, with Prebid Server's extensions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.openrtb.exchange.events import Winner
from queqiao.decide.ads.openrtb.exchange.hearing import Answered, ErrorCode, Status
from queqiao.decide.ads.openrtb.exchange.judging import Offered, Reason
from queqiao.decide.ads.openrtb.exchange.keys import Keys, naming
from queqiao.decide.ads.openrtb.exchange.macros import filled
from queqiao.decide.ads.openrtb.exchange.ranking import Settled
from queqiao.decide.ads.openrtb.exchange.reading import Asked
from queqiao.decide.ads.openrtb.exchange.seating import OTHER_MEDIA, Absent
from queqiao.decide.ads.openrtb.response import Bid, BidResponse, MediaType, SeatBid

Events = Callable[[Winner], dict[str, str]]
"""Returns the addresses at which a page tells of a bid."""

MEDIA_TYPE: Mapping[str, MediaType] = {each.name.lower(): each for each in MediaType}

NO_CACHE = (
    "there is no Prebid Cache here: markup comes in the response, whatever ext.prebid.cache says"
)
NO_DEBUG = "debug is not turned on for this publisher"


class Auction(Struct, frozen=True):
    """An auction that is over. ``numbers`` has the number of each seat's first bid."""

    auction_id: str
    asked: Asked
    answered: Sequence[Answered]
    absent: Sequence[Absent]
    bids: Sequence[Bid]
    offered: Sequence[Offered]
    settled: Settled
    tmax_ms: int
    now_us: int
    wants_debug: bool


def answer(auction: Auction, events: Events | None) -> BidResponse:
    """Return the response; without ``events`` bids have no addresses for pages to tell of them."""
    asked = auction.asked
    bids = _Bids(auction, events)
    seats: dict[str, list[Bid]] = {}
    for number, code, is_winner in _told(auction):
        seat = auction.offered[number].seat
        seats.setdefault(seat, []).append(bids.told(number, code, is_winner=is_winner))
    return BidResponse(
        id=asked.request.id,
        bidid=auction.auction_id,
        cur=asked.cur,
        seatbid=[SeatBid(bid=found, seat=seat) for seat, found in seats.items()],
        ext=_ext(auction),
    )


def _told(auction: Auction) -> Iterator[tuple[int, str | None, bool]]:
    """Yield the number of each bid that is passed on, the name it is told under, and if it wins."""
    names = naming(auction.asked.prebid.multibid or ())
    for places in auction.settled.places.values():
        count: dict[str, int] = {}
        for rank, number in enumerate(places):
            seat = auction.offered[number].seat
            count[seat] = count.get(seat, 0) + 1
            yield number, names.code(seat, count[seat]), rank == 0


class _Bids:
    """Bids as they go out; no two of a response have one id."""

    def __init__(self, auction: Auction, events: Events | None) -> None:
        self._auction = auction
        self._events = events
        self._ids: set[str] = set()
        asked = auction.asked
        targeting = asked.prebid.targeting
        self._keys = (
            Keys(
                targeting,
                asked.publisher.price_granularity,
                is_app=asked.request.app is not None,
            )
            if targeting is not None
            else None
        )

    def told(self, number: int, code: str | None, *, is_winner: bool) -> Bid:
        offered = self._auction.offered[number]
        bid = filled(self._auction.bids[number], offered, self._auction.auction_id)
        prebid: dict[str, Any] = {"type": offered.media}
        if self._keys is not None and code is not None:
            prebid["targeting"] = self._keys.of(offered, code, is_winner=is_winner)
        if code is not None and code != offered.seat:
            prebid["targetbiddercode"] = code
        if self._events is not None:
            prebid["events"] = self._events(self._winner(offered))
        ext = {
            **(bid.ext or {}),
            "prebid": prebid,
            "origbidcpm": offered.price,
            "origbidcur": offered.cur,
        }
        return replace(
            bid,
            id=self._unique(offered),
            price=offered.adjusted,
            mtype=int(MEDIA_TYPE[offered.media]),
            ext=ext,
        )

    def _unique(self, offered: Offered) -> str:
        name = offered.bid_id
        while name in self._ids:
            name = f"{offered.seat}-{name}"
        self._ids.add(name)
        return name

    def _winner(self, offered: Offered) -> Winner:
        auction = self._auction
        return Winner(
            auction.auction_id,
            auction.asked.publisher_id,
            offered.imp_id,
            offered.seat,
            offered.bid_id,
            offered.adjusted,
            auction.asked.cur,
            bool(auction.asked.request.test),
        )


def _ext(auction: Auction) -> dict[str, Any]:
    prebid = auction.asked.prebid
    ext: dict[str, Any] = {
        "responsetimemillis": {
            each.heard.seat.name: each.heard.took_ms for each in auction.answered
        },
        "tmaxrequest": auction.tmax_ms,
        "prebid": {"auctiontimestamp": auction.now_us // 1_000},
    }
    errors, warnings = _complaints(auction)
    if errors:
        ext["errors"] = errors
    if warnings:
        ext["warnings"] = warnings
    if prebid.returnallbidstatus:
        ext["seatnonbid"] = non_bids(auction)
    if auction.wants_debug and auction.asked.publisher.debug:
        ext["debug"] = _debug(auction)
    return ext


Complaints = dict[str, list[dict[str, Any]]]


def _complaints(auction: Auction) -> tuple[Complaints, Complaints]:
    """Return what went wrong, and what was done otherwise than asked, by bidder."""
    errors: Complaints = {}
    warnings: Complaints = {}

    def note(kind: Complaints, name: str, code: int, message: str) -> None:
        kind.setdefault(name, []).append({"code": int(code), "message": message})

    for each in auction.answered:
        if each.fault is not None:
            note(errors, each.heard.seat.name, each.fault.code, each.fault.message)
    for absent in auction.absent:
        kind = warnings if absent.fault is OTHER_MEDIA else errors
        note(kind, absent.name, absent.fault.code, absent.fault.message)
    for seat, reason in dict.fromkeys(_lies(auction)):
        message = f"a bid was rejected: {reason.word}"
        note(errors, seat, ErrorCode.BAD_SERVER_RESPONSE, message)
    if auction.asked.prebid.cache:
        note(warnings, "prebid", ErrorCode.UNKNOWN, NO_CACHE)
    if auction.wants_debug and not auction.asked.publisher.debug:
        note(warnings, "prebid", ErrorCode.UNKNOWN, NO_DEBUG)
    return errors, warnings


def _lies(auction: Auction) -> Iterator[tuple[str, Reason]]:
    for number, reason in auction.settled.reasons.items():
        if reason.lie:
            yield auction.offered[number].seat, reason


def non_bids(auction: Auction) -> list[dict[str, Any]]:
    """Return, by seat, the status of each impression without a bid, and of each rejected bid."""
    found: dict[str, list[dict[str, Any]]] = {}
    for absent in auction.absent:
        found.setdefault(absent.name, []).extend(
            {"impid": imp_id, "statuscode": int(absent.fault.status)} for imp_id in absent.imp_ids
        )
    imps = auction.asked.request.imp or []
    for each in auction.answered:
        seat = each.heard.seat
        bid_on = {offered.imp_id for offered in each.offered}
        status = each.fault.status if each.fault is not None else Status.NO_BID
        for place in seat.places:
            if imps[place].id not in bid_on:
                found.setdefault(seat.name, []).append(
                    {"impid": imps[place].id, "statuscode": int(status)}
                )
    for number, reason in auction.settled.reasons.items():
        rejected = _rejected(auction.offered[number], reason)
        found.setdefault(auction.offered[number].seat, []).append(rejected)
    return [{"seat": seat, "nonbid": listed} for seat, listed in found.items()]


def _rejected(bid: Offered, reason: Reason) -> dict[str, Any]:
    told: dict[str, Any] = {
        "price": bid.adjusted,
        "origbidcpm": bid.price,
        "origbidcur": bid.cur,
        "adomain": list(bid.domains) or None,
        "cat": list(bid.categories) or None,
        "dealid": bid.deal_id,
    }
    told = {name: value for name, value in told.items() if value is not None}
    return {
        "impid": bid.imp_id,
        "statuscode": reason.code,
        "ext": {"prebid": {"bid": told, "reason": reason.word}},
    }


DEBUG_BODY_CHARACTERS_MAX = 100_000


def _debug(auction: Auction) -> dict[str, Any]:
    """Return what was said to bidders and by them.

    Header lines and the query of an address are left out: they hold secrets.
    """
    calls: dict[str, list[dict[str, Any]]] = {}
    for each in auction.answered:
        bidder, reply = each.heard.seat.bidder, each.heard.reply
        if bidder is None or reply is None:
            continue
        calls[each.heard.seat.name] = [
            {
                "uri": bidder.document.url.partition("?")[0],
                "requestbody": _text(each.heard.message),
                "responsebody": _text(reply.body),
                "status": reply.status,
            }
        ]
    return {"httpcalls": calls, "resolvedrequest": dict(auction.asked.parts)}


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")[:DEBUG_BODY_CHARACTERS_MAX]
