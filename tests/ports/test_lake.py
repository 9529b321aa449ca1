"""Behaviour of the lake port, on every adapter."""

import errno
import os
import threading

import pyarrow as pa
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
