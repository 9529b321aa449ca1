"""Bodies put in the place of others: exactly these offsets change, and nothing of the old stays."""

import asyncio
import re
import sqlite3
import threading
import time
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ports.test_journal_rewriting import FailingDisk, SlowDisk

from queqiao.kernel.errors import Broken, Unavailable
from queqiao.ports.event_log import packer, rewriter
from queqiao.ports.event_log.base import NewEvent, Outcome, StoredEvent
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader

FRAMES = (1, 20, 100, 1000)
SECRET = "harbour-street-12"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dictionaries are made early and often."""
    monkeypatch.setattr(packer, "SAMPLES", 60)
    monkeypatch.setattr(packer, "SAMPLES_A_FRAME", 20)
    monkeypatch.setattr(packer, "RENEW_EVENTS_MAX", 200)


def event(number: int, said: str = SECRET) -> NewEvent:
    """Return an event of one of many people, as an envelope: its frame is cut."""
    random = Random(number)  # content, not secrets
    message_id, person = f"{random.getrandbits(128):032x}", Random(f"person {number % 40}")
    body = (
        f'{{"message_id":"{message_id}","type":"track","source":"web","event":"Product Viewed",'
        f'"anonymous_id":"{person.getrandbits(128):032x}","context":{{"ip":"203.0.113.'
        f'{random.randrange(250)}","path":"/p/{random.randrange(5000)}"}},'
        f'"properties":{{"sku":"S-{random.randrange(5000)}","name":"保温杯","said":"{said}"}}}}'
    )
    return NewEvent("web", message_id, body.encode(), number.to_bytes(8, "big"))


def noise(number: int, size: int) -> NewEvent:
    """Return an event whose body is no envelope and bears no packing."""
    body = Random(number).randbytes(size)
    return NewEvent("app", f"n-{number}", body, number.to_bytes(8, "big"))


def without_who(body: bytes) -> bytes:
    """Return what an erasure would leave of a body."""
    plain = re.sub(rb'"message_id":"[^"]*"', b'"message_id":""', body)
    plain = re.sub(rb'"context":\{[^}]*\},', b"", plain)
    found = re.search(rb'"anonymous_id":"([^"]*)"', plain)
    name = Random(found and found[1]).getrandbits(128)
    plain = re.sub(rb'"anonymous_id":"[^"]*"', b'"anonymous_id":"erased:%032x"' % name, plain)
    return re.sub(rb',"name":.*"', b"", plain)


def read_all(folder: Path) -> list[bytes]:
    reader = EmbeddedEventLogReader(folder)
    found = reader.read(0, 1_000_000)
    assert [stored.offset for stored in found] == list(range(1, len(found) + 1))
    reader.close()
    return [stored.body for stored in found]


def frames(folder: Path) -> list[tuple[int, int, list[tuple[bytes, bytes]]]]:
    """Return of each frame what must never change: where it lies, and its keys."""
    reader = EmbeddedEventLogReader(folder)
    found = [(one.position, one.first, list(one.keys())) for one in reader.records(0)]
    reader.close()
    return found


async def filled(folder: Path, batches: list[list[NewEvent]]) -> EmbeddedEventLog:
    log = EmbeddedEventLog(folder, segment_bytes=60_000, table_keys_max=300)
    for batch in batches:
        await log.append(batch)
    return log


async def check(folder: Path, batches: list[list[NewEvent]], new: dict[int, bytes]) -> None:
    """Rewrite, and hold the log to what it promises, before and after it is opened again."""
    log = await filled(folder, batches)
    events = [one for batch in batches for one in batch]
    before = frames(folder)
    expected = [new.get(offset, one.body) for offset, one in enumerate(events, 1)]
    await log.rewrite([StoredEvent(offset, body) for offset, body in new.items()])
    for _ in range(2):
        assert read_all(folder) == expected
        assert frames(folder) == before
        for offset, body in new.items():
            one = events[offset - 1]
            assert await log.append([one]) == [Outcome("duplicate", offset)]
            assert await log.find(one.message_id) == [StoredEvent(offset, body)]
        log.close()
        log = EmbeddedEventLog(folder, segment_bytes=60_000, table_keys_max=300)
    log.close()


@pytest.mark.parametrize("a_frame", FRAMES)
async def test_one_person_leaves_frames_of_every_size(tmp_path: Path, a_frame: int) -> None:
    count = max(300, 2 * a_frame)
    events = [event(number) for number in range(count)]
    batches = [events[start : start + a_frame] for start in range(0, count, a_frame)]
    mine = {n + 1: without_who(one.body) for n, one in enumerate(events) if n % 40 == 7}
    await check(tmp_path, batches, mine)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    reader = EmbeddedEventLogReader(tmp_path)
    told = [one for records in reader.records(0) for one in records.ids()[0]]
    assert not {events[offset - 1].message_id.encode() for offset in mine} & set(told)
    assert {path.suffix for path in files} <= {".seg", ".idx", ".json", ".run", ".sqlite", ""}
    reader.close()


async def test_what_finds_no_room_lies_apart(tmp_path: Path) -> None:
    batches = [[event(number)] for number in range(120)] + [[noise(1, 40), noise(2, 40)]]
    new = {5: noise(5, 900).body, 100: noise(6, 900).body, 121: b"", 122: noise(7, 500).body}
    await check(tmp_path, batches, new)
    with sqlite3.connect(tmp_path / "apart.sqlite") as file:
        assert file.execute("SELECT count() FROM frame").fetchone() == (3,)
    log = EmbeddedEventLog(tmp_path)
    await log.rewrite([StoredEvent(122, b"and once more")])
    assert read_all(tmp_path)[120:] == [b"", b"and once more"]
    log.close()
    (tmp_path / "apart.sqlite").unlink()
    with pytest.raises(Broken, match="apart"):
        read_all(tmp_path)


BATCH = st.tuples(st.sampled_from((1, 2, 20, 100)), st.booleans())


@given(
    sizes=st.lists(BATCH, min_size=1, max_size=12),
    seed=st.integers(0, 2**32),
    kind=st.sampled_from(["erased", "empty", "longer", "noise"]),
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_reads_give_the_new_bodies_there_and_the_old_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[tuple[int, bool]], seed: int, kind: str
) -> None:
    chance, number, batches = Random(seed), 0, []
    for size, is_noise in sizes:
        made = range(number, number + size)
        batches.append([noise(n, n % 50) if is_noise else event(n) for n in made])
        number += size
    events = [one for batch in batches for one in batch]
    new = {}
    for offset in chance.sample(range(1, number + 1), chance.randint(1, min(number, 30))):
        old = events[offset - 1].body
        new[offset] = {
            "erased": without_who(old), "empty": b"", "longer": old + old,
            "noise": chance.randbytes(chance.randrange(300)),
        }[kind]  # fmt: skip
    asyncio.run(check(tmp_path_factory.mktemp("log"), batches, new))


async def test_a_rewriting_done_again_changes_no_byte(tmp_path: Path) -> None:
    log = await filled(tmp_path, [[event(number) for number in range(200)]])
    new = [StoredEvent(7, without_who(event(6).body))]
    await log.rewrite(new)
    held = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.seg")}
    await log.rewrite(new)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.seg")} == held
    log.close()


async def test_an_offset_that_is_not_there_is_told(tmp_path: Path) -> None:
    log = await filled(tmp_path, [[event(1)]])
    with pytest.raises(Broken, match="no offset 2"):
        await log.rewrite([StoredEvent(2, b"")])
    log.close()


async def test_events_come_in_while_old_ones_are_rewritten(tmp_path: Path) -> None:
    disk = SlowDisk()
    log = EmbeddedEventLog(tmp_path, disk=disk, segment_bytes=30_000)
    events = [event(number) for number in range(600)]
    await log.append(events[:300])
    disk.slow = True
    new = [StoredEvent(n + 1, without_who(events[n].body)) for n in range(0, 300, 3)]

    async def append() -> None:
        for one in events[300:330]:
            await log.append([one])

    await asyncio.gather(log.rewrite(new), append())
    expected = [one.body for one in events[:330]]
    for one in new:
        expected[one.offset - 1] = one.body
    assert read_all(tmp_path) == expected
    log.close()


async def test_a_fault_of_the_disk_is_gone_on_from(tmp_path: Path) -> None:
    disk = FailingDisk()
    log = EmbeddedEventLog(tmp_path, disk=disk)
    events = [event(number) for number in range(100)]
    await log.append(events)
    new = [StoredEvent(n + 1, without_who(events[n].body)) for n in (3, 50)]
    disk.left = 3
    with pytest.raises(Unavailable):
        await log.rewrite(new)
    await log.rewrite(new)
    assert [read_all(tmp_path)[n] for n in (3, 50)] == [one.body for one in new]
    log.close()


def slowly(monkeypatch: pytest.MonkeyPatch, pause_s: float) -> list[int]:
    """Make each packing anew take so long; return where the first offsets of frames are noted."""
    packed, repacked = [], rewriter.repacked

    def slow(records, *rest):
        packed.append(records.first)
        time.sleep(pause_s)
        return repacked(records, *rest)

    monkeypatch.setattr(rewriter, "repacked", slow)
    return packed


async def test_calls_that_wait_hold_no_thread_and_one_that_is_given_up_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [event(number) for number in range(40)]
    log = await filled(tmp_path, [events[:20], events[20:]])
    packed, before = slowly(monkeypatch, 0.05), threading.active_count()
    new = StoredEvent(3, without_who(events[2].body))
    calls = [asyncio.ensure_future(log.rewrite([new])) for _ in range(40)]
    given_up = asyncio.ensure_future(log.rewrite([StoredEvent(30, b"")]))
    await asyncio.sleep(0.02)
    assert threading.active_count() <= before + 1
    given_up.cancel()
    await asyncio.gather(*calls)
    log.close()
    assert set(packed) == {1}
    assert read_all(tmp_path)[2] == new.body
    assert read_all(tmp_path)[29] == events[29].body


async def test_closing_waits_for_one_frame_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [event(number) for number in range(200)]
    log = await filled(tmp_path, [[one] for one in events])
    slowly(monkeypatch, 0.1)
    new = [StoredEvent(n + 1, without_who(one.body)) for n, one in enumerate(events)]
    calls = [asyncio.ensure_future(log.rewrite(new)) for _ in range(3)]
    await asyncio.sleep(0.15)
    start = time.perf_counter()
    log.close()
    assert time.perf_counter() - start < 5  # all of them take 20 s
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(one) for one in ended] == [Unavailable] * 3
    log = EmbeddedEventLog(tmp_path)
    for body, one, old in zip(read_all(tmp_path), new, events, strict=True):
        assert body in (one.body, old.body)
    log.close()
