"""The lake in a local folder: a full disk, and what a killed writer leaves."""

import errno
import os

import pytest

from queqiao.kernel.errors import StorageFull
from queqiao.ports.lake import parquet_folder
from queqiao.ports.lake.laws import rows
from queqiao.ports.lake.parquet_folder import ParquetFolder


@pytest.fixture
def lake(tmp_path) -> ParquetFolder:
    return ParquetFolder(tmp_path / "lake")


def _fail_the_write(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_keeps_the_former_content(lake, monkeypatch) -> None:
    lake.publish("profiles", "day=1", rows(1))
    monkeypatch.setattr(parquet_folder.pq, "write_table", _fail_the_write)
    with pytest.raises(StorageFull):
        lake.publish("profiles", "day=1", rows(2))
    with pytest.raises(StorageFull):
        lake.publish("profiles", "day=2", rows(2))
    assert lake.partitions("profiles") == ["day=1"]
    assert lake.read("profiles", "day=1").equals(rows(1))


def test_files_left_by_a_killed_writer_are_no_data(lake, tmp_path) -> None:
    lake.publish("profiles", "day=1", rows(1))
    folder = tmp_path / "lake" / "profiles" / "day=2"
    folder.mkdir()
    for name in (".unfinished.parquet", ".merged.parquet"):
        (folder / name).write_bytes(b"PAR1 half")
    assert lake.partitions("profiles") == ["day=1"]
    lake.publish("profiles", "day=2", rows(2))
    assert [path.name for path in folder.iterdir()] == ["data.parquet"]


def test_a_folder_left_by_a_killed_engine_is_in_nobodys_way(lake, tmp_path) -> None:
    staged = tmp_path / "lake" / "profiles" / "day=1" / ".unfinished.parquet"
    staged.mkdir(parents=True)
    (staged / "part-0.parquet").write_bytes(b"PAR1 half")
    lake.publish("profiles", "day=1", rows(1))
    assert [path.name for path in staged.parent.iterdir()] == ["data.parquet"]
    lake.remove("profiles", "day=1")
    assert not staged.parent.exists()
