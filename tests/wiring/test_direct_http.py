"""Direct answers on the public port: as uvicorn's, in their order, and the general way behind."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from queqiao.kernel.clock import FixedClock
from queqiao.kernel.errors import Message, StorageFull
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.wiring.asgi import HotApplication
from queqiao.wiring.direct_http import Direct, protocol_of
from queqiao.wiring.http_server import serve

ANSWER = b"content-length: 6\r\n\r\ndirect"
BODY_MAX = 1000


class Keys:
    def principal(self, *_: object) -> None:
        return None


class Store:
    """A direct handler whose disk is in the test's hands."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[None]] = []
        self.at_once = True

    def take(self, headers, body: bytes, client: str):
        self.client = client
        if body.startswith(b"general") or (b"x-general", b"1") in headers:
            return None
        future = asyncio.get_running_loop().create_future()
        if self.at_once:
            future.set_result(None)
        self.waiting.append(future)
        return future


def told(answer: bytes) -> "asyncio.Future[bytes]":
    future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    future.set_result(answer)
    return future


async def show(request: Request) -> Response:
    return json_response({"size": len(request.body), "method": request.method})


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def port(store: Store) -> AsyncIterator[int]:
    summary = Message("测试", "test")
    routes = [Route(verb, "/take", show, summary, body_max=5000) for verb in ("POST", "GET")]
    direct = {
        b"/take": Direct(store.take, BODY_MAX, ANSWER),
        b"/ask": Direct(lambda *_: told(b'{"own": 1}'), BODY_MAX),
    }
    listener = socket.create_server(("127.0.0.1", 0))
    stop = asyncio.Event()
    bounds = {"header_timeout_s": 0.3, "body_timeout_s": 0.3}
    application = HotApplication(routes, FixedClock(1), Keys())
    task = asyncio.create_task(
        serve(application, listener, stop, protocol=protocol_of(direct), **bounds)
    )
    yield listener.getsockname()[1]
    stop.set()
    await task


Talk = Callable[[bytes], "asyncio.Future[bytes]"]


@pytest.fixture
async def talk(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield reader, writer
    writer.close()


def post(body: bytes, *lines: str, path: str = "/take", method: str = "POST") -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"Content-Length: {len(body)}", *lines))
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).decode().split("\r\n")
    if head[0].startswith("HTTP/1.1 100 "):
        return await answer(reader)
    lines = dict(line.split(": ", 1) for line in head[1:] if line)
    return int(head[0].split()[1]), lines, await reader.readexactly(int(lines["content-length"]))


async def test_a_direct_answer_and_then_another_on_the_same_connection(talk) -> None:
    reader, writer = talk
    for _ in range(3):
        writer.write(post(b"x"))
        status, lines, body = await answer(reader)
        assert (status, body) == (200, b"direct")
        assert lines["date"].endswith("GMT")


async def test_a_path_without_an_answer_tells_that_of_each_request(talk) -> None:
    reader, writer = talk
    for _ in range(2):
        writer.write(post(b"x", path="/ask"))
        status, lines, body = await answer(reader)
        assert (status, body) == (200, b'{"own": 1}')
        assert lines["content-type"] == "application/json"


@pytest.mark.parametrize(
    "request_",
    [
        post(b"general"),
        post(b"x", "X-General: 1"),
        post(b"x" * (BODY_MAX + 1)),
        post(b"", method="GET"),
        (
            b"POST /take HTTP/1.1\r\nHost: x\r\nX-General: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
        ),
        b"POST /take HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_the_general_way_sees_the_same_request(talk, request_: bytes) -> None:
    reader, writer = talk
    writer.write(request_)
    status, _, body = await answer(reader)
    assert status == 200
    sizes = {b"general": 7, b"x": 1}
    said = request_.partition(b"\r\n\r\n")[2]
    expected = 7 if b"chunked" in request_ else sizes.get(said, len(said))
    assert json.loads(body) == {"size": expected, "method": request_.split()[0].decode()}
    writer.write(post(b"x"))
    assert (await answer(reader))[2] == b"direct"


async def test_a_chunked_body_in_pieces_is_taken_directly(talk) -> None:
    reader, writer = talk
    writer.write(b"POST /take HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab")
    await writer.drain()
    writer.write(b"c\r\n2\r\nde\r\n0\r\n\r\n")
    assert (await answer(reader))[2] == b"direct"


async def test_pipelined_requests_are_answered_in_their_order(talk, store: Store) -> None:
    reader, writer = talk
    store.at_once = False
    writer.write(post(b"one") + post(b"general") + post(b"two") + post(b"", method="GET"))
    while not store.waiting:  # noqa: ASYNC110  # the server is in the same loop
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)  # room for a wrong answer to come first
    assert len(store.waiting) == 1
    store.waiting[0].set_result(None)
    assert (await answer(reader))[2] == b"direct"
    assert json.loads((await answer(reader))[2])["size"] == 7
    assert json.loads((await answer(reader))[2])["size"] == 3
    assert json.loads((await answer(reader))[2])["method"] == "GET"


async def test_a_full_disk_is_told_as_a_problem(talk, store: Store) -> None:
    reader, writer = talk
    store.at_once = False
    writer.write(post(b"x", "Accept-Language: zh"))
    while not store.waiting:  # noqa: ASYNC110  # the server is in the same loop
        await asyncio.sleep(0)
    store.waiting[0].set_exception(StorageFull())
    status, lines, body = await answer(reader)
    assert (status, lines["content-type"]) == (503, "application/problem+json")
    assert int(lines["retry-after"]) > 0
    assert json.loads(body)["title"] == StorageFull().title.zh
    store.at_once = True
    writer.write(post(b"x"))
    assert (await answer(reader))[2] == b"direct"


async def test_a_client_that_leaves_or_dribbles(port: int, store: Store) -> None:
    store.at_once = False
    _, leaver = await asyncio.open_connection("127.0.0.1", port)
    leaver.write(post(b"x"))
    while not store.waiting:  # noqa: ASYNC110  # the server is in the same loop
        await asyncio.sleep(0)
    leaver.close()
    await leaver.wait_closed()
    store.waiting[0].set_result(None)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(b"xxxx")[:-2])  # a body that never ends
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
