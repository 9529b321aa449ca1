"""What a forwarded request leaves behind: nothing, whatever became of it."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from queqiao.kernel.clock import FixedClock
from queqiao.wiring.asgi import HotApplication
from queqiao.wiring.forward import Forwarder, Upstream
from queqiao.wiring.http_server import serve, unix_socket

BODY = 10_000_000


class Nobody:
    """No caller is known."""

    def principal(self, *_: Any) -> None:
        return None


async def refusing(scope: Any, receive: Any, send: Any) -> None:
    """Answer before the body is there, and hang up."""
    await receive()
    lines = [(b"content-length", b"2"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": lines})
    await send({"type": "http.response.body", "body": b"{}"})


async def failing(scope: Any, receive: Any, send: Any) -> None:
    """Hang up in the middle of an answer."""
    await receive()
    lines = [(b"content-length", b"200")]
    await send({"type": "http.response.start", "status": 200, "headers": lines})
    await send({"type": "http.response.body", "body": b"{}", "more_body": True})
    raise ConnectionResetError


ROLES = {"refuses": refusing, "fails": failing}


@pytest.fixture(params=ROLES)
async def port(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[int]:
    """A public port in front of a role that does not read bodies."""
    path = tmp_path / "role.sock"
    forwarder = Forwarder({"": Upstream([path])})
    front = HotApplication([], FixedClock(1), Nobody(), otherwise=forwarder)
    public, stop = socket.create_server(("127.0.0.1", 0)), asyncio.Event()
    tasks = [
        asyncio.create_task(serve(ROLES[request.param], unix_socket(path), stop)),
        asyncio.create_task(serve(front, public, stop)),
    ]
    yield public.getsockname()[1]
    stop.set()
    await asyncio.gather(*tasks)
    forwarder.close()


@contextmanager
def uncollected(found: list[Any]) -> Iterator[None]:
    """Put into ``found`` what inside only the garbage collector would free."""
    gc.collect()
    gc.disable()
    try:
        yield
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def post(port: int, size: int) -> bytes:
    """Send a body as far as it is taken; return how the answer begins."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
        writer.write(bytes(size))
        return await asyncio.wait_for(reader.read(64), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("size", [1_000, BODY], ids=["small", "large"])
async def test_no_piece_of_a_body_waits_for_the_garbage_collector(port: int, size: int) -> None:
    await post(port, size)
    found: list[Any] = []
    with uncollected(found):
        for _ in range(3):
            await post(port, size)
        await asyncio.sleep(0.5)
    pieces = [
        len(held)
        for one in found
        for held in gc.get_referents(one)
        if isinstance(held, (bytes, bytearray))
    ]
    assert sum(pieces) < 10_000, sorted(pieces)[-5:]


class Scripted:
    """A role that does on each connection what ``script`` says of its requests, one after another.

    ``answer`` answers, ``last`` answers and hangs up, ``die`` hangs up without a word.
    """

    def __init__(self, *script: str) -> None:
        self.script = list(script)
        self.connections = 0
        self.open = 0

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        act = "answer"
        with suppress(asyncio.IncompleteReadError):
            while act == "answer":
                await reader.readuntil(b"\r\n\r\n")
                act = self.script.pop(0)
                if act != "die":
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()
        await writer.wait_closed()
        self.open -= 1


@asynccontextmanager
async def in_front_of(role: Scripted, path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a public port with that role behind it."""
    forwarder = Forwarder({"": Upstream([path])})
    front = HotApplication([], FixedClock(1), Nobody(), otherwise=forwarder)
    public, stop = socket.create_server(("127.0.0.1", 0)), asyncio.Event()
    serving = asyncio.create_task(serve(front, public, stop))
    server = await asyncio.start_unix_server(role.converse, path)
    url = f"http://127.0.0.1:{public.getsockname()[1]}"
    try:
        async with httpx.AsyncClient(base_url=url) as client:
            yield client
    finally:
        stop.set()
        await serving
        forwarder.close()
        server.close()
        while role.open:  # noqa: ASYNC110  # what was hung up is closed by the loop
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("method", "script", "statuses", "connections"),
    [
        ("GET", ("answer", "answer", "answer"), [200, 200, 200], 1),
        ("POST", ("answer", "answer", "answer"), [200, 200, 200], 1),
        ("POST", ("last", "answer", "answer"), [200, 200, 200], 2),
        ("GET", ("answer", "die", "answer", "answer"), [200, 200, 200], 2),
        ("HEAD", ("answer", "die", "answer", "answer"), [200, 200, 200], 2),
        ("GET", ("answer", "die", "die", "answer"), [200, 503, 200], 3),
        ("POST", ("answer", "die", "answer"), [200, 503, 200], 2),
    ],
)
async def test_a_connection_is_kept_and_what_changes_nothing_asked_again(
    method: str, script: tuple[str, ...], statuses: list[int], connections: int, tmp_path: Path
) -> None:
    role = Scripted(*script)
    async with in_front_of(role, tmp_path / "role.sock") as client:
        answers = [(await client.request(method, "/x")).status_code for _ in statuses]
    assert (answers, role.script, role.connections) == (statuses, [], connections)


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/api/v1/flash-sales", "console"),
        ("/api/v1/flash-sales/s", "console"),
        ("/api/v1/flash-sales/s/publish", "console"),
        ("/api/v1/flash-sales/s/reserve", "decide"),
        ("/api/v1/flash-sales/s/reserve/batch", "decide"),
        ("/api/v1/flash-sales/a/b/reserve", "console"),
        ("/api/v1/flash-sales//reserve", "console"),
        ("/api/v1/reservations/x/commit", "decide"),
        ("/", "console"),
    ],
)
def test_a_part_of_a_path_may_stand_open(path: str, role: str) -> None:
    roles = {name: Upstream([Path(name)]) for name in ("decide", "console")}
    prefixes = ("/api/v1/flash-sales/{id}/reserve", "/api/v1/reservations/")
    forwarder = Forwarder({**dict.fromkeys(prefixes, roles["decide"]), "": roles["console"]})
    assert forwarder._upstream(path) is roles[role]
