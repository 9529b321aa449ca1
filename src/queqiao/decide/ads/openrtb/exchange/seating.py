"""Who is asked for which impression, and who is named and not asked, with the reason."""

from collections.abc import Iterator

from msgspec import Struct

from queqiao.decide.ads.openrtb.exchange.calls.callers import Callers
from queqiao.decide.ads.openrtb.exchange.contracts import OWN
from queqiao.decide.ads.openrtb.exchange.hearing import PAUSED, ErrorCode, Fault, Status
from queqiao.decide.ads.openrtb.exchange.hot_state import LiveBidder, Market
from queqiao.decide.ads.openrtb.exchange.reading import Asked
from queqiao.decide.ads.openrtb.exchange.telling import Seat
from queqiao.decide.ads.openrtb.request import Imp

UNKNOWN = Fault(
    ErrorCode.BAD_INPUT, Status.NOT_ASKED, "no such bidder is live here; it was left out"
)
NOT_ALLOWED = Fault(
    ErrorCode.BAD_INPUT, Status.NOT_ASKED, "the publisher does not ask this bidder; it was left out"
)
OTHER_MEDIA = Fault(ErrorCode.UNKNOWN, Status.MEDIA, "takes none of the media of the impression")


class Absent(Struct, frozen=True):
    """A name that was not asked, for these impressions, and why."""

    name: str
    imp_ids: tuple[str, ...]
    fault: Fault


class Seating(Struct, frozen=True):
    """The seats that are asked, and the absent."""

    seats: list[Seat]
    absent: list[Absent]


def seating(asked: Asked, market: Market, callers: Callers, now_us: int) -> Seating:
    """Return who is asked."""
    imps = asked.request.imp or []
    named: dict[str, list[int]] = {}
    for place, imp in enumerate(imps):
        for name in _names(imp):
            named.setdefault(name, []).append(place)
    found = Seating([], [])
    for name, places in named.items():
        _seat(found, asked, name, places, (market, callers, now_us))
    return found


def _seat(
    found: Seating,
    asked: Asked,
    name: str,
    places: list[int],
    known: tuple[Market, Callers, int],
) -> None:
    market, callers, now_us = known
    imps = asked.request.imp or []
    bidder, fault = _bidder(asked, market, name)
    if bidder is not None:
        unfit = [place for place in places if not _takes(bidder, imps[place])]
        places = [place for place in places if place not in unfit]
        if unfit:
            found.absent.append(Absent(name, _ids(imps, unfit), OTHER_MEDIA))
        if places and not callers.of(bidder).health.may_ask(now_us):
            fault = PAUSED
    if fault is not None:
        found.absent.append(Absent(name, _ids(imps, places), fault))
    elif places:
        found.seats.append(Seat(name, bidder, tuple(places), _vendor_id(asked, name, bidder)))


def _names(imp: Imp) -> Iterator[str]:
    prebid = imp.ext.prebid if imp.ext is not None else None
    yield from (prebid and prebid.bidder) or ()


def _ids(imps: list[Imp], places: list[int]) -> tuple[str, ...]:
    return tuple(imps[place].id or "" for place in places)


def _bidder(asked: Asked, market: Market, name: str) -> tuple[LiveBidder | None, Fault | None]:
    """Return who is behind a name, None for our own; or why it is not asked."""
    real = (asked.prebid.aliases or {}).get(name, name)
    if asked.publisher.bidders and real not in asked.publisher.bidders:
        return None, NOT_ALLOWED
    if real == OWN:
        return None, None
    bidder = market.bidders.get(real)
    return (None, UNKNOWN) if bidder is None else (bidder, None)


def _takes(bidder: LiveBidder, imp: Imp) -> bool:
    media = bidder.document.media
    return not media or any(getattr(imp, each) is not None for each in media)


def _vendor_id(asked: Asked, name: str, bidder: LiveBidder | None) -> int:
    said = (asked.prebid.aliasgvlids or {}).get(name)
    return said or (bidder.document.tcf_vendor_id if bidder is not None else 0)
