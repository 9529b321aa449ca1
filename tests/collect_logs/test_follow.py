"""A file is followed through renames, cuts and copies, and each line is delivered once."""

import errno
import gzip
import os
import shutil
from pathlib import Path

import pytest
from tests.collect_logs.conftest import NOW_US, Store, drain, files, line, lines, tail_of

from queqiao.collect.logs.follower import Bounds
from queqiao.kernel.clock import SystemClock
from queqiao.kernel.errors import Unavailable


def expected(*numbers: int) -> list[str]:
    return [f"/p/{number}" for number in numbers]


async def test_lines_that_are_added_and_a_line_that_is_not_whole(store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1, 2) + line(3)[:20])
    tail = tail_of(store, files(log))
    await drain(tail)
    assert store.paths() == expected(1, 2)
    with log.open("ab") as stream:
        stream.write(line(3)[20:] + line(4))
    await drain(tail)
    assert store.paths() == expected(1, 2, 3, 4)
    assert store.refused() == []


async def test_a_restart_goes_on_at_the_exact_line(store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1, 2))
    first = tail_of(store, files(log))
    await drain(first)
    await first.keep()
    with log.open("ab") as stream:
        stream.write(lines(3, 4))
    second = tail_of(store, files(log))
    await drain(second)
    assert store.paths() == expected(1, 2, 3, 4)
    assert second.followers[0].counts.known == 0


async def test_what_was_delivered_behind_the_checkpoint_is_known_to_the_log(
    store: Store, logs: Path
) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1) + b"nonsense\n" + line(2))
    await drain(tail_of(store, files(log)))  # killed: nothing but the name was kept
    again = tail_of(store, files(log))
    await drain(again)
    assert store.paths() == expected(1, 2)
    assert store.refused() == [b"nonsense"]
    assert again.followers[0].counts.known == 2


async def test_a_rename_while_it_is_followed_and_while_nobody_looks(
    store: Store, logs: Path
) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1))
    tail = tail_of(store, files(log), bounds=Bounds())
    await drain(tail)
    with log.open("ab") as held:  # as nginx writes on until it is told to reopen
        log.rename(logs / "access.log.1")
        held.write(lines(2))
        held.flush()
        log.write_bytes(lines(3))
        await drain(tail)
        held.write(lines(4))
    await drain(tail)
    await tail.keep()
    assert sorted(store.paths()) == expected(1, 2, 3, 4)
    with (logs / "access.log").open("ab") as stream:
        stream.write(lines(5))
    (logs / "access.log.1").rename(logs / "access.log.2")
    log.rename(logs / "access.log.1")
    log.write_bytes(lines(6))
    await drain(tail_of(store, files(log)))
    assert sorted(store.paths()) == expected(1, 2, 3, 4, 5, 6)


async def test_a_file_that_is_deleted_is_read_to_its_end(store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1))
    tail = tail_of(store, files(log))
    await drain(tail)
    with log.open("ab") as held:
        log.unlink()
        held.write(lines(2) + line(3).rstrip())
    await drain(tail)
    assert store.paths() == expected(1, 2, 3)


@pytest.mark.parametrize("after", [(3,), (3, 4, 5, 6, 7)], ids=["shorter", "longer than it was"])
async def test_a_cut_file_begins_again(store: Store, logs: Path, after: tuple[int, ...]) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1, 2))
    tail = tail_of(store, files(log))
    await drain(tail)
    with log.open("r+b") as stream:
        stream.truncate(0)
        stream.write(lines(*after))
    await drain(tail)
    assert store.paths() == expected(1, 2, *after)


async def test_the_same_lines_after_a_cut_are_lines_of_their_own(store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1, 1, 1))
    tail = tail_of(store, files(log))
    await drain(tail)
    log.write_bytes(lines(1))
    await drain(tail)
    assert store.paths() == expected(1, 1, 1, 1)


async def copied(log: Path, *after: int) -> None:
    """Do what logrotate's copytruncate does, with lines written afterwards."""
    shutil.copyfile(log, log.with_suffix(".log.1"))
    with log.open("r+b") as stream:
        stream.truncate(0)
        stream.write(lines(*after))


async def test_the_unread_end_of_a_cut_file_is_read_from_its_copy(store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1, 2))
    tail = tail_of(store, files(log))
    await drain(tail)
    with log.open("ab") as stream:
        stream.write(lines(3, 4))
    await copied(log, 5)
    await drain(tail)
    await drain(tail)
    assert sorted(store.paths()) == expected(1, 2, 3, 4, 5)


async def test_copies_while_nobody_looks(store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1, 2))
    first = tail_of(store, files(log))
    await drain(first)
    await first.keep()
    with log.open("ab") as stream:
        stream.write(lines(3))
    await copied(log, 4, 5, 6, 7)
    second = tail_of(store, files(log))
    await drain(second)
    await drain(second)
    assert sorted(store.paths()) == expected(1, 2, 3, 4, 5, 6, 7)


async def test_a_file_that_was_written_and_rotated_while_nobody_looked(
    store: Store, logs: Path
) -> None:
    store.clock = SystemClock()
    log = logs / "access.log"
    (logs / "access.log.7").write_bytes(lines(70))  # a leftover
    os.utime(logs / "access.log.7", (1, 1))
    log.write_bytes(lines(1))
    first = tail_of(store, files(log))
    await drain(first)
    await first.keep()
    log.rename(logs / "access.log.3")
    (logs / "access.log.2").write_bytes(lines(2, 3))
    (logs / "access.log.errors").write_bytes(lines(2))  # what somebody picked out
    log.write_bytes(lines(4))
    await copied(log, 5)
    second = tail_of(store, files(log))
    await drain(second)
    await second.keep()
    await drain(tail_of(store, files(log)))
    assert sorted(store.paths()) == expected(1, 2, 3, 4, 5)


async def test_a_copy_that_is_found_before_the_cut(store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1, 2))
    tail = tail_of(store, files(f"{logs}/access.log*"))
    await drain(tail)
    shutil.copyfile(log, logs / "access.log.1")
    await drain(tail)
    with log.open("r+b") as stream:
        stream.truncate(0)
        stream.write(lines(3))
    await drain(tail)
    assert sorted(store.paths()) == expected(1, 2, 3)


async def test_a_new_file_in_a_used_inode_is_new(store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1, 2))
    first = tail_of(store, files(log))
    await drain(first)
    await first.keep()
    log.write_bytes(lines(3, 4, 5))  # same inode, other head, longer
    await drain(tail_of(store, files(log)))
    assert store.paths() == expected(1, 2, 3, 4, 5)


async def test_compressed_leftovers_are_not_read(store: Store, logs: Path) -> None:
    (logs / "access.log.2.gz").write_bytes(gzip.compress(lines(1)))
    (logs / "access.log.3").write_bytes(gzip.compress(lines(2)))
    (logs / "access.log.1").write_bytes(lines(3))
    tail = tail_of(store, files(f"{logs}/access.log*"))
    await drain(tail)
    (logs / "access.log.1.gz").write_bytes(gzip.compress(lines(3)))
    (logs / "access.log.1").unlink()
    await drain(tail)
    assert store.paths() == expected(3)
    assert store.refused() == []


async def test_other_files_of_the_folder_are_left_alone(store: Store, logs: Path) -> None:
    (logs / "access.log").write_bytes(lines(1))
    (logs / "access-admin.log").write_bytes(lines(1, 2))
    tail = tail_of(store, files(logs / "access.log"))
    await drain(tail)
    await drain(tail)
    assert store.paths() == expected(1)


async def test_two_files_that_begin_alike_are_two(store: Store, logs: Path) -> None:
    for name in ("a.log", "b.log"):
        (logs / name).write_bytes(lines(1, 2))
    await drain(tail_of(store, files(f"{logs}/*.log")))
    assert store.paths() == expected(1, 2, 1, 2)


async def test_at_first_only_what_comes_later(store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1, 2) + line(3)[:9])
    tail = tail_of(store, files(log, start="end"))
    await drain(tail)
    with log.open("ab") as stream:
        stream.write(line(3)[9:])
    (logs / "access.log.1").write_bytes(b"")
    await drain(tail)
    assert store.paths() == expected(3)


async def test_a_full_intake_makes_the_file_wait(store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1, 2))
    tail = tail_of(store, files(log))
    store.full = True
    tail.look()
    for _ in range(3):
        with pytest.raises(Unavailable):
            await tail.step()
    store.full = False
    await drain(tail)
    assert store.paths() == expected(1, 2)


async def test_a_file_that_cannot_be_read_makes_no_other_wait(
    store: Store, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick, well = logs / "a.log", logs / "b.log"
    sick.write_bytes(lines(1))
    well.write_bytes(lines(2))
    inode, pread = sick.stat().st_ino, os.pread

    def failing(descriptor: int, length: int, offset: int) -> bytes:
        if os.fstat(descriptor).st_ino == inode:
            raise OSError(errno.EIO, "the disk is sick")
        return pread(descriptor, length, offset)

    tail = tail_of(store, files(f"{logs}/*.log"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", failing)
        await drain(tail)
        assert store.paths() == expected(2)
    await drain(tail)
    assert store.paths() == expected(2, 1)


async def test_a_defect_of_ours_costs_a_line_and_not_the_log(
    store: Store, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1, 2, 3))
    tail = tail_of(store, files(log))
    read = tail.followers[0]._read

    def defective(text: str) -> dict:
        if "/p/2" in text:
            raise ZeroDivisionError
        return read(text)

    monkeypatch.setattr(tail.followers[0], "_read", defective)
    await drain(tail)
    assert store.paths() == expected(1, 3)
    assert store.refused() == [line(2).strip()]


async def test_bad_lines_are_kept_whole_and_stop_nothing(store: Store, logs: Path) -> None:
    bad = [b"nonsense", b"\xff\xfe\x00", b"y" * 5_000]
    log = logs / "access.log"
    huge = b"z" * 700_000 + b"\n"
    pieces = [line(1), bad[0] + b"\n", line(2), bad[1] + b"\r\n", b"\n", bad[2] + b"\n", line(3)]
    log.write_bytes(b"".join(pieces) + huge + line(4))
    tail = tail_of(store, files(log))
    await drain(tail)
    assert store.paths() == expected(1, 2, 3, 4)
    assert store.refused() == [bad[0], bad[1], bad[2][:1_000], b"z" * 1_000]
    rows = store.bad_rows.newest(10, None)
    assert all(kept.row.source == "nginx" for kept in rows)
    assert "700000" in rows[0].row.reason.en
    assert rows[0].row.received_at_us == NOW_US


async def test_an_endless_line_is_waited_for_and_not_held(store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(line(1) + b"z" * 600_000)
    tail = tail_of(store, files(log))
    await drain(tail)
    assert store.paths() == expected(1)
    with log.open("ab") as stream:
        stream.write(b"z" * 600_000)
    await drain(tail)
    assert store.refused() == []
    with log.open("ab") as stream:
        stream.write(b"\n" + line(2))
    await drain(tail)
    assert store.paths() == expected(1, 2)
    assert store.refused() == [b"z" * 1_000]


async def test_a_checkpoint_that_is_lost_brings_no_line_twice(store: Store, logs: Path) -> None:
    log = logs / "access.log"
    log.write_bytes(lines(1, 2))
    first = tail_of(store, files(log))
    await drain(first)
    (store.folder / "collector/logs.json").write_bytes(b'{"files": [')
    await drain(tail_of(store, files(log)))
    assert store.paths() == expected(1, 2)
