"""Copies of the embedded log and ledger while they are written, rewritten and compacted."""

import asyncio
from pathlib import Path

from tests.ports.test_event_log_rewriting import event, often, without_who  # noqa: F401

from queqiao.ports.event_log.base import StoredEvent
from queqiao.ports.event_log.copy import copy_log
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.ledger.base import Take
from queqiao.ports.ledger.copy import copy_ledger
from queqiao.ports.ledger.embedded import EmbeddedLedger

COPIES = 8
LIMIT = 1_000_000


async def test_a_log_copied_while_it_is_rewritten_holds_every_event_whole(tmp_path: Path) -> None:
    """Each event is the one that it was or the one that it became, and appends go on in a copy."""
    log = EmbeddedEventLog(tmp_path / "log", segment_bytes=60_000)
    events = [event(number) for number in range(1_000)]
    plain = [without_who(one.body) for one in events]
    stopped = asyncio.Event()
    acknowledged = 0

    async def write() -> None:
        nonlocal acknowledged
        for at in range(0, len(events), 10):
            await log.append(events[at : at + 10])
            acknowledged = at + 10
            gone = range(max(1, at - 80), at, 7)
            await log.rewrite([StoredEvent(one, plain[one - 1]) for one in gone])
        stopped.set()

    writing = asyncio.create_task(write())
    copies = []
    while not stopped.is_set() or len(copies) < COPIES:
        before = acknowledged
        copy = tmp_path / f"copy{len(copies)}"
        copies.append((copy, before, await asyncio.to_thread(copy_log, tmp_path / "log", copy)))
    await writing
    log.close()
    for copy, before, last in copies:
        reader = EmbeddedEventLogReader(copy)
        held = reader.read(0, last + 1)
        reader.close()
        assert [one.offset for one in held] == list(range(1, last + 1))
        assert before <= last <= len(events)
        for one in held:
            assert one.body in {events[one.offset - 1].body, plain[one.offset - 1]}
    copy, _, last = copies[len(copies) // 2]
    opened = EmbeddedEventLog(copy)
    again = await opened.append(events[:last])
    assert {one.status for one in again} <= {"duplicate"}
    opened.close()


async def test_a_ledger_copied_while_it_compacts_has_all_that_was_answered(tmp_path: Path) -> None:
    ledger = EmbeddedLedger.open(tmp_path / "ledger", compact_bytes=4_000)
    stopped = asyncio.Event()
    answered = 0

    async def step() -> None:
        nonlocal answered
        for number in range(2_000):
            await ledger.spend(f"k{number}", [Take("a", 1, LIMIT)], number)
            answered = number + 1
        stopped.set()

    stepping = asyncio.create_task(step())
    copies = []
    while not stopped.is_set() or len(copies) < COPIES:
        before = answered
        copy = tmp_path / f"copy{len(copies)}"
        await asyncio.to_thread(copy_ledger, tmp_path / "ledger", copy)
        copies.append((copy, before, answered))
    await stepping
    await ledger.close()
    for copy, before, after in copies:
        opened = EmbeddedLedger.open(copy)
        found = (await opened.balances(["a"])).get("a")
        spent = found.spent if found else 0
        assert before <= spent <= after + 1
        assert (await opened.prove()).balanced
        await opened.close()
