"""Hot routes as an ASGI application: read, guard, dispatch, answer. Every fault is a problem."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
)
from functools import lru_cache
from secrets import token_hex
from typing import Any, Protocol
from urllib.parse import parse_qsl

import structlog

from queqiao.kernel.clock import Clock, parse_rfc3339
from queqiao.kernel.errors import (
    Broken,
    FieldError,
    Forbidden,
    InvalidInput,
    Message,
    MethodNotAllowed,
    NotFound,
    QueqiaoError,
    TooLarge,
    Unauthenticated,
)
from queqiao.kernel.http import Principal, Request, Response, Route, language_of
from queqiao.kernel.problem import CONTENT_TYPE, problem
from queqiao.wiring.client_address import ClientAddresses

log = structlog.get_logger()

DRAIN_BYTES_MAX = 16_000_000
"""How much of a body that is too large is read before it is refused."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


_language_of = lru_cache(256)(language_of)


class Authenticator(Protocol):
    """Finds out who calls, from the header lines (names in lower case)."""

    def principal(
        self, headers: Mapping[str, str], cookies: None = None, method: str = ""
    ) -> Principal | None:
        """Return the caller, or None when nothing valid came with the call."""
        ...


class ClientLeftError(Exception):
    """The client went away before its request was whole: there is nobody to answer."""


class RouteTable:
    """Finds the route of a path: exact ones by one dictionary look-up, patterns by parts."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: dict[int, list[tuple[tuple[str, ...], dict[str, Route]]]] = {}
        for route in routes:
            self._methods(route.path)[route.method] = route

    def _methods(self, path: str) -> dict[str, Route]:
        if "{" not in path:
            return self._exact.setdefault(path, {})
        parts = tuple(path.split("/"))
        patterns = self._patterns.setdefault(len(parts), [])
        for known, methods in patterns:
            if known == parts:
                return methods
        patterns.append((parts, {}))
        return patterns[-1][1]

    def find(self, path: str) -> tuple[dict[str, Route], dict[str, str]] | None:
        """Return the routes of a path by method and the path's parameters, or None."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact, {}
        parts = path.split("/")
        for pattern, methods in self._patterns.get(len(parts), ()):
            params = _match(pattern, parts)
            if params is not None:
                return methods, params
        return None


def _match(pattern: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    params = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            if not part:
                return None
            params[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return params


class HotApplication:
    """An ASGI application over a table of routes.

    A path that is not in the table goes to ``otherwise`` (the forwarder of the public port), or
    answers 404. ``behind_forwarder``: the socket is reached through our public port only.
    """

    def __init__(
        self,
        routes: Iterable[Route],
        clock: Clock,
        authenticator: Authenticator,
        *,
        accept_clock_header: bool = False,
        behind_forwarder: bool = False,
        otherwise: Application | None = None,
        addresses: ClientAddresses | None = None,
    ) -> None:
        self._table = RouteTable(routes)
        self._clock = clock
        self._authenticator = authenticator
        self._accept_clock_header = accept_clock_header
        self._behind_forwarder = behind_forwarder
        self._otherwise = otherwise
        self._addresses = addresses or ClientAddresses()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        found = self._table.find(scope["path"])
        if found is None and self._otherwise is not None:
            await self._otherwise(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        try:
            response = await self._respond(scope, receive, headers, found)
        except ClientLeftError:
            return
        except QueqiaoError as error:
            response = problem_response(error, headers)
        except Exception as error:  # noqa: BLE001  # a defect must answer, and be seen
            response = problem_response(Broken(), headers, error)
        await write(response, send)

    async def _respond(
        self,
        scope: Scope,
        receive: Receive,
        headers: dict[str, str],
        found: tuple[dict[str, Route], dict[str, str]] | None,
    ) -> Response:
        if found is None:
            raise NotFound
        methods, params = found
        route = methods.get(scope["method"]) or methods.get(
            "GET" if scope["method"] == "HEAD" else ""
        )
        if route is None:
            raise MethodNotAllowed(_allowed(methods))
        query = _query(scope["query_string"])
        principal = None
        if route.scope != "public" or route.authenticates_itself or self._accept_clock_header:
            said = _with_key(headers, query.get(route.key_parameter))
            principal = self._authenticator.principal(said, None, scope["method"])
        self._guard(route, principal)
        body = await read_body(receive, headers, route.body_max)
        request = Request(
            scope["method"],
            scope["path"],
            params,
            query,
            headers,
            body,
            self._client(scope, headers),
            self._now_us(headers, principal),
            principal,
            _language_of(headers.get("accept-language")),
        )
        return await route.handler(request)

    def _guard(self, route: Route, principal: Principal | None) -> None:
        if route.scope == "public" or route.authenticates_itself:
            return
        if principal is None:
            raise Unauthenticated
        if not principal.may(route.scope):
            raise Forbidden(Message(f"需要 {route.scope} 权限", f"needs the scope {route.scope}"))

    def _client(self, scope: Scope, headers: Mapping[str, str]) -> str:
        """Return the caller's address; only our own forwarder is believed about somebody else's."""
        if self._behind_forwarder:
            return headers.get("x-forwarded-for", "")
        peer = (scope.get("client") or ("", 0))[0] or ""
        return self._addresses.address(peer, headers.get("x-forwarded-for", ""))

    def _now_us(self, headers: Mapping[str, str], principal: Principal | None) -> int:
        said = headers.get("queqiao-now") if self._accept_clock_header else None
        if said is None or principal is None or "admin" not in principal.scopes:
            return self._clock.now_us()
        return parse_rfc3339(said, "Queqiao-Now")


def _allowed(methods: Mapping[str, Route]) -> Message:
    names = ", ".join(sorted(methods))
    return Message(f"可用方法：{names}", f"methods here: {names}")


def _with_key(headers: Mapping[str, str], key: str | None) -> Mapping[str, str]:
    """Return the header lines with the key of the address, where no header brought one."""
    if key is None or "authorization" in headers:
        return headers
    return {**headers, "authorization": f"Bearer {key}"}


def _query(query_string: bytes) -> dict[str, str]:
    if not query_string:
        return {}
    try:
        return dict(
            parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=64)
        )
    except ValueError as error:
        message = Message("查询参数最多 64 个", "at most 64 query parameters")
        raise InvalidInput(FieldError("query", message)) from error


async def read_body(receive: Receive, headers: Mapping[str, str], size_max: int) -> bytes:
    """Return the request's body whole. Raises TooLarge; it never holds more than ``size_max``.

    What is too large is read and thrown away, up to a bound, before the refusal: a client that is
    still sending would otherwise see a broken connection and never the answer.
    """
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > DRAIN_BYTES_MAX:
        raise _too_large(size_max)
    message = await receive()
    chunk: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body"):
        if len(chunk) > size_max:
            raise _too_large(size_max)
        return chunk
    return await _read_chunks(receive, message, size_max)


async def _read_chunks(receive: Receive, message: MutableMapping[str, Any], size_max: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientLeftError
        body = message.get("body", b"")
        size += len(body)
        if size <= size_max:
            chunks.append(body)
        if not message.get("more_body") or size > DRAIN_BYTES_MAX:
            break
        message = await receive()
    if size > size_max:
        raise _too_large(size_max)
    return b"".join(chunks)


def _too_large(size_max: int) -> TooLarge:
    return TooLarge(Message(f"最多 {size_max} 字节", f"at most {size_max} bytes"))


def problem_response(
    error: QueqiaoError, headers: Mapping[str, str], cause: Exception | None = None
) -> Response:
    """Return the answer to an error; a fault of ours is logged under its trace id."""
    trace_id = token_hex(8)
    if error.status == 500:
        log.error("request failed", trace_id=trace_id, code=error.code, exc_info=cause or error)
    lines: list[tuple[str, str]] = []
    if error.retry_after_s is not None:
        lines.append(("retry-after", str(error.retry_after_s)))
    if error.status == 401:
        lines.append(("www-authenticate", "Bearer"))
    if error.status in {408, 413}:
        lines.append(("connection", "close"))
    body = problem(error, language_of(headers.get("accept-language")), trace_id)
    return Response(error.status, body, CONTENT_TYPE, tuple(lines))


async def write(response: Response, send: Send) -> None:
    """Send an answer."""
    if response.stream is not None:
        await _write_stream(response, response.stream, send)
        return
    body = response.body
    lines = _header_lines(len(body), response.content_type, response.headers)
    await send({"type": "http.response.start", "status": response.status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


async def _write_stream(
    response: Response, stream: Iterator[bytes] | AsyncIterator[bytes], send: Send
) -> None:
    """Send a body piece by piece: ``send`` waits while the client is slow."""
    lines = [("content-type", response.content_type), *response.headers]
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    async for piece in stream if isinstance(stream, AsyncIterator) else _beside(stream):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _beside(stream: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the pieces, each made in a thread."""
    while (piece := await asyncio.to_thread(next, stream, None)) is not None:
        yield piece


@lru_cache(256)
def _header_lines(
    length: int, content_type: str, extra: tuple[tuple[str, str], ...]
) -> tuple[tuple[bytes, bytes], ...]:
    """Return the header lines of an answer; the same few answers come again and again."""
    lines = [("content-length", str(length)), *extra]
    if length or content_type != "application/json":
        lines.insert(1, ("content-type", content_type))
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in lines)
