"""The behaviour of an event log: embedded, remote over its socket, and on real Kafka brokers."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from tests.ports.kafka_log import kafka_log, kafka_reader

from queqiao.kernel.errors import StorageFull
from queqiao.ports.event_log.base import (
    EventLogReader,
    NewEvent,
    NewEvents,
    Outcome,
    StoredEvent,
)
from queqiao.ports.event_log.calls import methods
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.laws import laws
from queqiao.ports.event_log.remote import RemoteEventLog
from queqiao.ports.journal import Disk
from queqiao.ports.rpc import RpcClient, RpcServer

noise = Random(1)
"""Bodies that no compression makes smaller."""


class FullDisk(Disk):
    full = False

    def write(self, file, data, at):
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(file, data, at)


class House:
    """A place for one log: a folder, and for Kafka a topic of its own."""

    def __init__(self, adapter: str, folder: Path, bootstrap: str = "") -> None:
        self.adapter, self.folder, self._bootstrap = adapter, folder, bootstrap

    @asynccontextmanager
    async def opened(self, disk: Disk | None = None, keys: int = 1 << 16):
        owned = self._owned(disk, keys)
        try:
            if self.adapter != "remote":
                yield owned
                return
            server = RpcServer(methods(owned, self.reader()))
            path = self.folder / "log.sock"
            await server.serve(path)
            client = RpcClient(path)
            yield RemoteEventLog(client)
            await client.close()
            await server.close()
        finally:
            owned.close()

    def _owned(self, disk: Disk | None, keys: int):
        if self.adapter == "kafka":
            return kafka_log(self.folder, self._bootstrap, table_keys_max=keys)
        return EmbeddedEventLog(self.folder, disk=disk, segment_bytes=100_000, table_keys_max=keys)

    def reader(self):
        if self.adapter == "kafka":
            return kafka_reader(self.folder, self._bootstrap)
        return EmbeddedEventLogReader(self.folder)


KAFKA = pytest.param("kafka", marks=[pytest.mark.engines, pytest.mark.engines_ci])


@pytest.fixture(params=["embedded", "remote", KAFKA])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    kafka = request.param == "kafka"
    return House(
        request.param, tmp_path, request.getfixturevalue("kafka_bootstrap") if kafka else ""
    )


direct = pytest.mark.parametrize("house", ["embedded", KAFKA], indirect=True)
"""The adapters with a quick way into the log for its own process."""
on_own_disk = pytest.mark.parametrize("house", ["embedded", "remote"], indirect=True)
"""Those whose own disk can be full; brokers that cannot store are rehearsed in test_kafka_*."""


@pytest.fixture
def disk() -> FullDisk:
    return FullDisk()


@pytest.fixture
async def log(house: House, disk: FullDisk) -> AsyncIterator[object]:
    async with house.opened(disk) as log:
        yield log


@pytest.fixture
def reader(house: House) -> Iterator[EventLogReader]:
    reader = house.reader()
    yield reader
    reader.close()


def event(message_id: str, content: bytes = b"{}", source: str = "web") -> NewEvent:
    return NewEvent(source, message_id, content, content[:8].ljust(8))


async def test_the_laws_hold(log, reader) -> None:
    for law in laws(log, reader):
        await law.check()


async def test_offsets_are_dense_and_start_at_one(log, reader) -> None:
    assert reader.end() == 0
    first = await log.append([event("a"), event("b")])
    second = await log.append([event("c")])
    assert first == [Outcome("stored", 1), Outcome("stored", 2)]
    assert second == [Outcome("stored", 3)]
    assert reader.end() == 3
    assert [stored.offset for stored in reader.read(0, 10)] == [1, 2, 3]


async def test_the_same_again_is_a_duplicate_with_the_first_offset(log, reader) -> None:
    await log.append([event("a"), event("b", b"body of b")])
    again = await log.append([event("b", b"body of b"), event("c")])
    assert again == [Outcome("duplicate", 2), Outcome("stored", 3)]
    assert reader.end() == 3


async def test_other_content_under_a_known_id_is_a_conflict(log, reader) -> None:
    await log.append([event("a", b"one")])
    assert await log.append([event("a", b"two")]) == [Outcome("conflict", 1)]
    assert [stored.body for stored in reader.read(0, 10)] == [b"one"]


async def test_duplicates_within_one_call(log, reader) -> None:
    outcomes = await log.append([event("a"), event("a"), event("a", b"x"), event("b")])
    assert [outcome.status for outcome in outcomes] == [
        "stored",
        "duplicate",
        "conflict",
        "stored",
    ]
    assert [outcome.offset for outcome in outcomes] == [1, 1, 1, 2]
    assert reader.end() == 2


async def test_duplicates_of_what_is_on_its_way_are_answered_after_it(log, reader) -> None:
    calls = await asyncio.gather(*(log.append([event("same")]) for _ in range(20)))
    statuses = [outcomes[0].status for outcomes in calls]
    assert statuses.count("stored") == 1
    assert {outcomes[0].offset for outcomes in calls} == {1}
    assert reader.end() == 1


async def test_sources_are_apart(log) -> None:
    await log.append([event("a", b"web", "web")])
    assert await log.append([event("a", b"app", "app")]) == [Outcome("stored", 2)]
    assert [stored.body for stored in await log.find("a")] == [b"web", b"app"]
    assert [stored.body for stored in await log.find("a", "app")] == [b"app"]
    assert await log.find("a", "nowhere") == []
    assert await log.find("b") == []


async def test_reading_on_from_any_offset(house, log, reader) -> None:
    for number in range(40):
        await log.append([event(f"{number}-{i}", noise.randbytes(2000)) for i in range(5)])
    offsets: list[int] = []
    while page := reader.read(offsets[-1] if offsets else 0, 7):
        offsets += [stored.offset for stored in page]
    assert offsets == list(range(1, 201))
    for after in (0, 3, 4, 5, 99, 198, 199, 200, 201):
        fresh = house.reader()
        assert [stored.offset for stored in fresh.read(after, 3)] == [
            offset for offset in range(after + 1, after + 4) if offset <= 200
        ]
        fresh.close()
    assert [stored.offset for stored in reader.recent(3)] == [198, 199, 200]


async def test_other_bodies_in_the_place_of_old_ones(house, log, reader) -> None:
    await log.append([event("a", b"first"), event("b", b"secret"), event("c", b"last")])
    if not await log.rewrite([StoredEvent(2, b"{}")]):
        assert house.adapter == "kafka", "only what cannot be replaced may stay"
        assert [one.body for one in reader.read(0, 9)] == [b"first", b"secret", b"last"]
        return
    assert [one.body for one in reader.read(0, 9)] == [b"first", b"{}", b"last"]
    assert await log.append([event("b", b"secret")]) == [Outcome("duplicate", 2)]
    assert await log.append([event("b", b"other")]) == [Outcome("conflict", 2)]
    assert await log.find("b") == [StoredEvent(2, b"{}")]


@on_own_disk
async def test_a_full_disk_stores_nothing_and_heals(log, reader, disk) -> None:
    await log.append([event("a")])
    disk.full = True
    calls = [log.append([event(f"lost-{number}"), event("a")]) for number in range(10)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(result) for result in results} == {StorageFull}
    assert await log.append([event("a")]) == [Outcome("duplicate", 1)]
    disk.full = False
    assert await log.append([event("lost-3"), event("b")]) == [
        Outcome("stored", 2),
        Outcome("stored", 3),
    ]
    assert [stored.offset for stored in reader.read(0, 10)] == [1, 2, 3]


async def test_dedup_has_no_horizon(house: House) -> None:
    """Across tables in memory, runs on disk, their merges, and openings."""
    async with house.opened(keys=50) as log:
        for number in range(60):
            await log.append([event(f"{number}-{i}") for i in range(20)])
    async with house.opened(keys=50) as log:
        for number in range(60, 80):
            await log.append([event(f"{number}-{i}") for i in range(20)])
        for number in (0, 1, 30, 59, 60, 79):
            outcomes = await log.append([event(f"{number}-{i}") for i in range(20)])
            assert outcomes == [Outcome("duplicate", number * 20 + i + 1) for i in range(20)]
            assert await log.append([event(f"{number}-7", b"other")]) == [
                Outcome("conflict", number * 20 + 8)
            ]
        assert await log.append([event("new")]) == [Outcome("stored", 1601)]
        assert [stored.offset for stored in await log.find("59-19")] == [1200]


async def test_runs_are_merged(tmp_path: Path) -> None:
    log = EmbeddedEventLog(tmp_path, table_keys_max=50)
    for number in range(60):
        await log.append([event(f"{number}-{i}") for i in range(50)])
        log.settle()
    assert len(list((tmp_path / "index").glob("*.run"))) < 16
    log.close()


async def test_the_index_is_rebuilt_from_the_log(tmp_path: Path) -> None:
    log = EmbeddedEventLog(tmp_path, table_keys_max=50)
    for number in range(10):
        await log.append([event(f"{number}-{i}") for i in range(50)])
        log.settle()
    log.close()
    for path in (tmp_path / "index").iterdir():
        path.write_bytes(b"damaged!")
    log = EmbeddedEventLog(tmp_path, table_keys_max=50)
    assert await log.append([event("3-7")]) == [Outcome("duplicate", 158)]
    assert await log.append([event("new")]) == [Outcome("stored", 501)]
    log.close()


async def test_the_position_index_is_only_a_help(tmp_path: Path) -> None:
    log = EmbeddedEventLog(tmp_path)
    for number in range(50):
        await log.append([event(f"{number}-{i}", noise.randbytes(3000)) for i in range(10)])
    log.close()
    path = tmp_path / "offsets.idx"
    size = path.stat().st_size
    assert size >= 10 * 24
    path.write_bytes(path.read_bytes()[: size // 2] + bytes(size // 2 + 5))
    reader = EmbeddedEventLogReader(tmp_path)
    assert [stored.offset for stored in reader.read(400, 2)] == [401, 402]
    log = EmbeddedEventLog(tmp_path)
    assert await log.append([event("new")]) == [Outcome("stored", 501)]
    log.close()


async def test_a_torn_append_is_gone_and_may_come_again(tmp_path: Path) -> None:
    log = EmbeddedEventLog(tmp_path)
    await log.append([event("a")])
    log.close()
    segment = next(tmp_path.glob("*.seg"))
    with segment.open("ab") as file:
        file.write(segment.read_bytes()[:-3])
    log = EmbeddedEventLog(tmp_path)
    assert await log.append([event("b"), event("a")]) == [
        Outcome("stored", 2),
        Outcome("duplicate", 1),
    ]
    log.close()


async def test_each_log_knows_its_events_by_digests_of_its_own(tmp_path: Path) -> None:
    def digests(folder: Path) -> list[bytes]:
        reader = EmbeddedEventLogReader(folder)
        found = [key[0] for records in reader.records(0) for key in records.keys()]  # noqa: SIM118  # no dict
        reader.close()
        return found

    for name in ("one", "other"):
        for _ in range(2):
            log = EmbeddedEventLog(tmp_path / name)
            await log.append([event("a"), event("b")])
            log.close()
    assert len(digests(tmp_path / "one")) == 2
    assert set(digests(tmp_path / "one")).isdisjoint(digests(tmp_path / "other"))


def columns(*ids: str, body: bytes = b"{}") -> NewEvents:
    one = event("any", body)
    return NewEvents("web", ids, [body] * len(ids), [one.fingerprint] * len(ids))


@direct
async def test_new_events_go_in_directly_and_answer_together(house: House) -> None:
    async with house.opened() as log:
        first, second = log.append_new(columns("a", "b")), log.append_new(columns("c"))
        assert first is second
        await first
        reader = house.reader()
        assert [stored.offset for stored in reader.read(0, 9)] == [1, 2, 3]
        reader.close()
        assert await log.append([event("b", b"{}", "web")]) == [Outcome("duplicate", 2)]


@direct
@pytest.mark.parametrize("ids", [("new", "a"), ("new", "new")])
async def test_events_that_are_known_or_repeat_are_left_to_append(house: House, ids) -> None:
    async with house.opened() as log:
        await log.append_new(columns("a"))
        assert log.append_new(columns(*ids)) is None
        assert await log.append([event("new", b"{}", "web")]) == [Outcome("stored", 2)]


async def test_a_full_disk_fails_what_waits_behind_it_too(tmp_path: Path, disk: FullDisk) -> None:
    async with House("embedded", tmp_path).opened(disk) as log:
        await log.append_new(columns("a"))
        disk.full = True
        under_way = log.append_new(columns("b"))
        await asyncio.sleep(0)  # the turn of the loop at whose end the first group is sent
        waiting = log.append_new(columns("c"))
        assert waiting is not under_way
        with pytest.raises(StorageFull):
            await under_way
        with pytest.raises(StorageFull):
            await waiting
        disk.full = False
        assert await log.append([event("c", b"{}", "web")]) == [Outcome("stored", 2)]
        assert await log.append([event("b", b"{}", "web")]) == [Outcome("stored", 3)]
