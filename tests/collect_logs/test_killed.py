"""kill -9 of the following process at any moment, under a writer and its rotations: 20 rounds."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import msgspec
import pytest
from tests.collect_logs.conftest import line

from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader

ROUNDS = 20

FOLLOWER = """
import asyncio, sys
from pathlib import Path
from random import Random
from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.logs.calls import TakenHere
from queqiao.collect.logs.settings import LogFiles, LogSettings
from queqiao.collect.logs import tail
from queqiao.collect.taking import Taking
from queqiao.collect.validation import Validator
from queqiao.kernel.clock import SystemClock
from queqiao.kernel.ids import IdSource
from queqiao.ports.event_log.embedded import EmbeddedEventLog

async def main():
    home, log = Path(sys.argv[1]), sys.argv[2]
    clock = SystemClock()
    validator = Validator(IdSource(clock, Random(1).getrandbits))
    door = TakenHere(Taking(EmbeddedEventLog(home / "log"), BadRowsLog(home / "bad"), validator))
    settings = LogSettings(files=[LogFiles(source="web", paths=[log])], look_every_s=0.01)
    tail.FILES_EVERY_S = tail.KEPT_EVERY_S = 0.05
    await tail.Tail(settings, home / "logs.json", door, clock).run(asyncio.Event())

asyncio.run(main())
"""


class Writer:
    """A server that writes its log, and logrotate beside it."""

    def __init__(self, log: Path, random: Random) -> None:
        self.log = log
        self.random = random
        self.stream = log.open("ab", buffering=0)
        self.written = 0
        self.bad = 0

    def write(self, count: int) -> None:
        for _ in range(count):
            self.written += 1
            whole = line(self.written, pad=self.random.randrange(300))
            cut = self.random.randrange(len(whole))
            self.stream.write(whole[:cut])
            self.stream.write(whole[cut:])
            if self.random.random() < 0.05:
                self.bad += 1
                self.stream.write(b"bad %d\n" % self.bad)

    def shift(self) -> None:
        for number in range(8, 0, -1):
            older = self.log.with_suffix(f".log.{number}")
            if older.exists():
                older.rename(self.log.with_suffix(f".log.{number + 1}"))

    def rename(self) -> None:
        self.shift()
        self.log.rename(self.log.with_suffix(".log.1"))
        self.write(3)  # until the server is told, it writes on into the renamed file
        self.stream.close()
        self.stream = self.log.open("ab", buffering=0)

    def copy_and_truncate(self) -> None:
        self.shift()
        shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
        os.truncate(self.log, 0)


def stored(home: Path) -> list[str]:
    """Return the paths of all requests that are in the event log."""
    if not (home / "log").is_dir():
        return []
    bodies = EmbeddedEventLogReader(home / "log").read(0, 10_000_000)
    return [msgspec.json.decode(one.body)["properties"]["path"] for one in bodies]


def until(condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def end(home: Path) -> int:
    return EmbeddedEventLogReader(home / "log").end() if (home / "log").is_dir() else 0


@pytest.mark.timeout(120)
def test_every_line_once_whatever_is_killed(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    home, log = tmp_path / "home", tmp_path / "access.log"
    home.mkdir()
    random = Random(618)
    writer = Writer(log, random)
    request.addfinalizer(lambda: writer.stream.close())  # noqa: PLW0108  # the last one
    command = [sys.executable, "-c", FOLLOWER, str(home), str(log)]
    for number in range(ROUNDS):
        before = end(home)
        follower = subprocess.Popen(command)
        rotate = [writer.rename, writer.copy_and_truncate, None][number % 3]
        writer.write(1 + random.randrange(200))
        until(lambda b=before: end(home) > b, 20)
        for _ in range(random.randrange(1, 6)):
            writer.write(random.randrange(100))
        if rotate is not None:
            rotate()
        writer.write(random.randrange(100))
        if random.random() < 0.7:
            time.sleep(random.random() * 0.1)
        follower.send_signal(signal.SIGKILL)
        follower.wait()
        writer.write(random.randrange(50))
    follower = subprocess.Popen(command)
    try:
        until(lambda: len(set(stored(home))) == writer.written, 40)
    finally:
        follower.kill()
        follower.wait()
    writer.stream.close()
    found = Counter(stored(home))
    assert set(found.values()) == {1}
    assert found.keys() == {f"/p/{number}" for number in range(1, writer.written + 1)}
    kept = subprocess.run(
        [sys.executable, "-c", BAD, str(home / "bad")], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    assert sorted(filter(None, kept)) == sorted(f"bad {n}" for n in range(1, writer.bad + 1))


BAD = """
import sys
from pathlib import Path
from queqiao.collect.bad_rows import BadRowsLog
for kept in BadRowsLog(Path(sys.argv[1])).newest(100_000, None):
    print(kept.row.body.decode())
"""
