"""Images of pages: taken by what they are and not by their name, kept and served by content.

An image lies in the records under its digest and its size, so that every role of every machine
has it, a backup holds it, and the same picture twice is one. SVG is not taken: it can hold scripts.
"""

import re
import struct
from collections import OrderedDict
from hashlib import sha256
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, and_, select

from queqiao.kernel.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    Message,
    NotFound,
    Refused,
    UnsupportedMedia,
)
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.ports.records import artifacts
from queqiao.ports.records.base import Records
from queqiao.ports.records.tables import documents
from queqiao.reach.landing_pages.kind import LANDING_PAGE

IMAGE_BYTES_MAX = 2_000_000
IMAGES_MAX = 1_000
PIXELS_A_SIDE_MAX = 8_000
CACHE_BYTES_MAX = 32_000_000
PREFIX = "landing_image/"
PATH = "/p/images/"

_NAME = re.compile(r"[0-9a-f]{32}-\d{1,4}x\d{1,4}\.(png|jpg|gif|webp)", re.ASCII)
_TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
_KEPT = (
    ("cache-control", "public, max-age=31536000, immutable"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; sandbox"),
)
_NO_IMAGE = Message(
    "须是 PNG、JPEG、GIF 或 WebP 图片", "must be an image of type PNG, JPEG, GIF or WebP"
)
_TOO_WIDE = Message("宽和高最多 8000 像素", "at most 8000 pixels wide and high")
_USED = Message("还有页面在用这张图片", "a page still shows this image")
_MANY = Message("图片太多，请先删除不用的", "too many images; delete some that are not used")


class ImageView(msgspec.Struct, frozen=True):
    """An image: its path on this host, its size in pixels and in bytes."""

    name: str
    url: str
    width: int
    height: int


class ImageList(msgspec.Struct, frozen=True):
    """All images."""

    items: list[ImageView]
    next_cursor: str | None = None


class Shape(NamedTuple):
    """What the bytes say they are."""

    ending: str
    width: int
    height: int


def shape_of(body: bytes) -> Shape | None:
    """Return type and size by the head of the bytes, None when they are no image of ours."""
    try:
        if body.startswith(b"\x89PNG\r\n\x1a\n") and body[12:16] == b"IHDR":
            return Shape("png", *struct.unpack(">II", body[16:24]))
        if body[:6] in {b"GIF87a", b"GIF89a"}:
            return Shape("gif", *struct.unpack("<HH", body[6:10]))
        if body.startswith(b"\xff\xd8\xff"):
            return _jpeg(body)
        if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
            return _webp(body)
    except (struct.error, IndexError):
        return None
    return None


_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Start-of-frame markers of ITU-T T.81, table B.1, which hold the size."""


def _jpeg(body: bytes) -> Shape | None:
    at = 2
    while at + 9 < len(body) and body[at] == 0xFF:
        marker = body[at + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", body[at + 5 : at + 9])
            return Shape("jpg", width, height)
        at += 2 + struct.unpack(">H", body[at + 2 : at + 4])[0]
    return None


def _webp(body: bytes) -> Shape | None:
    """Read the size as RFC 9649 writes it, in each of the three forms."""
    kind = body[12:16]
    if kind == b"VP8X":
        wide, high = (int.from_bytes(body[at : at + 3], "little") for at in (24, 27))
        return Shape("webp", wide + 1, high + 1)
    if kind == b"VP8L" and body[20] == 0x2F:
        bits = int.from_bytes(body[21:25], "little")
        return Shape("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and body[23:26] == b"\x9d\x01\x2a":
        wide, high = struct.unpack("<HH", body[26:30])
        return Shape("webp", wide & 0x3FFF, high & 0x3FFF)
    return None


def store(conn: Connection, body: bytes, now_us: int) -> ImageView:
    """Keep an image and return where it is. Raises UnsupportedMedia, InvalidInput and Conflict."""
    shape = shape_of(body)
    if shape is None:
        raise UnsupportedMedia(_NO_IMAGE)
    if not (0 < shape.width <= PIXELS_A_SIDE_MAX and 0 < shape.height <= PIXELS_A_SIDE_MAX):
        raise InvalidInput(FieldError("", _TOO_WIDE))
    digest = sha256(body).hexdigest()[:32]
    name = f"{digest}-{shape.width}x{shape.height}.{shape.ending}"
    known = artifacts.names(conn, PREFIX)
    if PREFIX + name not in known and len(known) >= IMAGES_MAX:
        raise Conflict(_MANY, reason="too_many_images")
    artifacts.put(conn, PREFIX + name, body, now_us)
    return view(name)


def remove(conn: Connection, name: str) -> None:
    """Delete an image. Raises NotFound, and Refused while a page that is not archived shows it."""
    d = documents.c
    shown = and_(d.kind == LANDING_PAGE.name, d.state != "archived", d.body.contains(name))
    if not _NAME.fullmatch(name):
        raise NotFound
    if conn.execute(select(d.id).where(shown).limit(1)).first() is not None:
        raise Refused(_USED, reason="image_used")
    if not artifacts.remove(conn, PREFIX + name):
        raise NotFound


def view(name: str) -> ImageView:
    """Return an image as the API shows it; its name says its size."""
    width, height = name.rpartition("-")[2].partition(".")[0].split("x")
    return ImageView(name, PATH + name, int(width), int(height))


class Gallery:
    """Serves images, the latest asked for from memory."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    async def answer(self, request: Request) -> Response:
        """Return an image. Raises NotFound."""
        name = request.params["name"]
        told = _NAME.fullmatch(name)
        if told is None:
            raise NotFound
        tag = f'"{name[:32]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(304, headers=(("etag", tag), *_KEPT))
        body = await self._body(name)
        return Response(200, body, _TYPES[told[1]], (("etag", tag), *_KEPT))

    async def _body(self, name: str) -> bytes:
        body = self._kept.get(name)
        if body is not None:
            self._kept.move_to_end(name)
            return body
        found = await self._records.read(lambda conn: artifacts.get(conn, PREFIX + name))
        if found is None:
            raise NotFound
        self._keep(name, found[1])
        return found[1]

    def _keep(self, name: str, body: bytes) -> None:
        self._bytes += len(body) - len(self._kept.pop(name, b""))
        self._kept[name] = body
        while self._bytes > CACHE_BYTES_MAX:
            self._bytes -= len(self._kept.popitem(last=False)[1])


def routes(records: Records) -> list[Route]:
    """Return the routes of the console role."""

    async def upload(request: Request) -> Response:
        kept = await records.write(lambda conn: store(conn, request.body, request.now_us))
        return json_response(kept, 201)

    async def everything(_request: Request) -> Response:
        names = await records.read(lambda conn: artifacts.names(conn, PREFIX))
        return json_response(ImageList([view(name.removeprefix(PREFIX)) for name in names]))

    async def delete(request: Request) -> Response:
        await records.write(lambda conn: remove(conn, request.params["name"]))
        return Response(204)

    words = Message("上传页面图片，内容即请求体", "Upload an image: the body is its bytes")
    listed = Message("页面图片", "Images of pages")
    gone = Message("删除没有页面在用的图片", "Delete an image that no page shows")
    path, tags = "/api/v1/landing-images", ("landing-pages",)
    return [
        Route(
            "POST", path, upload, words, "write", None, ImageView, tags, IMAGE_BYTES_MAX, status=201
        ),
        Route("DELETE", f"{path}/{{name}}", delete, gone, "write", None, None, tags, status=204),
        Route("GET", path, everything, listed, "read", None, ImageList, tags),
    ]
