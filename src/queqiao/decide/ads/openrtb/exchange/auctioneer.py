"""One auction: who is asked, what they answer, which bids stand, what the publisher gets."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence

import structlog
from msgspec import Struct

from queqiao.decide.ads.auction import DRAW_BITS
from queqiao.decide.ads.openrtb.bidder import Bidder
from queqiao.decide.ads.openrtb.exchange import events
from queqiao.decide.ads.openrtb.exchange.answering import Auction, answer
from queqiao.decide.ads.openrtb.exchange.asking import Heard, Round
from queqiao.decide.ads.openrtb.exchange.calls.callers import Callers
from queqiao.decide.ads.openrtb.exchange.currencies import AuctionRates
from queqiao.decide.ads.openrtb.exchange.floors import AuctionTerms, Floor, rules_of
from queqiao.decide.ads.openrtb.exchange.hearing import Listener
from queqiao.decide.ads.openrtb.exchange.held import HeldAuctions
from queqiao.decide.ads.openrtb.exchange.hot_state import Market
from queqiao.decide.ads.openrtb.exchange.judging import Blocks
from queqiao.decide.ads.openrtb.exchange.lots import Lot, lot
from queqiao.decide.ads.openrtb.exchange.ranking import Terms, settle
from queqiao.decide.ads.openrtb.exchange.reading import Asked
from queqiao.decide.ads.openrtb.exchange.recording import record
from queqiao.decide.ads.openrtb.exchange.seating import seating
from queqiao.decide.ads.openrtb.exchange.telling import Seat, message, own_request
from queqiao.decide.ads.openrtb.notices import OWN_EXCHANGE, BidNotices
from queqiao.decide.ads.openrtb.rates import Rates
from queqiao.decide.ads.openrtb.response import BidResponse
from queqiao.kernel.errors import SystemFault
from queqiao.kernel.http import Request
from queqiao.kernel.ids import RandomBits, uuid7
from queqiao.kernel.tokens import Signer

log = structlog.get_logger()

TMAX_MS_MAX = 5_000
"""No auction takes longer, whatever a request allows."""


class Place(Struct, frozen=True):
    """What an auction needs beside the request."""

    market: Callable[[], Market]
    placement_floors: Callable[[], Mapping[str, Floor]]
    callers: Callers
    bidder: Bidder
    notices: BidNotices
    records: HeldAuctions
    signer: Signer
    rates: Rates
    random_bits: RandomBits
    network_ms: int


class _Call(Struct, frozen=True):
    """What all seats of an auction are asked with."""

    asked: Asked
    lots: Sequence[Lot]
    wait_ms: int
    base_url: str
    now_us: int


class Auctioneer:
    """Holds auctions."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._background: set[asyncio.Task[None]] = set()
        self._market: Market | None = None

    async def hold(self, asked: Asked, base_url: str, now_us: int) -> BidResponse:
        """Return the response to a request, within its ``tmax``."""
        place = self._place
        draw = place.random_bits(DRAW_BITS)
        rates = AuctionRates(place.rates, asked.prebid.currency)
        lots = self._lots(asked, rates, draw)
        seats = seating(asked, self._market_now(), place.callers, now_us)
        tmax_ms = min(TMAX_MS_MAX, asked.request.tmax or asked.publisher.tmax_ms)
        call = _Call(asked, lots, max(1, tmax_ms - place.network_ms), base_url, now_us)
        heard = await self._ask(call, seats.seats)
        answered = _listener(asked, lots, rates).understand_all(heard)
        bids = [bid for each in answered for bid in each.bids]
        offered = [bid for each in answered for bid in each.offered]
        terms = _terms(asked, lots, draw)
        over = Auction(
            auction_id=uuid7(now_us, place.random_bits),
            asked=asked,
            answered=answered,
            absent=seats.absent,
            bids=bids,
            offered=offered,
            settled=settle(terms, offered),
            tmax_ms=tmax_ms,
            now_us=now_us,
            wants_debug=bool(asked.request.test) or asked.prebid.debug,
        )
        self._learn(over)
        if not asked.request.test:
            place.records.note(record(over, terms), now_us)
        return answer(over, self._events(asked, base_url))

    def _market_now(self) -> Market:
        """Return the market; who has left it is hung up on."""
        market = self._place.market()
        if market is not self._market:
            self._market = market
            self._place.callers.forget_others(market)
        return market

    def _learn(self, over: Auction) -> None:
        """Tell the breakers how calls ended, and our own bidder which of its bids lost."""
        reasons = over.settled.reasons
        liars = {over.offered[number].seat for number, reason in reasons.items() if reason.lie}
        for each in over.answered:
            seat, fault = each.heard.seat, each.fault
            if seat.bidder is not None and (fault is None or fault.is_failure):
                failed = fault is not None or seat.name in liars
                self._place.callers.of(seat.bidder).health.note(over.now_us, failed=failed)
        for number, reason in reasons.items():
            lurl = over.bids[number].lurl
            if over.offered[number].is_own and lurl:
                self._in_background(self._lost(lurl, reason.loss, over.now_us))

    def _lots(self, asked: Asked, rates: AuctionRates, draw: int) -> list[Lot]:
        enforces = asked.publisher.secure_markup == "enforce"
        terms = AuctionTerms(rules_of(asked.prebid.floors, draw), rates, asked.cur, enforces)
        placements = self._place.placement_floors()
        return [lot(asked.request, imp, terms, placements) for imp in asked.request.imp or ()]

    async def _ask(self, call: "_Call", seats: Sequence[Seat]) -> list[Heard]:
        if not seats:
            return []
        place = self._place

        def told(seat: Seat, wait_ms: int) -> bytes:
            return message(call.asked, seat, call.lots, wait_ms)

        async def ask_own(seat: Seat, wait_ms: int) -> BidResponse | None:
            # It takes the way through a network off the time that it is given: here is none.
            request = own_request(call.asked, seat, call.lots, wait_ms + place.network_ms)
            return await place.bidder.bid(
                request, OWN_EXCHANGE, call.base_url, call.now_us, answer_ms_max=wait_ms
            )

        return await Round(place.callers, seats, call.wait_ms).ask(told, ask_own)

    def _events(
        self, asked: Asked, base_url: str
    ) -> Callable[[events.Winner], dict[str, str]] | None:
        wanted = asked.publisher.events or asked.prebid.events not in (None, False)
        if not wanted:
            return None
        return lambda winner: events.addresses(self._place.signer, winner, base_url)

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _lost(self, lurl: str, reason: int, now_us: int) -> None:
        token = lurl.partition("/t/l.")[2].partition("?")[0]
        request = Request("GET", "", {}, {"reason": str(reason)}, {}, b"", "", now_us)
        try:
            await self._place.notices.take("lost", token, request)
        except SystemFault:
            log.debug("what a bid had leased is free when its lease ends")


def _listener(asked: Asked, lots: Sequence[Lot], rates: AuctionRates) -> Listener:
    return Listener(
        asked.request.id or "",
        {each.imp_id: each for each in lots},
        rates,
        asked.cur,
        asked.prebid.bidadjustmentfactors,
    )


def _terms(asked: Asked, lots: Sequence[Lot], draw: int) -> Terms:
    request, prebid = asked.request, asked.prebid
    bids_max = {
        name: rule.maxbids or 1
        for rule in prebid.multibid or ()
        for name in ([rule.bidder] if rule.bidder else rule.bidders or ())
    }
    return Terms(
        cur=asked.cur,
        draw=draw,
        lots=tuple(lots),
        blocks=Blocks(
            tuple(request.bcat or ()), tuple(request.badv or ()), tuple(request.bapp or ())
        ),
        bids_max=bids_max,
        prefer_deals=prebid.targeting is not None and prebid.targeting.preferdeals,
    )
