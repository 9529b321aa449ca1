"""One bidder's server: connections that are kept, calls that may be cut short at any time."""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import cache
from ssl import SSLContext, create_default_context
from urllib.parse import urlsplit

from queqiao.decide.ads.openrtb.exchange.calls.addresses import (
    Addresses,
    ForbiddenAddressError,
    Resolve,
    resolve,
)
from queqiao.decide.ads.openrtb.exchange.calls.connection import Connection, Done, Reply
from queqiao.decide.ads.openrtb.exchange.calls.health import Health
from queqiao.decide.ads.openrtb.exchange.contracts import Bidder

IDLE_MAX = 32
"""Connections that are kept while nothing is under way."""


@cache
def usual_tls() -> SSLContext:
    """Return whom we trust: the machine's authorities."""
    return create_default_context()


class Call:
    """A call under way."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.task: asyncio.Task[None] | None = None

    def cut(self) -> None:
        """End it; nothing is told of it any more."""
        if self.task is not None:
            self.task.cancel()
        if self.connection is not None:
            self.connection.hang_up()


class Peer:
    """Calls one bidder."""

    def __init__(
        self,
        bidder: Bidder,
        resolve: Resolve = resolve,
        tls: Callable[[], SSLContext] = usual_tls,
    ) -> None:
        parts = urlsplit(bidder.url)
        self.health = Health()
        self._host = parts.hostname or ""
        self._is_tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._is_tls else 80)
        self._tls = tls
        self._addresses = Addresses(self._host, resolve)
        self._head = _head(bidder, parts.netloc, parts.path or "/", parts.query)
        self._idle: deque[Connection] = deque(maxlen=IDLE_MAX)
        self._under_way: set[Call] = set()
        self._calls_max = bidder.calls_at_once_max

    def ask(self, body: bytes, done: Done) -> Call:
        """Send a request; ``done`` is called once, unless the call is cut."""
        call = Call()
        if len(self._under_way) >= self._calls_max:
            done(Reply(failure="busy"))
            return call
        self._under_way.add(call)
        request = b"%b%d\r\n\r\n%b" % (self._head, len(body), body)

        def ended(reply: Reply) -> None:
            connection = call.connection
            stale = connection is not None and connection.calls > 1 and not connection.heard
            if reply.failure == "hung_up" and stale:
                self._connect(call, request, ended)  # it had closed just as it was used again
                return
            self._under_way.discard(call)
            done(reply)

        kept = self._kept()
        if kept is None:
            self._connect(call, request, ended)
        else:
            call.connection = kept
            kept.ask(request, ended)
        return call

    def cut(self, call: Call) -> None:
        """End a call that took too long."""
        self._under_way.discard(call)
        call.cut()

    def close(self) -> None:
        """Hang up what is kept; what is under way goes on."""
        while self._idle:
            self._idle.pop().hang_up()
        self._idle = deque(maxlen=0)

    def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None

    def _free(self, connection: Connection) -> None:
        if len(self._idle) == self._idle.maxlen:
            connection.hang_up()
        else:
            self._idle.append(connection)

    def _lost(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)

    def _connect(self, call: Call, request: bytes, ended: Done) -> None:
        call.connection = None
        call.task = asyncio.create_task(self._connect_and_ask(call, request, ended))

    async def _connect_and_ask(self, call: Call, request: bytes, ended: Done) -> None:
        try:
            connection = await self._connected()
        except ForbiddenAddressError:
            ended(Reply(failure="forbidden"))
        except OSError:
            ended(Reply(failure="unreachable"))
        else:
            call.connection = connection
            connection.ask(request, ended)

    async def _connected(self) -> Connection:
        """Return a new connection to the first address that takes it. Raises OSError."""
        loop = asyncio.get_running_loop()
        fault: OSError = ConnectionRefusedError()
        for address in await self._addresses.get(loop.time()):
            try:
                _, connection = await loop.create_connection(
                    lambda: Connection(self._free, self._lost),
                    address,
                    self._port,
                    ssl=self._tls() if self._is_tls else None,
                    server_hostname=self._host if self._is_tls else None,
                )
            except OSError as error:
                fault = error
            else:
                return connection
        raise fault


def _head(bidder: Bidder, netloc: str, path: str, query: str) -> bytes:
    """Return the head of every call up to the length of the body."""
    lines = [
        f"POST {path}{'?' if query else ''}{query} HTTP/1.1",
        f"host: {netloc}",
        "content-type: application/json",
        "accept: application/json",
        "accept-encoding: gzip",
        f"x-openrtb-version: {bidder.openrtb}",
        *(f"{name}: {value}" for name, value in bidder.headers.items()),
    ]
    if bidder.authorization:
        lines.append(f"authorization: {bidder.authorization}")
    return "\r\n".join([*lines, "content-length: "]).encode()
