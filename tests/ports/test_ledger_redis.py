"""The ledger on Redis and Valkey: its log, its proof, its move there."""

import asyncio
import random
from contextlib import suppress
from itertools import count

import msgspec
import pytest
from redis.exceptions import ResponseError
from tests.system.commands import queqiao

from queqiao.kernel.errors import Broken, Conflict, Gone
from queqiao.ports.ledger.base import Ask, Balance, Granted, Leased, Refused, Take
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.ledger.model import Model
from queqiao.ports.ledger.redis import LIBRARY, RedisLedger
from queqiao.ports.ledger.redis_move import MOVING, move

pytestmark = [pytest.mark.engines, pytest.mark.engines_ci]

ENGINES = ("redis", "valkey")
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


async def test_a_step_that_meets_thousands_due_leaves_turns_to_others(ledger, monkeypatch):
    """It frees some with each call, is done once when all are free, and keeps its promise."""
    names = [f"k{number}" for number in range(1_000)]
    made = [ledger.reserve(name, [Take("a", 1, 1_100)], 1_000, 1) for name in names]
    assert all(isinstance(one, Granted) for one in await asyncio.gather(*made))
    asks = [Ask(f"m{number}", {"a": 1}, {}, 1_000) for number in range(100)]
    assert all(isinstance(one, Leased) for one in await ledger.reserve_many(asks, 1))
    called, call = [], ledger._calls.call

    async def counted(*command):
        called.append(command[1])
        return await call(*command)

    monkeypatch.setattr(ledger._calls, "call", counted)
    granted = await ledger.spend("all", [Take("a", 1_100)], 1_000)
    assert isinstance(granted, Granted)
    assert len(called) >= 6
    assert await ledger.balances(["a"]) == {"a": Balance(1_100, 0, 1_100, 0)}
    for name in names[::100]:
        with pytest.raises(Gone):
            await ledger.commit(name, 1_000)
    assert (await ledger.prove()).balanced


async def test_data_of_another_release_are_left_alone(ledger):
    await ledger.spend("k", [Take("a", 1, 10)], 1)
    await ledger._calls.call("HSET", ledger._place.key("meta"), "format", "2")
    await ledger._calls.call("FUNCTION", "DELETE", LIBRARY)
    with pytest.raises(Exception, match="another release"):
        await ledger.spend("k2", [Take("a", 1)], 1)


async def test_an_embedded_ledger_is_carried_over_with_all_that_it_remembers(url, tmp_path):
    """A model goes on where it was; every key that was answered gets its answer again."""
    embedded, model = EmbeddedLedger.open(tmp_path / "ledger"), Model("m:", random.Random(7))
    for _ in range(600):
        await model.step(embedded)
    refused = await embedded.spend("refused", [Take("m:a", 10**6)], 10**6)
    await embedded.reserve("open", [Take("鹊", 3, 9)], 10**7, 10**6)
    copy = embedded.copy()
    assert move(copy, url) == len(copy.holdings)
    assert move(copy, url) == len(copy.holdings), "the same again changes nothing"
    with pytest.raises(Conflict, match="has a ledger already"):
        move(msgspec.structs.replace(copy, latest_us=copy.latest_us + 1), url)
    carried = RedisLedger(url)
    names = [name for name, _, _ in copy.counters()]
    assert await carried.balances(names) == await embedded.balances(names)
    assert (await carried.prove()).balanced
    assert await carried.spend("refused", [Take("m:a", 10**6)], 10**6) == refused
    for key, held in copy.holdings:
        if held.kind == "spend" and held.refused is None:
            takes = [Take(name, amount) for name, amount in held.asked.items()]
            assert await carried.spend(key, takes, 10**6) == Granted(key, held.asked)
    assert await carried.commit("open", 10**6) == Granted("open", {"鹊": 3})
    assert (await carried.prove()).balanced
    await embedded.close()
    await carried.erase()
    await carried.close()


async def test_an_interrupted_move_is_nobodys_ledger_and_is_made_anew(url, tmp_path):
    embedded = EmbeddedLedger.open(tmp_path / "ledger")
    await embedded.spend("k", [Take("a", 1, 10)], 1)
    ledger = RedisLedger(url)
    await ledger._calls.call("HSET", ledger._place.key("meta"), "format", MOVING)
    await ledger._calls.call("HSET", ledger._place.key("counters"), "half", "1 1 0 0")
    ledger_of_another_process = RedisLedger(url)
    with suppress(ResponseError):
        await ledger._calls.call("FUNCTION", "DELETE", LIBRARY)
    with pytest.raises(Broken, match="another release"):
        await ledger_of_another_process.spend("k", [Take("a", 1, 10)], 1)
    move(embedded.copy(), url)
    assert await ledger.find("", 9) == {"a": Balance(10, 0, 1, 9)}
    for each in (ledger, ledger_of_another_process):
        await each.close()
    await embedded.close()


def test_the_command_moves_a_stopped_home(redis_url, tmp_path):
    async def spend(key: str):
        embedded = EmbeddedLedger.open(tmp_path / "ledger")
        await embedded.spend(key, [Take("a", 1, 10)], 1)
        await embedded.close()

    asyncio.run(spend("k"))
    to = f"{redis_url}?prefix=moved-{next(serial)}"
    tried = queqiao("move", "ledger", "--to", to, "--dry-run", home=tmp_path)
    assert (tried.returncode, "1 counters, 1 keys" in tried.stdout) == (0, True), tried.stderr
    done = queqiao("move", "ledger", "--to", to, home=tmp_path)
    assert (done.returncode, "1 counters, 1 keys" in done.stdout) == (0, True), done.stderr
    again = queqiao("move", "ledger", "--to", to, home=tmp_path)
    assert (again.returncode, "before" in again.stdout) == (0, True), again.stderr
    (tmp_path / "moved.json").unlink()
    assert queqiao("move", "ledger", "--to", to, home=tmp_path).returncode == 0, "as it was"
    (tmp_path / "moved.json").unlink()
    asyncio.run(spend("k2"))
    other = queqiao("move", "ledger", "--to", to, home=tmp_path)
    assert (other.returncode, "has a ledger already" in other.stderr) == (1, True)


async def test_reservations_made_together_expire_one_by_one(ledger):
    limits = {"stock": 2_000}
    asks = [
        Ask(f"k{n}", {"stock": 1, f"mine{n}": 1}, {**limits, f"mine{n}": 1}, 50)
        for n in range(2_500)
    ]
    told = await ledger.reserve_many(asks, 1)
    assert [isinstance(one, Leased) for one in told] == [True] * 2_000 + [False] * 500
    assert await ledger.reserve_many(asks, 1) == told, "a retry gets the first answer"
    for number in range(0, 100, 2):
        await ledger.commit(f"k{number}", 2)
        await ledger.release(f"k{number + 1}", 2)
    named = [f"mine{number}" for number in range(2_000) if f"{number}".startswith("19")]
    assert list(await ledger.find("mine19", 200)) == sorted(named)
    proof = await ledger.prove()
    assert proof.balanced, proof.faults
    assert proof.reservations_open == 1_900
    assert await ledger.expire(49) == 0
    assert await ledger.expire(50) == 1_900
    assert (await ledger.balances(["stock"]))["stock"] == Balance(2_000, 0, 50, 1_950)
    assert await ledger._calls.call("ZCARD", ledger._place.key("flights")) == 0
    proof = await ledger.prove()
    assert (proof.balanced, proof.reservations_open) == (True, 0)


async def test_what_was_prepared_for_a_new_counter_is_left_where_there_is_one(ledger):
    await ledger.set_limit("mine", 5, "limit", 1)
    first, second = (Ask(key, {"mine": 3}, {"mine": 4}, 50) for key in ("k1", "k2"))
    assert await ledger.reserve_many([first], 1) == [Leased(50)]
    assert await ledger.reserve_many([second], 1) == [Refused("mine", 1)]
    assert (await ledger.balances(["mine"]))["mine"] == Balance(4, 3, 0, 1)
    assert (await ledger.prove()).balanced
