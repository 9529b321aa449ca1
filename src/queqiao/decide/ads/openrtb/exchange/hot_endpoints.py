"""``POST /openrtb2/auction``: pages and servers of publishers ask, and bidders compete.

Prebid.js calls it from a browser, so there can be no secret: who asks is the publisher whose id the
request names (decision 0058). A page of any site may read the answer, refusals too.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from queqiao.decide.ads.openrtb.bidder import Bidder
from queqiao.decide.ads.openrtb.check_request import REQUEST_BYTES_MAX
from queqiao.decide.ads.openrtb.exchange.auctioneer import Auctioneer, Place
from queqiao.decide.ads.openrtb.exchange.caller import with_caller
from queqiao.decide.ads.openrtb.exchange.calls.callers import Callers
from queqiao.decide.ads.openrtb.exchange.floors import Floor
from queqiao.decide.ads.openrtb.exchange.held import HeldAuctions
from queqiao.decide.ads.openrtb.exchange.hot_state import Market
from queqiao.decide.ads.openrtb.exchange.rates_of_asking import AskingRates
from queqiao.decide.ads.openrtb.exchange.reading import check_origin, read
from queqiao.decide.ads.openrtb.exchange.why import AuctionWhy, why
from queqiao.decide.ads.openrtb.hot_endpoints import BidServices, bidder_of, reached_at
from queqiao.decide.ads.openrtb.notices import BidNotices
from queqiao.decide.ads.openrtb.rates import Rates
from queqiao.decide.ads.openrtb.request import BidRequest
from queqiao.decide.ads.openrtb.response import BidResponse
from queqiao.kernel import cors, json
from queqiao.kernel.errors import Message, QueqiaoError
from queqiao.kernel.http import Request, Response, Route, json_response

_NO_STORE = ("cache-control", "no-store")
PATH = "/openrtb2/auction"


class ExchangeServices(Struct, frozen=True):
    """What the exchange needs; ``bidding`` is what our own bidder needs."""

    market: Callable[[], Market]
    placement_floors: Callable[[], Mapping[str, Floor]]
    bidding: BidServices
    callers: Callers
    records: HeldAuctions


def exchange_routes(services: ExchangeServices) -> list[Route]:
    """Return the routes of the exchange."""
    bidding = services.bidding
    auctioneer = Auctioneer(_place(services, bidder_of(bidding)))
    rates = AskingRates()

    async def hold(request: Request) -> Response:
        asked = read(request.body, services.market())
        check_origin(asked, request.headers.get("origin", ""))
        rates.admit(asked.publisher_id, asked.publisher.requests_per_s_max, request.now_us)
        base_url = bidding.public_url.rstrip("/") or reached_at(request)
        asked = with_caller(asked, request.client, request.headers)
        found = await auctioneer.hold(asked, base_url, request.now_us)
        return Response(200, json.encode(found), headers=(*cors.with_cookies(request), _NO_STORE))

    async def auction(request: Request) -> Response:
        try:
            return await hold(request)
        except QueqiaoError as error:
            return cors.refusal(error, request, (*cors.with_cookies(request), cors.EXPOSED))

    async def preflight(request: Request) -> Response:
        return cors.preflight(request)

    async def explain(request: Request) -> Response:
        return json_response(await why(bidding.event_log, request.params["id"]))

    return [
        Route(
            "POST",
            PATH,
            auction,
            Message(
                "为发布商的广告位拍卖（兼容 Prebid Server）",
                "Auction a publisher's impressions, as Prebid Server does",
            ),
            request_type=BidRequest,
            response_type=BidResponse,
            tags=("ads",),
            body_max=REQUEST_BYTES_MAX,
        ),
        Route(
            "OPTIONS",
            PATH,
            preflight,
            Message("浏览器的预检", "What a browser asks before it sends"),
            tags=("ads",),
            status=204,
        ),
        Route(
            "GET",
            "/api/v1/auctions/{id}/why",
            explain,
            Message(
                "一场竞价中每个竞价方和每个出价的结局",
                "What became of each bidder and each bid of an auction",
            ),
            scope="read",
            response_type=AuctionWhy,
            tags=("ads",),
        ),
    ]


def _place(services: ExchangeServices, bidder: Bidder) -> Place:
    bidding = services.bidding
    rates = Rates(bidding.settings.rates)
    return Place(
        market=services.market,
        placement_floors=services.placement_floors,
        callers=services.callers,
        bidder=bidder,
        notices=BidNotices(bidding.ledger, bidding.event_log, bidding.signer, rates),
        records=services.records,
        signer=bidding.signer,
        rates=rates,
        random_bits=bidding.random_bits,
        network_ms=bidding.settings.network_ms,
    )
