"""Orders at flash prices while roles die: a piece sold for each order that stands, and no other.

Clients reserve, place an order with the token, and pay, give up or cancel it; ledger, workers and
intake are killed with -9 meanwhile, and what is not answered is sent again. At the end the stock of
the sale, the uses of the promotion and the orders that were acknowledged are one.
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
from tests.system.test_redemption_faults import PATH, VICTIMS, books, client_of, publish

SEED, ROUNDS, BUYERS = 20261130, 4, 6
LONG_PARTS = [pytest.param(part, marks=pytest.mark.long) for part in range(1, 21)]
STOCK, PRICE, DISCOUNT = 10_000, 3_000, 1_000
SALE = "/api/v1/flash-sales/kill"
Note = Callable[[str, object], None]

pytestmark = pytest.mark.system


async def open_sale(admin: httpx.AsyncClient) -> None:
    document = {
        "name": "618",
        "items": [{"sku": "X", "price_minor": PRICE, "stock": STOCK, "limit_per_customer": None}],
        "sessions": [{"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z"}],
        "stacks_with": ["order"],
    }
    made = await admin.post("/api/v1/flash-sales", json={"id": "kill", "document": document})
    assert made.status_code == 201, made.text
    live = await admin.post(f"{SALE}/publish")
    assert live.status_code == 200, live.text
    await publish(admin, "kill")  # and with it the second within which every role has seen both


class Shoppers:
    """Clients that buy until they are stopped, and remember what became of each order."""

    def __init__(self, system: System, seed: int) -> None:
        self.system, self.seed = system, seed
        self.ends: Counter[str] = Counter()
        self.stopped = threading.Event()

    async def buy(self, buyer: int) -> None:
        random, number = Random(f"{self.seed} {buyer}"), 0
        async with client_of(self.system, self.system.decide_key) as client:
            while not self.stopped.is_set():
                await self._order(client, f"{self.seed}-{buyer}-{number}", random)
                number += 1

    async def _order(self, client: httpx.AsyncClient, name: str, random: Random) -> None:
        wish = {"request_id": name, "customer_id": name, "sku": "X"}
        held = await until_answered(client, f"{SALE}/reserve", wish)
        assert held.status_code == 200, held.text
        asked = _order(name, held.json()["price_token"])
        placed = await until_answered(client, PATH, asked)
        assert placed.status_code == 200, placed.text
        assert placed.json()["total"] == PRICE - DISCOUNT, placed.text
        twice = await until_answered(client, PATH, asked | {"order_id": f"{name}-again"})
        assert (twice.status_code, twice.json()["reason"]) == (422, "price_token_used"), twice.text
        verb = random.choice(["commit", "commit", "release", "return"])
        if verb == "return":
            await self._done(client, placed.json()["id"], "commit")
        await self._done(client, placed.json()["id"], verb)
        self.ends[verb] += 1

    async def _done(self, client: httpx.AsyncClient, name: str, verb: str) -> None:
        answer = await until_answered(client, f"{PATH}/{name}/{verb}")
        assert answer.status_code == 200, answer.text


def _order(name: str, token: str) -> dict[str, Any]:
    question = {
        "cart": {"lines": [{"sku": "X", "price_token": token}]},
        "catalog": [{"sku": "X", "price": 10_000}],
        "channel": "kill",
        "customer": {"id": name},
    }
    return {"order_id": name, "question": question}


async def stock(admin: httpx.AsyncClient) -> tuple[int, int, int]:
    (item,) = (await admin.get(f"{SALE}/state")).json()["items"]
    assert item["left"] + item["reserved"] + item["sold"] == item["stock"] == STOCK
    return item["left"], item["reserved"], item["sold"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", [0, *LONG_PARTS])
async def test_rounds_of_kill_9_under_orders_at_flash_prices(
    part: int, record_property: Note
) -> None:
    random = Random(SEED + part)
    with running_system(["--workers", "2"]) as system:
        shoppers = Shoppers(system, SEED + part)
        async with client_of(system, system.admin_key) as admin:
            await open_sale(admin)
            clients = [asyncio.create_task(shoppers.buy(number)) for number in range(BUYERS)]
            try:
                for round_ in range(ROUNDS):
                    await asyncio.sleep(random.uniform(0.3, 0.9))
                    victim = VICTIMS[round_ % len(VICTIMS)]
                    await until_back(system, kill(system, victim))
            finally:
                shoppers.stopped.set()
                await asyncio.gather(*clients)
            one = await books(admin, "kill")
            sold = shoppers.ends["commit"]
            assert await stock(admin) == (STOCK - sold, 0, sold)
            found = (await admin.get(f"{SALE}/reconciliation")).json()
            assert (found["agrees"], found["sold"]) == (True, sold)
            assert await doubled(system) == {}
    assert (one["uses_in_ledger"], one["uses_reserved"]) == (sold, 0)
    assert all(shoppers.ends[verb] for verb in ("commit", "release", "return"))
    record_property("seed", SEED + part)
    record_property("rounds", ROUNDS)
    for end, count in shoppers.ends.items():
        record_property(end, count)
