"""The ledger and its disk: full, slow, killed in the middle; files that stay short."""

import asyncio
import errno
import threading

from queqiao.kernel.errors import Conflict, Gone, StorageFull
from queqiao.ports.journal.base import segment_name
from queqiao.ports.journal.disk import Disk
from queqiao.ports.ledger.base import Balance, Granted, Take
from queqiao.ports.ledger.compaction import drop_before
from queqiao.ports.ledger.embedded import EmbeddedLedger


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


def test_only_journal_that_the_snapshot_covers_is_dropped(tmp_path):
    for base in (0, 100, 200, 300):
        (tmp_path / segment_name(base)).touch()
    drop_before(tmp_path, 199)
    assert (tmp_path / segment_name(100)).exists()
    drop_before(tmp_path, 200)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        segment_name(200),
        segment_name(300),
    ]
    drop_before(tmp_path, 999)
    assert (tmp_path / segment_name(300)).exists()
