"""Four workers, many requests of few people at once, a worker killed: no cap is broken.

What was shown is counted from the log itself, person by person and window by window.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import msgspec
import pytest
from bench.harness import System, running_system

from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.wiring.supervisor import statuses

PEOPLE, CLIENTS, REQUESTS = 40, 24, 1_200
CAPS = {
    "a": [{"level": "campaign", "times": 3, "per": "month"}],
    "b": [
        {"level": "campaign", "times": 5, "per": "lifetime"},
        {"level": "advertiser", "times": 6, "per": "month"},
    ],
    "c": [{"level": "campaign", "times": 2, "per": "week", "rolling": True}],
    "d": [],
}
PER_PERSON = {"a": 3, "b": 5, "c": 2}
"""How many ads of a campaign a person may have been shown in all, however many days pass."""


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running_system(["--workers", "4"]) as running:
        yield running


async def set_up(admin: httpx.AsyncClient) -> None:
    place = {"name": "caps", "floor_minor": 1, "currency": "CNY"}
    await publish(admin, "placements", "caps", place)
    for bid, (name, caps) in enumerate(CAPS.items()):
        campaign = {
            "name": name,
            "advertiser": "tea" if name in "bd" else name,
            "placements": ["caps"],
            "bid_minor": 90 - 20 * bid,
            "currency": "CNY",
            "daily_budget_minor": 10_000_000,
            "creatives": [{"id": "c", "title": "c", "landing_url": "/"}],
            "caps": caps,
        }
        await publish(admin, "campaigns", name, campaign)
    await asyncio.sleep(1)  # the bound within which every role has seen it


async def publish(admin: httpx.AsyncClient, path: str, name: str, document: object) -> None:
    made = await admin.post(f"/api/v1/{path}", json={"id": name, "document": document})
    assert made.status_code == 201, made.text
    assert (await admin.post(f"/api/v1/{path}/{name}/publish")).status_code == 200


async def ask(client: httpx.AsyncClient, random: Random, numbers: Iterator[int]) -> int:
    """Ask for ads as long as there are numbers; return how many were answered."""
    answered = 0
    for _ in numbers:
        person = random.randrange(PEOPLE)
        user = {"id": f"u{person}"} if random.random() < 0.5 else {"anonymous_id": f"d{person}"}
        if random.random() < 0.2:
            user = {"id": f"u{person}", "anonymous_id": f"d{person}"}
        body = {"placements": [{"id": "caps", "count": random.choice((1, 1, 2))}], "user": user}
        try:
            answer = await client.post("/api/v1/decisions", json=body, timeout=30)
        except httpx.HTTPError:
            continue
        assert answer.status_code in (200, 503), answer.text
        answered += answer.status_code == 200
    return answered


def shown(system: System) -> dict[str, Counter[str]]:
    """Return what the log says of each person's ads, once devices have their users."""
    reader = EmbeddedEventLogReader(system.home / "log")
    try:
        events = [msgspec.json.decode(one.body) for one in reader.read(0, 1_000_000)]
    finally:
        reader.close()
    found: dict[str, Counter[str]] = {}
    for event in events:
        if event.get("event") != "Ad Served":
            continue
        who = event.get("user_id") or event["anonymous_id"]
        campaign_id = event["properties"]["campaign_id"]
        counts = found.setdefault(who[1:], Counter())
        counts[campaign_id] += 1
    return found


@pytest.mark.system
@pytest.mark.timeout(300)
async def test_no_cap_is_broken_over_four_workers_one_of_which_is_killed(system: System) -> None:
    admin_headers = {"authorization": f"Bearer {system.admin_key}"}
    headers = {"authorization": f"Bearer {system.decide_key}"}
    limits = httpx.Limits(max_connections=CLIENTS)
    async with (
        httpx.AsyncClient(base_url=system.base_url, headers=admin_headers) as admin,
        httpx.AsyncClient(base_url=system.base_url, headers=headers, limits=limits) as client,
    ):
        await set_up(admin)
        logins = [
            client.post(
                "/api/v1/decisions",
                json={
                    "placements": [{"id": "nowhere"}],
                    "user": {"id": f"u{person}", "anonymous_id": f"d{person}"},
                },
            )
            for person in range(PEOPLE)
        ]
        assert {answer.status_code for answer in await asyncio.gather(*logins)} == {200}
        numbers = iter(range(REQUESTS))
        asking = [asyncio.create_task(ask(client, Random(n), numbers)) for n in range(CLIENTS)]
        await asyncio.sleep(1)
        victim = next(one for one in statuses(system.home) if one.name == "decide-2")
        os.kill(victim.pid, signal.SIGKILL)
        answered = sum(await asyncio.gather(*asking))
    found = shown(system)
    assert answered > REQUESTS * 0.8
    assert len(found) == PEOPLE
    broken = {
        (person, name): counts[name]
        for person, counts in found.items()
        for name in ("a", "b", "c")
        if counts[name] > PER_PERSON[name]
    }
    assert broken == {}
    full = sum(counts["a"] == 3 for counts in found.values())
    assert full > PEOPLE // 2, "too little load to say anything"


async def ads_of(system: System, times: int) -> int:
    """Return how many ads of campaign a somebody gets who asks so many times."""
    headers = {"authorization": f"Bearer {system.decide_key}"}
    body = {"placements": [{"id": "caps"}], "user": {"id": "one", "anonymous_id": "phone"}}
    shown = 0
    async with httpx.AsyncClient(base_url=system.base_url, headers=headers) as client:
        for _ in range(times):
            answer = (await client.post("/api/v1/decisions", json=body)).json()
            shown += [ad["campaign_id"] for ad in answer["decisions"]] == ["a"]
    return shown


@pytest.mark.system
@pytest.mark.timeout(300)
@pytest.mark.parametrize("machine_restarts", [False, True])
async def test_a_restart_forgets_nothing(tmp_path: Path, machine_restarts: bool) -> None:
    with running_system(home=tmp_path) as system:
        headers = {"authorization": f"Bearer {system.admin_key}"}
        async with httpx.AsyncClient(base_url=system.base_url, headers=headers) as admin:
            await set_up(admin)
        assert await ads_of(system, 2) == 2
    if machine_restarts:
        with (tmp_path / "caps.table").open("r+b") as table:
            table.seek(24)
            table.write(b"another machine's start"[:8])
            table.seek(4096)
            table.write(os.urandom(1 << 20))
    with running_system(home=tmp_path) as system:
        assert await ads_of(system, 4) == 1
