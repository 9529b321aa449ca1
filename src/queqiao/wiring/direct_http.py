"""The public port's protocol: usual requests of hot paths are answered without ASGI.

uvicorn makes a scope, a cycle, a task and two messages for every request: 80 us, more than reading
and storing an event costs. A path with a direct handler gets the header lines and the body at once.
Where the handler declines, the same request goes through uvicorn as if nothing had happened, so
that a direct handler never has to say what is wrong with one.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from queqiao.kernel.errors import Broken, QueqiaoError
from queqiao.wiring.asgi import problem_response
from queqiao.wiring.client_address import ClientAddresses
from queqiao.wiring.http_server import BoundedProtocol

Stored = asyncio.Future[Any] | None
"""Done when the request is; its result is the JSON to answer with, where the path has no answer."""

Taking = Callable[[Sequence[tuple[bytes, bytes]], bytes, str], Stored]
"""Takes header lines (names in lower case), a body and the client's address.

None: do it the general way.
"""


@dataclass(frozen=True)
class Direct:
    """How one path is answered directly: by POST, with one answer for all that is well.

    Without that, each request's own: JSON bytes, the result of its future.
    """

    take: Taking
    body_max: int
    answer: bytes | None = None
    """Header lines and body after the status line and the date."""
    problem_lines: tuple[tuple[str, str], ...] = ()
    """Header lines that a problem document carries as well."""


def protocol_of(
    direct: Mapping[bytes, Direct], addresses: ClientAddresses | None = None
) -> type[BoundedProtocol]:
    """Return the protocol that answers these paths directly."""
    members = {"direct": direct, "addresses": addresses or ClientAddresses()}
    return type("Direct", (DirectProtocol,), members)


class _UnderWay:
    """Stands in uvicorn's place for a request under way, so that later ones queue up behind it."""

    def __init__(self) -> None:
        self.response_complete = True
        self.disconnected = False
        self.keep_alive = True
        self.message_event = asyncio.Event()


class DirectProtocol(BoundedProtocol):
    """HTTP/1.1 with direct handlers by path. Pipelined requests are answered in their order."""

    direct: Mapping[bytes, Direct]
    addresses: ClientAddresses

    def connection_made(self, transport: Any) -> None:
        """Prepare what each request of the connection uses again."""
        super().connection_made(transport)
        self._direct: Direct | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._under_way = _UnderWay()

    def on_headers_complete(self) -> None:
        """Choose the way of a request."""
        direct = self.direct.get(self.url)
        if direct is None or not self._is_usual():
            super().on_headers_complete()
            return
        self._header_since = None
        self._body_since = monotonic()
        self._direct, self._chunks, self._size = direct, [], 0

    def _is_usual(self) -> bool:
        """Say whether the request is a plain POST and nothing is under way before it."""
        parser = self.parser
        return (
            (self.cycle is None or self.cycle.response_complete)
            and not self.expect_100_continue
            and parser.get_method() == b"POST"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and parser.get_http_version() == "1.1"
        )

    def on_body(self, body: bytes) -> None:
        """Gather the body, within its bound."""
        if self._direct is None:
            super().on_body(body)
            return
        self._chunks.append(body)
        self._size += len(body)
        if self._size > self._direct.body_max:
            self._go_the_general_way()

    def on_message_complete(self) -> None:
        """Hand the whole request over."""
        direct = self._direct
        if direct is not None:
            self._body_since = None
            chunks = self._chunks
            body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            stored = direct.take(self.headers, body, self._client_address())
            if stored is not None:
                self._direct = None
                self._await(stored, direct, self.headers)
                return
            self._go_the_general_way()
        super().on_message_complete()

    def _client_address(self) -> str:
        peer = self.client[0] if self.client else ""
        if self.addresses.trusts_none:
            return peer
        said = next((value for name, value in self.headers if name == b"x-forwarded-for"), b"")
        return self.addresses.address(peer, said.decode("latin-1"))

    def _go_the_general_way(self) -> None:
        self._direct = None
        super().on_headers_complete()
        for chunk in self._chunks:
            super().on_body(chunk)

    def _await(
        self,
        stored: "asyncio.Future[Any]",
        direct: Direct,
        headers: Sequence[tuple[bytes, bytes]],
    ) -> None:
        under_way = self._under_way
        under_way.response_complete = False
        self.cycle = under_way  # type: ignore[assignment]  # what uvicorn asks of a cycle, it has

        def answer(stored: "asyncio.Future[Any]") -> None:
            under_way.response_complete = True
            if self.transport.is_closing():
                return
            error = stored.exception()
            self.transport.write(
                self._well(direct, stored.result())
                if error is None
                else _problem(error, headers, direct)
            )
            self._answered()

        stored.add_done_callback(answer)

    def _well(self, direct: Direct, told: bytes | None) -> bytes:
        ((name, value),) = self.server_state.default_headers
        rest = direct.answer if direct.answer is not None else _json(told or b"")
        return b"HTTP/1.1 200 OK\r\n%b: %b\r\n%b" % (name, value, rest)

    def _answered(self) -> None:
        if not self._under_way.keep_alive:  # the server is going down
            self.transport.close()
        elif self.pipeline:
            self.on_response_complete()
        else:
            self.server_state.total_requests += 1
            self._idle_since = monotonic()


def _json(body: bytes) -> bytes:
    return b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def _problem(error: BaseException, headers: Sequence[tuple[bytes, bytes]], direct: Direct) -> bytes:
    named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    known = error if isinstance(error, QueqiaoError) else Broken()
    response = problem_response(known, named, None if known is error else _cause(error))
    lines = [("content-type", response.content_type), *response.headers, *direct.problem_lines]
    lines.append(("content-length", str(len(response.body))))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    start = f"HTTP/1.1 {response.status} {known.title.en}\r\n{head}\r\n"
    return start.encode("latin-1") + response.body


def _cause(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError(repr(error))
