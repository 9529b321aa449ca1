"""The laws of the ledger, on the embedded adapter and on the one behind a Unix socket."""

import asyncio
import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import Conflict, Gone, InvalidInput, NotFound
from queqiao.ports.ledger.base import Balance, Granted, Refused, Take
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.ledger.remote import RemoteLedger, methods
from queqiao.ports.rpc import RpcClient, RpcServer

COUNTERS = st.sampled_from(["a", "b", "c"])
AMOUNTS = st.integers(0, 30)
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

    @rule(takes=TAKES, limit=st.none() | st.integers(0, 60), seconds=st.integers(1, 50))
    def reserve(self, takes, limit, seconds):
        self.forget_expired()
        key, until_us = self.key(), self.now_us + seconds
        wanted, refused, asked = self.expect(takes, limit)
        answer = self.ask("reserve", key, asked, until_us, self.now_us)
        assert answer == (refused or Granted(key, wanted))
        if refused is None:
            self.leases[key] = (wanted, until_us)

    @rule(takes=TAKES, limit=st.none() | st.integers(0, 60))
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


@pytest.fixture
async def ledger(tmp_path):
    ledger = EmbeddedLedger.open(tmp_path)
    yield ledger
    await ledger.close()


async def test_same_key_with_other_content_is_a_conflict(ledger):
    for key in ("k", "k2"):
        await ledger.spend(key, [Take("a", 1, 10)], 1)
    await ledger.refund("r", "k", {"a": 1}, 1)
    with pytest.raises(InvalidInput):
        await ledger.refund("once more", "k", {"a": 1}, 1)
    for again in (
        ledger.spend("k", [Take("a", 2)], 2),
        ledger.reserve("k", [Take("a", 1)], 9, 2),
        ledger.set_limit("a", 1, "k", 2),
        ledger.refund("r", "k2", {"a": 1}, 2),
    ):
        with pytest.raises(Conflict):
            await again
    with pytest.raises(Conflict):
        await ledger.release("k", 2)


async def test_errors_change_nothing(ledger):
    await ledger.reserve("k", [Take("a", 5, 10)], 9, 1)
    wrong = [
        (NotFound, ledger.commit("nobody", 2)),
        (NotFound, ledger.refund("r", "k", {"a": 1}, 2)),
        (InvalidInput, ledger.commit("k", 2, {"a": 6})),
        (InvalidInput, ledger.commit("k", 2, {"b": 1})),
        (InvalidInput, ledger.reserve("z", [Take("a", -1)], 9, 2)),
        (InvalidInput, ledger.reserve("z", [Take("a", 1)], 2, 2)),
        (InvalidInput, ledger.spend("z", [Take("a", 1 << 60)], 2)),
        (InvalidInput, ledger.spend("", [Take("a", 1)], 2)),
        (InvalidInput, ledger.set_limit("x" * 501, 1, "z", 2)),
    ]
    for error, call in wrong:
        with pytest.raises(error):
            await call
    assert (await ledger.balances(["a", "b"])) == {
        "a": Balance(10, 5, 0, 5),
        "b": Balance(0, 0, 0, 0),
    }
    await ledger.release("nobody", 2)


async def test_find_lists_by_prefix_in_order(ledger):
    for name in ("x:2", "x:1", "y:1", "x:3"):
        await ledger.set_limit(name, 1, f"limit {name}", 1)
    assert list(await ledger.find("x:", 2)) == ["x:1", "x:2"]


async def test_keys_are_remembered_as_long_as_the_contract_says(ledger):
    await ledger.spend("spent", [Take("a", 1, 10)], 1)
    await ledger.spend("refused", [Take("a", 100)], 1)
    await ledger.reserve("freed", [Take("a", 1)], 9, 1)
    await ledger.release("freed", 1)
    await ledger.reserve("open", [Take("a", 1)], 200 * DAY_US, 1)
    held = ledger._state.holdings
    for days, left in ((2, {"spent", "refused", "freed", "open"}), (3, {"spent", "open"})):
        await ledger.spend(f"at {days}", [], days * DAY_US)
        await ledger.compact()
        assert {key for key in held if not key.startswith("at")} == left
    await ledger.spend("late", [], 91 * DAY_US)
    await ledger.compact()
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


async def test_the_proof_finds_what_does_not_agree(ledger):
    await ledger.reserve("k", [Take("a", 5, 10)], 9, 1)
    assert (await ledger.prove()).entries == 2
    ledger._state.books.apply([("a", 1, 3, 1)])
    proof = await ledger.prove()
    assert not proof.balanced
    assert len(proof.faults) == 1
    ledger._state.books.apply([("a", 3, 1, 1)])
    del ledger._state.holdings["k"]
    assert not (await ledger.prove()).balanced
