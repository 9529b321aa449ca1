"""kill -9 of a decide worker under a load of decisions and clicks: its slices pay, and come back.

Two workers show ads of one campaign whose day's budget ends meanwhile. In the end nothing is billed
beyond the budget, what the events cost is what the ledger spent, and each click that cost something
has the record of its ad.
"""

import asyncio
from collections.abc import Iterator
from random import Random

import httpx
import pytest
from bench.harness import System, running_system
from tests.system.test_kill import kill, report, spent, until_back
from tests.system.things import good
from tests.system.waiting import until

BUDGET, FLOOR, CLIENTS = 6_000, 30, 12
RUNS_S, KILLED_AFTER_S = 4.0, 1.5
SEED = 59
PLACE = {"name": "首页", "floor_minor": FLOOR, "currency": "CNY"}
CAMPAIGN = {
    "name": "春茶",
    "advertiser": "brand",
    "placements": ["home"],
    "bid_minor": 100,
    "currency": "CNY",
    "daily_budget_minor": BUDGET,
    "creatives": [{"id": "x", "title": "买茶", "landing_url": "https://example.com/"}],
}


@pytest.fixture
def system() -> Iterator[System]:
    with running_system(["--workers", "2"]) as system:
        yield system


class Shoppers:
    """People who ask for ads and click half of them, and ask again where a worker is away."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.clicked: set[str] = set()
        self.stopped = False

    async def work(self, number: int) -> None:
        random, visit = Random(SEED + number), 0
        headers = {"authorization": f"Bearer {self.system.decide_key}"}
        async with httpx.AsyncClient(base_url=self.system.base_url, headers=headers) as client:
            while not self.stopped:
                visit += 1
                person = {"anonymous_id": f"s{number}-{visit}"}
                ads = await self.ask(client, {"placements": [{"id": "home"}], "user": person})
                for ad in ads:
                    if random.random() < 0.5:
                        await self.click(client, ad)

    async def ask(self, client: httpx.AsyncClient, wish: dict[str, object]) -> list[dict[str, str]]:
        try:
            answer = await client.post("/api/v1/decisions", json=wish)
        except httpx.TransportError:
            return []
        assert answer.status_code in (200, 503), answer.text
        ads: list[dict[str, str]] = answer.json().get("decisions", [])
        return ads

    async def click(self, client: httpx.AsyncClient, ad: dict[str, object]) -> None:
        tracking = ad["tracking"]
        assert isinstance(tracking, dict)
        while not self.stopped:
            answer = await client.get(tracking["click"])
            if answer.status_code == httpx.codes.FOUND:
                self.clicked.add(str(ad["decision_id"]))
                return
            await asyncio.sleep(0.05)


@pytest.mark.system
@pytest.mark.timeout(120)
async def test_a_worker_that_is_killed_costs_nobody_money(system: System) -> None:
    headers = {"authorization": f"Bearer {system.admin_key}"}
    async with httpx.AsyncClient(base_url=system.base_url, headers=headers) as admin:
        for path, name, document in (("placements", "home", PLACE), ("campaigns", "a", CAMPAIGN)):
            made = {"id": name, "document": document}
            good(await admin.post(f"/api/v1/{path}", json=made))
            good(await admin.post(f"/api/v1/{path}/{name}/publish"))
        shoppers = Shoppers(system)
        work = [asyncio.create_task(shoppers.work(number)) for number in range(CLIENTS)]
        await asyncio.sleep(KILLED_AFTER_S)
        await until_back(system, kill(system, "decide-0"))
        await asyncio.sleep(RUNS_S - KILLED_AFTER_S)
        shoppers.stopped = True
        await asyncio.gather(*work)

        billed = await spent(admin, "ads:budget:a:")
        assert 0 < billed <= BUDGET
        assert await report(admin, "cost") == billed
        assert good(await admin.get("/api/v1/ledger/proof"))["balanced"] is True
        assert len(shoppers.clicked) > 10

    def recorded(decision_id: str) -> bool:
        with httpx.Client(base_url=system.base_url, headers=headers) as client:
            found = good(client.get("/api/v1/events", params={"message_id": decision_id}))
        return [item["event"] for item in found["items"]] == ["Ad Served"]

    missing = [each for each in shoppers.clicked if not recorded(each)]
    for decision_id in missing:  # made anew from the click, ten seconds later
        until(lambda each=decision_id: recorded(each), 20)
