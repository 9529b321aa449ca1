"""One kept connection to a bidder's server: one call at a time, every answer bounded.

It trusts nothing of the other side: the head and the body have bounds, a compressed body is
unpacked to the bound and no further, and whoever sends what nobody asked for is hung up on.
"""

import asyncio
import zlib
from collections.abc import Callable
from typing import Literal, cast

import httptools
from msgspec import Struct

from queqiao.decide.ads.openrtb.check_response import RESPONSE_BYTES_MAX

HEAD_BYTES_MAX = 32 * 1024
BODY_BYTES_MAX = RESPONSE_BYTES_MAX
GZIP = b"gzip"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS

Failure = Literal[
    "timeout", "unreachable", "forbidden", "hung_up", "too_large", "garbage", "encoding", "busy"
]


class Reply(Struct, frozen=True):
    """What came of a call: an answer with its status, or why there is none."""

    status: int = 0
    body: bytes = b""
    failure: Failure | None = None


Done = Callable[[Reply], None]


class Connection(asyncio.Protocol):
    """Speaks HTTP/1.1. ``freed`` is called when it is ready for the next call."""

    def __init__(
        self, freed: "Callable[[Connection], None]", lost: "Callable[[Connection], None]"
    ) -> None:
        self._freed = freed
        self._lost = lost
        self._done: Done | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._transport: asyncio.Transport | None = None
        self.calls = 0
        self.heard = False

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes, done: Done) -> None:
        """Send a request; ``done`` is called once, unless the call is abandoned before."""
        assert self._transport is not None, "it is connected before it is used"
        self._done = done
        self.heard = False
        self.calls += 1
        self._head_bytes = 0
        self._head_complete = False
        self._encoding = b""
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._transport.write(request)

    def hang_up(self) -> None:
        """Close at once; what is under way is forgotten."""
        self._done = None
        if self._transport is not None:
            self._transport.abort()

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        """Take in a piece of an answer."""
        if self._done is None or self._parser is None:
            self.hang_up()  # nobody asked
            return
        self.heard = True
        if not self._head_complete:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail("garbage")
            return
        if not self._head_complete and self._head_bytes > HEAD_BYTES_MAX:
            self._fail("too_large")

    def connection_lost(self, _: Exception | None) -> None:
        """Tell that there will be no answer."""
        self._transport = None
        self._parser = None  # it holds on to this
        self._lost(self)
        self._fail("hung_up")

    # What the parser tells.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a line of the head."""
        lower = name.lower()
        if lower == b"content-encoding":
            self._encoding = value.strip().lower()
        elif lower == b"content-length" and _announces_too_much(value):
            self._fail("too_large")

    def on_headers_complete(self) -> None:
        """Note that the head is whole."""
        self._head_complete = True

    def on_body(self, body: bytes) -> None:
        """Take in a piece of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > BODY_BYTES_MAX:
            self._fail("too_large")
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Give the answer, and keep the connection where the other side keeps it."""
        parser, done = self._parser, self._done
        if done is None or parser is None:
            return
        keeps = parser.should_keep_alive()
        reply = self._reply(parser.get_status_code())
        self._done = None
        self._body = []
        if keeps and reply.failure is None:
            self._freed(self)
        else:
            self.hang_up()
        done(reply)

    def _reply(self, status: int) -> Reply:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        if self._encoding in {b"", b"identity"}:
            return Reply(status, body)
        if self._encoding != GZIP:
            return Reply(status, failure="encoding")
        return _unpacked(status, body)

    def _fail(self, failure: Failure) -> None:
        done = self._done
        self.hang_up()
        if done is not None:
            done(Reply(failure=failure))


def _announces_too_much(length: bytes) -> bool:
    return length.isdigit() and (len(length) > 12 or int(length) > BODY_BYTES_MAX)


def _unpacked(status: int, body: bytes) -> Reply:
    """Return a reply whose body was packed by gzip; it is unpacked to the bound and no further."""
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = unpacker.decompress(body, BODY_BYTES_MAX + 1)
    except zlib.error:
        return Reply(status, failure="encoding")
    if len(plain) > BODY_BYTES_MAX:
        return Reply(status, failure="too_large")
    return Reply(status, plain) if unpacker.eof else Reply(status, failure="encoding")
