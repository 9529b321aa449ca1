"""What a forwarded request leaves behind: nothing, whatever became of it."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
    front = HotApplication([], FixedClock(1), Nobody(), otherwise=Forwarder({"": Upstream([path])}))
    public, stop = socket.create_server(("127.0.0.1", 0)), asyncio.Event()
    tasks = [
        asyncio.create_task(serve(ROLES[request.param], unix_socket(path), stop)),
        asyncio.create_task(serve(front, public, stop)),
    ]
    yield public.getsockname()[1]
    stop.set()
    await asyncio.gather(*tasks)


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
