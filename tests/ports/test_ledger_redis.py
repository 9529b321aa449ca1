"""The ledger on Redis and Valkey where only a server can fail: killed, full, wrong, forgetful."""

import asyncio
import multiprocessing
import random
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

import msgspec
import pytest
from tests.ports.redis_servers import Server

from queqiao.kernel.errors import InvalidInput, StorageFull, Unavailable
from queqiao.ports.ledger.base import Balance, Granted, Take
from queqiao.ports.ledger.laws import laws
from queqiao.ports.ledger.redis import LIBRARY, RedisLedger
from queqiao.ports.ledger.redis_server import Place, look

pytestmark = [pytest.mark.engines, pytest.mark.engines_ci]

ENGINES = ("redis", "valkey")
PROCESSES, CALLERS, EACH = 4, 25, 1_000
"""100,000 attempts on three counters."""
LIMITS = {"a": 20_000, "b": 30_000, "c": 40_000}
serial = count()


@pytest.fixture(params=ENGINES)
def url(request):
    return f"{request.getfixturevalue(f'{request.param}_url')}?prefix=alone-{next(serial)}"


@pytest.fixture
async def ledger(url):
    opened = RedisLedger(url, entries_max=50)
    yield opened
    await opened.erase()
    await opened.close()


@pytest.fixture(params=ENGINES)
def server(request, tmp_path):
    started = Server(request.param, tmp_path).start()
    yield started
    started.kill()


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


async def test_a_hundred_thousand_attempts_of_four_processes_keep_every_limit(ledger, url):
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


async def shop(ledger, name, told):
    chance = random.Random(name)
    for number in count():
        key, amount = f"{name}:{number}", chance.randint(1, 5)
        takes = [Take("a", amount, 10**6), Take("b", 1, 10**6)]
        if chance.random() < 0.5:
            told[key] = ("spent", await ledger.spend(key, takes, 1))
        else:
            answer = await ledger.reserve(key, takes, 10**9, 1)
            if chance.random() < 0.5:
                told[key] = ("open", answer)
            else:
                told[key] = ("spent", await ledger.commit(key, 1))


async def test_kill_9_in_the_middle_loses_nothing_that_was_answered(server):
    """AOF always: five kills; callers know of none, what they were told is there, no half step."""
    told, chance = {}, random.Random(9)
    ledger = RedisLedger(server.url, retry_for_s=60)
    shoppers = [asyncio.create_task(shop(ledger, f"c{i}", told)) for i in range(16)]
    for _ in range(5):
        goal = len(told) + chance.randint(100, 600)
        while len(told) < goal:  # noqa: ASYNC110  # a count of answers, not a moment
            await asyncio.sleep(0.002)
        server.kill()
        server.start(ready=False)
    await asyncio.sleep(0.5)
    for shopper in shoppers:
        shopper.cancel()
    for ended in await asyncio.gather(*shoppers, return_exceptions=True):
        assert isinstance(ended, asyncio.CancelledError), ended
    held = holdings(server)
    for key, (state, answer) in told.items():
        assert isinstance(answer, Granted)
        assert held[key][1] in (state, "spent"), key
        assert dict(msgspec.json.decode(held[key][3])) == {
            name: str(amount) for name, amount in answer.amounts.items()
        }
    await check_sums(ledger, held)
    await ledger.close()


def holdings(server):
    rows = server.client().hgetall(Place.of(server.url).key("holdings"))
    return {key.decode(): msgspec.msgpack.decode(row) for key, row in rows.items()}


async def check_sums(ledger, held):
    """Every step counts whole: ``b`` counts the steps of which ``a`` has the amounts."""
    a, b = (await ledger.balances(["a", "b"])).values()
    asked = [dict(msgspec.json.decode(row[3])) for row in held.values()]
    assert a.spent + a.leased == sum(int(amounts["a"]) for amounts in asked)
    assert b.spent + b.leased == len(asked)
    proof = await ledger.prove()
    assert proof.balanced, proof.faults


async def test_a_server_that_is_away_is_unavailable_in_time_and_back_by_itself(server):
    ledger = RedisLedger(server.url, retry_for_s=0.3)
    await ledger.spend("k", [Take("a", 1, 10)], 1)
    server.kill()
    began = time.monotonic()
    with pytest.raises(Unavailable) as away:
        await ledger.spend("k2", [Take("a", 1)], 1)
    assert time.monotonic() - began < 2
    assert away.value.retry_after_s
    with pytest.raises(Unavailable):
        await ledger.prove()
    server.start()
    assert await ledger.spend("k", [Take("a", 1)], 1) == Granted("k", {"a": 1})
    await ledger.close()


async def test_a_server_that_hangs_is_unavailable_in_time(server):
    ledger = RedisLedger(server.url, retry_for_s=0.3)
    await ledger.spend("k", [Take("a", 1, 10)], 1)
    server.client().execute_command("CLIENT", "PAUSE", "1000", "ALL")
    with pytest.raises(Unavailable):
        await ledger.spend("k2", [Take("a", 1)], 1)
    await asyncio.sleep(1)
    assert (await ledger.balances(["a"]))["a"].spent in (1, 2)
    await ledger.close()


async def test_a_full_memory_says_so_and_loses_nothing(server):
    ledger = RedisLedger(server.url)
    await ledger.reserve("k", [Take("a", 1, 10)], 9, 1)
    server.client().config_set("maxmemory", "1")
    with pytest.raises(StorageFull):
        await ledger.commit("k", 2)
    assert (await ledger.balances(["a"]))["a"] == Balance(10, 1, 0, 9)
    server.client().config_set("maxmemory", "0")
    assert await ledger.commit("k", 2) == Granted("k", {"a": 1})
    await ledger.close()


async def test_a_server_that_forgot_our_functions_is_given_them_again(ledger):
    await ledger.spend("k", [Take("a", 1, 10)], 1)
    await ledger._calls.call("FUNCTION", "DELETE", LIBRARY)
    calls = [ledger.spend(f"k{number}", [Take("a", 1)], 1) for number in range(5)]
    answers = await asyncio.gather(*calls)
    assert all(isinstance(answer, Granted) for answer in answers)


async def test_the_log_is_folded_into_opening_balances_and_old_keys_are_forgotten(ledger):
    day_us = 24 * 3600 * 10**6
    for number in range(300):
        await ledger.spend(f"k{number}", [Take(f"c{number % 7}", 1, 10**6)], 1)
    size = await ledger._calls.call("XLEN", ledger._place.key("log"))
    assert size == 50
    proof = await ledger.prove()
    assert proof.balanced, proof.faults
    for number in range(100):
        await ledger.spend(f"later{number}", [], 91 * day_us)
    assert await ledger._calls.call("HLEN", ledger._place.key("holdings")) == 100
    assert (await ledger.balances(["c0"]))["c0"].spent == 43
    assert (await ledger.prove()).balanced


async def test_the_proof_finds_what_does_not_agree(ledger):
    await ledger.reserve("k", [Take("a", 5, 10)], 9, 1)
    assert (await ledger.prove()).entries == 2
    place = ledger._place
    for wrong in (("HSET", "counters", "a", "10 4 5 1"), ("HSET", "opening", "a", "1 0 0")):
        command, name, *rest = wrong
        before = await ledger._calls.call("HGET", place.key(name), "a")
        await ledger._calls.call(command, place.key(name), *rest)
        proof = await ledger.prove()
        assert not proof.balanced
        assert "a: the counter says" in proof.faults[0]
        if before is None:
            await ledger._calls.call("HDEL", place.key(name), "a")
        else:
            await ledger._calls.call("HSET", place.key(name), "a", before)
    await ledger._calls.call("ZREM", place.key("due"), "k")
    assert "in open reservations" in (await ledger.prove()).faults[0]


async def test_more_reservations_than_one_call_frees_expire_in_one_step(ledger):
    keys = [f"k{number}" for number in range(2_500)]
    takes = [Take("a", 1, 10_000)]
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        await asyncio.gather(*(ledger.reserve(key, takes, 50, 1) for key in some))
    assert await ledger.expire(49) == 0
    assert await ledger.expire(50) == 2_500
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        await asyncio.gather(*(ledger.reserve(f"{key} again", takes, 90, 60) for key in some))
    await ledger.spend("one", [Take("a", 10_000)], 95)
    assert (await ledger.balances(["a"]))["a"] == Balance(10_000, 0, 10_000, 0)


async def test_data_of_another_release_are_left_alone(ledger):
    await ledger.spend("k", [Take("a", 1, 10)], 1)
    await ledger._calls.call("HSET", ledger._place.key("meta"), "format", "2")
    await ledger._calls.call("FUNCTION", "DELETE", LIBRARY)
    with pytest.raises(Exception, match="another release"):
        await ledger.spend("k2", [Take("a", 1)], 1)


async def test_a_look_says_what_the_server_may_lose(server):
    report = await look(server.url)
    assert report.product.lower() in server.command[0]
    assert "is on disk" in report.words().en
    assert abs(report.clock_ahead_s) < 1
    server.client().config_set("appendfsync", "everysec")
    assert "may lose the last 2 s" in (await look(server.url)).words().en


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--appendonly", "no"], "no append-only file"),
        (["--maxmemory-policy", "allkeys-lru"], "drops keys"),
        (["--cluster-enabled", "yes"], "must not be a node of a Redis Cluster"),
    ],
)
async def test_a_server_that_would_lose_a_ledger_is_refused(tmp_path, options, words):
    server = Server("redis", tmp_path, *options).start()
    with pytest.raises(InvalidInput, match=words):
        await look(server.url)
    server.kill()


async def test_what_keeps_a_ledger_from_a_server_names_the_setting_and_the_cure(server):
    client = server.client()
    client.execute_command("ACL", "SETUSER", "weak", "on", ">pw", "~*", "+ping", "+hello")
    client.execute_command("ACL", "SETUSER", "default", "on", "resetpass", ">secret")
    address = f"127.0.0.1:{server.port}"
    for url, words in (
        (f"redis://:wrong@{address}", "user or password"),
        (f"redis://weak:pw@{address}", "too few rights"),
        ("redis://127.0.0.1:9", "does not answer"),
        ("redis:///", "write redis://"),
        ("redis://host:port/0", "write redis://"),
    ):
        with pytest.raises((InvalidInput, Unavailable), match=words) as told:
            await look(url)
        assert "ledger" in str(told.value)
    with suppress(Unavailable):
        await RedisLedger(f"redis://:wrong@{address}", retry_for_s=0.1).spend("k", [], 1)
    assert (await look(f"redis://:secret@{address}")).version


async def test_the_rights_in_the_docs_are_enough(server):
    page = (Path(__file__).parents[2] / "docs/operating/redis.md").read_text("utf-8")
    line = next(line.strip() for line in page.splitlines() if line.strip().startswith("user "))
    server.client().execute_command("ACL", "SETUSER", *line.split()[1:])
    url = f"redis://queqiao:password@127.0.0.1:{server.port}"
    assert (await look(url)).appendfsync == "always"
    ledger = RedisLedger(url)
    for law in laws(ledger, "law"):
        await law.check()
    await ledger.close()
