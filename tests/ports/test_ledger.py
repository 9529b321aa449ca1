"""The laws of the ledger, on every adapter: in this process, behind a socket, Redis, Valkey."""

import asyncio
import shutil
import tempfile
from itertools import count
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import Conflict, Gone
from queqiao.ports.ledger.base import EARLY, Ask, Balance, Granted, Leased, Refused, Take
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.ledger.laws import laws
from queqiao.ports.ledger.redis import LIBRARY, RedisLedger
from queqiao.ports.ledger.remote import RemoteLedger, methods
from queqiao.ports.rpc import RpcClient, RpcServer

COUNTERS = st.sampled_from(["a", "b", "c"])
AMOUNTS = st.integers(0, 30)
LIMIT = st.none() | st.integers(0, 60)
TAKES = st.lists(st.tuples(COUNTERS, AMOUNTS), max_size=3)
QUICK = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Laws(RuleBasedStateMachine):
    """Every step beside a plain model: what is leased, spent, wanted; what each key was told."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ledger"))
        self.runner = asyncio.Runner()
        self.now_us = DAY_US
        self.serial = 0
        self.wanted, self.leases, self.spent = {}, {}, {}
        self.told = {}
        self.drawn = 0
        self.ledger = self.run(self.start())

    def run(self, coroutine):
        return self.runner.run(coroutine)

    async def start(self):
        self.embedded = EmbeddedLedger.open(self.folder, compact_bytes=2_000)
        return self.embedded

    async def stop(self):
        await self.embedded.close()

    def teardown(self):
        self.run(self.stop())
        self.runner.close()
        shutil.rmtree(self.folder)

    def key(self):
        self.serial += 1
        return f"key-{self.serial}"

    def ask(self, name, *arguments):
        answer = self.run(getattr(self.ledger, name)(*arguments))
        self.told[name, repr(arguments)] = (name, arguments, answer)
        return answer

    def used(self, counter):
        leased = sum(amounts.get(counter, 0) for amounts, _ in self.leases.values())
        return leased, sum(amounts.get(counter, 0) for amounts in self.spent.values())

    def free(self, counter):
        return max(0, self.wanted.get(counter, 0) - sum(self.used(counter)))

    def forget_expired(self):
        self.leases = {k: v for k, v in self.leases.items() if v[1] > self.now_us}

    @rule(counter=COUNTERS, limit=st.integers(0, 60))
    def set_limit(self, counter, limit):
        self.forget_expired()
        self.wanted[counter] = limit
        balance = self.ask("set_limit", counter, limit, self.key(), self.now_us)
        assert balance.free == self.free(counter)

    def expect(self, takes, limit):
        wanted = {}
        for counter, amount in takes:
            wanted[counter] = wanted.get(counter, 0) + amount
            if limit is not None:
                self.wanted[counter] = limit
        short = next((c for c, n in wanted.items() if n > self.free(c)), None)
        refused = None if short is None else Refused(short, self.free(short))
        return wanted, refused, [Take(counter, amount, limit) for counter, amount in takes]

    @rule(takes=TAKES, limit=LIMIT, seconds=st.integers(1, 50))
    def reserve(self, takes, limit, seconds):
        self.forget_expired()
        key, until_us = self.key(), self.now_us + seconds
        wanted, refused, asked = self.expect(takes, limit)
        answer = self.ask("reserve", key, asked, until_us, self.now_us)
        assert answer == (refused or Granted(key, wanted))
        if refused is None:
            self.leases[key] = (wanted, until_us)

    @rule(
        groups=st.lists(
            st.tuples(TAKES, st.none() | st.integers(0, 60), st.booleans()), max_size=4
        ),
        seconds=st.integers(1, 50),
    )
    def reserve_many(self, groups, seconds):
        self.forget_expired()
        asks, wanted, until_us = [], [], self.now_us + seconds
        for takes, limit, is_open in groups:
            amounts = dict(takes)
            limits = {} if limit is None else dict.fromkeys(amounts, limit)
            ask = Ask(self.key(), amounts, limits, until_us, self.now_us + (not is_open))
            asks.append(ask)
            wanted.append(self.expect_ask(ask))
        assert self.ask("reserve_many", asks, self.now_us) == wanted

    def expect_ask(self, ask):
        if ask.opens_us > self.now_us:
            return Refused(EARLY, 0)
        before = dict(self.wanted)
        for counter, limit in ask.limits.items():
            self.wanted[counter] = limit
        short = next((c for c, n in ask.amounts.items() if n > self.free(c)), None)
        if short is None:
            self.leases[ask.key] = (ask.amounts, ask.expires_at_us)
            return Leased(ask.expires_at_us)
        refused = Refused(short, self.free(short))
        for counter in ask.limits.keys() - before.keys():
            del self.wanted[counter]
        return refused

    @rule(count=st.integers(1, 5), passed=st.integers(0, 40))
    def draw(self, count, passed):
        self.forget_expired()
        self.drawn = max(self.drawn, passed) + count
        assert self.ask("draw", "numbers", count, passed, self.key(), self.now_us) == self.drawn

    @rule(takes=TAKES, limit=LIMIT)
    def spend(self, takes, limit):
        self.forget_expired()
        key = self.key()
        wanted, refused, asked = self.expect(takes, limit)
        assert self.ask("spend", key, asked, self.now_us) == (refused or Granted(key, wanted))
        if refused is None:
            self.spent[key] = wanted

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def commit(self, data):
        key = data.draw(st.sampled_from(sorted(self.leases)))
        held, until_us = self.leases.pop(key)
        if until_us <= self.now_us:
            with pytest.raises(Gone):
                self.run(self.ledger.commit(key, self.now_us))
            return
        part = {c: data.draw(st.integers(0, n)) for c, n in held.items()}
        amounts = data.draw(st.sampled_from([None, part]))
        self.spent[key] = held if amounts is None else part
        assert self.ask("commit", key, self.now_us, amounts) == Granted(key, self.spent[key])
        self.forget_expired()

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def part(self, data):
        self.forget_expired()
        of_key = data.draw(st.sampled_from(sorted(self.leases) or [None]))
        if of_key is None:
            return
        (held, until_us), key = self.leases[of_key], self.key()
        spent = {c: data.draw(st.integers(0, n)) for c, n in held.items()}
        freed = {c: data.draw(st.integers(0, n - spent[c])) for c, n in held.items()}
        told = self.ask("part", key, of_key, spent, self.now_us, freed)
        assert told == Granted(key, spent)
        if any(spent.values()):  # one that spent nothing has nothing to give back
            self.spent[key] = spent
        left = {c: n - spent[c] - freed[c] for c, n in held.items()}
        self.leases[of_key] = (left, until_us)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def release(self, data):
        key = data.draw(st.sampled_from(sorted(self.leases)))
        del self.leases[key]
        self.ask("release", key, self.now_us)
        self.forget_expired()

    @precondition(lambda self: self.spent)
    @rule(data=st.data())
    def refund(self, data):
        of_key = data.draw(st.sampled_from(sorted(self.spent)))
        part = {c: data.draw(st.integers(0, n)) for c, n in self.spent[of_key].items()}
        key = self.key()
        assert self.ask("refund", key, of_key, part, self.now_us) == Granted(key, part)
        self.spent[of_key] = {c: n - part[c] for c, n in self.spent[of_key].items()}
        self.forget_expired()

    @rule(microseconds=st.integers(1, 40))
    def time_passes(self, microseconds):
        self.now_us += microseconds
        due = [key for key, (_, until_us) in self.leases.items() if until_us <= self.now_us]
        self.forget_expired()
        assert self.run(self.ledger.expire(self.now_us)) == len(due)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def say_it_again(self, data):
        call = data.draw(st.sampled_from(sorted(self.told)))
        name, arguments, answer = self.told[call]
        assert self.run(getattr(self.ledger, name)(*arguments)) == answer

    @rule()
    def restart(self):
        self.run(self.stop())
        self.ledger = self.run(self.start())

    @rule()
    def compact(self):
        self.run(self.embedded.compact())

    @invariant()
    def the_books_agree_with_the_model(self):
        self.run(self.ledger.expire(self.now_us))
        self.forget_expired()
        for counter, balance in self.run(self.ledger.balances(["a", "b", "c"])).items():
            leased, spent = self.used(counter)
            free = self.free(counter)
            assert balance == Balance(leased + spent + free, leased, spent, free)
        proof = self.run(self.ledger.prove())
        assert proof.balanced, proof.faults
        assert proof.sum_over_books == 0


class RemoteLaws(Laws):
    async def start(self):
        await super().start()
        self.server = RpcServer(methods(self.embedded))
        await self.server.serve(self.folder / "s")
        self.client = RpcClient(self.folder / "s")
        return RemoteLedger(self.client)

    async def stop(self):
        await self.client.close()
        await self.server.close()
        await super().stop()


class TestLaws(Laws.TestCase):
    settings = QUICK


class TestRemoteLaws(RemoteLaws.TestCase):
    settings = QUICK


ENGINES = [
    pytest.param(name, marks=[pytest.mark.engines, pytest.mark.engines_ci])
    for name in ("redis", "valkey")
]
LAWS = [law.name.en for law in laws(None, "")]
serial = count()


@pytest.mark.engines
@pytest.mark.parametrize("engine", ["redis", "valkey"])
def test_steps_by_hypothesis_on_a_server(engine, request):
    """A log of twenty entries, so that folding goes on all the time; restarts are new clients."""
    url = request.getfixturevalue(f"{engine}_url")

    class RedisLaws(Laws):
        async def start(self):
            self.prefix = getattr(self, "prefix", f"laws-{engine}-{next(serial)}")
            return RedisLedger(f"{url}?prefix={self.prefix}", entries_max=20)

        async def stop(self):
            await self.ledger.close()

        @rule()
        def compact(self):
            """Let the server forget our functions instead: they are given to it again."""
            self.run(self.ledger._calls.call("FUNCTION", "DELETE", LIBRARY))

        def teardown(self):
            self.run(self.ledger.erase())
            super().teardown()

    run_state_machine_as_test(RedisLaws, settings=QUICK)


@pytest.fixture(params=["embedded", "remote", *ENGINES])
async def ledger(request, tmp_path):
    if request.param in ("embedded", "remote"):
        opened = asked = EmbeddedLedger.open(tmp_path / "ledger")
        server = RpcServer(methods(opened))
        await server.serve(tmp_path / "s")
        client = RpcClient(tmp_path / "s")
        if request.param == "remote":
            asked = RemoteLedger(client)
        yield asked
        await client.close()
        await server.close()
    else:
        url = request.getfixturevalue(f"{request.param}_url")
        opened = RedisLedger(f"{url}?prefix=suite-{next(serial)}", entries_max=500)
        yield opened
        await opened.erase()
    await opened.close()


@pytest.mark.parametrize("name", LAWS)
async def test_the_law_holds(ledger, name):
    checks = {law.name.en: law.check for law in laws(ledger, "law")}
    await checks[name]()


@pytest.fixture
async def embedded(tmp_path):
    ledger = EmbeddedLedger.open(tmp_path)
    yield ledger
    await ledger.close()


async def test_keys_are_remembered_as_long_as_the_contract_says(ledger):
    await ledger.spend("spent", [Take("a", 1, 10)], 1)
    await ledger.spend("refused", [Take("a", 100)], 1)
    await ledger.reserve("freed", [Take("a", 1)], 9, 1)
    await ledger.release("freed", 1)
    await ledger.reserve("open", [Take("a", 1)], 200 * DAY_US, 1)
    for days, kept in ((2, ("spent", "refused", "freed", "open")), (90, ("spent", "open"))):
        await ledger.spend(f"at {days}", [], days * DAY_US)
        for key in kept:
            with pytest.raises(Conflict):
                await ledger.refund(key, "spent", {"a": 1}, 1)


async def test_the_embedded_ledger_forgets_old_keys(embedded):
    await embedded.spend("spent", [Take("a", 1, 10)], 1)
    await embedded.spend("refused", [Take("a", 100)], 1)
    await embedded.reserve("freed", [Take("a", 1)], 9, 1)
    await embedded.release("freed", 1)
    await embedded.reserve("open", [Take("a", 1)], 200 * DAY_US, 1)
    held = embedded._state.holdings
    for days, left in ((2, {"spent", "refused", "freed", "open"}), (3, {"spent", "open"})):
        await embedded.spend(f"at {days}", [], days * DAY_US)
        await embedded.compact()
        assert {key for key in held if not key.startswith("at")} == left
    await embedded.spend("late", [], 91 * DAY_US)
    await embedded.compact()
    assert "spent" not in held
    assert "open" in held


async def test_steps_of_a_replayed_past_are_remembered_as_long_as_any(tmp_path):
    ledger = EmbeddedLedger.open(tmp_path)
    await ledger.spend("today", [], 5_000 * DAY_US)
    await ledger.spend("of ten years ago", [Take("a", 1, 10)], 1_000 * DAY_US)
    await ledger.compact()
    await ledger.close()
    ledger = EmbeddedLedger.open(tmp_path)
    await ledger.spend("of ten years ago", [Take("a", 1, 10)], 1_000 * DAY_US)
    assert (await ledger.balances(["a"]))["a"].spent == 1
    await ledger.close()


async def test_the_proof_finds_what_does_not_agree(embedded):
    await embedded.reserve("k", [Take("a", 5, 10)], 9, 1)
    assert (await embedded.prove()).entries == 2
    embedded._state.books.apply([("a", 1, 3, 1)])
    proof = await embedded.prove()
    assert not proof.balanced
    assert len(proof.faults) == 1
    embedded._state.books.apply([("a", 3, 1, 1)])
    del embedded._state.holdings["k"]
    assert not (await embedded.prove()).balanced
