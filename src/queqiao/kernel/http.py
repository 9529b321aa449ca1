"""What a hot endpoint sees of HTTP, and the table from which it is mounted, guarded and documented.

Hot paths (intake, decisions, quotes) are plain coroutines from Request to Response. A stage lists
them as Routes; ``wiring`` mounts them, authenticates, and writes them into the OpenAPI document.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, Literal, TypeVar

import msgspec

from queqiao.kernel import json
from queqiao.kernel.errors import Message

T = TypeVar("T")

Language = Literal["zh", "en"]
Scope = Literal["public", "intake", "decide", "exchange", "cards", "read", "write", "admin"]
Role = Literal["owner", "operator", "viewer"]


class Principal(msgspec.Struct, frozen=True):
    """Who calls: a person signed in (with a role) or a key (with scopes).

    ``source`` is the event source that an intake key stands for, else empty.
    """

    id: str
    name: str
    role: Role | None = None
    scopes: frozenset[Scope] = frozenset()
    source: str = ""

    def may(self, scope: Scope) -> bool:
        """Say whether the principal may use a route of that scope."""
        return scope == "public" or scope in self.scopes or "admin" in self.scopes


class Request(msgspec.Struct, gc=False):
    """One request, body read whole. Header names are in lower case; ``now_us`` is its time."""

    method: str
    path: str
    params: dict[str, str]
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    client: str
    now_us: int
    principal: Principal | None = None
    language: Language = "en"

    def decode(self, kind: type[T], size_max: int | None = None) -> T:
        """Return the JSON body as ``kind``. Raises InvalidInput or TooLarge."""
        return json.decode(self.body, kind, size_max)


class Response(msgspec.Struct, gc=False):
    """One answer. ``headers`` are extra header lines.

    ``stream`` is a body that is never held whole: its pieces are made one after the other, beside
    the event loop (those of an asynchronous one: on it), each when the client has taken the one
    before; ``body`` is then empty. Who knows its length says it as the header ``content-length``,
    and the client can show progress.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    stream: Iterator[bytes] | AsyncIterator[bytes] | None = None


def json_response(value: Any, status: int = 200) -> Response:
    """Return ``value`` as a JSON answer."""
    return Response(status, json.encode(value))


Handler = Callable[[Request], Awaitable[Response]]


class Route(msgspec.Struct, frozen=True):
    """One hot endpoint. ``path`` may hold ``{name}`` parts; a part never spans a slash.

    ``scope`` guards it; ``body_max`` bounds the request body in bytes; ``authenticates_itself``
    tells wiring that the handler reads its own credentials (write keys of SDKs). ``status`` is that
    of a good answer, for the OpenAPI document. ``key_parameter`` names the query parameter in which
    a key may come, for callers that can set an address and no header.
    """

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    path: str
    handler: Handler
    summary: Message
    scope: Scope = "public"
    request_type: Any = None
    response_type: Any = None
    tags: tuple[str, ...] = ()
    body_max: int = 1_000_000
    authenticates_itself: bool = False
    status: int = 200
    key_parameter: str = ""


def language_of(accept_language: str | None) -> Language:
    """Return the language that ``Accept-Language`` names first among ours; English by default."""
    for part in (accept_language or "").lower().split(","):
        tag = part.split(";")[0].strip()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "en"
