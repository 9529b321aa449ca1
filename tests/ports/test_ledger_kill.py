"""kill -9 of the ledger under load: what was answered is there, and the counts are exact."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from queqiao.ports.ledger.base import Granted, Take
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.ledger.remote import RemoteLedger
from queqiao.ports.rpc import RpcClient

SERVE = """
import asyncio, sys
from pathlib import Path
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.ledger.remote import methods
from queqiao.ports.rpc import RpcServer

async def main(folder):
    server = RpcServer(methods(EmbeddedLedger.open(folder / "ledger", compact_bytes=30_000)))
    await server.serve(folder / "s")
    await asyncio.Event().wait()

asyncio.run(main(Path(sys.argv[1])))
"""
LIMIT = 2_000


async def shop(client, name, told):
    """One client: steps of every kind under keys of its own, each answer noted when it comes."""
    ledger, chance = RemoteLedger(client), random.Random(name)
    for number in range(10**6):
        key, amount = f"{name}:{number}", chance.randint(1, 5)
        takes = [Take("a", amount, LIMIT), Take("b", 1, LIMIT)]
        if chance.random() < 0.5:
            told[key] = await ledger.spend(key, takes, 1)
        else:
            answer = await ledger.reserve(key, takes, 10**9, 1)
            if isinstance(answer, Granted) and chance.random() < 0.5:
                answer = await ledger.commit(key, 1)
            told[key] = answer


def serve(folder):
    source = str(Path(__file__).parents[2] / "src")
    environment = {**os.environ, "PYTHONPATH": source}
    return subprocess.Popen([sys.executable, "-c", SERVE, str(folder)], env=environment)


async def test_kill_9_under_load_loses_nothing_that_was_answered(tmp_path):
    told, chance = {}, random.Random(9)
    process = serve(tmp_path)
    client = RpcClient(tmp_path / "s", retry_for_s=60)
    shoppers = [asyncio.create_task(shop(client, f"c{i}", told)) for i in range(8)]
    for _ in range(5):
        goal = len(told) + chance.randint(50, 300)
        while len(told) < goal:  # noqa: ASYNC110  # a count of answers, not a moment
            await asyncio.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = serve(tmp_path)
    await asyncio.sleep(0.3)
    for shopper in shoppers:
        shopper.cancel()
    for ended in await asyncio.gather(*shoppers, return_exceptions=True):
        assert isinstance(ended, asyncio.CancelledError), ended
    await client.close()
    process.kill()
    process.wait()
    await check_answers(tmp_path / "ledger", told)


async def check_answers(folder, told):
    ledger = EmbeddedLedger.open(folder)
    held = ledger._state.holdings
    for key, answer in told.items():
        was_granted = held[key].refused is None
        assert was_granted == isinstance(answer, Granted), key
        if was_granted:
            assert answer.amounts == held[key].asked
    a, b = (await ledger.balances(["a", "b"])).values()
    granted = [h for h in held.values() if h.refused is None]
    spent = [h for h in granted if h.state == "spent"]
    assert a.spent == sum(h.spent["a"] for h in spent)
    assert b.spent == len(spent)
    assert (a.leased + a.spent, b.leased + b.spent) == (
        sum(h.asked["a"] for h in granted),
        len(granted),
    )
    assert a.limit == b.limit == LIMIT
    assert min(a.free, b.free) >= 0
    assert (await ledger.prove()).balanced
    await ledger.close()
