"""The record of an auction that is over."""

from queqiao.decide.ads.openrtb.exchange.answering import Auction
from queqiao.decide.ads.openrtb.exchange.hearing import Answered
from queqiao.decide.ads.openrtb.exchange.held import Held, SeatRecord, outcome_of
from queqiao.decide.ads.openrtb.exchange.ranking import Terms
from queqiao.decide.ads.openrtb.exchange.seating import Absent


def record(over: Auction, terms: Terms) -> Held:
    """Return what the log keeps of it."""
    reasons, places = outcome_of(over.settled)
    imps = over.asked.request.imp or []
    ids = [imp.id or "" for imp in imps]
    seats = [_seat(each, ids) for each in over.answered]
    return Held(
        decision_id=over.auction_id,
        request_id=over.asked.request.id or "",
        publisher_id=over.asked.publisher_id,
        currency=over.asked.cur,
        tmax_ms=over.tmax_ms,
        terms=terms,
        bids=list(over.offered),
        reasons=reasons,
        places=places,
        seats=seats + [_absent(each) for each in over.absent],
    )


def _seat(each: Answered, ids: list[str]) -> SeatRecord:
    seat, fault = each.heard.seat, each.fault
    real = seat.bidder.name if seat.bidder is not None else seat.name
    return SeatRecord(
        name=seat.name,
        imp_ids=tuple(ids[place] for place in seat.places),
        took_ms=each.heard.took_ms,
        fault=fault.message if fault is not None else None,
        status=int(fault.status) if fault is not None else 0,
        bidder=real if real != seat.name else None,
    )


def _absent(absent: Absent) -> SeatRecord:
    return SeatRecord(
        name=absent.name,
        imp_ids=absent.imp_ids,
        fault=absent.fault.message,
        status=int(absent.fault.status),
    )
