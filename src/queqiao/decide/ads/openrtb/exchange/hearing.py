"""What a seat's reply says: bids as they are judged, or why there are none."""

from collections.abc import Iterable, Mapping
from enum import IntEnum

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.openrtb.check_response import MEDIA
from queqiao.decide.ads.openrtb.exchange.adjusting import Factors, factor_of
from queqiao.decide.ads.openrtb.exchange.asking import Heard
from queqiao.decide.ads.openrtb.exchange.calls.connection import Failure
from queqiao.decide.ads.openrtb.exchange.currencies import AuctionRates
from queqiao.decide.ads.openrtb.exchange.judging import Offered
from queqiao.decide.ads.openrtb.exchange.lots import Lot, Media
from queqiao.decide.ads.openrtb.rates import DEFAULT_CURRENCY
from queqiao.decide.ads.openrtb.response import Bid, BidResponse, MediaType
from queqiao.kernel import json
from queqiao.kernel.errors import CallerError

OWN_PRICE_MAX = 1e9
"""Our own bidder is believed about its prices."""

BIDS_MAX = 500
"""More bids than these in one response are not looked at."""

OK, NO_CONTENT, BAD_REQUEST = 200, 204, 400


class ErrorCode(IntEnum):
    """Codes of ``ext.errors`` and ``ext.warnings``, as Prebid Server has them."""

    TIMEOUT = 1
    BAD_INPUT = 2
    BAD_SERVER_RESPONSE = 3
    FAILED_TO_REQUEST_BIDS = 4
    BIDDER_TEMPORARILY_DISABLED = 5
    UNKNOWN = 999


class Status(IntEnum):
    """Why there is no bid for an impression: IAB's Seat Non Bid list."""

    NO_BID = 0
    ERROR = 100
    TIMEOUT = 101
    INVALID_RESPONSE = 102
    UNREACHABLE = 103
    NOT_ASKED = 200
    MEDIA = 202


class Fault(Struct, frozen=True):
    """What went wrong with a seat: for its errors, and for each of its impressions."""

    code: ErrorCode
    status: Status
    message: str
    is_failure: bool = True


_OF_FAILURE: Mapping[Failure, Fault] = {
    "timeout": Fault(ErrorCode.TIMEOUT, Status.TIMEOUT, "did not answer in time"),
    "unreachable": Fault(
        ErrorCode.FAILED_TO_REQUEST_BIDS, Status.UNREACHABLE, "could not be reached"
    ),
    "forbidden": Fault(
        ErrorCode.FAILED_TO_REQUEST_BIDS,
        Status.UNREACHABLE,
        "its name leads to an address that may not be called",
    ),
    "hung_up": Fault(
        ErrorCode.BAD_SERVER_RESPONSE, Status.UNREACHABLE, "hung up before its answer was whole"
    ),
    "too_large": Fault(
        ErrorCode.BAD_SERVER_RESPONSE, Status.INVALID_RESPONSE, "answered more than may be answered"
    ),
    "garbage": Fault(
        ErrorCode.BAD_SERVER_RESPONSE, Status.INVALID_RESPONSE, "answered what is not HTTP"
    ),
    "encoding": Fault(
        ErrorCode.BAD_SERVER_RESPONSE,
        Status.INVALID_RESPONSE,
        "answered in an encoding that was not asked for, or is broken",
    ),
    "busy": Fault(
        ErrorCode.FAILED_TO_REQUEST_BIDS,
        Status.NOT_ASKED,
        "has as many calls under way as it may have",
        is_failure=False,
    ),
}

PAUSED = Fault(
    ErrorCode.BIDDER_TEMPORARILY_DISABLED,
    Status.NOT_ASKED,
    "failed too often lately; it is asked again in a while",
    is_failure=False,
)

_decoder = msgspec.json.Decoder(BidResponse)


class Answered(Struct):
    """What a seat answered. ``bids`` are as it sent them, ``offered`` as they are judged."""

    heard: Heard
    bids: list[Bid]
    offered: list[Offered]
    fault: Fault | None = None


class Listener(Struct, frozen=True):
    """What replies are understood by."""

    request_id: str
    lots: Mapping[str, Lot]
    rates: AuctionRates
    cur: str
    factors: Factors | None

    def understand_all(self, heard: Iterable[Heard]) -> list[Answered]:
        """Return what the replies say, in their order."""
        return [self.understand(each) for each in heard]

    def understand(self, heard: Heard) -> Answered:
        """Return what a reply says. Nothing that a bidder sends raises."""
        response, fault = self._response(heard)
        if response is None:
            return Answered(heard, [], [], fault)
        fault = self._fault_of(response)
        if fault is not None:
            return Answered(heard, [], [], fault)
        bids = [_mended(bid) for seat in response.seatbid or () for bid in seat.bid or ()]
        cur = response.cur or DEFAULT_CURRENCY
        offered = [self._offered(heard, bid, cur) for bid in bids]
        return Answered(heard, bids, offered)

    def _response(self, heard: Heard) -> tuple[BidResponse | None, Fault | None]:
        reply = heard.reply
        assert reply is not None, "every round ends with a reply of each"
        if reply.failure is not None:
            return None, _OF_FAILURE[reply.failure]
        if heard.own is not None or reply.status == NO_CONTENT:
            return heard.own, None
        if reply.status != OK:
            return None, _bad_status(reply.status)
        return _decoded(reply.body) if reply.body else (None, None)

    def _fault_of(self, response: BidResponse) -> Fault | None:
        """Return what is wrong with a response as a whole."""
        if response.seatbid and response.id != self.request_id:
            return _invalid("its response is for another request")
        if sum(len(seat.bid or ()) for seat in response.seatbid or ()) > BIDS_MAX:
            return _invalid(f"its response has more than {BIDS_MAX} bids")
        for seat in response.seatbid or ():
            for bid in seat.bid or ():
                if not bid.id or not bid.impid or bid.price is None:
                    return _invalid("a bid has no id, impid or price")
        return None

    def _offered(self, heard: Heard, bid: Bid, cur: str) -> Offered:
        seat, bidder = heard.seat, heard.seat.bidder
        document = bidder.document if bidder is not None else None
        is_asked_for = cur == (document.currency if document is not None else self.cur)
        media = self._media(bid)
        own_factor = document.adjustment if document is not None else 1.0
        return Offered(
            seat=seat.name,
            bid_id=bid.id or "",
            imp_id=bid.impid or "",
            price=bid.price or 0.0,
            cur=cur,
            rate=self.rates.rate(cur, self.cur),
            is_cur_asked=is_asked_for,
            price_max=document.price_max if document is not None else OWN_PRICE_MAX,
            factor=factor_of(self.factors, seat.name, media, own_factor),
            media=media,
            deal_id=bid.dealid or None,
            size=(bid.w, bid.h) if bid.w and bid.h else None,
            domains=tuple(bid.adomain or ()),
            categories=tuple(bid.cat or ()),
            attributes=tuple(bid.attr or ()),
            bundle=bid.bundle,
            has_markup=bool(bid.adm or bid.nurl),
            is_secure=_is_secure(bid.adm),
            is_own=document is None,
        )

    def _media(self, bid: Bid) -> Media:
        """Return what a bid is: as it says, else what was asked for, else what it looks like."""
        if bid.mtype in MEDIA:
            return MEDIA_OF[MediaType(bid.mtype)]
        lot = self.lots.get(bid.impid or "")
        asked = lot.media if lot is not None else ()
        if len(asked) == 1:
            return asked[0]
        looks: Media = _looks(bid.adm or "")
        return looks


MEDIA_OF: Mapping[MediaType, Media] = {
    MediaType.BANNER: "banner",
    MediaType.VIDEO: "video",
    MediaType.AUDIO: "audio",
    MediaType.NATIVE: "native",
}


def _decoded(body: bytes) -> tuple[BidResponse | None, Fault | None]:
    try:
        json.check(body)
        return _decoder.decode(body), None
    except msgspec.ValidationError as error:
        return None, _invalid(f"its response is wrong at {json.field_error(error).path or '$'}")
    except (msgspec.DecodeError, UnicodeError, RecursionError, CallerError):
        return None, _invalid("its response is not well-formed JSON")


NUMBERS = ("w", "h", "wratio", "hratio", "exp", "dur")
"""Members of a bid that some send as 0, or below, where they mean nothing by it."""


def _mended(bid: Bid) -> Bid:
    """Return a bid without numbers that mean nothing."""
    idle = [name for name in NUMBERS if (value := getattr(bid, name)) is not None and value <= 0]
    return replace(bid, **dict.fromkeys(idle)) if idle else bid


def _looks(adm: str) -> Media:
    start = adm[:500].lstrip()
    if "<vast" in start.lower():
        return "video"
    return "native" if start.startswith("{") else "banner"


def _is_secure(adm: str | None) -> bool:
    """Say whether markup is safe on a secure page: it names http addresses, and no https one."""
    return (
        not adm or "https:" in adm or "https%3A" in adm or not ("http:" in adm or "http%3A" in adm)
    )


def _bad_status(status: int) -> Fault:
    """Return the fault; that a request is refused is no failure: a page can make one odd."""
    message = f"answered with the status {status}"
    if status == BAD_REQUEST:
        return Fault(ErrorCode.BAD_INPUT, Status.INVALID_RESPONSE, message, is_failure=False)
    return Fault(ErrorCode.BAD_SERVER_RESPONSE, Status.INVALID_RESPONSE, message)


def _invalid(message: str) -> Fault:
    return Fault(ErrorCode.BAD_SERVER_RESPONSE, Status.INVALID_RESPONSE, message)
