"""kill -9 of any role at random under load: nothing acknowledged is lost, nothing is there twice.

Twenty rounds on one system; the long run does that on ten more systems, each by a seed of its own.
In each round, clients send events and orders, two of them unmodified ones of others (Segment's and
PostHog's for Python), redeem coupons and click ads while a role, drawn by a seeded generator, is
killed; the system must serve again within five seconds without help. At the end the log, every
table of the warehouse and the ledger are compared with what was acknowledged: events, orders, uses
of the code, and what clicks cost.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from posthog import Posthog
from segment.analytics.client import Client as Segment
from tests.system.asking import asking

from queqiao.ports.warehouse.remote import RemoteWarehouse
from queqiao.process.ddl import FACTS
from queqiao.wiring.supervisor import RoleStatus, statuses

ROUNDS = 20
LONG_PARTS = [pytest.param(part, marks=pytest.mark.long) for part in range(1, 11)]
CLIENT_RETRIES = 30
SENDERS = 4
COUPON_USES = 120
BACK_WITHIN_S = 5.0
"""How soon nine of ten are back."""
BACK_WITHIN_S_MAX = 15.0
"""How soon each is, however busy the machine."""
VICTIMS = ["intake", "ledger", "analytics", "decide-0", "console", "scheduler"]
SEED = 20261122


class Load:
    """Clients that never stop, and remember what was acknowledged."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.acknowledged: set[str] = set()
        self.orders = 0
        self.redeemed: set[str] = set()
        self.refused = 0
        self.clicked_minor = 0
        self.handed_over: set[str] = set()
        self.given_up: list[object] = []
        self.stopped = threading.Event()

    async def send_events(self, sender: int) -> None:
        auth = httpx.BasicAuth(self.system.intake_key, "")
        number = 0
        async with httpx.AsyncClient(base_url=self.system.base_url, auth=auth) as client:
            while not self.stopped.is_set():
                ids = [f"{sender}-{number}-{item}" for item in range(20)]
                batch = [
                    {
                        "type": "track",
                        "event": "Product Viewed",
                        "messageId": message_id,
                        "anonymousId": f"a{sender}",
                        "properties": {"sku": f"sku-{number % 50}"},
                    }
                    for message_id in ids
                ]
                batch.append(order_of(sender, number))
                await self.until_taken(client, "/v1/batch", {"batch": batch})
                self.acknowledged.update(ids)
                self.orders += 1
                number += 1

    def send_by_segment(self) -> None:
        """Hand events to Segment's client until the end; it sends them again by itself."""
        client = Segment(
            self.system.intake_key,
            host=self.system.base_url,
            max_retries=CLIENT_RETRIES,
            on_error=lambda error, _: self.given_up.append(error),
        )
        number = 0
        while not self.stopped.is_set():
            sku = {"sku": f"sku-{number % 50}"}
            client.track("segment", "Product Viewed", sku, message_id=f"segment-{number}")
            self.handed_over.add(f"segment-{number}")
            number += 1
            time.sleep(0.005)
        client.shutdown()

    def send_by_posthog(self) -> None:
        """Do the same with PostHog's client, in capture v1."""
        client = Posthog(
            self.system.intake_key,
            host=self.system.base_url,
            capture_mode="v1",
            max_retries=CLIENT_RETRIES,
            on_error=lambda error, _: self.given_up.append(error),
        )
        number = 0
        while not self.stopped.is_set():
            sku = {"sku": f"sku-{number % 50}"}
            id_ = client.capture("Product Viewed", distinct_id="posthog", properties=sku)
            self.handed_over.add(str(id_))
            number += 1
            time.sleep(0.005)
        client.shutdown()

    async def redeem(self) -> None:
        headers = {"authorization": f"Bearer {self.system.decide_key}"}
        number = 0
        async with httpx.AsyncClient(base_url=self.system.base_url, headers=headers) as client:
            while not self.stopped.is_set():
                body = {"customer_id": f"c{number}", "order_id": f"o{number}"}
                answer = await self.until_taken(client, "/api/v1/coupons/KILL/redeem", body)
                if answer.status_code == 200:
                    self.redeemed.add(body["order_id"])
                else:
                    self.refused += 1
                number += 1
                await asyncio.sleep(0.01)

    async def click(self) -> None:
        headers = {"authorization": f"Bearer {self.system.decide_key}"}
        number = 0
        async with httpx.AsyncClient(base_url=self.system.base_url, headers=headers) as client:
            while not self.stopped.is_set():
                # Of one shopper so many clicks would be a flood, and nobody's to pay.
                shopper = {"anonymous_id": f"clicker-{number}"}
                number += 1
                body = {"placements": [{"id": "kill"}], "user": shopper}
                answer = (await self.until_taken(client, "/api/v1/decisions", body)).json()
                for ad in answer["decisions"]:
                    notice = await self.until_taken(client, ad["tracking"]["click"])
                    assert notice.status_code == 302, notice.text
                    self.clicked_minor += ad["price_minor"]
                await asyncio.sleep(0.02)

    async def until_taken(
        self, client: httpx.AsyncClient, path: str, body: object = None
    ) -> httpx.Response:
        """Send again until it is answered for good, as a client with a queue does."""
        while True:
            try:
                method = "GET" if body is None else "POST"
                answer = await client.request(method, path, json=body, timeout=10)
            except httpx.HTTPError:
                await asyncio.sleep(0.02)
                continue
            if answer.status_code < 500:
                return answer
            assert "retry-after" in answer.headers, answer.text
            await asyncio.sleep(0.05)


def order_of(sender: int, number: int) -> dict[str, Any]:
    """Return the number-th order of a sender, who is someone else every few orders."""
    line = {"sku": f"sku-{number % 50}", "price_minor": 100, "quantity": 2}
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"{sender}-{number}-order",
        "anonymousId": f"a{sender}",
        "userId": f"u{sender}-{number // 9}",
        "properties": {
            "order_id": f"{sender}-{number}",
            "currency": "CNY",
            "products": [line, line | {"sku": "sku-50"}],
        },
    }


def status_of(system: System, name: str) -> RoleStatus:
    return next(status for status in statuses(system.home) if status.name == name)


def kill(system: System, victim: str) -> RoleStatus:
    before = status_of(system, victim)
    os.kill(before.pid, signal.SIGKILL)
    return before


async def until_back(system: System, before: RoleStatus) -> float:
    """Return after how many seconds the role lives again and every role answers."""
    begun = time.monotonic()
    async with httpx.AsyncClient(base_url=system.base_url) as client:
        while time.monotonic() - begun < 30:
            is_new = status_of(system, before.name).restarts > before.restarts
            try:
                if is_new and (await client.get("/readyz", timeout=5)).status_code == 200:
                    return time.monotonic() - begun
            except httpx.HTTPError:
                pass  # it is down: that is what we wait out
            await asyncio.sleep(0.02)
    pytest.fail("the system did not come back")


async def set_up_coupons(client: httpx.AsyncClient) -> None:
    batch = {
        "name": "kill",
        "codes": ["KILL"],
        "uses_per_code": COUPON_USES,
        "uses_per_customer": 1,
    }
    promotion = {"name": "kill", "benefit": {"type": "fixed", "amount": 100}, "code_batch": "kill"}
    for path, document in (("coupon-batches", batch), ("promotions", promotion)):
        made = await client.post(f"/api/v1/{path}", json={"id": "kill", "document": document})
        assert made.status_code == 201, made.text
        live = await client.post(f"/api/v1/{path}/kill/publish")
        assert live.status_code == 200, live.text
    await asyncio.sleep(1)  # the bound within which every role has seen it


async def set_up_ads(client: httpx.AsyncClient) -> None:
    placement = {"name": "kill", "floor_minor": 7, "currency": "CNY"}
    campaign = {
        "name": "kill",
        "advertiser": "kill",
        "placements": ["kill"],
        "bid_minor": 50,
        "currency": "CNY",
        "daily_budget_minor": 1_000_000,
        "creatives": [{"id": "c", "title": "c", "landing_url": "https://shop.example/"}],
    }
    for path, document in (("placements", placement), ("campaigns", campaign)):
        made = await client.post(f"/api/v1/{path}", json={"id": "kill", "document": document})
        assert made.status_code == 201, made.text
        live = await client.post(f"/api/v1/{path}/kill/publish")
        assert live.status_code == 200, live.text


async def report(client: httpx.AsyncClient, metric: str) -> int:
    """Return a figure over everything, once the loader has caught up."""
    asked = {"metrics": [metric], "dimensions": [], "from": "2026-01-01", "to": "2100-01-01"}
    for _ in range(150):
        system = (await client.get("/api/v1/system")).json()
        if system["lag_events"] == 0:
            break
        await asyncio.sleep(0.2)
    answer = (await client.post("/api/v1/reports/query", json=asked)).json()
    return int(answer["rows"][0][0])


async def spent(client: httpx.AsyncClient, prefix: str) -> int:
    """Return what the ledger's counters of a prefix have spent."""
    found = (await client.get("/api/v1/ledger/balances", params={"prefix": prefix})).json()
    return sum(int(counter["spent"]) for counter in found["items"])


async def doubled(system: System) -> dict[str, tuple[int, int]]:
    """Return the tables of the warehouse that hold a row twice: how many rows, how many keys."""
    async with asking(system, "analytics.rpc") as client:
        warehouse = RemoteWarehouse(client)
        keys = [(table.name, ", ".join(table.key)) for table in FACTS]
        found = {}
        for table, key in [*keys, ("events", "source, message_id")]:
            answer = await warehouse.query(f"SELECT count(), uniqExact({key}) FROM {table}")
            rows, distinct = map(int, answer.rows[0])
            if rows != distinct:
                found[f"{table} by {key}"] = rows, distinct
    return found


async def check(system: System, admin: httpx.AsyncClient, load: Load, random: Random) -> None:
    """Compare the log, the warehouse and the ledger with what was acknowledged."""
    assert load.given_up == []
    everything = load.acknowledged | load.handed_over
    for message_id in random.sample(sorted(everything), 50):
        found = (await admin.get("/api/v1/events", params={"message_id": message_id})).json()
        assert len(found["items"]) == 1
    assert await report(admin, "views") == len(everything)
    assert await report(admin, "orders") == load.orders
    assert await report(admin, "gross") == load.orders * 400
    assert await doubled(system) == {}
    assert load.clicked_minor
    assert await report(admin, "cost") == load.clicked_minor
    assert await spent(admin, "ads:budget:kill:") == load.clicked_minor
    assert len(load.redeemed) <= COUPON_USES
    assert bool(load.refused) == (len(load.redeemed) == COUPON_USES)
    assert await spent(admin, "coupon:kill:code:KILL") == len(load.redeemed)
    proof = (await admin.get("/api/v1/ledger/proof")).json()
    assert proof["balanced"] is True


async def kill_in_rounds(system: System, random: Random) -> list[float]:
    """Kill roles, each at least once; return after how many seconds each was back."""
    took_s = []
    for round_ in range(ROUNDS):
        await asyncio.sleep(random.uniform(0.2, 0.8))
        victim = VICTIMS[round_] if round_ < len(VICTIMS) else random.choice(VICTIMS)
        took_s.append(await until_back(system, kill(system, victim)))
        assert took_s[-1] <= BACK_WITHIN_S_MAX, f"{victim} took {took_s[-1]:.1f} s"
    assert sorted(took_s)[ROUNDS * 9 // 10 - 1] <= BACK_WITHIN_S, took_s
    return took_s


@pytest.mark.system
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", [0, *LONG_PARTS])
async def test_rounds_of_kill_9(part: int, record_property: Callable[[str, object], None]) -> None:
    random = Random(SEED + part)
    with running_system() as system:
        load = Load(system)
        headers = {"authorization": f"Bearer {system.admin_key}"}
        async with httpx.AsyncClient(base_url=system.base_url, headers=headers) as admin:
            await set_up_ads(admin)
            await set_up_coupons(admin)
            clients = [asyncio.create_task(load.send_events(n)) for n in range(SENDERS)]
            clients += [asyncio.create_task(load.redeem()), asyncio.create_task(load.click())]
            for send in (load.send_by_segment, load.send_by_posthog):
                clients.append(asyncio.create_task(asyncio.to_thread(send)))
            try:
                took_s = await kill_in_rounds(system, random)
            finally:  # also after a failure: the clients' threads end while there is a system
                load.stopped.set()
                await asyncio.gather(*clients)
            await check(system, admin, load, random)
    record_property("seed", SEED + part)
    record_property("rounds", len(took_s))
    record_property("back_after_s_max", round(max(took_s), 2))
    record_property("events", len(load.acknowledged | load.handed_over))
    record_property("orders", load.orders)
    record_property("clicks_minor", load.clicked_minor)
    record_property("redeemed", len(load.redeemed))
