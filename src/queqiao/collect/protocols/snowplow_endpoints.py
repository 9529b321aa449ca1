"""Snowplow's ways in: the POST of the trackers, and the pixel.

The write key is the tracker's ``appId``, or ``write_key`` in the query, or an ``Authorization``
line, for those who want an ``appId`` of their own.
"""

from base64 import b64decode
from typing import Any
from urllib.parse import urlencode

from msgspec import Raw, Struct

from queqiao.collect.bodies import unpack
from queqiao.collect.protocols.intake import (
    PROTOCOL_BYTES_MAX,
    TAGS,
    ProtocolIntake,
    frame_of,
    items_of,
    protocol_routes,
    text_in,
)
from queqiao.collect.protocols.reading import MISSING, refused
from queqiao.kernel import cors
from queqiao.kernel.errors import InvalidInput, Message, QueqiaoError
from queqiao.kernel.http import Request, Response, Route

POST_PATH = "/com.snowplowanalytics.snowplow/tp2"
PIXEL_PATH = "/i"

_KEY = Message(
    "请把写入密钥作为 appId，或放在 write_key 查询参数、Authorization 请求头",
    "send the write key as appId, as write_key in the query, or as an Authorization line",
)
_PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_NO_STORE = ("cache-control", "no-store")


class PayloadData(Struct, omit_defaults=True):
    """Events as trackers post them."""

    data: list[dict[str, Any]]
    schema: str | None = None


def snowplow_routes(intake: ProtocolIntake) -> list[Route]:
    """Return the routes of the protocol."""
    desk = _Desk(intake)
    words = Message("Snowplow 事件", "Take Snowplow events")
    pixel = Message(
        "Snowplow 像素：查询参数即一个事件", "The Snowplow pixel: its query is one event"
    )
    return [
        *protocol_routes((POST_PATH,), desk.post, words, PayloadData, None, with_cookies=True),
        Route("GET", PIXEL_PATH, desk.pixel, pixel, tags=TAGS, authenticates_itself=True),
    ]


class _Desk:
    def __init__(self, intake: ProtocolIntake) -> None:
        self._intake = intake

    async def post(self, request: Request) -> Response:
        """Take what a tracker posts. Refused events are kept as bad rows, and the answer is 200."""
        encoding = request.headers.get("content-encoding")
        body = unpack(request.body, encoding, PROTOCOL_BYTES_MAX)
        try:
            items, fault = _items(body), None
        except InvalidInput as error:
            items, fault = [], error
        first = _fields(items[0]) if items else {}
        keys = (request.query.get("write_key"), text_in(first, "aid"))
        source = self._intake.source(request, keys, _KEY)
        if fault is not None:
            await self._intake.keep_whole(body, source, request.now_us, fault)
            raise fault
        sent_at_us = _sent_at_us(text_in(first, "stm"))
        await self._intake.take(_with_items(items), source, request.now_us, sent_at_us)
        return Response(200, b"ok", "text/plain; charset=utf-8")

    async def pixel(self, request: Request) -> Response:
        """Take the one event of the query. A link checker's HEAD is none."""
        lines = (*cors.with_cookies(request), _NO_STORE)
        query = dict(request.query)
        try:
            keys = (query.pop("write_key", None), query.get("aid"))
            source = self._intake.source(request, keys, _KEY)
            if request.method == "GET":
                sent_at_us = _sent_at_us(query.get("stm"))
                original = urlencode(query).encode()
                await self._intake.take([original], source, request.now_us, sent_at_us)
        except QueqiaoError as error:
            return cors.refusal(error, request, lines)
        return Response(200, _PIXEL, "image/gif", lines)


def _items(body: bytes) -> list[bytes]:
    frame = frame_of(body)
    if "data" not in frame:
        raise refused("data", MISSING)
    return items_of(frame["data"], "data")


def _fields(item: bytes) -> dict[str, Raw]:
    try:
        return frame_of(item)
    except InvalidInput:
        return {}  # it is refused where it is translated


def _with_items(items: list[bytes]) -> list[bytes]:
    """Return the messages; the first of an order of the older kind takes its items along."""
    if not any(b'"ti"' in item for item in items):
        return items
    fields = [_fields(item) for item in items]
    lines: dict[str, list[bytes]] = {}
    for item, said in zip(items, fields, strict=True):
        order = text_in(said, "ti_id")
        if text_in(said, "e") == "ti" and order:
            lines.setdefault(order, []).append(item)
    return [
        _order(item, lines.pop(text_in(said, "tr_id") or "", []))
        if text_in(said, "e") == "tr"
        else item
        for item, said in zip(items, fields, strict=True)
    ]


def _order(transaction: bytes, lines: list[bytes]) -> bytes:
    return b"[" + b",".join([transaction, *lines]) + b"]" if lines else transaction


def _sent_at_us(milliseconds: str | None) -> int | None:
    """Return when a request was sent; a time that cannot be read counts as not said."""
    if milliseconds is None or not (milliseconds.isascii() and milliseconds.isdecimal()):
        return None
    return int(milliseconds) * 1000 if len(milliseconds) == 13 else None
