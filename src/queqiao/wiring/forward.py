"""From the public port to the role that answers: HTTP/1.1 over Unix sockets, kept open.

The public port is owned by the intake, whose own paths take no hop. Everything else goes through
here: the head is written again, the bodies stream both ways.
"""

import asyncio
import re
import select
from asyncio import StreamReader, StreamWriter
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any

import httptools
import structlog

from queqiao.kernel.errors import Message as Words
from queqiao.kernel.errors import QueqiaoError, Unavailable
from queqiao.kernel.http import Response
from queqiao.wiring.asgi import ClientLeftError, Receive, Scope, Send, problem_response, write

log = structlog.get_logger()

CONNECT_FOR_S = 4.0
RETRY_EVERY_S = 0.02
IDLE_MAX = 64
AT_ONCE_BYTES_MAX = 32 * 1024
"""A body up to this fits a socket's buffer: it is sent before the answer is waited for."""

Message = MutableMapping[str, Any]
"""One message of the ASGI protocol."""

_SAFE = {"GET", "HEAD"}
"""Methods that change nothing: what a role's end cut off is asked again (RFC 9110, 9.2.2)."""
_HOP_BY_HOP = {b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"x-forwarded-for"}


class UnansweredError(ConnectionError):
    """The role hung up before it answered."""


class _Connection:
    """One connection to a role; it parses what the role answers."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._heard = select.poll()
        self._heard.register(writer.get_extra_info("socket").fileno(), select.POLLIN)

    def begin(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.headers: list[tuple[bytes, bytes]] = []
        self.chunks: deque[bytes] = deque()
        self.head_complete = False
        self.complete = False
        self.whole = True
        self.kept = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() not in _HOP_BY_HOP | {b"date"}:  # the public port says its own date
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.head_complete = True

    def on_body(self, body: bytes) -> None:
        self.chunks.append(body)

    def on_message_complete(self) -> None:
        self.complete = True
        self.kept = self.parser.should_keep_alive()  # afterwards the parser has forgotten

    def usable(self) -> bool:
        """Say whether the role has not hung up meanwhile; asked while nothing is under way.

        The socket is asked, not the loop, which learns of the end only when it next looks: what is
        sent in between would be lost.
        """
        return not self.writer.is_closing() and not self._heard.poll(0)

    def end(self) -> None:
        """Hang up, and let go of the parser, which holds on to this."""
        self.writer.close()
        del self.parser

    async def feed(self) -> None:
        data = await self.reader.read(256 * 1024)
        if not data:
            raise ConnectionResetError("the role went away in the middle of its answer")
        self.parser.feed_data(data)


class Upstream:
    """One role's sockets: connections kept, processes in turn, patience while one restarts."""

    def __init__(self, sockets: Sequence[Path]) -> None:
        self._next_socket = cycle(sockets)
        self._idle: deque[_Connection] = deque()

    async def take(self) -> _Connection:
        """Return an open connection. Raises Unavailable when the role stays away.

        The one that was idle longest, so that all processes of a role have their turn.
        """
        while self._idle:
            connection = self._idle.popleft()
            if connection.usable():
                return connection
            connection.end()
        return await self._connect()

    def give_back(self, connection: _Connection) -> None:
        """Keep a connection for the next request."""
        if connection.whole and connection.kept and len(self._idle) < IDLE_MAX:
            self._idle.append(connection)
        else:
            connection.end()

    def close(self) -> None:
        """Hang up what is kept."""
        while self._idle:
            self._idle.pop().end()

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + CONNECT_FOR_S
        while True:
            try:
                return _Connection(*await asyncio.open_unix_connection(next(self._next_socket)))
            except OSError as error:
                if loop.time() > deadline:
                    raise Unavailable(
                        Words("内部服务正在重启", "a part of the system is restarting")
                    ) from error
            await asyncio.sleep(RETRY_EVERY_S)


class Forwarder:
    """An ASGI application that hands each request to the role that its path belongs to.

    ``upstreams`` maps path prefixes to roles, in which ``{id}`` stands for one part; the longest
    prefix wins, and the empty one takes the rest.
    """

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        ordered = sorted(upstreams.items(), key=lambda pair: -len(pair[0]))
        self._upstreams = [(_matcher(prefix), role) for prefix, role in ordered]

    def close(self) -> None:
        """Hang up what is kept of every role."""
        for _, role in self._upstreams:
            role.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request and stream its answer."""
        started = False

        async def sending(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._forward(self._upstream(scope["path"]), scope, receive, sending)
        except ClientLeftError:
            return
        except (OSError, QueqiaoError, httptools.HttpParserError) as error:
            if started:
                raise  # half an answer is out: cut the connection, so that the client knows
            # Not kept by a name here: its traceback leads back to this frame, and so to the body.
            await write(_problem(error, scope), send)

    def _upstream(self, path: str) -> Upstream:
        return next(role for matches, role in self._upstreams if matches(path))

    async def _forward(
        self, upstream: Upstream, scope: Scope, receive: Receive, send: Send
    ) -> None:
        received: list[Message] = []

        async def first() -> Message:
            if not received:
                received.append(await receive())
            return received[0]

        try:
            await _ask(upstream, scope, first, receive, send)
        except UnansweredError:
            log.warning("a role hung up unanswered", path=scope["path"], method=scope["method"])
            if scope["method"] not in _SAFE or any(one.get("more_body") for one in received):
                raise
            await _ask(upstream, scope, first, receive, send)


async def _ask(
    upstream: Upstream, scope: Scope, first: Receive, receive: Receive, send: Send
) -> None:
    """Ask a role once and stream its answer. ``first`` receives the beginning of the body.

    Raises UnansweredError when the role hangs up before the head of its answer is whole, as it does
    when it dies, or when it closes a connection that was idle just as it is used again.
    """
    connection = await upstream.take()
    try:
        connection.begin()
        _write(connection.writer, _head(scope))
        begun = await first()
        if begun.get("more_body") or len(begun.get("body", b"")) > AT_ONCE_BYTES_MAX:
            await _both_ways(connection, scope, begun, receive, send)
        else:
            await _send_body(connection.writer, scope, begun, receive)
            await _answer(connection, send)
    except OSError as error:
        connection.end()
        if connection.head_complete:
            raise ConnectionResetError("the role hung up in the middle of its answer") from error
        raise UnansweredError from error
    except BaseException:
        connection.end()
        raise
    upstream.give_back(connection)


def _matcher(prefix: str) -> Callable[[str], object]:
    """Return what says whether a path begins with a prefix."""
    if "{id}" not in prefix:
        return lambda path: path.startswith(prefix)
    return re.compile("[^/]+".join(map(re.escape, prefix.split("{id}")))).match


def _problem(error: Exception, scope: Scope) -> Response:
    fault = error if isinstance(error, QueqiaoError) else Unavailable()
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return problem_response(fault, headers)


async def _both_ways(
    connection: _Connection, scope: Scope, first: Message, receive: Receive, send: Send
) -> None:
    """Stream a body while listening: a role may refuse it before it has read it, and hang up.

    Its answer would be lost with the connection if nobody were reading when that happens.
    """
    sending = asyncio.create_task(_send_body(connection.writer, scope, first, receive))
    answering = asyncio.create_task(_answer(connection, send))
    try:
        await asyncio.wait({sending, answering}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            with suppress(ConnectionError):
                sending.result()
        await answering
        connection.whole = sending.done()
    finally:
        sending.cancel()
        answering.cancel()
        await asyncio.gather(sending, answering, return_exceptions=True)
        # An error of theirs leads by its traceback to this frame: from here back to them, it would
        # keep a piece of the body until the collector comes, which is rarely.
        del sending, answering


def _chunked(scope: Scope) -> bool:
    return any(name == b"transfer-encoding" for name, _ in scope["headers"])


def _head(scope: Scope) -> bytes:
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    # The parser of answers cannot know that one to HEAD has no body, so GET is asked for both.
    method = b"GET" if scope["method"] == "HEAD" else scope["method"].encode()
    lines = [method + b" " + target + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in scope["headers"] if name not in _HOP_BY_HOP]
    lines.append(b"x-forwarded-for: " + ((scope.get("client") or ("",))[0] or "local").encode())
    if _chunked(scope):
        lines.append(b"transfer-encoding: chunked")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _write(writer: StreamWriter, data: bytes) -> None:
    """Send bytes. Raises ConnectionResetError when the role is gone."""
    try:
        writer.write(data)
    except RuntimeError as error:  # uvloop's word for a transport that closed meanwhile
        raise ConnectionResetError("the role went away") from error


async def _send_body(
    writer: StreamWriter, scope: Scope, message: Message, receive: Receive
) -> None:
    chunked = _chunked(scope)
    while True:
        if message["type"] == "http.disconnect":
            raise ClientLeftError
        body = message.get("body", b"")
        if body:
            _write(writer, b"%x\r\n%b\r\n" % (len(body), body) if chunked else body)
            await writer.drain()
        if not message.get("more_body"):
            break
        message = await receive()
    if chunked:
        _write(writer, b"0\r\n\r\n")


async def _answer(connection: _Connection, send: Send) -> None:
    while not connection.head_complete:
        await connection.feed()
    status = connection.parser.get_status_code()
    await send({"type": "http.response.start", "status": status, "headers": connection.headers})
    while not connection.complete:
        while connection.chunks:
            body = connection.chunks.popleft()
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await connection.feed()
    rest = b"".join(connection.chunks)
    await send({"type": "http.response.body", "body": rest})
