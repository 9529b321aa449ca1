"""A lean HTTP/1.1 transport for httpx: the store makes thousands of calls on the system's machine.

Measured on two busy cores, a call by httpx's own transport took 3.4 ms of CPU, by this one .4:
httpx parses HTTP and manages connections in Python, httptools parses in C.
"""

import asyncio
from typing import Final

import httptools
import httpx

CALL_S_MAX: Final = 60.0
_READ_BYTES: Final = 65_536


class _Reply:
    """Callbacks of the parser: one response as it arrives."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []
        self.complete = False
        self.kept_open = False
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, part: bytes) -> None:
        self.body.append(part)

    def on_message_complete(self) -> None:
        # Asked now, since the parser forgets it once the message is over.
        self.kept_open = self.parser.should_keep_alive()
        self.complete = True


class _Connection:
    """One connection, used by one call at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.alive = True

    @property
    def usable(self) -> bool:
        """Whether the other side has kept it open, as far as one can know."""
        return self.alive and not self._reader.at_eof()

    async def call(self, head: bytes, body: bytes) -> httpx.Response:
        """Send one request and return its response. Raises OSError and EOFError."""
        self.alive = False
        self._writer.write(head + body)
        reply = _Reply()
        parser = reply.parser
        while not reply.complete:
            data = await self._reader.read(_READ_BYTES)
            if not data:
                raise EOFError("the connection closed before the answer was whole")
            parser.feed_data(data)
        self.alive = reply.kept_open
        return httpx.Response(
            parser.get_status_code(), headers=reply.headers, content=b"".join(reply.body)
        )

    def close(self) -> None:
        """Let go of it."""
        self.alive = False
        self._writer.close()


class LeanTransport(httpx.AsyncBaseTransport):
    """Plain HTTP to one host over at most ``connections`` kept connections.

    Raises the errors of httpx: ConnectError, ReadError, ReadTimeout.
    """

    def __init__(self, host: str, port: int, connections: int) -> None:
        self._host = host
        self._port = port
        self._idle: list[_Connection] = []
        self._places = asyncio.Semaphore(connections)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make one call."""
        body = await request.aread()
        async with self._places:
            connection = await self._connection()
            try:
                async with asyncio.timeout(CALL_S_MAX):
                    response = await connection.call(_head(request), body)
            except TimeoutError as error:
                raise httpx.ReadTimeout("no answer in time") from error
            except (OSError, EOFError, httptools.HttpParserError) as error:
                raise httpx.ReadError(str(error)) from error
            finally:
                self._keep_or_close(connection)
        return response

    async def aclose(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            connection.close()
        try:
            return _Connection(*await asyncio.open_connection(self._host, self._port))
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error

    def _keep_or_close(self, connection: _Connection) -> None:
        if connection.usable:
            self._idle.append(connection)
        else:
            connection.close()


def _head(request: httpx.Request) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    return b"\r\n".join([*lines, b"", b""])
