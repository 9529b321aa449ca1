"""Logs in tmp_path, followed into a real event log and real bad rows."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.logs.calls import Lines, TakenHere
from queqiao.collect.logs.follower import Bounds
from queqiao.collect.logs.settings import LogFiles, LogSettings
from queqiao.collect.logs.tail import Tail
from queqiao.collect.taking import Taking
from queqiao.collect.validation import Validator
from queqiao.kernel.clock import FixedClock
from queqiao.kernel.errors import Unavailable
from queqiao.kernel.ids import IdSource
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader

NOW_US = 2_000_000_000_000_000
QUIET = Bounds(line_bytes_max=1_000, rotated_quiet_us=0, deleted_quiet_us=0)
"""A rotated or deleted file counts as finished at once: the test's clock is ahead of its files."""


class Store:
    """An event log with its bad rows, and the door to them. ``full`` makes it refuse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FixedClock(NOW_US)
        self.log = EmbeddedEventLog(folder / "log")
        self.bad_rows = BadRowsLog(folder / "bad_rows")
        ids = IdSource(self.clock, Random(1).getrandbits)
        self.door = TakenHere(Taking(self.log, self.bad_rows, Validator(ids)))
        self.full = False

    async def take(self, lines: Lines):
        if self.full:
            raise Unavailable
        return await self.door.take(lines)

    def events(self) -> list[dict]:
        reader = EmbeddedEventLogReader(self.folder / "log")
        return [msgspec.json.decode(event.body) for event in reader.read(0, 1_000_000)]

    def paths(self) -> list[str]:
        return [event["properties"]["path"] for event in self.events()]

    def refused(self) -> list[bytes]:
        return [kept.row.body for kept in reversed(self.bad_rows.newest(10_000, None))]

    def close(self) -> None:
        self.log.close()
        self.bad_rows.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "nginx"
    folder.mkdir()
    return folder


def files(*paths: Path | str, **other) -> LogFiles:
    return LogFiles(source="nginx", paths=[str(path) for path in paths], **other)


def tail_of(store: Store, *followed: LogFiles, bounds: Bounds = QUIET) -> Tail:
    settings = LogSettings(files=list(followed))
    return Tail(settings, store.folder / "collector/logs.json", store, store.clock, bounds)


async def drain(tail: Tail) -> None:
    """Look at the files once and deliver all that is there."""
    tail.look()
    while await tail.step():
        continue


def line(number: int | str, pad: int = 0) -> bytes:
    second = int(number) % 60 if str(number).isdigit() else 0
    return (
        f"10.0.0.7 - - [18/Jun/2026:10:00:{second:02} +0800] "
        f'"GET /p/{number}?q={"x" * pad} HTTP/1.1" 200 512 "-" "curl/8"\n'
    ).encode()


def lines(*numbers: int) -> bytes:
    return b"".join(line(number) for number in numbers)
