"""A crowd at one SKU, one coupon and one budget, undisturbed and under kill -9 of its roles.

Twenty rounds of kills on one system; the long run has ten systems more, and a million attempts. At
the end nothing is over a limit, nothing that was acknowledged is lost, no request has two orders,
and stock = sold + reserved + left, in the ledger's books and in the log of events.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from tests.system.asking import asking
from tests.system.crowd import (
    BATCH,
    BUDGET,
    BUDGET_COUNTER,
    COUPON_USES,
    PROMOTION,
    SALE,
    STOCK,
    Caller,
    Crowd,
    sampled,
    until,
)

from queqiao.decide.promotions.flash_sales import events
from queqiao.decide.promotions.flash_sales.counters import reservation_id
from queqiao.ports.event_log.remote import RemoteEventLog
from queqiao.ports.ledger.remote import RemoteLedger
from queqiao.wiring import adapters
from queqiao.wiring.settings import Settings
from queqiao.wiring.supervisor import statuses

SEED, ROUNDS = 20261129, 20
LONG_PARTS = [pytest.param(part, marks=pytest.mark.long) for part in range(1, 11)]
SIZES = [pytest.param((12_000, 1)), pytest.param((1_000_000, 64), marks=pytest.mark.long)]
VICTIMS = ("ledger", "decide-0", "decide-1", "intake")
"""The ledger and the workers, and the owner of the public port, which answers reservations."""
OPTIONS = ("--workers", "2")
Note = Callable[[str, object], None]


def admin(system: System) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {system.admin_key}"}
    return httpx.AsyncClient(base_url=system.base_url, headers=headers, timeout=30)


async def set_up(system: System) -> None:
    documents = {"flash-sales": SALE, "coupon-batches": BATCH, "promotions": PROMOTION}
    async with admin(system) as client:
        for path, document in documents.items():
            made = await client.post(f"/api/v1/{path}", json={"id": "crowd", "document": document})
            assert made.status_code == 201, made.text
            live = await client.post(f"/api/v1/{path}/crowd/publish")
            assert live.status_code == 200, live.text
    await asyncio.sleep(1)  # the bound within which every role has seen it


async def settled(system: System, crowd: Crowd) -> dict[str, int]:
    """Check that what is unsettled is still there to be sold, by selling it; return figures."""
    async with admin(system) as client:
        open_ = crowd.reserved.keys() - crowd.committed.keys() - crowd.released
        state = await state_of(client)
        assert state["reserved"] == len(open_)
        assert state["sold"] == len(crowd.committed)
        for key in open_:
            order = f"late-{key}"
            sold = await client.post(f"/api/v1/reservations/{key}/commit", json={"order_id": order})
            assert sold.status_code == 200, sold.text
            crowd.committed[key] = order
        state = await state_of(client)
        assert (state["reserved"], state["sold"]) == (0, len(crowd.committed))
        await reconciled(client, state["sold"])
        return {"sold": state["sold"], "left": state["items"][0]["left"]}


async def reconciled(client: httpx.AsyncClient, sold: int) -> None:
    """Hold the books against the events, as soon as the warehouse has them all."""
    async with asyncio.timeout(60):
        while True:
            path = "/api/v1/flash-sales/crowd/reconciliation"
            told = (await client.get(path)).json()
            if told["agrees"]:
                break
            await asyncio.sleep(0.5)
    assert (told["sold"], told["committed"], told["returned"]) == (sold, sold, 0)


async def state_of(client: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get("/api/v1/flash-sales/crowd/state")).json()
    (item,) = found["items"]
    assert item["stock"] == item["left"] + item["reserved"] + item["sold"] == STOCK
    return found


def orders_in_log(system: System) -> Counter[tuple[str, str]]:
    """Return how often the log tells that a reservation was committed for an order."""
    reader = adapters.event_log_reader(Settings(home=system.home))
    found: Counter[tuple[str, str]] = Counter()
    after = 0
    while events := reader.read(after, 5_000):
        for event in events:
            if b"Reservation Committed" in event.body:
                told = httpx.Response(200, content=event.body).json()["properties"]
                found[told["reservation_id"], told["order_id"]] += 1
        after = events[-1].offset
    return found


async def check(system: System, crowd: Crowd, chance: Random) -> dict[str, int]:
    """Compare the ledger and the log with every answer that came."""
    figures = await settled(system, crowd)
    assert len(crowd.committed) <= STOCK
    assert max(crowd.customers.values(), default=0) <= 1, "a customer is over the limit"
    assert orders_in_log(system) == Counter(crowd.committed.items())
    if crowd.refused["sold_out"] == 0:
        assert figures["left"] > 0
    await check_first_answers(system, crowd, chance)
    async with asking(system, "ledger.rpc") as client:
        ledger = RemoteLedger(client)
        budget = (await ledger.balances([BUDGET_COUNTER]))[BUDGET_COUNTER]
        assert budget.spent == crowd.spent <= BUDGET
        proof = await ledger.prove()
    assert proof.balanced, proof.faults
    async with admin(system) as console:
        query = {"prefix": "coupon:crowd:code:CROWD"}
        found = (await console.get("/api/v1/ledger/balances", params=query)).json()["items"]
        assert sum(one["spent"] for one in found) == len(crowd.redeemed) <= COUPON_USES
    return figures


async def check_first_answers(system: System, crowd: Crowd, chance: Random) -> None:
    """Say some requests again, granted and refused: they get what they got."""
    async with asking(system, "ledger.rpc") as client:
        ledger = RemoteLedger(client)
        refused = sampled(chance, sorted(crowd.refused_ids), 2_000)
        known = await ledger.recall([reservation_id("crowd", name) for name in refused])
        assert len(known) == len(refused), "an acknowledged refusal is lost"
        assert all(one.state == "refused" for one in known.values())
        known = await ledger.recall(sorted(crowd.reserved))
        assert known.keys() == crowd.reserved.keys(), "an acknowledged reservation is lost"
        for key, one in known.items():
            assert one.state == ("freed" if key in crowd.released else "spent"), key


@pytest.mark.system
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("size", SIZES)
async def test_a_crowd_gets_what_there_is_and_not_one_more(
    size: tuple[int, int], record_property: Note
) -> None:
    attempts, batch = size
    with running_system(OPTIONS) as system:
        await set_up(system)
        crowd = Crowd(system, attempts, batch)
        begun = time.monotonic()
        await crowd.run()
        took_s = time.monotonic() - begun
        figures = await check(system, crowd, Random(SEED))
    assert crowd.attempts >= attempts
    assert crowd.refused["sold_out"], "the crowd was too small to buy everything"
    assert crowd.not_redeemed
    assert crowd.not_spent
    record_property("attempts", crowd.attempts)
    record_property("took_s", round(took_s, 1))
    for name, figure in {**figures, **crowd.refused}.items():
        record_property(name, figure)


async def kill_in_rounds(system: System, crowd: Crowd, chance: Random) -> Counter[str]:
    """Kill a role at a random moment, wait until it is back and answers come, and again."""
    killed: Counter[str] = Counter()
    for number in range(ROUNDS):
        victim = VICTIMS[number] if number < len(VICTIMS) else chance.choice(VICTIMS[:3])
        await asyncio.sleep(chance.uniform(0.05, 0.4))
        before = next(one for one in statuses(system.home) if one.name == victim)
        os.kill(before.pid, signal.SIGKILL)
        killed[victim] += 1
        await until(lambda: is_back(system, victim, before.restarts))  # noqa: B023  # waited for here
        answers = crowd.attempts
        await until(lambda: crowd.stopped or crowd.attempts > answers + 20)  # noqa: B023  # likewise
    return killed


def is_back(system: System, name: str, restarts: int) -> bool:
    return any(one.name == name and one.restarts > restarts for one in statuses(system.home))


@pytest.mark.system
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", [0, *LONG_PARTS])
async def test_rounds_of_kill_9_at_a_flash_sale(part: int, record_property: Note) -> None:
    chance = Random(SEED + part)
    with running_system(OPTIONS) as system:
        await set_up(system)
        crowd = Crowd(system)
        running = asyncio.create_task(crowd.run())
        try:
            killed = await kill_in_rounds(system, crowd, chance)
        finally:
            crowd.stopped = True
            await running
        figures = await check(system, crowd, chance)
    assert killed.total() == ROUNDS
    record_property("seed", SEED + part)
    record_property("rounds", ROUNDS)
    record_property("attempts", crowd.attempts)
    for name, figure in {**killed, **figures, **crowd.refused}.items():
        record_property(name, figure)


@pytest.mark.system
async def test_the_books_are_held_against_events_and_orders() -> None:
    with running_system() as system:
        await set_up(system)
        caller = Caller(system)
        for number in range(4):
            wish = {"request_id": f"r{number}", "customer_id": f"u{number}", "sku": "A"}
            _, told = await caller.post("/api/v1/flash-sales/crowd/reserve", wish)
            path = f"/api/v1/reservations/{told['reservation_id']}"
            order = {"order_id": f"o{number}"}
            assert (await caller.post(f"{path}/commit", order))[0] == 200
        assert (await caller.post(f"{path}/return", order))[0] == 200
        caller.hang_up()
        line = {"sku": "A", "price_minor": 100, "quantity": 1}
        bought = {"order_id": "o0", "currency": "CNY", "total_minor": 100, "products": [line]}
        event = {"type": "track", "event": "Order Completed", "messageId": "m", "userId": "u0"}
        batch = {"batch": [event | {"properties": bought}]}
        auth = httpx.BasicAuth(system.intake_key, "")
        async with admin(system) as client:
            assert (await client.post("/v1/batch", json=batch, auth=auth)).status_code == 200
            path = "/api/v1/flash-sales/crowd/reconciliation"
            async with asyncio.timeout(30):
                while (told := (await client.get(path)).json())["ordered"] < 1:  # noqa: ASYNC110  # the warehouse's pace
                    await asyncio.sleep(0.2)
            none = await client.get(path, params={"session": "none"})
            assert none.status_code == 400
            assert (await client.get(path.replace("crowd", "nobody"))).status_code == 404
        sums = [told[name] for name in ("agrees", "sold", "committed", "returned", "ordered")]
        assert sums == [True, 3, 4, 1, 1]
        settings = Settings(home=system.home)
        assert await asyncio.to_thread(verified, settings) == 0
        reservation = events.message_id("Committed", reservation_id("crowd", "r0"))
        async with asking(system, "intake.rpc") as client:
            assert len(await RemoteEventLog(client).find(reservation)) == 1


def verified(settings: Settings) -> int:
    """Return with what ``queqiao verify flash-sale`` ends."""
    command = [sys.executable, "-m", "queqiao", "verify", "flash-sale", "crowd"]
    command += ["--home", str(settings.home), "--json"]
    return subprocess.run(command, check=False, capture_output=True).returncode
