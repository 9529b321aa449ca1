"""kill -9 of the log's writer, under load and while it rewrites: nothing is lost or half there."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader

ROUNDS = 5
ACKNOWLEDGED_BEFORE_KILL = 400

WRITER = """
import asyncio, json, sys
from pathlib import Path
from queqiao.ports.event_log import packer
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.embedded import EmbeddedEventLog

# Dictionaries come and are renewed all the time.
packer.SAMPLES, packer.SAMPLES_A_FRAME, packer.RENEW_EVENTS_MAX = 60, 20, 150

def body(i):
    device = i.split("-")[1].encode()
    return b'{"message_id":"%b","anonymous_id":"%b","said":"%b"}' % (
        i.encode(), device, i.encode() * 20)

async def client(log, name):
    number = 0
    while True:
        ids = [f"{name}-{number}-{i}" for i in range(1 + number % 5)]
        events = [NewEvent("web", i, body(i), b"12345678") for i in ids]
        outcomes = await log.append(events)
        print(json.dumps([[i, o.offset] for i, o in zip(ids, outcomes)]), flush=True)
        number += 1

async def main():
    log = EmbeddedEventLog(Path(sys.argv[1]), segment_bytes=50_000, table_keys_max=100)
    await asyncio.gather(*(client(log, f"{sys.argv[2]}-{c}") for c in range(8)))

asyncio.run(main())
"""


def acknowledged_until_killed(folder: Path, number: int) -> dict[str, int]:
    """Run the writer, kill it in the middle of its work, return what it had answered."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(number)],
        stdout=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    for line in writer.stdout:
        lines.append(line)
        if len(lines) == ACKNOWLEDGED_BEFORE_KILL + 37 * number:
            writer.send_signal(signal.SIGKILL)
            break
    lines += [line for line in writer.stdout if line.endswith("\n")]
    writer.stdout.close()
    assert writer.wait() == -signal.SIGKILL
    return {message_id: offset for line in lines for message_id, offset in json.loads(line)}


@pytest.mark.timeout(120)
async def test_every_acknowledged_event_is_there_once(tmp_path: Path) -> None:
    acknowledged: dict[str, int] = {}
    for number in range(ROUNDS):
        answered = acknowledged_until_killed(tmp_path, number)
        assert not answered.keys() & acknowledged.keys()
        acknowledged |= answered
    log = EmbeddedEventLog(tmp_path, table_keys_max=100)
    reader = EmbeddedEventLogReader(tmp_path)
    stored = {event.offset: event.body for event in reader.read(0, 1_000_000)}
    assert list(stored) == list(range(1, reader.end() + 1))
    assert len(set(stored.values())) == len(stored)
    brought = [records.first for records in reader.records(0) if records.dictionary]
    assert len(brought) > ROUNDS, "no dictionary was under way when the writer died"
    for message_id, offset in acknowledged.items():
        assert stored[offset] == b'{"message_id":"%b","anonymous_id":"%b","said":"%b"}' % (
            message_id.encode(),
            message_id.split("-")[1].encode(),
            message_id.encode() * 20,
        )
        assert [found.offset for found in await log.find(message_id)] == [offset]
    log.close()


REWRITER = """
import asyncio, sys, time
from pathlib import Path
from queqiao.ports.event_log.base import StoredEvent
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.journal import Disk

class SlowDisk(Disk):
    def write(self, file, data, at):
        taken = super().write(file, data[: len(data) // 2], at)
        time.sleep(0.01)
        return taken + super().write(file, data[taken:], at + taken)

async def main():
    log = EmbeddedEventLog(Path(sys.argv[1]), segment_bytes=50_000)
    log._journal._rewriter._disk = SlowDisk()
    offsets = range(1, 1 + int(sys.argv[2]), 7)
    print("opened", flush=True)
    for number in range(1000):
        body = b'{"message_id":"","new":%d}' % (number % 9)
        await log.rewrite([StoredEvent(offset, body) for offset in offsets])

asyncio.run(main())
"""
REWRITTEN = 700


def killed_while_rewriting(folder: Path, after_s: float) -> bool:
    """Run the rewriter and kill it; return whether frames were on their way to their places."""
    writer = subprocess.Popen(
        [sys.executable, "-c", REWRITER, str(folder), str(REWRITTEN)], stdout=subprocess.PIPE
    )
    assert writer.stdout.readline() == b"opened\n"
    time.sleep(after_s)
    writer.send_signal(signal.SIGKILL)
    writer.stdout.close()
    assert writer.wait() == -signal.SIGKILL
    return (folder / "rewriting").exists()


@pytest.mark.timeout(120)
async def test_killed_while_it_rewrites_each_event_has_one_body_or_the_other(
    tmp_path: Path,
) -> None:
    bodies = [b'{"message_id":"m%d","said":"%b"}' % (n, b"old" * (n % 9)) for n in range(REWRITTEN)]
    log = EmbeddedEventLog(tmp_path, segment_bytes=50_000)
    for start in range(0, REWRITTEN, 20):
        await log.append(
            [NewEvent("web", f"m{n}", bodies[n], b"12345678") for n in range(start, start + 20)]
        )
    log.close()
    was_cut = [killed_while_rewriting(tmp_path, 0.05 + 0.037 * number) for number in range(8)]
    assert any(was_cut), "no rewriting was under way when the writer died"
    log = EmbeddedEventLog(tmp_path)
    reader = EmbeddedEventLogReader(tmp_path)
    stored = [event.body for event in reader.read(0, 10_000)]
    assert len(stored) == REWRITTEN
    for number, body in enumerate(stored):
        if number % 7:
            assert body == bodies[number]
        else:
            assert body == bodies[number] or body.startswith(b'{"message_id":"","new":')
    again = [NewEvent("web", f"m{n}", bodies[n], b"12345678") for n in range(REWRITTEN)]
    assert {outcome.status for outcome in await log.append(again)} == {"duplicate"}
    log.close()
    reader.close()
