"""Servers that do what no bidder should, on the loopback: each is one way to answer a call."""

import asyncio
import gzip
import zlib

GIB = 1024**3
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


async def silent(_):
    await asyncio.sleep(60)


async def hangs_up(writer):
    writer.close()


async def garbage(writer):
    writer.write(b"\x00\xff not HTTP at all \r\n\r\n" * 10)


async def half_a_head(writer):
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-")
    await silent(writer)


async def dribbling_head(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(10_000):
        writer.write(b"x-%d: y\r\n" % number)
        await writer.drain()
        await asyncio.sleep(0.01)


async def huge_head(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(20_000):
        writer.write(b"x-%d: %b\r\n" % (number, b"y" * 500))
        await writer.drain()


async def one_gigabyte(writer):
    writer.write(OK + b"content-length: %d\r\n\r\n" % GIB)
    await stream(writer)


async def endless(writer):
    writer.write(OK + b"transfer-encoding: chunked\r\n\r\n")
    await stream(writer, b"10000\r\n" + b" " * 65_536 + b"\r\n")


async def endless_and_slow(writer):
    writer.write(OK + b"transfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def stream(writer, piece=b" " * 65_536):
    for _ in range(GIB // len(piece)):
        writer.write(piece)
        await writer.drain()


def packed_spaces(megabytes):
    """Return so much of nothing, packed piece by piece: it never stands in memory whole."""
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    pieces = [packer.compress(b" " * 1_000_000) for _ in range(megabytes)]
    return b"".join([*pieces, packer.flush()])


BOMB = packed_spaces(400)


async def bomb(writer):
    head = b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(BOMB)
    writer.write(OK + head + BOMB)


async def broken_gzip(writer):
    writer.write(OK + b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd")


async def cut_gzip(writer):
    packed = gzip.compress(b'{"id":"r"}')[:-6]
    head = b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)
    writer.write(OK + head + packed)


async def brotli(writer):
    writer.write(OK + b"content-encoding: br\r\ncontent-length: 4\r\n\r\nabcd")


async def redirect(writer):
    writer.write(b"HTTP/1.1 302 Found\r\nlocation: /honest\r\ncontent-length: 0\r\n\r\n")


async def fault(writer):
    writer.write(b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno")


async def half_a_body(writer):
    writer.write(OK + b'content-length: 500\r\n\r\n{"id":')
    writer.close()


async def deep(writer):
    body = b"[" * 200_000
    writer.write(OK + b"content-length: %d\r\n\r\n%b" % (len(body), body))


async def not_json(writer):
    writer.write(OK + b"content-length: 9\r\n\r\n<html></>")


async def continues(writer):
    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    await silent(writer)


WAYS = {
    way.__name__: way
    for way in (
        silent, hangs_up, garbage, half_a_head, dribbling_head, huge_head, one_gigabyte, endless,
        endless_and_slow, bomb, broken_gzip, cut_gzip, brotli, redirect, fault, half_a_body, deep,
        not_json, continues,
    )
}  # fmt: skip
"""By name."""

CODES = {
    "silent": (1, 101), "half_a_head": (1, 101), "dribbling_head": (1, 101),
    "endless_and_slow": (1, 101), "hangs_up": (3, 103), "half_a_body": (3, 103),
}  # fmt: skip
"""Prebid's code of the error and IAB's status; (3, 102) where it is not named."""


class Hostile:
    """A server whose path names the way it answers."""

    def __init__(self):
        self.calls = 0
        self.paths = []
        self._serving = set()

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self):
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"

    async def _serve(self, reader, writer):
        self._serving.add(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                await reader.readexactly(length)
                self.calls += 1
                name = head.split(b" ")[1].decode().strip("/")
                self.paths.append(name)
                await WAYS[name](writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # hung up on, as it should be
        finally:
            writer.close()
