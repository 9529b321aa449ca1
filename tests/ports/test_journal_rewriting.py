"""Payloads put in the place of others: whole across faults and crashes, and for whoever reads."""

import errno
import os
import time
from pathlib import Path
from threading import Thread, Timer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queqiao.kernel.errors import Broken, StorageFull, Unavailable
from queqiao.ports.journal import Disk, Journal, JournalReader
from queqiao.ports.journal.base import HEADER, PADDED, checksum, padded, segment_name, unpadded
from queqiao.ports.journal.recovery import good_end
from queqiao.ports.journal.rewriter import NAME

OLD = [bytes([65 + number]) * size for number, size in enumerate([1, 40, 300, 70_000, 3])]
NEW = [b"", b"x" * 40, b"y" * 45, b"z", b"w"]


def written(folder: Path, disk: Disk | None = None) -> tuple[Journal, list[int]]:
    """Return a journal of several segments, and where its frames lie."""
    journal = Journal.open(folder, disk=disk, segment_bytes=200)
    return journal, [journal.append_now(payload) for payload in OLD]


def payloads(folder: Path) -> list[bytes]:
    reader = JournalReader(folder)
    found = [frame.payload for frame in reader.read()]
    reader.close()
    return found


@given(st.binary(max_size=600), st.integers(0, 1000))
def test_padding_tells_how_long_the_payload_is(payload: bytes, more: int) -> None:
    content = padded(payload, len(payload) + more)
    assert len(content) == len(payload) + more
    assert content == payload if not more else unpadded(content) == payload


def test_what_is_longer_does_not_fit() -> None:
    with pytest.raises(ValueError, match="2 bytes too long"):
        padded(b"abc", 1)


def test_other_payloads_lie_where_the_old_ones_did(tmp_path: Path) -> None:
    journal, positions = written(tmp_path)
    reader = JournalReader(tmp_path)
    sizes = {path.name: path.stat().st_size for path in tmp_path.glob("*.seg")}
    changed = {number: NEW[number] for number in (1, 2, 3, 4)}
    journal.rewrite([(positions[number], new) for number, new in changed.items()])
    expected = [changed.get(number, old) for number, old in enumerate(OLD)]
    assert [frame.payload for frame in reader.read()] == expected
    assert [frame.position for frame in reader.read()] == positions
    assert {path.name: path.stat().st_size for path in tmp_path.glob("*.seg")} == sizes
    assert not (tmp_path / NAME).exists()
    held = b"".join(path.read_bytes() for path in tmp_path.glob("*.seg"))
    assert not any(OLD[number] in held for number in (1, 2, 3))
    journal.rewrite([(positions[2], b"once more")])
    later = journal.append_now(b"behind")
    journal.close()
    reader.close()
    journal = Journal.open(tmp_path)
    expected[2] = b"once more"
    assert [frame.payload for frame in journal.read()] == [*expected, b"behind"]
    assert next(journal.read(later)).payload == b"behind"
    journal.close()


def test_only_what_is_committed_is_rewritten(tmp_path: Path) -> None:
    journal, _ = written(tmp_path)
    with pytest.raises(ValueError, match="committed"):
        journal.rewrite([(journal.end, b"")])
    journal.close()


class FailingDisk(Disk):
    """Fails at the write or sync of that number, after half of the bytes."""

    def __init__(self) -> None:
        self.left = -1
        self.error = errno.EIO

    def _count(self) -> bool:
        self.left -= 1
        return self.left == -1

    def write(self, file, data, at):
        if self._count():
            super().write(file, data[: len(data) // 2], at)
            raise OSError(self.error, os.strerror(self.error))
        return super().write(file, data, at)

    def sync(self, file):
        if self._count():
            raise OSError(self.error, os.strerror(self.error))
        super().sync(file)

    def sync_folder(self, folder):
        if self._count():
            raise OSError(self.error, os.strerror(self.error))
        super().sync_folder(folder)


@pytest.mark.parametrize("again", ["open", "rewrite"])
def test_cut_off_anywhere_all_or_nothing_is_there(tmp_path: Path, again: str) -> None:
    """Each write and sync fails once; opening, or trying again, mends what was half written."""
    cut, at = True, -1
    while cut:
        at += 1
        folder, disk = tmp_path / str(at), FailingDisk()
        journal, positions = written(folder, disk)
        changes = list(zip(positions[1:], NEW[1:], strict=True))
        disk.left, cut = at, False
        try:
            journal.rewrite(changes)
        except Unavailable:
            cut = True
        disk.left = -1
        if cut and again == "rewrite":
            journal.rewrite(changes)
            assert payloads(folder) == [OLD[0], *NEW[1:]]
        journal.close()
        reopened = Journal.open(folder)
        assert payloads(folder) in (OLD, [OLD[0], *NEW[1:]])
        reopened.close()
        assert not (folder / NAME).exists()
    assert at > 6


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    disk = FailingDisk()
    journal, positions = written(tmp_path, disk)
    disk.error, disk.left = errno.ENOSPC, 0
    with pytest.raises(StorageFull):
        journal.rewrite([(positions[2], b"")])
    assert payloads(tmp_path) == OLD
    assert list(tmp_path.glob("rewriting*")) == []
    journal.close()


def test_a_damaged_file_beside_is_told(tmp_path: Path) -> None:
    journal, _ = written(tmp_path)
    journal.close()
    (tmp_path / NAME).write_bytes(b"not what was written")
    with pytest.raises(Broken, match="rewriting"):
        Journal.open(tmp_path)


class SlowDisk(Disk):
    """Writes the first half of a frame, and the rest a moment later."""

    slow = False

    def write(self, file, data, at):
        if not self.slow:
            return super().write(file, data, at)
        taken = super().write(file, data[: len(data) // 2], at)
        time.sleep(0.03)
        return taken + super().write(file, data[taken:], at + taken)


def test_whoever_reads_meanwhile_sees_the_one_or_the_other(tmp_path: Path) -> None:
    disk = SlowDisk()
    journal, positions = written(tmp_path, disk)
    one, other = OLD[3], bytes(reversed(range(250))) * 200
    disk.slow = True

    def rewrite() -> None:
        for number in range(6):
            journal.rewrite([(positions[3], other if number % 2 == 0 else one)])

    thread = Thread(target=rewrite)
    thread.start()
    seen = []
    while thread.is_alive():
        seen.append(payloads(tmp_path)[3])
    thread.join()
    assert set(seen) == {one, other}
    journal.close()


@pytest.mark.parametrize("mends", [True, False])
def test_a_new_length_before_old_content_is_read_again(tmp_path: Path, mends: bool) -> None:
    """A reader that sees the length of the new frame and all else of the old one never cuts it."""
    journal, positions = written(tmp_path)
    journal.rewrite([(positions[4], b"")])
    path, at = tmp_path / segment_name(positions[3]), HEADER.size
    with path.open("r+b") as file:
        held = file.read(at)
        length, told = HEADER.unpack(held)
        file.seek(0)
        file.write(HEADER.pack(length ^ PADDED, told))
        file.flush()
        if mends:
            Timer(0.03, lambda: os.pwrite(file.fileno(), held, 0)).start()
            assert payloads(tmp_path) == [*OLD[:4], b""]
        else:
            with pytest.raises(Broken, match=f"position {positions[3]}"):
                payloads(tmp_path)
    journal.close()


@pytest.mark.parametrize("number", [2, 3])
def test_a_flag_that_the_checksum_does_not_know_is_no_whole_frame(
    tmp_path: Path, number: int
) -> None:
    """What follows the watermark is kept when it is whole: of a wrong flag it is not."""
    position, padding = 0, padded(OLD[number], len(OLD[number]) + 9)
    for is_padded in (True, False):
        path = tmp_path / f"{is_padded}"
        header = HEADER.pack(
            len(padding) | PADDED, checksum(position, padding, is_padded=is_padded)
        )
        path.write_bytes(header + padding)
        with path.open("rb") as file:
            end = good_end(file.fileno(), 0, 0)
        assert end == (path.stat().st_size if is_padded else 0)


def test_what_stays_damaged_is_told(tmp_path: Path) -> None:
    journal, positions = written(tmp_path)
    journal.close()
    path = tmp_path / segment_name(positions[3])
    content = path.read_bytes()
    path.write_bytes(content[:500] + b"\0" + content[501:])
    with pytest.raises(Broken, match=f"position {positions[3]}"):
        payloads(tmp_path)
