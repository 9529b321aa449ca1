"""The public port: dispatch, guards, bounds, dribbling clients, forwarding."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from queqiao.kernel.clock import FixedClock, parse_rfc3339
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Principal, Request, Response, Route, json_response
from queqiao.wiring.asgi import HotApplication
from queqiao.wiring.forward import Forwarder, Upstream
from queqiao.wiring.http_server import serve, unix_socket

SUMMARY = Message("测试", "test")


class Keys:
    """Two callers: one who may read, one who may do everything."""

    def principal(
        self, headers: Mapping[str, str], cookies: None = None, method: str = ""
    ) -> Principal | None:
        known = {
            "Bearer reader": Principal("1", "reader", scopes=frozenset({"read"})),
            "Bearer admin": Principal("2", "admin", scopes=frozenset({"admin"})),
        }
        return known.get(headers.get("authorization", ""))


async def show(request: Request) -> Response:
    return json_response(
        {
            "params": request.params,
            "query": request.query,
            "size": len(request.body),
            "now_us": request.now_us,
            "language": request.language,
        }
    )


async def fail(request: Request) -> Response:
    raise ZeroDivisionError


async def stream(request: Request) -> Response:
    size = int(request.query["pieces"])
    pieces = (bytes([65 + number % 26]) * 100_000 for number in range(size))
    return Response(200, b"", "text/plain", (("content-length", str(size * 100_000)),), pieces)


ROUTES = [
    Route("GET", "/v1/stream", stream, SUMMARY),
    Route("GET", "/v1/things/{id}", show, SUMMARY),
    Route("POST", "/v1/things", show, SUMMARY, body_max=1000),
    Route("GET", "/v1/secret", show, SUMMARY, scope="read"),
    Route("POST", "/v1/fail", fail, SUMMARY),
]


@pytest.fixture
async def port(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[int]:
    """A public port in front of a role behind a Unix socket; its parameter is its patience in s."""
    behind = HotApplication(
        [
            Route("POST", "/behind/{name}", show, SUMMARY, body_max=300_000),
            Route("GET", "/behind/{name}", show, SUMMARY),
            Route("GET", "/behind/stream/whole", stream, SUMMARY),
        ],
        FixedClock(1),
        Keys(),
    )
    path = tmp_path / "behind.sock"
    forwarder = Forwarder({"": Upstream([path])})
    front = HotApplication(
        ROUTES,
        FixedClock(1),
        Keys(),
        accept_clock_header=True,
        otherwise=forwarder,
    )
    public = socket.create_server(("127.0.0.1", 0))
    stop = asyncio.Event()
    patience_s = getattr(request, "param", 30.0)  # on a busy machine a short one cuts friends off
    bounds = {"header_timeout_s": patience_s, "body_timeout_s": patience_s}
    tasks = [
        asyncio.create_task(serve(behind, unix_socket(path), stop)),
        asyncio.create_task(serve(front, public, stop, **bounds)),
    ]
    yield public.getsockname()[1]
    stop.set()
    await asyncio.gather(*tasks)
    forwarder.close()


@pytest.fixture
async def client(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield client


async def test_dispatch(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/things/7?a=1&a=2&b=", headers={"accept-language": "zh"})
    assert answer.json()["params"] == {"id": "7"}
    assert answer.json()["query"] == {"a": "2", "b": ""}
    assert answer.json()["language"] == "zh"
    assert (await client.delete("/v1/things")).status_code == 405
    assert (await client.head("/v1/things/7")).status_code == 200


@pytest.mark.parametrize("path", ["/v1/stream", "/behind/stream/whole"])
async def test_a_body_is_streamed_piece_by_piece(client: httpx.AsyncClient, path: str) -> None:
    async with client.stream("GET", path, params={"pieces": "30"}) as answer:
        assert answer.headers["content-length"] == "3000000"
        assert "transfer-encoding" not in answer.headers
        body = b"".join([piece async for piece in answer.aiter_bytes()])
    assert body == b"".join(bytes([65 + number % 26]) * 100_000 for number in range(30))


async def test_guards(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/secret")).status_code == 401
    reader = {"authorization": "Bearer reader"}
    assert (await client.get("/v1/secret", headers=reader)).status_code == 200


async def test_only_an_admin_says_what_time_it_is(client: httpx.AsyncClient) -> None:
    said = {"queqiao-now": "2026-01-01T00:00:00Z"}
    answer = await client.get("/v1/things/1", headers=said)
    assert answer.json()["now_us"] == 1
    answer = await client.get("/v1/things/1", headers=said | {"authorization": "Bearer admin"})
    assert answer.json()["now_us"] == parse_rfc3339("2026-01-01T00:00:00Z")


async def test_a_defect_is_a_500_that_tells_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/fail", content=b"secret")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert answer.json()["trace_id"]


async def test_bodies_are_bounded_with_and_without_a_length(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    assert (await client.post("/v1/things", content=b"x" * 1001)).status_code == 413
    assert (await client.post("/v1/things", content=pieces())).status_code == 413
    assert (await client.post("/v1/things", content=b"x" * 1000)).json()["size"] == 1000


async def test_forwarding_streams_bodies_both_ways(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 10_000

    assert (await client.post("/behind/a", content=b"y" * 250_000)).json()["size"] == 250_000
    assert (await client.post("/behind/a", content=pieces())).json()["size"] == 200_000
    assert (await client.post("/behind/a", content=b"y" * 2_000_000)).status_code == 413
    assert (await client.get("/behind/%E9%B9%8A?x=1")).json()["params"] == {"name": "鹊"}
    assert (await client.head("/behind/a")).status_code == 200
    assert (await client.get("/nowhere")).status_code == 404
    answers = await asyncio.gather(*(client.get(f"/behind/{n}") for n in range(100)))
    assert [a.json()["params"]["name"] for a in answers] == [str(n) for n in range(100)]


async def raw(port: int, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(pause_s)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


@pytest.mark.parametrize("port", [0.3], indirect=True)
async def test_dribbling_clients_are_cut_off(port: int) -> None:
    assert await raw(port, b"GET / HT") == b""
    assert await raw(port) == b""
    assert await raw(port, b"POST /v1/things HTTP/1.1\r\ncontent-length: 9\r\n\r\nabc") == b""


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\xff\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"y" * 100_000,
    ],
)
async def test_bytes_that_are_no_http_get_a_problem(port: int, data: bytes) -> None:
    answer = await raw(port, data)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 4")
    assert json.loads(body)["code"]


@pytest.mark.parametrize(
    "target",
    [b"/%ff%fe", b"/%00", b"/v1/things/%", b"/?%ff=%00", b"//", b"*", b"/v1/things/%2e%2e"],
)
async def test_any_target(port: int, target: bytes) -> None:
    answer = await raw(port, b"GET " + target + b" HTTP/1.1\r\nconnection: close\r\n\r\n")
    assert answer[9:10] in b"24", answer
