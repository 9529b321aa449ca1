"""HTTP as bytes: requests that no client library would send, over connections that are kept.

A library would mend or refuse half of what these tests are about, and would be ten times slower.
"""

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httptools


@dataclass
class Answer:
    """One answer, read whole."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    bodyless: bool = False
    """It answers HEAD: its header lines speak of a body that does not come."""


class _Reading:
    """The parser's callbacks, for one answer."""

    def __init__(self, *, bodyless: bool) -> None:
        self.answer = Answer(bodyless=bodyless)
        self.complete = False
        self.chunks: list[bytes] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.answer.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.complete = self.answer.bodyless

    def on_body(self, body: bytes) -> None:
        self.chunks.append(body)

    def on_message_complete(self) -> None:
        self.answer.body = b"".join(self.chunks)
        self.complete = True


class Connection:
    """One connection to the public port, opened again whenever the server has closed it."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname, parts.port
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, request: bytes, timeout_s: float = 20) -> Answer | None:
        """Send bytes and return the answer; None when the server closes without one."""
        async with asyncio.timeout(timeout_s):
            for _ in range(2):
                fresh = self._writer is None
                answer = await self._once(request)
                if answer is not None or fresh:
                    return answer  # a kept connection may have been closed in between: once more
        return None

    async def _once(self, request: bytes) -> Answer | None:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        sending = asyncio.ensure_future(self._send(self._writer, request))
        reading = _Reading(bodyless=request.startswith(b"HEAD "))
        parser = httptools.HttpResponseParser(reading)
        try:
            while not reading.complete:
                data = await self._reader.read(65_536)
                if not data:
                    break
                parser.feed_data(data)
        except ConnectionError:
            pass  # it closed on us while we sent: what was read until then counts
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        if not reading.complete or reading.answer.bodyless or not parser.should_keep_alive():
            await self.close()
        reading.answer.status = parser.get_status_code() if reading.complete else 0
        return reading.answer if reading.complete else None

    async def _send(self, writer: asyncio.StreamWriter, request: bytes) -> None:
        writer.write(request)
        await writer.drain()

    async def close(self) -> None:
        """Close it."""
        if self._writer is not None:
            self._writer.close()
            await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)
            self._writer = None


def request_bytes(
    method: str, target: str | bytes, headers: dict[str, bytes | str], body: bytes = b""
) -> bytes:
    """Return a request as it goes over the wire, nothing checked."""
    raw = target if isinstance(target, bytes) else target.encode("latin-1")
    lines = [method.encode() + b" " + raw + b" HTTP/1.1", b"host: queqiao"]
    for name, value in headers.items():
        line = value if isinstance(value, bytes) else value.encode("latin-1")
        lines.append(name.encode("latin-1") + b": " + line)
    lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
