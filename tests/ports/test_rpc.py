"""Calls between roles: many at once, errors whole, patience while the other side restarts."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import uvloop

from queqiao.kernel.errors import Broken, FieldError, InvalidInput, Message, NotFound, Unavailable
from queqiao.ports.rpc import Method, RpcClient, RpcServer


class Ask(msgspec.Struct):
    text: str
    wait_s: float = 0.0


async def echo(ask: Ask) -> str:
    await asyncio.sleep(ask.wait_s)
    if ask.text == "bad":
        raise InvalidInput(FieldError("text", Message("不好", "bad")))
    if ask.text == "defect":
        raise ZeroDivisionError
    return ask.text


METHODS = {"echo": Method(echo, Ask, str)}


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "echo.sock"


@pytest.fixture
async def client(path: Path) -> AsyncIterator[RpcClient]:
    server, client = RpcServer(METHODS), RpcClient(path)
    await server.serve(path)
    yield client
    await client.close()
    await server.close()


async def test_answers_may_overtake_each_other(client: RpcClient) -> None:
    done: list[str] = []

    async def ask(text: str, wait_s: float) -> None:
        done.append(await client.call("echo", Ask(text, wait_s), str))

    await asyncio.gather(ask("slow", 0.05), ask("quick", 0.0))
    assert done == ["quick", "slow"]


async def test_errors_arrive_as_they_were_raised(client: RpcClient) -> None:
    with pytest.raises(InvalidInput) as refused:
        await client.call("echo", Ask("bad"), str)
    assert refused.value.fields[0].path == "text"
    with pytest.raises(Broken):
        await client.call("echo", Ask("defect"), str)
    with pytest.raises(NotFound):
        await client.call("nothing", Ask(""), str)


async def test_a_large_payload(client: RpcClient) -> None:
    text = "长" * 3_000_000
    assert await client.call("echo", Ask(text), str) == text


async def test_a_call_outlives_the_restart_of_the_other_side(path: Path) -> None:
    client = RpcClient(path)
    first = RpcServer(METHODS)
    await first.serve(path)
    waiting = asyncio.create_task(client.call("echo", Ask("kept", 0.2), str))
    await asyncio.sleep(0.05)
    await first.close()
    second = RpcServer(METHODS)
    await second.serve(path)
    assert await waiting == "kept"
    await client.close()
    await second.close()


async def test_nobody_there(path: Path) -> None:
    client = RpcClient(path, retry_for_s=0.1)
    with pytest.raises(Unavailable):
        await client.call("echo", Ask("x"), str)


async def test_a_role_that_hangs_is_given_up(path: Path) -> None:
    server = RpcServer(METHODS)
    await server.serve(path)
    client = RpcClient(path, answer_within_s=0.1)
    with pytest.raises(Unavailable):
        await client.call("echo", Ask("late", 1.0), str)
    assert await client.call("echo", Ask("quick"), str) == "quick"
    await client.close()
    await server.close()


def test_a_call_on_a_connection_that_has_just_fallen_is_made_again(path: Path) -> None:
    """On the loop of the roles, whose transports raise an error of their own when closed.

    One call in each turn of the loop after the fall, so that one meets the moment in between.
    """

    async def ask(client: RpcClient, turns: int) -> str:
        for _ in range(turns):
            await asyncio.sleep(0)
        told: str = await client.call("echo", Ask(f"again {turns}"), str)
        return told

    async def talk() -> list[str]:
        server, client = RpcServer(METHODS), RpcClient(path)
        await server.serve(path)
        await client.call("echo", Ask("first"), str)
        assert client._writer is not None
        client._writer.transport.abort()
        told = await asyncio.gather(*(ask(client, turns) for turns in range(8)))
        await client.close()
        await server.close()
        return told

    assert uvloop.run(talk()) == [f"again {turns}" for turns in range(8)]
