"""Ads for pages, players and apps, which have no secret: by the write key that their events have.

A page says which places it has and what it is about. It cannot say who its shopper is: a customer
is known by the shop's signed word alone, as on landing pages, and by an anonymous id that it made
itself. It is told no price (signed addresses hold one, encoded and
not sealed). Declared bots and data centres are shown nothing, so that nothing is
leased for them.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from queqiao.decide.ads.delivery.asks import Asks
from queqiao.decide.ads.delivery.native_ad import native_ad
from queqiao.decide.ads.delivery.shown import ShownAds, shown
from queqiao.decide.ads.delivery.video_ad import EMPTY_VAST, video_ad
from queqiao.decide.ads.hot_state import AdsSnapshot
from queqiao.decide.ads.messages import (
    SLOTS_MAX,
    AskedContext,
    AskedPlacement,
    AskedUser,
    Decision,
    DecisionRequest,
    DecisionResponse,
)
from queqiao.decide.ads.openrtb.hot_endpoints import reached_at
from queqiao.kernel import cors, json
from queqiao.kernel.errors import Message, QueqiaoError, Refused, Unauthenticated
from queqiao.kernel.http import Request, Response, Route, json_response

BODY_BYTES_MAX = 16_000
DEFAULT_CHANNEL = "web"
_TAGS = ("ads",)
_NO_STORE = ("cache-control", "no-store")
_KEY = Message("write_key 不是有效的写入密钥", "write_key is no valid write key")

Id = Annotated[str, Meta(min_length=1, max_length=128)]


class AskedAds(Struct, frozen=True, forbid_unknown_fields=True):
    """Which places of a page are to be filled.

    ``visitor`` is the shop's signed word for its customer, ``anonymous_id`` the browser's own id,
    which is left out where its shopper has not agreed to advertising.
    """

    write_key: Annotated[str, Meta(min_length=1, max_length=512)]
    placements: Annotated[list[AskedPlacement], Meta(min_length=1, max_length=SLOTS_MAX)]
    anonymous_id: Id | None = None
    visitor: Annotated[str, Meta(max_length=1_000)] = ""
    context: AskedContext = AskedContext()


class DeliveryServices(Struct, frozen=True):
    """What the routes need.

    ``decide`` answers as for a server; ``source_of`` gives the source of a write key, ``customer``
    that of the shop's word (it raises Refused); ``is_valid`` says whether a user agent and address
    may be shown ads; ``base_url`` stands before addresses that leave the page.
    """

    hot: Callable[[], AdsSnapshot]
    decide: Callable[[DecisionRequest, int], Awaitable[DecisionResponse]]
    source_of: Callable[[str], str | None]
    customer: Callable[[str, int], str]
    is_valid: Callable[[str, str], bool]
    asks: Asks
    base_url: str = ""


Answer = Callable[[Request], Awaitable[Response]]


def delivery_routes(services: DeliveryServices) -> list[Route]:
    """Return the routes of the ``decide`` role. Any site may read their answers, refusals too."""
    counter = Counter(services)
    found = [
        Route(
            "POST", "/a/v1/places", _open(counter.places),
            Message("为页面取广告", "Ads for the places of a page"),
            request_type=AskedAds, response_type=ShownAds, tags=_TAGS, body_max=BODY_BYTES_MAX,
        ),
        Route(
            "GET", "/a/v1/vast/{placement}", _open(counter.vast),
            Message("视频广告（VAST 4.2）", "A video ad as VAST 4.2"), tags=_TAGS,
        ),
        Route(
            "GET", "/a/v1/native/{placement}", _open(counter.native),
            Message("原生广告（OpenRTB Native 1.2）", "A native ad as OpenRTB Native 1.2"),
            tags=_TAGS,
        ),
    ]  # fmt: skip
    return [*found, *(_preflight(route.path) for route in found)]


class Counter:
    """Where pages ask for ads."""

    def __init__(self, services: DeliveryServices) -> None:
        self._services = services

    async def places(self, request: Request) -> Response:
        """Return what a page is to show."""
        asked = request.decode(AskedAds, BODY_BYTES_MAX)
        found = await self._decided(asked, request)
        hot = self._services.hot()
        filled = {one.placement for one in found}
        places = dict.fromkeys(one.id for one in asked.placements)
        empty = [one for one in places if one not in filled]
        return json_response(ShownAds([shown(one, hot) for one in found], empty))

    async def vast(self, request: Request) -> Response:
        """Return a video ad for a player; an empty document where there is none."""
        found = await self._decided(_in_query(request), request)
        hot, body = self._services.hot(), EMPTY_VAST
        for one in found:
            campaign = hot.campaigns.get(one.campaign_id)
            advertiser = campaign.advertiser if campaign is not None else ""
            body = video_ad(one, advertiser, self._base_url(request)) or body
        return Response(200, body.encode(), "application/xml; charset=utf-8")

    async def native(self, request: Request) -> Response:
        """Return a native ad for an app; 204 where there is none."""
        for one in await self._decided(_in_query(request), request):
            campaign = self._services.hot().campaigns.get(one.campaign_id)
            advertiser = campaign.advertiser if campaign is not None else ""
            return Response(200, native_ad(one, advertiser, self._base_url(request)).encode())
        return Response(204)

    async def _decided(self, asked: AskedAds, request: Request) -> list[Decision]:
        services, now_us = self._services, request.now_us
        if services.source_of(asked.write_key) is None:
            raise Unauthenticated(_KEY)
        services.asks.check(request.client, now_us)
        if not services.is_valid(request.headers.get("user-agent", ""), request.client):
            return []
        user = AskedUser(id=self._customer(asked.visitor, now_us), anonymous_id=asked.anonymous_id)
        context = asked.context
        if not context.channel:
            context = replace(context, channel=DEFAULT_CHANNEL)
        question = DecisionRequest(asked.placements, user, context)
        return (await services.decide(question, now_us)).decisions

    def _base_url(self, request: Request) -> str:
        """Return what stands before addresses that leave the page: ours, else as we were called."""
        return self._services.base_url or reached_at(request)

    def _customer(self, visitor: str, now_us: int) -> str | None:
        """Return the customer; a word that has ended, or is none of ours, makes a stranger."""
        try:
            return self._services.customer(visitor, now_us) if visitor else None
        except Refused:
            return None


def _in_query(request: Request) -> AskedAds:
    """Return what an address asks: players and apps of others can set no body."""
    query = request.query
    names = ("write_key", "anonymous_id", "visitor")
    said = {name: query[name] for name in names if query.get(name)}
    context = {name: query[name] for name in ("url", "channel") if query.get(name)}
    asked = {"placements": [{"id": request.params["placement"]}], "context": context, **said}
    return json.decode(json.encode(asked), AskedAds)


def _open(answer: Answer) -> Answer:
    """Return the answer with the lines by which pages of any site may read it."""

    async def opened(request: Request) -> Response:
        lines = (*cors.with_cookies(request), cors.EXPOSED, _NO_STORE)
        try:
            response = await answer(request)
        except QueqiaoError as error:
            return cors.refusal(error, request, lines)
        response.headers = (*response.headers, *lines)
        return response

    return opened


def _preflight(path: str) -> Route:
    async def preflight(request: Request) -> Response:
        return cors.preflight(request)

    summary = Message("跨域预检", "Answer a browser's preflight")
    return Route("OPTIONS", path, preflight, summary, tags=_TAGS, status=204)
