"""The journal: what is acknowledged is on disk, what is torn is cut, what is damaged is told."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from queqiao.kernel.errors import Broken, StorageFull, Unavailable
from queqiao.ports.journal import Disk, Journal, JournalReader
from queqiao.ports.journal.base import HEADER, checksum, segment_name


class RecordingDisk(Disk):
    """Remembers what was written and what of it was synced."""

    def __init__(self) -> None:
        self.written = 0
        self.synced = 0
        self.syncs = 0

    def write(self, file, data, at):
        taken = super().write(file, data, at)
        self.written = max(self.written, at + len(bytes(data).rstrip(b"\0")))
        return taken

    def sync(self, file):
        super().sync(file)
        self.synced, self.syncs = self.written, self.syncs + 1


class FaultyDisk(Disk):
    """Refuses writes with an error number while ``error`` is set, after some bytes."""

    def __init__(self) -> None:
        self.error: int | None = None
        self.on_sync: int | None = None

    def write(self, file, data, at):
        if self.error is not None:
            super().write(file, data[: len(data) // 2], at)
            raise OSError(self.error, os.strerror(self.error))
        return super().write(file, data, at)

    def sync(self, file):
        if self.on_sync is not None:
            raise OSError(self.on_sync, os.strerror(self.on_sync))
        super().sync(file)


def payloads(folder: Path) -> list[bytes]:
    reader = JournalReader(folder)
    found = [frame.payload for frame in reader.read()]
    reader.close()
    return found


async def test_frames_come_back_in_order_across_segments(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, segment_bytes=2_000)
    sent = [b"%d" % number + b"x" * 300 for number in range(100)]
    positions = []
    for payload in sent:
        positions.append(await journal.append(payload))
    assert positions == sorted(set(positions))
    assert payloads(tmp_path) == sent
    assert [frame.payload for frame in journal.read(positions[90])] == sent[90:]
    journal.close()
    assert len(list(tmp_path.glob("*.seg"))) > 10
    assert payloads(tmp_path) == sent


async def test_an_answer_comes_only_after_the_sync(tmp_path: Path) -> None:
    """Fails when the fdatasync is removed, or moved behind the answer."""
    disk = RecordingDisk()
    journal = Journal.open(tmp_path, disk=disk)
    for number in range(20):
        before = disk.syncs
        await journal.append(b"payload %d" % number)
        assert disk.syncs > before
        assert disk.synced == disk.written
    journal.close()


async def test_what_is_not_synced_is_not_shown(tmp_path: Path) -> None:
    seen: list[int] = []

    class Watching(Disk):
        def sync(self, file):
            seen.append(len(payloads(tmp_path)))
            super().sync(file)

    journal = Journal.open(tmp_path, disk=Watching())
    await journal.append(b"first")
    await journal.append(b"second")
    assert seen[-2:] == [0, 1]
    journal.close()


async def test_appends_that_wait_share_a_sync(tmp_path: Path) -> None:
    disk = RecordingDisk()
    journal = Journal.open(tmp_path, disk=disk)
    await asyncio.gather(*(journal.append(b"%d" % number) for number in range(500)))
    assert disk.syncs < 100
    journal.close()


@pytest.mark.parametrize("torn", [b"\x01", b"\x10\x00\x00\x00torn", bytes(5000), b"\xff" * 40])
async def test_a_torn_tail_is_cut(tmp_path: Path, torn: bytes) -> None:
    journal = Journal.open(tmp_path)
    await journal.append(b"whole")
    journal.close()
    with (tmp_path / segment_name(0)).open("ab") as file:
        file.write(torn)
    journal = Journal.open(tmp_path)
    await journal.append(b"next")
    journal.close()
    assert payloads(tmp_path) == [b"whole", b"next"]


async def test_whole_frames_behind_the_watermark_are_kept(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    await journal.append(b"whole")
    end = journal.end
    journal.close()
    with (tmp_path / segment_name(0)).open("ab") as file:
        file.write(HEADER.pack(4, checksum(end, b"more")) + b"more")
    Journal.open(tmp_path).close()
    assert payloads(tmp_path) == [b"whole", b"more"]


async def test_a_frame_from_another_place_is_not_taken(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    await journal.append(b"whole")
    journal.close()
    path = tmp_path / segment_name(0)
    path.write_bytes(path.read_bytes() * 2)
    Journal.open(tmp_path).close()
    assert payloads(tmp_path) == [b"whole"]


async def test_lost_committed_bytes_are_told_and_not_cut(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    await journal.append(b"whole")
    journal.close()
    path = tmp_path / segment_name(0)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Broken, match="missing"):
        Journal.open(tmp_path)


async def test_damage_is_told_with_its_position(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    await journal.append(b"whole")
    position = await journal.append(b"damaged")
    journal.close()
    path = tmp_path / segment_name(0)
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    with pytest.raises(Broken, match=f"position {position}"):
        payloads(tmp_path)


async def test_a_second_writer_is_turned_away(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    with pytest.raises(Unavailable):
        Journal.open(tmp_path)
    journal.close()
    Journal.open(tmp_path).close()


async def test_a_full_disk_loses_nothing_and_heals(tmp_path: Path) -> None:
    disk = FaultyDisk()
    journal = Journal.open(tmp_path, disk=disk)
    await journal.append(b"kept")
    disk.error = errno.ENOSPC
    results = await asyncio.gather(
        *(journal.append(b"lost %d" % number) for number in range(10)), return_exceptions=True
    )
    assert all(isinstance(result, StorageFull) for result in results)
    assert results[0].retry_after_s == 30
    disk.error = None
    await journal.append(b"again")
    journal.close()
    assert payloads(tmp_path) == [b"kept", b"again"]


async def test_an_owner_returns_to_what_is_committed(tmp_path: Path) -> None:
    """Everything appended before the owner went back fails, also what was queued later."""
    disk = FaultyDisk()
    told: list[int] = []
    journal = Journal.open(tmp_path, disk=disk, on_full=lambda: told.append(journal.mark))
    await journal.append(b"kept", mark=1)
    disk.error = errno.ENOSPC
    first = journal.append(b"lost", mark=2)
    second = journal.append(b"also lost", mark=3)
    with pytest.raises(StorageFull):
        await first
    with pytest.raises(StorageFull):
        await second
    assert told
    assert set(told) == {1}
    disk.error = None
    await journal.append(b"again", mark=2)
    assert journal.mark == 2
    journal.close()
    assert payloads(tmp_path) == [b"kept", b"again"]


async def test_a_full_disk_at_the_sync_loses_nothing(tmp_path: Path) -> None:
    disk = FaultyDisk()
    journal = Journal.open(tmp_path, disk=disk)
    await journal.append(b"kept")
    disk.on_sync = errno.ENOSPC
    with pytest.raises(StorageFull):
        await journal.append(b"lost")
    disk.on_sync = None
    await journal.append(b"again")
    journal.close()
    assert payloads(tmp_path) == [b"kept", b"again"]


async def test_an_input_output_error_ends_the_writer(tmp_path: Path) -> None:
    disk = FaultyDisk()
    journal = Journal.open(tmp_path, disk=disk)
    await journal.append(b"kept")
    disk.on_sync = errno.EIO
    with pytest.raises(Broken):
        await journal.append(b"unknown")
    disk.on_sync = None
    with pytest.raises(Broken):
        await journal.append(b"refused")
    journal.close()
    assert payloads(tmp_path)[0] == b"kept"


async def test_a_blocking_append(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    position = await asyncio.to_thread(journal.append_now, b"payload")
    assert next(journal.read(position)).payload == b"payload"
    journal.close()
    journal.close()


def test_a_folder_without_a_writer_reads_as_empty(tmp_path: Path) -> None:
    reader = JournalReader(tmp_path / "none")
    assert (reader.end, reader.mark, list(reader.read())) == (0, 0, [])
    reader.close()
