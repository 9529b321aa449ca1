"""The laws of the ledger, on the embedded adapter and on the one behind a Unix socket."""

import asyncio
import errno
import shutil
import tempfile
import threading
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import Conflict, Gone, InvalidInput, NotFound, StorageFull
from queqiao.ports.journal.disk import Disk
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


async def test_compaction_shortens_the_journal_and_loses_nothing(tmp_path):
    ledger = EmbeddedLedger.open(tmp_path, compact_bytes=20_000)
    for round_ in range(10):
        calls = [ledger.spend(f"{round_}:{i}", [Take("a", 1, 10**6)], 1) for i in range(100)]
        await asyncio.gather(*calls)
    await ledger.close()
    size = sum(path.stat().st_size for path in (tmp_path / "journal").glob("*.seg"))
    assert size < 60_000
    ledger = EmbeddedLedger.open(tmp_path)
    assert (await ledger.balances(["a"]))["a"].spent == 1000
    assert await ledger.spend("3:7", [Take("a", 1)], 1) == Granted("3:7", {"a": 1})
    assert (await ledger.prove()).balanced
    await ledger.close()


class FullDisk(Disk):
    full = False

    def write(self, file, data, at):
        if self.full:
            raise OSError(errno.ENOSPC, "full")
        return super().write(file, data, at)


async def test_a_full_disk_takes_back_what_was_not_acknowledged(tmp_path):
    disk = FullDisk()
    ledger = EmbeddedLedger.open(tmp_path, disk=disk)
    await ledger.reserve("kept", [Take("a", 3, 10)], 50, 1)
    await ledger.spend("paid", [Take("b", 2, 2)], 1)
    disk.full = True
    calls = [
        ledger.refund("r", "paid", {"b": 2}, 2),
        ledger.spend("lost", [Take("a", 2, 20), Take("new", 1, 5)], 2),
        ledger.commit("kept", 3),
        ledger.expire(60),
        ledger.release("kept", 4),
    ]
    for answer in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(answer, StorageFull | Gone | Conflict), answer
    assert await ledger.balances(["a"]) == {"a": Balance(10, 3, 0, 7)}
    assert await ledger.find("new", 1) == {}
    disk.full = False
    assert await ledger.refund("r2", "paid", {"b": 2}, 2) == Granted("r2", {"b": 2})
    assert await ledger.commit("kept", 5) == Granted("kept", {"a": 3})
    assert (await ledger.prove()).balanced
    await ledger.close()


async def test_a_crash_in_the_middle_of_a_compaction_loses_nothing(tmp_path, monkeypatch):
    """Killed while the snapshot was written, and killed before the old journal was dropped."""
    ledger = EmbeddedLedger.open(tmp_path)
    await ledger.spend("k1", [Take("a", 1, 10)], 1)
    await ledger.reserve("k2", [Take("a", 2)], 9, 1)
    monkeypatch.setattr("queqiao.ports.ledger.embedded.drop_before", lambda *_: None)
    await ledger.compact()
    await ledger.commit("k2", 2)
    (tmp_path / "snapshot.new").write_bytes(b"half of a snapsh")
    for _ in range(2):
        await ledger.close()
        ledger = EmbeddedLedger.open(tmp_path)
        assert await ledger.balances(["a"]) == {"a": Balance(10, 0, 3, 7)}
        assert (await ledger.prove()).balanced
        await ledger.compact()
    await ledger.close()


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


class SlowDisk(Disk):
    """Syncs only when it is told to."""

    def __init__(self):
        self.may_sync = threading.Event()
        self.may_sync.set()

    def sync(self, file):
        self.may_sync.wait()
        super().sync(file)


async def test_nothing_is_answered_before_it_is_on_disk(tmp_path):
    disk = SlowDisk()
    ledger = EmbeddedLedger.open(tmp_path, disk=disk)
    await ledger.reserve("open", [Take("a", 1, 10)], 50, 1)
    disk.may_sync.clear()
    calls = [
        ledger.spend("k", [Take("a", 1)], 1),
        ledger.spend("k", [Take("a", 1)], 1),
        ledger.commit("open", 2),
        ledger.commit("open", 2),
        ledger.release("nobody", 2),
        ledger.balances(["a"]),
        ledger.find("a", 1),
        ledger.expire(60),
    ]
    tasks = [asyncio.create_task(call) for call in calls]
    done, _ = await asyncio.wait(tasks, timeout=0.05)
    assert done == set()
    disk.may_sync.set()
    await asyncio.gather(*tasks)
    await ledger.close()
