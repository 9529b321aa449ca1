"""The built console: its files, and its first page for every path that is not an API's."""

import asyncio
import gzip
from mimetypes import guess_type
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from litestar import HttpMethod, route
from litestar import Request as LitestarRequest
from litestar import Response as LitestarResponse
from litestar.handlers import HTTPRouteHandler

from queqiao.kernel.errors import NotFound

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_COMPRESSIBLE = ("text/", "application/json", "application/javascript", "image/svg+xml")
NOT_PAGES = ("api/", "v1/", "t/", "i/", "p/", "openapi.json", "healthz", "readyz")


class _File(NamedTuple):
    body: bytes
    zipped: bytes | None
    content_type: str


class ConsoleFiles:
    """The files under one folder, read when first asked for, kept until the next build.

    Each file is kept once: only its own name finds it, no way round through other folders.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._known: dict[str, _File] = {}
        self._built_ns = 0

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the handlers that take every path which no other handler has."""
        methods = [HttpMethod(name) for name in ("GET", "POST", "PUT", "PATCH", "DELETE")]

        async def serve(request: LitestarRequest[Any, Any, Any]) -> LitestarResponse[bytes]:
            if request.method != "GET":
                raise NotFound
            return await self.answer(request.scope["path"].strip("/"), request.headers)

        opt = {"scope": "public"}
        return [route(["/", "/{path:path}"], http_method=methods, opt=opt, status_code=200)(serve)]

    async def answer(self, path: str, headers: Any) -> LitestarResponse[bytes]:
        """Return a file, or the first page for a path of the console. Raises NotFound."""
        if path.startswith(NOT_PAGES):
            raise NotFound
        file = await self._file(path)
        asset = file is not None and path.startswith("assets/")
        if file is None and "." not in path.rpartition("/")[2]:
            file = await self._file("index.html")
        if file is None:
            raise NotFound
        said = {"cache-control": _FOR_EVER if asset else _ASK_AGAIN, "vary": "accept-encoding"}
        body = file.body
        if file.zipped is not None and "gzip" in headers.get("accept-encoding", ""):
            body = file.zipped
            said["content-encoding"] = "gzip"
        return LitestarResponse(body, media_type=file.content_type, headers=said)

    async def _file(self, path: str) -> _File | None:
        self._forget_when_rebuilt()
        found = self._known.get(path)
        if found is None and _is_plain(path):
            found = await asyncio.to_thread(self._read, path)
            if found is not None:
                self._known[path] = found
        return found

    def _forget_when_rebuilt(self) -> None:
        try:
            built_ns = (self._folder / "index.html").stat().st_mtime_ns
        except OSError:
            built_ns = 0
        if built_ns != self._built_ns:
            self._known, self._built_ns = {}, built_ns

    def _read(self, path: str) -> _File | None:
        try:
            file = (self._folder / path).resolve()
            if not file.is_relative_to(self._folder) or not file.is_file():
                return None
            body = file.read_bytes()
        except (OSError, ValueError):
            return None
        content_type = guess_type(file.name)[0] or "application/octet-stream"
        if not content_type.startswith(_COMPRESSIBLE):
            return _File(body, None, content_type)
        if content_type.startswith("text/"):
            content_type += "; charset=utf-8"
        return _File(body, gzip.compress(body, 6), content_type)


def _is_plain(path: str) -> bool:
    """Say whether a path is written the one way: no ``..``, no ``.``, no doubled slash."""
    return ".." not in path.split("/") and str(PurePosixPath(path)) == path
