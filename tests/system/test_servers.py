"""The whole system on PostgreSQL and Redis, both killed under load: it goes on, nothing is lost.

Callers redeem coupons, people edit goods; the servers are killed with -9 and come
back after a while. Whoever was answered finds it counted, once; quotes are answered all the time.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from bench.harness import System
from tests.ports.postgresql import Cluster
from tests.ports.redis_servers import Server
from tests.system.commands import queqiao
from tests.system.things import PRODUCT

from queqiao.wiring import local_system
from queqiao.wiring.settings import read

pytestmark = [
    pytest.mark.system,
    pytest.mark.engines,
    pytest.mark.engines_ci,
    pytest.mark.timeout(280),
]

BACK_WITHIN_S = 60
QUOTE_WITHIN_S = 5.0
CALLERS = 4
AWAY_S = 1.5
QUOTE = {"currency": "CNY", "catalog": [{"sku": "S", "price": 10_000}],
         "cart": {"lines": [{"id": "1", "sku": "S", "quantity": 1}]}}  # fmt: skip


@contextmanager
def system_on(home: Path, records: str, ledger: str) -> Iterator[System]:
    """Start a system whose records and ledger lie on servers."""
    config = home / "queqiao.toml"
    home.mkdir(mode=0o700)
    config.write_text(f'[ports]\nrecords = "{records}"\nledger = "{ledger}"\n')
    settings = read(config, home)
    with local_system.started(home, ["--port", "0", "--config", str(config)], "serve") as address:
        keys = [local_system.key(settings, s, "test") for s in ("admin", "intake", "decide")]
        yield System(address.base_url, *keys, home, address.pid, address.sign_in_token)


class Load:
    """Callers that ask until they are answered; what they were told; what took too long."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.stopped = asyncio.Event()
        self.redeemed: set[str] = set()
        self.edited: set[str] = set()
        self.unavailable = 0
        self.quotes: list[tuple[int, float]] = []

    def client(self, key: str) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {key}"}
        return httpx.AsyncClient(base_url=self.system.base_url, headers=headers, timeout=30)

    async def until_taken(self, client: httpx.AsyncClient, path: str, body) -> None:
        """Ask again while the answer is 503, which must say when to come back."""
        began = time.monotonic()
        while True:
            answer = await client.post(path, json=body)
            if answer.status_code < 300:
                return
            assert answer.status_code == 503, answer.text
            assert "retry-after" in answer.headers
            assert time.monotonic() - began < BACK_WITHIN_S
            self.unavailable += 1
            await asyncio.sleep(0.1)

    async def redeem(self, caller: int) -> None:
        async with self.client(self.system.decide_key) as client:
            number = 0
            while not self.stopped.is_set():
                order = f"o{caller}-{number}"
                body = {"customer_id": f"c{caller}-{number}", "order_id": order}
                await self.until_taken(client, "/api/v1/coupons/CODE/redeem", body)
                self.redeemed.add(order)
                number += 1

    async def edit(self) -> None:
        async with self.client(self.system.admin_key) as client:
            number = 0
            while not self.stopped.is_set():
                sku = {**PRODUCT["skus"][0], "sku": f"S{number}"}
                product = {**PRODUCT, "product_id": f"P{number}", "skus": [sku]}
                goods = {"products": [product]}
                await self.until_taken(client, "/api/v1/products/bulk", goods)
                self.edited.add(f"P{number}")
                number += 1
                await asyncio.sleep(0.05)

    async def quote(self) -> None:
        async with self.client(self.system.decide_key) as client:
            while not self.stopped.is_set():
                began = time.monotonic()
                answer = await client.post("/api/v1/promotions/quote", json=QUOTE)
                self.quotes.append((answer.status_code, time.monotonic() - began))
                await asyncio.sleep(0.02)


async def set_up_coupons(client: httpx.AsyncClient) -> None:
    batch = {"name": "b", "codes": ["CODE"], "uses_per_code": 1_000_000}
    promotion = {"name": "p", "benefit": {"type": "fixed", "amount": 100}, "code_batch": "b"}
    for path, id_, document in (("coupon-batches", "b", batch), ("promotions", "p", promotion)):
        made = await client.post(f"/api/v1/{path}", json={"id": id_, "document": document})
        assert made.status_code == 201, made.text
        live = await client.post(f"/api/v1/{path}/{id_}/publish")
        assert live.status_code == 200, live.text
    await asyncio.sleep(1)


async def served(load: Load) -> None:
    """Return when more was redeemed and edited than before, in time."""
    before, began = (len(load.redeemed), len(load.edited)), time.monotonic()
    while len(load.redeemed) < before[0] + 20 or len(load.edited) < before[1] + 5:
        assert time.monotonic() - began < BACK_WITHIN_S, "the system did not find back"
        await asyncio.sleep(0.05)


async def kill_both_in_turn(load: Load, cluster: Cluster, redis: Server) -> list[float]:
    """Kill each server twice; return after how many seconds the system served again."""
    took_s = []
    for kill, start in ((redis.kill, redis.start), (cluster.kill, cluster.start)) * 2:
        await served(load)
        kill()
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(start)
        began = time.monotonic()
        await served(load)
        took_s.append(time.monotonic() - began)
    return took_s


async def test_killed_servers_lose_nothing_and_decisions_go_on(
    tmp_path: Path, request, record_property
) -> None:
    cluster, redis = Cluster(), Server("redis", tmp_path).start()
    request.addfinalizer(cluster.stop)
    request.addfinalizer(redis.kill)
    home = tmp_path / "home"
    with system_on(home, cluster.new_database("shop"), redis.url) as system:
        load = Load(system)
        async with load.client(system.admin_key) as admin:
            await set_up_coupons(admin)
            tasks = [asyncio.create_task(load.redeem(number)) for number in range(CALLERS)]
            tasks += [asyncio.create_task(load.edit()), asyncio.create_task(load.quote())]
            took_s = await kill_both_in_turn(load, cluster, redis)
            load.stopped.set()
            await asyncio.gather(*tasks)
            await check(load, admin, system)
    assert max(took_s) < BACK_WITHIN_S
    record_property("served_again_after_s", [round(took, 2) for took in took_s])
    record_property("slowest_quote_s", round(max(took for _, took in load.quotes), 3))
    counts = [len(done) for done in (load.redeemed, load.edited, load.quotes)]
    record_property("redeemed_edited_quoted", counts)
    assert queqiao("verify", "ledger", home=home).returncode == 0


async def check(load: Load, admin: httpx.AsyncClient, system: System) -> None:
    """Compare what was answered with what is there."""
    assert load.unavailable, "nobody noticed that a server was killed"
    assert {status for status, _ in load.quotes} == {200}
    slowest = max(took for _, took in load.quotes)
    assert slowest < QUOTE_WITHIN_S
    found = (await admin.get("/api/v1/ledger/balances", params={"prefix": "coupon:b:"})).json()
    spent = {row["counter"]: row["spent"] for row in found["items"]}
    assert spent["coupon:b:code:CODE"] == len(load.redeemed)
    assert (await admin.get("/api/v1/ledger/proof")).json()["balanced"] is True
    for product in sorted(load.edited):
        assert (await admin.get(f"/api/v1/products/{product}")).status_code == 200
