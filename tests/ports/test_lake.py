"""Behaviour of the lake port, on every adapter."""

import errno
import os
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from queqiao.kernel.errors import InvalidInput, NotFound, StorageFull
from queqiao.ports.lake import parquet_folder
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.parquet_folder import ParquetFolder


@pytest.fixture(params=["parquet_folder"])
def lake(request, tmp_path) -> Lake:
    return {"parquet_folder": ParquetFolder}[request.param](tmp_path / "lake")


def rows(*numbers: int) -> pa.Table:
    return pa.table(
        {"person_id": pa.array([str(n) for n in numbers]), "spent_minor": list(numbers)}
    )


def test_what_was_published_is_read_back_with_its_schema(lake):
    table = pa.table({"a": pa.array([1, None], pa.int64()), "名": ["甲", "乙"], "l": [["x"], []]})
    lake.publish("profiles", "day=2026-11-22", table)
    assert lake.read("profiles", "day=2026-11-22").equals(table)


def test_an_empty_table_is_a_partition(lake):
    lake.publish("profiles", "day=2026-11-22", rows())
    assert lake.partitions("profiles") == ["day=2026-11-22"]
    assert lake.read("profiles", "day=2026-11-22").num_rows == 0


def test_publishing_again_replaces_the_whole(lake):
    lake.publish("profiles", "day=2026-11-22", rows(1, 2, 3))
    lake.publish("profiles", "day=2026-11-22", rows(4))
    assert lake.read("profiles", "day=2026-11-22").equals(rows(4))


def test_partitions_are_sorted_and_tables_apart(lake):
    for day in ("day=2026-11-23", "day=2026-11-21", "day=2026-11-22"):
        lake.publish("profiles", day, rows(1))
    lake.publish("orders", "day=2026-01-01", rows(1))
    assert lake.partitions("profiles") == ["day=2026-11-21", "day=2026-11-22", "day=2026-11-23"]
    assert lake.partitions("unknown") == []


def test_a_missing_partition_is_not_found(lake):
    with pytest.raises(NotFound):
        lake.read("profiles", "day=2026-11-22")


@pytest.mark.parametrize(
    ("table", "partition", "path"),
    [
        ("../etc", "day=1", "table"),
        ("", "day=1", "table"),
        ("Profiles", "day=1", "table"),
        ("profiles", "..", "partition"),
        ("profiles", "day=../x", "partition"),
        ("profiles", "day=.hidden", "partition"),
        ("profiles", "day=1\n", "partition"),
    ],
)
def test_names_that_leave_the_folder_are_refused(lake, table, partition, path):
    with pytest.raises(InvalidInput) as refused:
        lake.publish(table, partition, rows(1))
    assert refused.value.fields[0].path == path


def test_readers_see_one_whole_version_while_it_is_replaced(lake):
    versions = [rows(*range(start, start + 2000)) for start in (0, 10_000)]
    lake.publish("profiles", "day=1", versions[0])

    def publish() -> None:
        for turn in range(20):
            lake.publish("profiles", "day=1", versions[turn % 2])

    writers = [threading.Thread(target=publish) for _ in range(2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        seen = lake.read("profiles", "day=1")
        assert seen.equals(versions[0]) or seen.equals(versions[1])
        assert lake.partitions("profiles") == ["day=1"]
    for writer in writers:
        writer.join()


def _fail_the_write(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_keeps_the_former_content(lake, monkeypatch):
    lake.publish("profiles", "day=1", rows(1))
    monkeypatch.setattr(parquet_folder.pq, "write_table", _fail_the_write)
    with pytest.raises(StorageFull):
        lake.publish("profiles", "day=1", rows(2))
    with pytest.raises(StorageFull):
        lake.publish("profiles", "day=2", rows(2))
    assert lake.partitions("profiles") == ["day=1"]
    assert lake.read("profiles", "day=1").equals(rows(1))


def test_a_file_left_by_a_killed_writer_is_no_data(lake, tmp_path):
    lake.publish("profiles", "day=1", rows(1))
    folder = tmp_path / "lake" / "profiles" / "day=2"
    folder.mkdir()
    (folder / ".unfinished.parquet").write_bytes(b"PAR1 half")
    assert lake.partitions("profiles") == ["day=1"]
    lake.publish("profiles", "day=2", rows(2))
    assert [path.name for path in folder.iterdir()] == ["data.parquet"]


def write(path: str, *numbers: int) -> None:
    """Do as an engine does that writes a file by itself."""
    pq.write_table(rows(*numbers), path, compression="zstd")


def test_a_file_that_an_engine_wrote_becomes_the_content_at_once(lake):
    lake.publish("events", "block=1", rows(1))
    write(lake.stage("events", "block=1"), 2, 3)
    assert lake.read("events", "block=1").equals(rows(1))
    lake.publish_staged("events", "block=1")
    assert lake.read("events", "block=1").equals(rows(2, 3))
    assert pq.ParquetFile(lake.place("events", "block=1")).read().equals(rows(2, 3))


def test_what_was_not_staged_cannot_be_published(lake):
    lake.publish("events", "block=1", rows(1))
    lake.stage("events", "block=1")
    with pytest.raises(NotFound):
        lake.publish_staged("events", "block=1")
    assert lake.read("events", "block=1").equals(rows(1))


def test_what_a_killed_stage_left_is_no_data_and_can_be_forgotten(lake):
    lake.publish("events", "block=1", rows(1))
    staged = [lake.stage("events", name) for name in ("block=1", "block=2")]
    for path in staged:
        write(path, 9)
    assert lake.partitions("events") == ["block=1"]
    lake.forget_staged("events")
    assert not any(Path(path).exists() for path in staged)
    assert lake.read("events", "block=1").equals(rows(1))
    lake.forget_staged("unknown")


def test_what_is_removed_is_gone_and_may_be_removed_again(lake):
    for day in ("day=1", "day=2"):
        lake.publish("profiles", day, rows(1))
    write(lake.stage("profiles", "day=1"), 2)
    for _ in range(2):
        lake.remove("profiles", "day=1")
    assert lake.partitions("profiles") == ["day=2"]
    with pytest.raises(NotFound):
        lake.read("profiles", "day=1")


@pytest.mark.parametrize("call", ["stage", "publish_staged", "place", "remove"])
def test_no_call_leaves_the_folder(lake, call):
    with pytest.raises(InvalidInput):
        getattr(lake, call)("events", "block=../x")


def test_several_partitions_have_one_place(lake):
    place = lake.place("events", "block=1", "block=2")
    assert place == lake.place("events", "block=1").replace("block=1", "{block=1,block=2}")
