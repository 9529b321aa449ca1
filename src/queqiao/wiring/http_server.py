"""uvicorn on a socket that we give it, with clients that dribble cut off."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from time import monotonic
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from queqiao.kernel.errors import InvalidInput, Message, QueqiaoError, TooLarge
from queqiao.kernel.problem import CONTENT_TYPE, problem

Application = Callable[..., Awaitable[None]]

HEADER_BYTES_MAX = 64 * 1024
SWEEP_EVERY_S = 1.0
KEEP_ALIVE_S = 75


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose header lines and bodies must arrive in bounded time and size.

    Stock uvicorn keeps a client that dribbles bytes for ever. Timers for each request would cost
    more than the parse, so one sweep a second looks at all connections instead.
    """

    header_timeout_s = 10.0
    body_timeout_s = 30.0

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._header_since: float | None = monotonic()
        self._body_since: float | None = None
        self._header_bytes = 0
        self._idle_since: float | None = None

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and cut off header lines over their bound."""
        super().data_received(data)
        if self._header_since is not None:
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_BYTES_MAX:
                self._refuse(TooLarge(Message("请求头过大", "the header lines are too large")))

    def on_message_begin(self) -> None:
        """Start the header's clock."""
        self._header_since = monotonic()
        self._header_bytes = 0
        self._idle_since = None
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Go from the header's clock to the body's."""
        self._header_since = None
        self._body_since = monotonic()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the body's clock."""
        self._body_since = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # the parent's signature
        """Answer bytes that are no HTTP with a problem document."""
        self._refuse(InvalidInput(detail=Message("不是合法的 HTTP 请求", "not an HTTP request")))

    def late(self, now: float) -> bool:
        """Say whether the client has had its time."""
        if self._header_since is not None:
            return now - self._header_since > self.header_timeout_s
        return self._body_since is not None and now - self._body_since > self.body_timeout_s

    def idle(self, now: float) -> bool:
        """Say whether nothing has come for long on a connection that uvicorn sets no timer for."""
        return self._idle_since is not None and now - self._idle_since > KEEP_ALIVE_S

    def _refuse(self, error: QueqiaoError) -> None:
        body = problem(error, "en", None)
        head = (
            f"HTTP/1.1 {error.status} {error.title.en}\r\ncontent-type: {CONTENT_TYPE}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("latin-1") + body)
        self.transport.close()


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to its role and sweeps its connections."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # a generator there
        """Leave signals alone."""
        return nullcontext()

    async def sweep(self) -> None:
        """Cut off late clients, for ever."""
        while not self.should_exit:
            await asyncio.sleep(SWEEP_EVERY_S)
            now = monotonic()
            for connection in list(self.server_state.connections):
                if not isinstance(connection, BoundedProtocol):
                    continue
                if connection.late(now):
                    connection.transport.abort()
                elif connection.idle(now):
                    connection.transport.close()


def unix_socket(path: Path) -> socket.socket:
    """Return a listening Unix socket, in the place of one that a dead process left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(1024)
    listener.setblocking(False)  # the standard library's own signature
    return listener


def _kept_open(application: Application) -> Application:
    """Return the application without its wish to close the connection.

    Behind a Unix socket is our own forwarder. To close on it while it still sends a body that is
    refused would reset the connection, and the refusal would be lost; the rest of the body is read
    and thrown away instead.
    """

    async def serve(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                lines = message["headers"]
                message["headers"] = [line for line in lines if line[0].lower() != b"connection"]
            await send(message)

        await application(scope, receive, sending)

    return serve


async def serve(
    application: Application,
    listener: socket.socket,
    stop: asyncio.Event,
    *,
    header_timeout_s: float = 10.0,
    body_timeout_s: float = 30.0,
    protocol: type[BoundedProtocol] = BoundedProtocol,
) -> None:
    """Serve an ASGI application on a listening socket until ``stop`` is set."""
    bounds = {"header_timeout_s": header_timeout_s, "body_timeout_s": body_timeout_s}
    bounded = type("Protocol", (protocol,), bounds)
    config = uvicorn.Config(
        _kept_open(application) if listener.family == socket.AF_UNIX else application,
        http=bounded,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=5,
        loop="none",
    )
    server = Server(config)
    sweeping = asyncio.create_task(server.sweep())
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await stop.wait()
    server.should_exit = True
    await serving
    sweeping.cancel()
