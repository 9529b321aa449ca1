"""The lean transport against a real socket."""

import asyncio

import httpx
import pytest

from queqiao.demo.transport import LeanTransport

ANSWERS = {
    b"/length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"/chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    b"/nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    b"/close": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    b"/half": b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
}


def length_of(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return sum(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))


@pytest.fixture
async def server():
    opened, seen = [], []

    async def serve(reader, writer):
        opened.append(writer)
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split(b" ")[1]
            length = [
                line for line in head.split(b"\r\n") if line.lower().startswith(b"content-le")
            ]
            body = await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
            seen.append((path, body))
            writer.write(ANSWERS[path])
            if path in {b"/close", b"/half"}:
                writer.close()
                return

    async def patient(reader, writer):
        try:
            await serve(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    listening = await asyncio.start_server(patient, "127.0.0.1", 0)
    listening.opened, listening.seen = opened, seen
    yield listening
    listening.close()


@pytest.fixture
async def client(server):
    port = server.sockets[0].getsockname()[1]
    transport = LeanTransport("127.0.0.1", port, 4)
    async with httpx.AsyncClient(
        transport=transport, base_url=f"http://127.0.0.1:{port}"
    ) as opened:
        yield opened


async def test_answers_of_every_framing_come_whole_on_one_connection(server, client):
    for path in ("/length", "/chunks", "/length"):
        assert (await client.post(path, content=b"body")).text == "hello"
    assert (await client.get("/nothing")).status_code == 204
    assert len(server.opened) == 1
    assert server.seen[0] == (b"/length", b"body")


async def test_a_closed_connection_is_not_used_again(server, client):
    assert (await client.get("/close")).text == "hello"
    assert (await client.get("/length")).text == "hello"
    assert len(server.opened) == 2


async def test_half_an_answer_is_an_error(client):
    with pytest.raises(httpx.ReadError):
        await client.get("/half")
    assert (await client.get("/length")).text == "hello"


async def test_no_more_connections_than_allowed(server, client):
    answers = await asyncio.gather(*(client.get("/length") for _ in range(30)))
    assert all(answer.text == "hello" for answer in answers)
    assert len(server.opened) <= 4


async def test_nobody_listening_is_a_connect_error(server):
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with httpx.AsyncClient(transport=LeanTransport("127.0.0.1", port, 1)) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{port}/")
