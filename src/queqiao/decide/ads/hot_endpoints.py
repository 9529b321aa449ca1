"""The hot endpoints of ads: decisions and their why on ``decide``, notices on ``intake``."""

from collections.abc import Callable

from msgspec import Struct

from queqiao.decide.ads.budgets import Budgets
from queqiao.decide.ads.caps.frequency import Frequency
from queqiao.decide.ads.caps.store import people_in_memory
from queqiao.decide.ads.decisions import Decider, SegmentsOf
from queqiao.decide.ads.delivery.conversion_endpoints import NoteOf
from queqiao.decide.ads.delivery.conversions import Conversions
from queqiao.decide.ads.delivery.steps import step_in
from queqiao.decide.ads.hot_state import AdsSnapshot
from queqiao.decide.ads.messages import DecisionRequest, DecisionResponse, WhyResponse
from queqiao.decide.ads.notice_events import Notice
from queqiao.decide.ads.notices import Notices
from queqiao.decide.ads.openrtb.exchange.events import AuctionEvents, happened_in
from queqiao.decide.ads.openrtb.notices import BidNotices, told_in
from queqiao.decide.ads.openrtb.rates import DEFAULT_RATES, Rates
from queqiao.decide.ads.outbox import Outbox
from queqiao.decide.ads.then import ThenOf, as_now
from queqiao.decide.ads.traffic.watch import Watch
from queqiao.decide.ads.why import Explainer
from queqiao.kernel.clock import DEFAULT_ZONE
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.ids import RandomBits
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger

REQUEST_BYTES_MAX = 64_000


class AdsServices(Struct, frozen=True):
    """What the decision routes need. ``hot`` gives the snapshot of this moment.

    Without ``frequency`` caps are counted in this process alone, until it ends. ``budgets`` and
    ``outbox`` are the process's own: it tidies them and closes them at its end. Without ``then``
    documents are taken to have stood as they do now.
    """

    hot: Callable[[], AdsSnapshot]
    budgets: Budgets
    outbox: Outbox
    event_log: EventLog
    signer: Signer
    segments_of: SegmentsOf
    random_bits: RandomBits
    zone: str = DEFAULT_ZONE
    frequency: Frequency | None = None
    then: ThenOf | None = None


class NoticeServices(Struct, frozen=True):
    """What the notice route needs."""

    ledger: Ledger
    event_log: EventLog
    signer: Signer
    watch: Watch[Notice] | None = None
    rates: Rates = Rates(DEFAULT_RATES)


def decider_of(services: AdsServices) -> Decider:
    """Return what decides, for all that ask in this process."""
    return Decider(
        hot=services.hot,
        budgets=services.budgets,
        outbox=services.outbox,
        signer=services.signer,
        segments_of=services.segments_of,
        random_bits=services.random_bits,
        frequency=services.frequency or Frequency(people_in_memory(services.zone), b""),
    )


def routes(services: AdsServices, decider: Decider | None = None) -> list[Route]:
    """Return the routes of the ``decide`` role."""
    decider = decider or decider_of(services)
    explainer = Explainer(services.then or as_now(services.hot), services.event_log)

    async def decide(request: Request) -> Response:
        question = request.decode(DecisionRequest, REQUEST_BYTES_MAX)
        return json_response(await decider.decide(question, request.now_us))

    async def why(request: Request) -> Response:
        campaign_id = request.query.get("campaign")
        decision_id = request.params["id"]
        return json_response(await explainer.why(decision_id, request.now_us, campaign_id))

    return [
        Route(
            "POST",
            "/api/v1/decisions",
            decide,
            Message("为广告位选择广告", "Choose ads for placements"),
            scope="decide",
            request_type=DecisionRequest,
            response_type=DecisionResponse,
            tags=("ads",),
            body_max=REQUEST_BYTES_MAX,
        ),
        Route(
            "GET",
            "/api/v1/decisions/{id}/why",
            why,
            Message("为什么是这个广告", "Why this ad, and why not that one"),
            scope="read",
            response_type=WhyResponse,
            tags=("ads",),
        ),
    ]


def notice_routes(services: NoticeServices) -> list[Route]:
    """Return the routes of the ``intake`` role."""
    conversions = NoteOf(Conversions(services.ledger, services.event_log))
    notices = Notices(
        services.ledger, services.event_log, services.signer, services.watch, conversions
    )
    of_auctions = AuctionEvents(services.event_log, services.signer)
    of_bids = BidNotices(services.ledger, services.event_log, services.signer, services.rates)

    async def take(request: Request) -> Response:
        happened = happened_in(request.params["token"])
        if happened is not None:
            return await of_auctions.take(*happened, request)
        told = told_in(request.params["token"])
        if told is not None:
            return await of_bids.take(*told, request)
        step = step_in(request.params["token"])
        if step is not None:
            return await notices.take_step(*step, request)
        return await notices.take(request)

    return [
        Route(
            "GET",
            "/t/{token}",
            take,
            Message(
                "广告通知：展示、可见、点击、转化、关闭、视频进度；外部竞价的赢得、计费、落败",
                "Ad notice: impression, view, click, conversion, close, steps of a video; of bids:"
                " won, billed, lost",
            ),
            scope="public",
            tags=("ads",),
        )
    ]
