"""Our bidder: from a checked request to bids that are leased in the ledger and are in the log."""

import asyncio
from collections.abc import Callable, Sequence

from msgspec import Struct

from queqiao.decide.ads.auction import DRAW_BITS
from queqiao.decide.ads.budgets import Asked, Shortages
from queqiao.decide.ads.notice_events import new_event
from queqiao.decide.ads.openrtb.answering import Bidding, answer, no_bid
from queqiao.decide.ads.openrtb.notices import lease_key, lease_of
from queqiao.decide.ads.openrtb.offers import Offer, Question, offer
from queqiao.decide.ads.openrtb.privacy import applied, permits
from queqiao.decide.ads.openrtb.rates import Rates
from queqiao.decide.ads.openrtb.request import BidRequest
from queqiao.decide.ads.openrtb.response import BidResponse, NoBidReason
from queqiao.decide.ads.openrtb.shades import UNSHADED, Shades
from queqiao.decide.ads.openrtb.shelf import OFF_SITE, Shelves
from queqiao.decide.ads.openrtb.standing import BidderSettings
from queqiao.decide.ads.openrtb.surroundings import surroundings
from queqiao.decide.ads.targeting.index import Facts
from queqiao.decide.ads.wallets.account import Account
from queqiao.kernel.clock import DEFAULT_ZONE, MINUTE_US, business_day
from queqiao.kernel.errors import Unavailable
from queqiao.kernel.ids import RandomBits, uuid7
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.ledger.base import Ask, Leased, Ledger

LEASE_US = 5 * MINUTE_US
"""How long a bid may be billed from its lease; ``bid.exp`` says so to the exchange."""

ROUNDS_MAX = 3
"""How often an impression is offered again when who bid on it could not pay."""

ANSWER_MS_MAX = 250
"""No answer takes longer, whatever an exchange allows."""

SHORTEST_MS = 2
"""Less time than this is none."""


class BidPlaced(Struct, omit_defaults=True):
    """The properties of ``Ad Bid``: one offer, and by what it was made.

    ``first_price``: the winner pays his bid; ``worth_minor`` is the bid before it was shaded.
    """

    decision_id: str
    exchange: str
    imp_id: str
    campaign_id: str
    creative_id: str
    placement_id: str
    currency: str
    cpm_minor: int
    price: float
    floor: float
    cur: str
    media: str
    revision: int
    click_rate: int
    draw: int
    segments: list[str]
    privacy: tuple[str, ...] = ()
    deal_id: str | None = None
    sku: str | None = None
    first_price: bool = False
    worth_minor: int | None = None


class Bidder:
    """Answers bid requests. Holds no state but who lately could not pay."""

    def __init__(
        self,
        *,
        shelves: Callable[[], Shelves],
        ledger: Ledger,
        event_log: EventLog,
        signer: Signer,
        segments_of: Callable[[str], frozenset[str]],
        random_bits: RandomBits,
        settings: BidderSettings,
        zone: str = DEFAULT_ZONE,
        shades: Callable[[], Shades] = lambda: UNSHADED,
    ) -> None:
        self._shades = shades
        self._shelves = shelves
        self._ledger = ledger
        self._event_log = event_log
        self._signer = signer
        self._segments_of = segments_of
        self._random_bits = random_bits
        self._settings = settings
        self._rates = Rates(settings.rates)
        self._zone = zone
        self._shortages = Shortages()

    async def bid(
        self,
        request: BidRequest,
        exchange: str,
        base_url: str,
        now_us: int,
        *,
        answer_ms_max: int = ANSWER_MS_MAX,
    ) -> BidResponse | None:
        """Return the bids, or None when there are none; in time, or with the reason why not."""
        time_ms = self._time_ms(request, answer_ms_max)
        if time_ms < SHORTEST_MS:
            return no_bid(request, NoBidReason.INSUFFICIENT_TIME)
        try:
            async with asyncio.timeout(time_ms / 1_000):
                return await self._bid(request, exchange, base_url, now_us)
        except TimeoutError:
            return no_bid(request, NoBidReason.INSUFFICIENT_TIME)
        except Unavailable:
            return no_bid(request, NoBidReason.TECHNICAL_ERROR)

    def _time_ms(self, request: BidRequest, answer_ms_max: int) -> int:
        if not request.tmax:
            return answer_ms_max
        return min(answer_ms_max, request.tmax - self._settings.network_ms)

    async def _bid(
        self, request: BidRequest, exchange: str, base_url: str, now_us: int
    ) -> BidResponse | None:
        seat = self._settings.seat
        if (request.wseat and seat not in request.wseat) or seat in (request.bseat or ()):
            return None
        allowed = permits(request, self._settings.tcf_vendor_id)
        request = applied(request, allowed)
        draw = self._random_bits(DRAW_BITS)
        shelves = self._shelves()
        facts = self._facts(request, now_us, asked=shelves.asks)
        question = Question(
            request, facts, seat, self._rates, draw, shelves.standing, exchange, self._shades(),
            shelves.deals,
        )  # fmt: skip
        offers = await self._paid_for(question, shelves)
        if not offers:
            return None
        bidding = Bidding(
            exchange,
            base_url,
            seat,
            business_day(now_us, self._zone),
            LEASE_US // 1_000_000,
            shelves.account_of,
        )
        if not request.test:
            await self._event_log.append(
                [_placed(key, each, question, exchange, allowed.signals) for key, each in offers]
            )
        return answer(request, offers, bidding, self._signer)

    def _facts(self, request: BidRequest, now_us: int, *, asked: bool) -> Facts:
        """Return what is known; ``asked``: whether any expression asks for more."""
        segments = self._segments(request)
        told = surroundings(request, segments, now_us) if asked else None
        return Facts(segments, OFF_SITE, now_us, told)

    def _segments(self, request: BidRequest) -> frozenset[str]:
        """Return the segments that we know of the user, if we may know the user at all."""
        user = request.user
        if user is None or not user.buyeruid:
            return frozenset()
        return self._segments_of(user.buyeruid)

    async def _paid_for(self, question: Question, shelves: Shelves) -> list[tuple[str, Offer]]:
        """Return an offer for each impression that has one, each leased under its id.

        Impressions of one request go to different campaigns where there are enough.
        """
        left = list(question.request.imp or ())
        taken: set[str] = set()
        found: list[tuple[str, Offer]] = []
        for _ in range(ROUNDS_MAX):
            known = self._shortages.known(question.facts.now_us)
            short = shelves.gone.union(known)
            offers: list[tuple[str, Offer]] = []
            for imp in left:
                best = offer(question, shelves, imp, short | taken) or offer(
                    question, shelves, imp, short
                )
                if best is not None:
                    taken.add(best.campaign_id)
                    offers.append((uuid7(question.facts.now_us, self._random_bits), best))
            granted = await self._lease(offers, question, shelves)
            found += granted
            refused = {each.imp.id for _, each in offers} - {each.imp.id for _, each in granted}
            left = [imp for imp in left if imp.id in refused]
            if not left:
                break
        return found

    async def _lease(
        self, offers: Sequence[tuple[str, Offer]], question: Question, shelves: Shelves
    ) -> list[tuple[str, Offer]]:
        """Return the offers whose budget has their price free; a test takes nothing."""
        if question.request.test or not offers:
            return list(offers)
        now_us = question.facts.now_us
        day = business_day(now_us, self._zone)
        asks = [
            _ask(decision_id, each, (day, now_us), shelves.account_of(each.campaign))
            for decision_id, each in offers
        ]
        outcomes = await self._ledger.reserve_many(asks, now_us)
        granted = []
        for pair, outcome in zip(offers, outcomes, strict=True):
            if isinstance(outcome, Leased):
                granted.append(pair)
            else:
                self._shortages.note(pair[1].campaign_id, "budget", now_us)
        return granted


def _ask(decision_id: str, each: Offer, when: tuple[str, int], account: Account | None) -> Ask:
    """Return the lease of one impression: from the day's budget, and the advertiser's account."""
    day, now_us = when
    campaign, most = each.campaign, lease_of(each.cpm_minor)
    asked = Asked(
        each.campaign_id, most, campaign.daily_budget_minor, account, campaign.total_budget_minor
    )
    amounts, limits = asked.claims(most, day)
    return Ask(lease_key(decision_id), amounts, limits, now_us + LEASE_US)


def _placed(
    decision_id: str,
    each: Offer,
    question: Question,
    exchange: str,
    signals: tuple[str, ...],
) -> NewEvent:
    placed = BidPlaced(
        decision_id=decision_id,
        exchange=exchange,
        imp_id=each.imp.id or "",
        campaign_id=each.campaign_id,
        creative_id=each.creative.id,
        placement_id=each.placement_id,
        currency=each.campaign.currency,
        cpm_minor=each.cpm_minor,
        price=each.price,
        floor=each.floor,
        cur=each.cur,
        media=each.fit.media.name.lower(),
        revision=each.entry.bid.revision,
        click_rate=each.entry.bid.click_rate,
        draw=question.draw,
        segments=sorted(question.facts.segments),
        privacy=signals,
        deal_id=each.deal.id if each.deal is not None else None,
        sku=each.creative.sku,
        first_price=question.is_first_price,
        worth_minor=each.worth_minor if each.worth_minor != each.cpm_minor else None,
    )
    return new_event(
        decision_id,
        "Ad Bid",
        placed,
        anonymous_id=None,
        user_id=None,
        channel=exchange,
        now_us=question.facts.now_us,
    )
