"""How frames are packed: every body comes back byte for byte, with whatever dictionary was used."""

import asyncio
import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from structlog.testing import capture_logs

from queqiao.kernel.errors import Broken, StorageFull
from queqiao.ports.event_log import packer
from queqiao.ports.event_log.base import NewEvent, Outcome
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.records import HEAD, Columns, Records
from queqiao.ports.journal import Disk, Journal


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dictionaries are made early and often."""
    monkeypatch.setattr(packer, "SAMPLES", 60)
    monkeypatch.setattr(packer, "SAMPLES_A_FRAME", 20)
    monkeypatch.setattr(packer, "RENEW_EVENTS_MAX", 200)


def event(number: int, source: str = "web") -> NewEvent:
    random = Random(number)  # content, not secrets
    body = (
        f'{{"message_id":"{number:032x}","type":"track","source":"{source}","event":"Product'
        f' Viewed","anonymous_id":"device-{number % 40}",'
        f'"properties":{{"sku":"S-{random.randrange(5000)}","name":"保温杯",'
        f'"currency":"CNY","category":"Home {random.randrange(40)}"}}}}'
    )
    return NewEvent(source, f"{number:032x}", body.encode(), number.to_bytes(8, "big"))


def read_all(folder: Path) -> list[bytes]:
    reader = EmbeddedEventLogReader(folder)
    found = reader.read(0, 1_000_000)
    assert [stored.offset for stored in found] == list(range(1, len(found) + 1))
    reader.close()
    return [stored.body for stored in found]


def brought(folder: Path) -> list[int]:
    """Return the first offsets of the frames that bring a dictionary."""
    reader = EmbeddedEventLogReader(folder)
    found = [records.first for records in reader.records(0) if records.dictionary]
    reader.close()
    return found


async def test_single_events_come_back_across_dictionaries_and_openings(tmp_path: Path) -> None:
    events = [event(number, "app" if number % 7 == 0 else "web") for number in range(1200)]
    for start in range(0, 1200, 300):
        log = EmbeddedEventLog(tmp_path, segment_bytes=20_000)
        for one in events[start : start + 300]:
            await log.append([one])
        log.close()
    assert read_all(tmp_path) == [one.body for one in events]
    assert len(brought(tmp_path)) > 3
    reader = EmbeddedEventLogReader(tmp_path)
    for after in (1199, 700, 3):  # from the middle, without having seen what came before
        assert reader.read(after, 1)[0].body == events[after].body
        assert reader.key_at(after + 1)[1] == events[after].fingerprint
    reader.close()


async def test_a_dictionary_makes_single_events_small(tmp_path: Path) -> None:
    log = EmbeddedEventLog(tmp_path)
    sizes = []
    for number in range(400):
        await log.append([event(number)])
        sizes.append(log._journal.end)
    plain = sizes[50] - sizes[49]
    packed = sizes[399] - sizes[398]
    assert packed < plain * 0.75
    log.close()


async def test_an_opened_log_goes_on_with_its_dictionary(tmp_path: Path) -> None:
    log = EmbeddedEventLog(tmp_path)
    for number in range(100):
        await log.append([event(number)])
    log.close()
    (first,) = brought(tmp_path)
    log = EmbeddedEventLog(tmp_path)
    await log.append([event(100)])
    log.close()
    reader = EmbeddedEventLogReader(tmp_path)
    (last,) = reader.records(100)
    assert reader.dictionary(last.dictionary_at)[1] == first
    reader.close()


class FullDisk(Disk):
    """Full for each payload that brings a dictionary, as often as is said."""

    times = 0

    def write(self, file: int, data: bytes | memoryview, at: int) -> int:
        if self.times and len(data) > 1200 and bytes(data[:1]) != b"\0":
            self.times -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(file, data, at)


async def test_a_dictionary_that_met_a_full_disk_is_not_used(tmp_path: Path) -> None:
    disk, stored, failed = FullDisk(), [], 0
    disk.times = 2
    log = EmbeddedEventLog(tmp_path, disk=disk)
    for number in range(400):
        try:
            await log.append([event(number)])
            stored.append(event(number).body)
        except StorageFull:
            failed += 1
    log.close()
    assert failed == 2
    assert read_all(tmp_path) == stored
    assert brought(tmp_path)


class FullAtFirst(Disk):
    """Full for the first writes, as many as are said."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def write(self, file: int, data: bytes | memoryview, at: int) -> int:
        if self.times:
            self.times -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(file, data, at)


@pytest.mark.parametrize(
    ("a_frame", "failures", "first"),
    [(20, 2, 121), (60, 0, 61), (60, 3, 61)],
    ids=["retries-make-no-samples", "enough-in-one-frame", "enough-in-each-try"],
)
async def test_the_frame_at_position_0_brings_no_dictionary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, a_frame: int, failures: int, first: int
) -> None:
    monkeypatch.setattr(packer, "SAMPLES_A_FRAME", a_frame)
    events = [event(number) for number in range(240)]
    log = EmbeddedEventLog(tmp_path, disk=FullAtFirst(failures))
    for _ in range(failures):
        with pytest.raises(StorageFull):
            await log.append(events[:60])
    for start in range(0, 240, 60):
        await log.append(events[start : start + 60])
    log.close()
    assert read_all(tmp_path) == [one.body for one in events]
    assert brought(tmp_path)[0] == first


BAD_DICTIONARY = b"\x37\xa4\x30\xec" + bytes(range(200))
"""Begins as a trained dictionary does, and is none."""


@pytest.mark.parametrize("bad", ["bodies", "ids", "dictionary"])
def test_a_frame_that_does_not_unpack_is_named(tmp_path: Path, bad: str) -> None:
    columns = Columns(1)
    columns.add("web", [b"one"], [bytes(8)], [b'{"message_id":"one"}'])
    payload = packer.Packer().pack(columns, 7)
    head = list(HEAD.unpack_from(payload))
    rest = payload[HEAD.size :]
    if bad == "bodies":
        rest = rest[: 8 + head[5]] + bytes(len(rest) - 8 - head[5])
    elif bad == "ids":
        rest = rest[:8] + bytes(head[5]) + rest[8 + head[5] :]
    else:
        head[4], rest = len(BAD_DICTIONARY), BAD_DICTIONARY + rest
    journal = Journal.open(tmp_path)
    journal.append_now(payload, 1)
    head[0], position = 2, journal.end
    journal.append_now(HEAD.pack(*head) + rest, 2)
    journal.publish_mark(2)
    journal.close()
    reader = EmbeddedEventLogReader(tmp_path)
    assert reader.read(0, 1)[0].body == b'{"message_id":"one"}'
    with pytest.raises(Broken, match=f"position {position} does not unpack"):
        reader.read(1, 1)
    reader.close()


async def test_bodies_that_have_nothing_in_common_are_packed_without(tmp_path: Path) -> None:
    noise = Random(1)  # content, not secrets
    log = EmbeddedEventLog(tmp_path)
    bodies = [noise.randbytes(noise.randrange(9)) for _ in range(500)]
    for number, body in enumerate(bodies):
        await log.append([NewEvent("web", f"{number}", body, bytes(8))])
    log.close()
    assert read_all(tmp_path) == bodies


async def test_a_body_of_a_thousand_levels_costs_no_dictionary(tmp_path: Path) -> None:
    nested = b'{"message_id":"deep","properties":%b%b}' % (b"[" * 1000, b"]" * 1000)
    events = [event(number) for number in range(200)]
    log = EmbeddedEventLog(tmp_path)
    for one in [*events[:20], NewEvent("web", "deep", nested, bytes(8)), *events[20:]]:
        await log.append([one])
    log.close()
    assert read_all(tmp_path)[20] == nested
    assert brought(tmp_path)


async def test_whatever_fails_at_a_dictionary_the_log_goes_on_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_samples: object) -> list[bytes]:
        raise RecursionError("what a person said")

    monkeypatch.setattr(packer, "shared", fails)
    events = [event(number) for number in range(200)]
    log = EmbeddedEventLog(tmp_path)
    with capture_logs() as told:
        for one in events:
            await log.append([one])
    assert log.broken is None
    log.close()
    assert read_all(tmp_path) == [one.body for one in events]
    assert brought(tmp_path) == []
    assert {one["cause"] for one in told} == {"RecursionError"}


@pytest.mark.parametrize("odd", ['with "quotes"', "é", "鹊桥", "", "\x01", "x" * 256])
async def test_odd_ids_and_bodies_that_hold_them_elsewhere(tmp_path: Path, odd: str) -> None:
    bodies = [b'{"message_id":"%b"}' % odd.encode(), b"", odd.encode(), b'{"message_id":"']
    log = EmbeddedEventLog(tmp_path)
    events = [NewEvent(f"s{at}", odd, body, bytes(8)) for at, body in enumerate(bodies)]
    await asyncio.gather(*(log.append([one]) for one in events))
    assert read_all(tmp_path) == bodies
    assert await log.append([events[2]]) == [Outcome("duplicate", 3)]
    log.close()


def test_a_column_of_many_sources_keeps_each_events_own() -> None:
    columns, seed = Columns(5), 77
    for number, source in enumerate(["web", "web", "app", "web"]):
        columns.add(source, [b"same"], [number.to_bytes(8, "big")], [b"{}"])
    assert columns.origins == [("web", 2), ("app", 1), ("web", 1)]
    records = Records(packer.Packer().pack(columns, seed), 0)
    digests = [key[0] for key in records.keys()]  # noqa: SIM118  # no dict
    assert len(set(digests)) == 2
    assert digests[0] == digests[1] == digests[3]
    assert [records.key_at(offset)[1][-1] for offset in range(5, 9)] == [0, 1, 2, 3]


def test_logs_and_readers_of_several_threads_do_not_meet(tmp_path: Path) -> None:
    """zstd's contexts bear one thread each, and leave the interpreter's lock while they work."""

    async def write(folder: Path) -> list[bytes]:
        log, events = EmbeddedEventLog(folder), [event(number) for number in range(4000)]
        for start in range(0, len(events), 400):
            await log.append(events[start : start + 400])
        log.close()
        return [one.body for one in events]

    def work(number: int) -> bool:
        folder = tmp_path / str(number)
        written = asyncio.run(write(folder))
        return all(read_all(folder) == written for _ in range(5))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_a_log_of_another_version_is_named(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal.append_now(bytes(200), 1)
    journal.close()
    with pytest.raises(Broken, match="another version"):
        EmbeddedEventLog(tmp_path)


@pytest.mark.parametrize("dictionary", [BAD_DICTIONARY, b""], ids=["damaged", "missing"])
def test_a_log_whose_last_dictionary_is_damaged_names_folder_and_cure(
    tmp_path: Path, dictionary: bytes
) -> None:
    columns = Columns(1)
    columns.add("web", [b"one"], [bytes(8)], [b'{"message_id":"one"}'])
    payload = packer.Packer().pack(columns, 7)
    head = list(HEAD.unpack_from(payload))
    journal = Journal.open(tmp_path)
    journal.append_now(payload, 1)
    head[0], head[2], head[4], position = 2, journal.end, len(dictionary), journal.end
    journal.append_now(HEAD.pack(*head) + dictionary + payload[HEAD.size :], 2)
    journal.close()
    with pytest.raises(Broken) as broken:
        EmbeddedEventLog(tmp_path)
    assert broken.value.detail is not None
    assert all(str(tmp_path) in said for said in broken.value.detail)
    assert all(f" {position} " in said for said in broken.value.detail)
    assert "restore that folder from a backup" in broken.value.detail.en
    assert "请从备份恢复该目录" in broken.value.detail.zh
    Journal.open(tmp_path).close()  # the log that could not be opened let the folder go
