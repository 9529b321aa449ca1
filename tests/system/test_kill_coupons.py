"""kill -9 of the ledger, of decide and of the records' writers while many use few codes and cards.

Six rounds in ``make test``, thirty more in the long run, each by its own seed. Many want the
same few uses of one code, the same coupons of a personal batch, and the money of one card, and
send again until they are answered, as a till with a queue does. In the end what was acknowledged
is what the ledger, the log and the records hold: nothing beyond a limit, nothing lost, nothing
twice, and no money that is nowhere.
"""

import asyncio
from collections.abc import Callable
from random import Random

import httpx
import pytest
from bench.harness import System, running_system
from tests.system.asking import asking
from tests.system.insistent import until_answered
from tests.system.test_kill import kill, report, until_back

from queqiao.ports.warehouse.remote import RemoteWarehouse

ROUNDS = 6
LONG_PARTS = [pytest.param(part, marks=pytest.mark.long) for part in range(1, 6)]
CLIENTS = 24
USES, GIFTS, VALUE = 150, 60, 100_000
VICTIMS = ["ledger", "decide-0", "scheduler", "ledger", "decide-0", "console"]
SEED = 20261129
DOCUMENTS = {
    "coupon-batches": [
        ("open", {"name": "open", "codes": ["KILL"], "uses_per_code": USES}),
        ("mine", {"name": "mine", "count": GIFTS, "personal": {"per_customer": 1}}),
    ],
    "card-products": [
        ("gift", {"name": "gift", "currency": "CNY", "count": 9, "value": VALUE, "pin": False})
    ],
}


class Tills:
    """Clients that never stop, and remember what was acknowledged."""

    def __init__(self, system: System, card: str) -> None:
        self.system = system
        self.card = card
        self.used: set[str] = set()
        self.refused: set[str] = set()
        self.coupons: dict[str, str] = {}
        self.captured: dict[str, int] = {}
        self.stopped = False

    async def work(self, till: int, random: Random) -> None:
        headers = {"authorization": f"Bearer {self.system.decide_key}"}
        number = 0
        async with httpx.AsyncClient(base_url=self.system.base_url, headers=headers) as client:
            while not self.stopped:
                order = f"o{till}-{number}"
                await random.choice([self.coupon, self.claim, self.pay])(client, order, random)
                number += 1

    async def coupon(self, client: httpx.AsyncClient, order: str, random: Random) -> None:
        """Use the code: at once, from a lock, or give the lock back; sometimes ask twice."""
        who = {"customer_id": f"c-{order}", "order_id": order}
        verbs = random.choice([["redeem"], ["lock", "redeem"], ["lock", "release"]])
        for verb in [verb for verb in verbs for _ in range(random.choice([1, 1, 2]))]:
            answer = await until_answered(client, f"/api/v1/coupons/KILL/{verb}", who)
            if answer.status_code != 200:
                assert answer.status_code == 422, answer.text
                self.refused.add(answer.json()["reason"])
                return
        if verbs[-1] == "redeem":
            self.used.add(order)

    async def claim(self, client: httpx.AsyncClient, order: str, random: Random) -> None:
        """Claim a coupon, and use it."""
        customer = f"c-{order}"
        path = f"/api/v1/customers/{customer}/coupons"
        answer = await until_answered(client, path, {"batch_id": "mine", "request_id": order})
        if answer.status_code != 201:
            assert answer.json()["reason"] == "batch_exhausted", answer.text
            return
        code = answer.json()["code"]
        self.coupons[order] = code
        body = {"customer_id": customer, "order_id": order}
        used = await until_answered(client, f"/api/v1/coupons/{code}/redeem", body)
        assert used.status_code == 200, used.text

    async def pay(self, client: httpx.AsyncClient, order: str, random: Random) -> None:
        """Take money of the card: at once or from a hold; sometimes give part of it back."""
        amount = random.randrange(100, 3_000)
        path, body = f"/api/v1/cards/{self.card}", {"customer_id": "c", "order_id": order}
        verbs = random.choice([["capture"], ["hold", "capture"], ["hold", "release"]])
        for verb in verbs:
            said = body if verb == "release" else {**body, "amount": amount}
            answer = await until_answered(client, f"{path}/{verb}", said)
            if answer.status_code != 200:
                assert answer.json()["reason"] == "insufficient_balance", answer.text
                return
        if verbs[-1] != "capture":
            return
        self.captured[order] = amount
        if random.random() < 0.5:
            back = {**body, "amount": amount // 2, "request_id": "r"}
            answer = await until_answered(client, f"{path}/refund", back)
            assert answer.status_code == 200, answer.text
            self.captured[order] = answer.json()["amount"]


def log_of(system: System) -> str:
    """Return what the system wrote of its defects."""
    lines = (system.home / "queqiao.log").read_text().splitlines()
    return "\n".join(line for line in lines if "failed" in line or "Error" in line)


async def set_up(system: System, admin: httpx.AsyncClient) -> str:
    """Make the batches and the product, and sell one card; return it."""
    for path, documents in DOCUMENTS.items():
        for name, document in documents:
            made = await admin.post(f"/api/v1/{path}", json={"id": name, "document": document})
            assert made.status_code == 201, made.text
            await admin.post(f"/api/v1/{path}/{name}/publish")
    file = (await admin.get("/api/v1/card-products/gift/cards.txt")).text
    card: str = file.split()[0]
    await asyncio.sleep(1)  # the bound within which every role has seen it
    sale = {"customer_id": "c", "request_id": "sale"}
    sold = await admin.post(f"/api/v1/cards/{card}/activate", json=sale)
    assert sold.json()["balance"] == VALUE
    return card


async def check(system: System, admin: httpx.AsyncClient, tills: Tills) -> None:
    """Compare ledger, log and records with what was acknowledged."""
    proof = (await admin.get("/api/v1/ledger/proof")).json()
    assert proof["balanced"] is True
    batch = (await admin.get("/api/v1/coupon-batches/open/statistics")).json()
    assert (batch["redeemed"], batch["locked"]) == (len(tills.used), 0)
    assert batch["redeemed"] <= USES
    parts = ("redeemed", "locked", "void", "expired", "available", "over_total")
    assert sum(batch[part] for part in parts) == batch["uses"]
    mine = (await admin.get("/api/v1/coupon-batches/mine/statistics")).json()
    assert len(set(tills.coupons.values())) == len(tills.coupons)
    assert mine["issued"] == mine["redeemed"] == len(tills.coupons) <= GIFTS
    money = (await admin.get("/api/v1/card-products/gift/statistics")).json()
    assert (money["captured"], money["held"]) == (sum(tills.captured.values()), 0)
    assert (money["put_on"], money["difference"]) == (VALUE, 0)
    await report(admin, "views")  # waits for the loader
    async with asking(system, "analytics.rpc") as client:
        found = await RemoteWarehouse(client).query(
            "SELECT event, count(), uniqExact(order_id), uniqExact(coupon) FROM history"
            " WHERE startsWith(event, 'Coupon ') GROUP BY event ORDER BY event"
        )
    told_of = {event: (count, orders, codes) for event, count, orders, codes in found.rows}
    used = len(tills.used) + len(tills.coupons)
    assert told_of["Coupon Applied"][:2] == (used, used)
    assert told_of["Coupon Issued"][0] == told_of["Coupon Issued"][2] == len(tills.coupons)


@pytest.mark.system
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", [0, *LONG_PARTS])
async def test_rounds_of_kill_9_under_a_rush(
    part: int, record_property: Callable[[str, object], None]
) -> None:
    random = Random(SEED + part)
    with running_system(["--workers", "2"]) as system:
        headers = {"authorization": f"Bearer {system.admin_key}"}
        async with httpx.AsyncClient(
            base_url=system.base_url, headers=headers, timeout=30
        ) as admin:
            tills = Tills(system, await set_up(system, admin))
            clients = [
                asyncio.create_task(tills.work(till, Random(f"{part} {till}")))
                for till in range(CLIENTS)
            ]
            try:
                for round_ in range(ROUNDS):
                    await asyncio.sleep(random.uniform(0.3, 1.0))
                    await until_back(system, kill(system, VICTIMS[round_ % len(VICTIMS)]))
            finally:
                tills.stopped = True
                done = await asyncio.gather(*clients, return_exceptions=True)
            assert [one for one in done if one is not None] == [], log_of(system)
            await check(system, admin, tills)
    assert tills.used
    assert tills.coupons
    assert tills.captured
    assert tills.refused <= {"code_used_up", "batch_used_up"}
    record_property("seed", SEED + part)
    record_property("rounds", ROUNDS)
    record_property("redeemed", len(tills.used) + len(tills.coupons))
    record_property("captured_minor", sum(tills.captured.values()))
