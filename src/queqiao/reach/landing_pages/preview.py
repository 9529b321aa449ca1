"""Drafts as visitors would see them: drawn for the builder, and shown by a signed link."""

from typing import Literal

import msgspec

from queqiao.kernel.clock import HOUR_US, format_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.kernel.http import Language, Request, Response, Route, json_response
from queqiao.kernel.tokens import Signer
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.reach.landing_pages.document import LandingPageDocument
from queqiao.reach.landing_pages.kind import LANDING_PAGE
from queqiao.reach.landing_pages.page import lost, page
from queqiao.reach.landing_pages.references import Stocked, references
from queqiao.reach.landing_pages.scene import LivePage, Prices, Scene

PURPOSE = "landing-preview"
LINK_HOURS_MAX = 7 * 24
DOCUMENT_BYTES_MAX = 400_000
_HTML = "text/html; charset=utf-8"


class _Link(msgspec.Struct, frozen=True, array_like=True):
    id: str
    until_us: int


class RenderRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document to draw, as visitors would see it now. ``id`` is the page it will be."""

    document: LandingPageDocument
    language: Language = "zh"
    id: str = ""
    light: Literal["light", "dark"] | None = None


class NewPreviewLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long the link shows the draft, in hours."""

    hours: int = 24


class PreviewLink(msgspec.Struct, frozen=True):
    """A path that shows the newest revision of a page to anyone who has it, until it expires."""

    path: str
    expires_at: str


class Previews:
    """Draws drafts. ``security`` are the headers of every page."""

    def __init__(
        self,
        records: Records,
        stocked: Stocked,
        prices: Prices,
        signer: Signer,
        *,
        zone: str,
        security: tuple[tuple[str, str], ...],
    ) -> None:
        self._records = records
        self._stocked = stocked
        self._prices = prices
        self._signer = signer
        self._zone = zone
        self._headers = (("cache-control", "no-store"), ("x-robots-tag", "noindex"), *security)

    def route(self) -> Route:
        """Return the route that draws a document for the builder."""
        words = Message("按草稿渲染页面", "Draw a page from a draft")
        path = "/api/v1/landing-pages/render"
        return Route(
            "POST", path, self._render, words, "read", RenderRequest, None, ("landing-pages",),
            DOCUMENT_BYTES_MAX,
        )  # fmt: skip

    async def _render(self, request: Request) -> Response:
        asked = request.decode(RenderRequest, DOCUMENT_BYTES_MAX)
        checked(asked.document)
        live = await self._with_references(asked.id or "draft", asked.document)
        body = self._draw(live, asked.language, request.now_us, asked.light)
        return Response(200, body, _HTML, self._headers)

    async def answer(self, request: Request) -> Response:
        """Show the page that a link was signed for; 410 when its time is over."""
        language: Language = "en" if request.query.get("lang") == "en" else "zh"
        if "lang" not in request.query and "accept-language" in request.headers:
            language = request.language
        try:
            link = self._read(request.params["token"])
        except NotFound:
            return Response(404, lost(language, is_gone=False), _HTML, self._headers)
        if link.until_us <= request.now_us:
            return Response(410, lost(language, is_gone=True), _HTML, self._headers)
        stored = await self._records.read(lambda conn: documents.get(conn, LANDING_PAGE, link.id))
        live = await self._with_references(stored.id, stored.document)
        body = self._draw(live, language, request.now_us)
        return Response(200, body, _HTML, self._headers)

    def _read(self, token: str) -> _Link:
        payload = self._signer.verify(token, PURPOSE)
        return msgspec.msgpack.decode(payload, type=_Link)

    async def _with_references(self, page_id: str, document: LandingPageDocument) -> LivePage:
        found = await self._records.read(lambda conn: references(conn, document, self._stocked))
        return LivePage(page_id, document, found)

    def _draw(
        self,
        live: LivePage,
        language: Language,
        now_us: int,
        light: Literal["light", "dark"] | None = None,
    ) -> bytes:
        prices = self._prices(live.skus(), now_us)
        scene = Scene(live, language, now_us, self._zone, prices, is_draft=True, light=light)
        return page(scene, "", "")


def checked(document: LandingPageDocument) -> None:
    """Raise InvalidInput with paths that start at the body, where the document is one field."""
    try:
        LANDING_PAGE.check(document)
    except InvalidInput as error:
        fields = [FieldError(f"document.{path}", message) for path, message in error.fields]
        raise InvalidInput(*fields) from error


def link_route(records: Records, signer: Signer) -> Route:
    """Return the route of the console role that signs links."""

    async def sign(request: Request) -> Response:
        asked = request.decode(NewPreviewLink) if request.body else NewPreviewLink()
        if not 1 <= asked.hours <= LINK_HOURS_MAX:
            message = Message("1 到 168 小时", "1 to 168 hours")
            raise InvalidInput(FieldError("hours", message))
        page_id = request.params["id"]
        await records.read(lambda conn: documents.get(conn, LANDING_PAGE, page_id))
        until_us = request.now_us + asked.hours * HOUR_US
        token = signer.sign(msgspec.msgpack.encode(_Link(page_id, until_us)), PURPOSE)
        return json_response(PreviewLink(f"/p/preview/{token}", format_rfc3339(until_us)))

    words = Message("生成草稿预览链接", "Sign a link to a draft")
    path = "/api/v1/landing-pages/{id}/preview-link"
    return Route(
        "POST", path, sign, words, "write", NewPreviewLink, PreviewLink, ("landing-pages",)
    )
