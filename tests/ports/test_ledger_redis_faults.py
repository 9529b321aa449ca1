"""The ledger on Redis and Valkey where a server fails: killed, away, full, wrong, of few rights."""

import asyncio
import random
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

import msgspec
import pytest
from tests.ports.redis_servers import Server
from tests.small_disk import small_disk

from queqiao.kernel.errors import InvalidInput, StorageFull, Unavailable
from queqiao.ports.ledger.base import Balance, Granted, Take
from queqiao.ports.ledger.laws import laws
from queqiao.ports.ledger.redis import RedisLedger
from queqiao.ports.ledger.redis_server import Place, look

pytestmark = [pytest.mark.engines, pytest.mark.engines_ci]

ENGINES = ("redis", "valkey")


@pytest.fixture(params=ENGINES)
def server(request, tmp_path):
    started = Server(request.param, tmp_path).start()
    yield started
    started.kill()


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


async def test_kill_9_with_everysec_leaves_whole_steps_and_most_of_them(
    tmp_path,
):
    server = Server("redis", tmp_path, appendfsync="everysec").start()
    ledger, told_at = RedisLedger(server.url, retry_for_s=60), {}
    for number in range(1_500):
        await ledger.spend(f"k{number}", [Take("a", 2, 10**6), Take("b", 1, 10**6)], 1)
        told_at[f"k{number}"] = time.monotonic()
    killed_at = time.monotonic()
    server.kill()
    server.start()
    held = holdings(server)
    assert all(killed_at - told_at[key] < 2 for key in told_at.keys() - held.keys())
    a, b = (await ledger.balances(["a", "b"])).values()
    assert (a.spent, b.spent) == (2 * len(held), len(held))
    assert (await ledger.prove()).balanced
    await ledger.close()
    server.kill()


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
    assert time.monotonic() - began < 5
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


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "small", 4) as place:
        yield place


async def spend_until_refused(ledger, told):
    for number in count():
        key = f"k{number}"
        assert await ledger.spend(key, [Take("a", 1, 10**6)], 1) == Granted(key, {"a": 1})
        told.add(key)


@pytest.mark.parametrize("appendfsync", ["always", "everysec"])
async def test_a_full_disk_of_the_server_loses_nothing_that_was_answered(disk, appendfsync):
    """``always`` ends the server, ``everysec`` lets it refuse; with room again, all is there."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(3_500_000))
    server = Server("redis", disk, appendfsync=appendfsync).start()
    ledger, told = RedisLedger(server.url, retry_for_s=0.5), set()
    with pytest.raises(Unavailable):
        await spend_until_refused(ledger, told)
    ballast.unlink()
    if appendfsync == "always":
        assert server.process.wait(10) != 0
        server.start()
    else:
        await asyncio.sleep(2)
    assert len(told) > 100
    for key in told:
        assert await ledger.spend(key, [Take("a", 1)], 1) == Granted(key, {"a": 1})
    assert (await ledger.balances(["a"]))["a"].spent - len(told) in (0, 1)
    assert (await ledger.prove()).balanced
    await ledger.close()
    server.kill()
