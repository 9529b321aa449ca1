"""Our own ways in that are not the Segment API: the files for browsers, and the pixel."""

import gzip
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from queqiao.collect.hot_endpoints import IntakeServices
from queqiao.collect.pixel import EMPTY_IMAGE, call_of, write_key_of
from queqiao.collect.taking import Incoming, Taking
from queqiao.collect.validation import Origin, Validator, looks_suspicious
from queqiao.kernel.errors import InvalidInput, Message, NotFound
from queqiao.kernel.http import Request, Response, Route

_TAGS = ("intake",)
_ANY_SITE = (
    ("access-control-allow-origin", "*"),
    ("cross-origin-resource-policy", "cross-origin"),
)
_CACHED = (
    ("cache-control", "public, max-age=3600, stale-while-revalidate=86400"),
    ("vary", "accept-encoding"),
    *_ANY_SITE,
)
"""A new version reaches every browser within an hour, and no page waits for it."""
_NEVER_KEPT = (("cache-control", "no-store, private"), *_ANY_SITE)
_NOT_BUILT = Message("浏览器 SDK 尚未构建，请运行 make setup", "not built; run: make setup")


def own_routes(services: IntakeServices, script: Path) -> list[Route]:
    """Return the routes of the pixel and of the browser SDK, whose built file is ``script``.

    The tag of ads lies beside it.
    """
    tag = script.with_name("places.js")
    return [
        _script_route("/js/queqiao.js", script, Message("浏览器 SDK", "The browser SDK")),
        _script_route("/js/places.js", tag, Message("广告位标签", "The tag of ads")),
        _pixel_route(services),
    ]


class _Built(NamedTuple):
    """The file as it was read at ``made_ns``."""

    made_ns: int
    tag: str
    plain: bytes
    zipped: bytes


class Script:
    """The built file, read when first asked for and again after it was built anew."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._built: _Built | None = None

    def answer(self, request: Request) -> Response:
        """Return the file, or 304 to who has it. Raises NotFound when it was not built."""
        built = self._read()
        said: tuple[tuple[str, str], ...] = (("etag", built.tag), *_CACHED)
        if _knows(request.headers.get("if-none-match", ""), built.tag):
            return Response(304, headers=said)
        body = built.plain
        if "gzip" in request.headers.get("accept-encoding", ""):
            body, said = built.zipped, (("content-encoding", "gzip"), *said)
        return Response(200, body, "text/javascript; charset=utf-8", said)

    def _read(self) -> _Built:
        try:
            made_ns = self._file.stat().st_mtime_ns
            if self._built is None or self._built.made_ns != made_ns:
                body = self._file.read_bytes()
                # Weak: the same tag stands for the plain and the zipped bytes.
                tag = f'W/"{sha256(body).hexdigest()[:20]}"'
                self._built = _Built(made_ns, tag, body, gzip.compress(body, 9, mtime=0))
        except OSError as error:
            raise NotFound(_NOT_BUILT) from error
        return self._built


def _knows(if_none_match: str, tag: str) -> bool:
    """Compare weakly: a proxy may have made the tag strong, or weak."""
    told = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in told or tag.removeprefix("W/") in told


def _script_route(path: str, file: Path, summary: Message) -> Route:
    script = Script(file)

    async def answer(request: Request) -> Response:
        return script.answer(request)

    return Route("GET", path, answer, summary, tags=_TAGS)


def _pixel_route(services: IntakeServices) -> Route:
    validator = Validator(services.ids, services.schemas)
    taking = services.taking(validator)

    async def pixel(request: Request) -> Response:
        source = services.source_of(write_key_of(request.query) or "")
        if source is None:
            return _image(401)
        # Link checkers of mail systems ask with HEAD: nobody has seen anything yet.
        if request.method == "GET":
            await _take(taking, request, source)
        return _image(200)

    summary = Message("像素上报：查询参数即一个事件", "The pixel: its query is one event")
    return Route("GET", "/px.gif", pixel, summary, tags=_TAGS)


async def _take(taking: Taking, request: Request, source: str) -> None:
    """Store the event, or keep what it was as a bad row; on disk when this returns.

    A refused row keeps the call that the address stood for, which says all the address said and
    which a replay can read.
    """
    try:
        call = call_of(request.query, request.headers)
    except InvalidInput as refusal:
        origin = Origin(source, request.now_us)
        await taking.keep_whole(urlencode(request.query).encode(), origin, refusal)
        return
    suspicious = looks_suspicious(call)
    origin = Origin(source, request.now_us, suspicious=suspicious, client_ip=request.client)
    await taking.take([Incoming(call)], origin)


def _image(status: int) -> Response:
    """Return the image: whoever shows it must not see a broken one, whatever became of it."""
    return Response(status, EMPTY_IMAGE, "image/gif", _NEVER_KEPT)
