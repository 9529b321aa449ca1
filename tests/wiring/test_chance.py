"""A call of the past meets the same luck again; every other call the machine's."""

import asyncio
from types import MappingProxyType

from queqiao.kernel.errors import Message
from queqiao.kernel.http import Principal, Request, Response, Route
from queqiao.wiring import chance

ADMIN = Principal("k", "k", None, frozenset({"admin"}), "")
READER = Principal("k", "k", None, frozenset({"decide"}), "")
PAST = {"queqiao-now": "2026-06-18T00:00:00Z"}


async def draw(_request: Request) -> Response:
    await asyncio.sleep(0)
    return Response(200, str(chance.random_bits(64)).encode())


ROUTE = chance.repeatable(Route("POST", "/x", draw, Message("", "")))


def call(body: bytes = b"{}", now_us: int = 1, headers=PAST, principal=ADMIN) -> Request:
    told = MappingProxyType(headers)
    return Request("POST", "/x", {}, {}, told, body, "", now_us, principal)


async def answer(request: Request) -> bytes:
    return (await ROUTE.handler(request)).body


async def test_the_same_call_of_the_past_draws_the_same():
    first = await answer(call())
    others = [call(b"[]"), call(now_us=2)]
    again, *different = await asyncio.gather(*map(answer, [call(), *others]))
    assert again == first
    assert len({first, *different}) == 3


async def test_a_call_of_now_or_by_another_key_draws_from_the_machine():
    seeded = await answer(call())
    for request in (call(headers={}), call(principal=READER), call(principal=None)):
        drawn = [await answer(request) for _ in range(2)]
        assert len({seeded, *drawn}) == 3
