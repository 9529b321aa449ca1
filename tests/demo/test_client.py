"""The client waits for a role that restarts, and gives back what is a plain no."""

import httpx
import pytest
from tests.demo.fake_system import FakeSystem

from queqiao.demo.client import ATTEMPTS_MAX, StoreClient, StoreError


@pytest.fixture
async def system():
    return FakeSystem()


@pytest.fixture
async def client(system):
    waits = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    opened = StoreClient(
        "http://store", "admin", "write", transport=system.transport(), pause=pause
    )
    opened.waits = waits
    yield opened
    await opened.close()


def refused() -> httpx.Response:
    raise httpx.ConnectError("nobody listens")


async def test_it_waits_while_the_system_restarts(system, client):
    system.away = [refused, lambda: httpx.Response(503, headers={"retry-after": "3"}), refused]
    assert (await client.post("/api/v1/promotions", {})).good
    assert client.waits == [0.1, 3.0, 0.4]


async def test_it_gives_up_after_a_while(system, client):
    system.away = [refused] * ATTEMPTS_MAX
    with pytest.raises(httpx.ConnectError):
        await client.post("/api/v1/promotions", {})


async def test_a_plain_no_is_given_back_at_once(system, client):
    system.away = [lambda: httpx.Response(422, json={"code": "refused"})]
    answer = await client.post("/api/v1/coupons/X/redeem", {})
    assert (answer.status, answer.body, client.waits) == (422, {"code": "refused"}, [])
    assert client.refusals == {"422 /api/v1/coupons/X/redeem": 1}
    system.away = [lambda: httpx.Response(400, json={"code": "invalid_input"})]
    with pytest.raises(StoreError, match="invalid_input"):
        await client.must("/api/v1/promotions", {})


async def test_history_comes_by_the_admin_key_with_its_time(system, client):
    await client.send_events([], 1_750_000_000_000_000)
    await client.send_events([], None)
    then, now = system.requests
    assert then.headers["authorization"] == "Bearer admin"
    assert then.headers["queqiao-now"] == "2025-06-15T15:06:40Z"
    assert now.headers["authorization"].startswith("Basic ")
    assert "queqiao-now" not in now.headers
