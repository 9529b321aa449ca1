"""What visitors ask: the page, its live facts, its files. On the ``decide`` role, from memory."""

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Message, NotFound
from queqiao.kernel.http import Language, Request, Response, Route, json_response
from queqiao.ports.records.base import Records
from queqiao.reach.landing_pages import assets
from queqiao.reach.landing_pages.claims import (
    BODY_BYTES_MAX,
    Claim,
    Claimed,
    NewClaim,
    Visitors,
    claim_on,
)
from queqiao.reach.landing_pages.drawing import Drawings, Look
from queqiao.reach.landing_pages.images import Gallery
from queqiao.reach.landing_pages.page import lost
from queqiao.reach.landing_pages.preview import Previews
from queqiao.reach.landing_pages.scene import LivePage, Prices, Stock, window_us
from queqiao.reach.landing_pages.snapshot import PagesSnapshot

STOCK_KEPT_US = SECOND_US
TAGS = ("landing-pages",)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
SECURITY = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
)
HTML = "text/html; charset=utf-8"
_VARY = ("vary", "accept-encoding, accept-language")


class PageServices(msgspec.Struct, frozen=True):
    """What the routes need. ``snapshot`` gives the pages of this moment.

    ``version`` tells at a moment a number that changes whenever a price may have changed;
    ``public_url`` is where the system stands for the world, empty if unknown; ``write_key`` the key
    with which pages tell what was seen.
    """

    snapshot: Callable[[], PagesSnapshot]
    prices: Prices
    version: Callable[[int], int]
    records: Records
    previews: Previews
    visitors: Visitors
    claim: Claim
    stock: Stock
    zone: str
    public_url: str
    write_key: str


class LiveFacts(msgspec.Struct, frozen=True):
    """What the page's script asks again and again: the server's time, and what is left.

    ``sales``: pieces left in the session of now, by flash sale and SKU.
    """

    now_ms: int
    sales: Mapping[str, Mapping[str, int]]


_CLAIM = Message("在页面上领券", "Get a coupon on a page")


def routes(services: PageServices) -> list[Route]:
    """Return the routes of the ``decide`` role."""
    desk, gallery = PageDesk(services), Gallery(services.records)

    async def file(request: Request) -> Response:
        return assets.answer(request)

    return [
        _route("/p/images/{name}", gallery.answer, Message("页面的图片", "An image of pages")),
        _route("/p/assets/{name}", file, Message("页面的样式与脚本", "Style and script of pages")),
        _route(
            "/p/preview/{token}", services.previews.answer, Message("草稿预览", "A draft, by link")
        ),
        _route("/p/{slug}/live.json", desk.live, Message("实时信息", "Live facts"), LiveFacts),
        _route("/p/{slug}", desk.show, Message("活动落地页", "A landing page")),
        Route(
            "POST", "/p/{slug}/claim", desk.claim, _CLAIM,
            "public", NewClaim, Claimed, TAGS, BODY_BYTES_MAX, status=201,
        ),
        services.previews.route(),
        services.visitors.route(),
    ]  # fmt: skip


def _route(path: str, handler: object, summary: Message, answer: object = None) -> Route:
    return Route("GET", path, handler, summary, "public", None, answer, TAGS)  # type: ignore[arg-type]


class PageDesk:
    """Answers with live pages."""

    def __init__(self, services: PageServices) -> None:
        self._services = services
        look = Look(services.zone, services.public_url, services.write_key)
        self._drawings = Drawings(services.prices, services.version, look)
        self._asked: dict[str, tuple[int, asyncio.Future[Mapping[str, Mapping[str, int]]]]] = {}

    async def show(self, request: Request) -> Response:
        """Return a page as HTML; 404 and 410 are pages too."""
        slug, language = request.params["slug"], language_of(request)
        found = self.open_page(slug, request.now_us)
        if found is None:
            return self._lost(slug, language, request.now_us)
        drawn = await self._drawings.drawn(found, language, request.now_us)
        said = (("etag", drawn.tag), ("cache-control", "no-cache"), _VARY, *SECURITY)
        if request.headers.get("if-none-match") == drawn.tag:
            return Response(304, headers=said)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(200, drawn.zipped, HTML, (("content-encoding", "gzip"), *said))
        return Response(200, drawn.body, HTML, said)

    async def live(self, request: Request) -> Response:
        """Return the facts that change while a page is open. Raises NotFound."""
        found = self._open(request)
        sales = await self._left(found, request.now_us)
        answer = json_response(LiveFacts(request.now_us // 1000, sales))
        answer.headers = (("cache-control", "no-store"),)
        return answer

    async def claim(self, request: Request) -> Response:
        """Give the visitor a coupon. Raises NotFound and Refused."""
        services = self._services
        answer = await claim_on(self._open(request), request, services.visitors, services.claim)
        answer.headers = (("cache-control", "no-store"),)
        return answer

    def _open(self, request: Request) -> LivePage:
        found = self.open_page(request.params["slug"], request.now_us)
        if found is None:
            raise NotFound
        return found

    async def _left(self, live: LivePage, now_us: int) -> Mapping[str, Mapping[str, int]]:
        """Ask the ledger at most once a second for a page, however many look at it."""
        sales = list(live.references.sales)
        if not sales:
            return {}
        until_us, asked = self._asked.get(live.id, (0, None))
        if asked is None or not until_us - STOCK_KEPT_US <= now_us < until_us:
            asked = asyncio.ensure_future(self._services.stock(sales, now_us))
            self._asked[live.id] = now_us + STOCK_KEPT_US, asked
        return await asyncio.shield(asked)

    def open_page(self, slug: str, now_us: int) -> LivePage | None:
        """Return the live page of a slug within its window, else None."""
        found = self._services.snapshot().pages.get(slug)
        if found is None:
            return None
        starts_us, ends_us = window_us(found.document.starts_at, found.document.ends_at)
        begun = starts_us is None or starts_us <= now_us
        return found if begun and (ends_us is None or now_us < ends_us) else None

    def _lost(self, slug: str, language: Language, now_us: int) -> Response:
        snapshot = self._services.snapshot()
        known = snapshot.pages.get(slug)
        ends_us = window_us(None, known.document.ends_at)[1] if known else None
        is_gone = slug in snapshot.gone or (ends_us is not None and ends_us <= now_us)
        said = (("cache-control", "no-cache"), _VARY, *SECURITY)
        return Response(410 if is_gone else 404, lost(language, is_gone=is_gone), HTML, said)


def language_of(request: Request) -> Language:
    """Return the language of ``?lang=``, else of the browser, else Chinese."""
    asked = request.query.get("lang")
    if asked in {"zh", "en"}:
        return "en" if asked == "en" else "zh"
    return request.language if "accept-language" in request.headers else "zh"
