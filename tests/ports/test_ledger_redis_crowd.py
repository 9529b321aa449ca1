"""The ledger on Redis and Valkey under a crowd: many callers of many processes at once."""

import asyncio
import multiprocessing
import random

import pytest

from queqiao.ports.ledger.base import Granted, Take
from queqiao.ports.ledger.redis import RedisLedger

pytestmark = pytest.mark.engines

PROCESSES, CALLERS, EACH = 4, 25, 1_000
"""100,000 attempts on three counters."""
LIMITS = {"a": 20_000, "b": 30_000, "c": 40_000}


def attempts(url, number, results):
    """One process: its callers spend, reserve, commit, give back; what it was told goes out."""

    async def caller(ledger, name, told):
        chance = random.Random(name)
        for turn in range(EACH):
            key = f"{name}:{turn}"
            takes = [Take(counter, chance.randint(0, 3)) for counter in LIMITS]
            if chance.random() < 0.5:
                answer = await ledger.spend(key, takes, 1)
            else:
                answer = await ledger.reserve(key, takes, 10**9, 1)
                if isinstance(answer, Granted):
                    if chance.random() < 0.5:
                        answer = await ledger.commit(key, 1)
                    else:
                        await ledger.release(key, 1)
                        continue
            if isinstance(answer, Granted):
                told.append(answer.amounts)

    async def main():
        ledger, told = RedisLedger(url), []
        async with asyncio.TaskGroup() as group:
            for caller_number in range(CALLERS):
                group.create_task(caller(ledger, f"p{number}:{caller_number}", told))
        await ledger.close()
        return {name: sum(amounts[name] for amounts in told) for name in LIMITS}

    results.put(asyncio.run(main()))


@pytest.mark.parametrize("engine", ["redis", "valkey"])
async def test_a_hundred_thousand_attempts_of_four_processes_keep_every_limit(engine, request):
    url = f"{request.getfixturevalue(f'{engine}_url')}?prefix=crowd"
    ledger = RedisLedger(url, entries_max=50)
    for name, limit in LIMITS.items():
        await ledger.set_limit(name, limit, f"limit {name}", 1)
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    arguments = [(url, number, results) for number in range(PROCESSES)]
    processes = [spawn.Process(target=attempts, args=each) for each in arguments]
    for process in processes:
        process.start()
    seen_over = []
    while any(process.is_alive() for process in processes):
        for name, balance in (await ledger.balances(list(LIMITS))).items():
            if balance.limit != LIMITS[name] or min(balance.free, balance.leased) < 0:
                seen_over.append((name, balance))
        await asyncio.sleep(0.05)
    told = [results.get(timeout=5) for _ in processes]
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    assert seen_over == []
    for name, balance in (await ledger.balances(list(LIMITS))).items():
        assert balance.spent == sum(each[name] for each in told)
        assert balance.spent + balance.free == LIMITS[name]
        assert balance.leased == 0
    assert any(balance.free < 3 for balance in (await ledger.balances(list(LIMITS))).values())
    proof = await ledger.prove()
    assert proof.balanced, proof.faults
    await ledger.erase()
    await ledger.close()
