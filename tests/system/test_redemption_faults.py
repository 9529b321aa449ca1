"""Orders on a running system: 500 clients on the last of a budget, and kill -9 half way.

Two decide processes, the ledger and the intake are killed at random while clients place orders,
pay, give up and cancel; a client sends a call again until it is answered. At the end the ledger,
the log and what was acknowledged must be one: nothing over a limit, nothing lost, no order twice.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from tests.system.insistent import until_answered
from tests.system.test_kill import doubled, kill, until_back

VICTIMS = ["ledger", "decide-0", "decide-1", "intake"]
ROUNDS = 6
LONG_PARTS = [pytest.param(part, marks=pytest.mark.long) for part in range(1, 34)]
BUYERS = 8
USES, BUDGET = 60, 55_000
DISCOUNT = 1_000
SEED = 20261129
PATH = "/api/v1/promotions/redemptions"

pytestmark = pytest.mark.system


async def publish(admin: httpx.AsyncClient, name: str, **limits: Any) -> None:
    document = {
        "name": name,
        "benefit": {"type": "fixed", "amount": DISCOUNT},
        "condition": {"channels_any": [name]},
        "limits": limits,
        "funding": {"platform": 33, "shop": 33, "brand": 34},
        "holdback_percent": "0",
    }
    made = await admin.post("/api/v1/promotions", json={"id": name, "document": document})
    assert made.status_code == 201, made.text
    live = await admin.post(f"/api/v1/promotions/{name}/publish")
    assert live.status_code == 200, live.text
    await asyncio.sleep(1)  # the bound within which every role has seen it


def order(name: str, order_id: str, customer: str, **more: Any) -> dict[str, Any]:
    catalog = [{"sku": "X", "price": 10_000}]
    question = {
        "cart": {"lines": [{"sku": "X"}]},
        "catalog": catalog,
        "channel": name,
        "customer": {"id": customer},
    }
    return {"order_id": order_id, "question": question, **more}


class Buyers:
    """Clients that place orders until they are stopped, and remember what became of them."""

    def __init__(self, system: System, seed: int) -> None:
        self.system = system
        self.seed = seed
        self.ends: Counter[str] = Counter()
        self.paid: set[str] = set()
        self.stopped = threading.Event()

    async def buy(self, buyer: int) -> None:
        random, number = Random(f"{self.seed} {buyer}"), 0
        async with client_of(self.system, self.system.decide_key) as client:
            while not self.stopped.is_set():
                await self._order(client, f"{self.seed}-{buyer}-{number}", random)
                number += 1

    async def _order(self, client: httpx.AsyncClient, order_id: str, random: Random) -> None:
        asked = order("kill", order_id, f"c-{order_id}")
        placed = await until_answered(client, PATH, asked)
        if placed.status_code == 422:
            assert placed.json()["reason"] in {"budget_used_up", "promotion_used_up"}, placed.text
            self.ends["refused"] += 1
            await asyncio.sleep(0.02)
            return
        assert placed.json()["discount"] == DISCOUNT, placed.text
        name = placed.json()["id"]
        verb = random.choice(["commit", "commit", "commit", "release", "return"])
        if verb == "return":
            await self._done(client, name, "commit")
        await self._done(client, name, verb)
        self.ends[verb] += 1
        if verb != "release":
            self.paid.add(order_id)

    async def _done(self, client: httpx.AsyncClient, name: str, verb: str) -> None:
        answer = await until_answered(client, f"{PATH}/{name}/{verb}")
        assert answer.status_code == 200, answer.text


def client_of(system: System, key: str) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {key}"}
    limits = httpx.Limits(max_connections=64)
    return httpx.AsyncClient(base_url=system.base_url, headers=headers, timeout=60, limits=limits)


async def loaded(admin: httpx.AsyncClient) -> None:
    for _ in range(300):
        if (await admin.get("/api/v1/system")).json()["lag_events"] == 0:
            return
        await asyncio.sleep(0.1)
    pytest.fail("the warehouse did not catch up")


async def books(admin: httpx.AsyncClient, name: str) -> dict[str, Any]:
    """Return what ledger and log say of a promotion, once the log is loaded."""
    await loaded(admin)
    found = (await admin.get("/api/v1/ledger/promotions")).json()
    assert found["agrees"] is True, found
    (one,) = [each for each in found["promotions"] if each["promotion_id"] == name]
    assert (await admin.get("/api/v1/ledger/proof")).json()["balanced"] is True
    return dict(one)


async def test_five_hundred_clients_on_the_last_of_a_budget_get_exactly_that() -> None:
    with running_system(["--workers", "2"]) as system:
        async with client_of(system, system.admin_key) as admin:
            await publish(admin, "rush", total=60, budget=50 * DISCOUNT)
            async with client_of(system, system.decide_key) as client:
                asked = [order("rush", f"r{n}", f"c{n}", commit=True) for n in range(500)]
                answers = await asyncio.gather(
                    *(until_answered(client, PATH, body) for body in asked)
                )
            states = Counter(answer.status_code for answer in answers)
            assert states == {200: 50, 422: 450}
            assert {answer.json()["reason"] for answer in answers if answer.status_code == 422} == {
                "budget_used_up"
            }
            one = await books(admin, "rush")
    assert (one["orders"], one["uses_in_ledger"], one["spent_in_ledger"]) == (50, 50, 50_000)
    assert one["platform"] + one["shop"] + one["brand"] == 50_000


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", [0, *LONG_PARTS])
async def test_rounds_of_kill_9_under_orders(
    part: int, record_property: Callable[[str, object], None]
) -> None:
    random = Random(SEED + part)
    with running_system(["--workers", "2"]) as system:
        buyers = Buyers(system, SEED + part)
        async with client_of(system, system.admin_key) as admin:
            await publish(admin, "kill", total=USES, budget=BUDGET)
            clients = [asyncio.create_task(buyers.buy(number)) for number in range(BUYERS)]
            try:
                for round_ in range(ROUNDS):
                    await asyncio.sleep(random.uniform(0.2, 0.8))
                    victim = VICTIMS[round_] if round_ < len(VICTIMS) else random.choice(VICTIMS)
                    await until_back(system, kill(system, victim))
            finally:
                buyers.stopped.set()
                await asyncio.gather(*clients)
            one = await books(admin, "kill")
            assert await doubled(system) == {}
    kept = len(buyers.paid) - buyers.ends["return"]
    assert one["orders"] == len(buyers.paid)
    assert one["uses_in_ledger"] == kept <= USES
    assert one["spent_in_ledger"] == kept * DISCOUNT <= BUDGET
    assert (one["uses_reserved"], one["reserved"]) == (0, 0)
    assert buyers.ends["commit"]
    record_property("seed", SEED + part)
    record_property("rounds", ROUNDS)
    for end, count in buyers.ends.items():
        record_property(end, count)
