"""The lake under kill -9: of a writer in the middle, and of each of its servers."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ports.lake_writer import PARTITION, ROWS, TABLE, version
from tests.ports.lakes import (
    ADAPTERS,
    lake_url,  # noqa: F401  # a fixture
    new_lake,  # noqa: F401  # a fixture
    until_it_answers,
)

from deploy.engines.instance import Instance
from queqiao.kernel.clock import SystemClock
from queqiao.kernel.errors import Unavailable
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.laws import rows
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.wiring.lakes import on_servers

WRITER = Path(__file__).with_name("lake_writer.py")


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_writer_killed_in_the_middle_leaves_a_whole_version(
    adapter: str,
    lake_url: Callable[[str], str],  # noqa: F811
    tmp_path: Path,
) -> None:
    where = str(tmp_path / "lake") if adapter == "parquet_folder" else lake_url(adapter)
    lake: Lake = (
        ParquetFolder(tmp_path / "lake")
        if adapter == "parquet_folder"
        else on_servers(where, SystemClock())
    )
    lake.publish(TABLE, PARTITION, version(0))
    chance = random.Random(11)
    for _ in range(5):
        begun = _write_and_die(where, chance)
        found = lake.read(TABLE, PARTITION)
        number = found["number"][0].as_py() // ROWS
        assert found.equals(version(number))
        assert number <= begun
        assert lake.partitions(TABLE) == [PARTITION]
        lake.publish(TABLE, PARTITION, version(0))
        assert lake.read(TABLE, PARTITION).equals(version(0))


def _write_and_die(where: str, chance: random.Random) -> int:
    """Let a process write, kill it at some moment; return the version that it had begun last."""
    with subprocess.Popen(
        [sys.executable, str(WRITER), where], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout
        begun = int(writer.stdout.readline().split()[1])
        time.sleep(chance.uniform(0.0, 1.2))
        writer.kill()
        return max([begun, *(int(line.split()[1]) for line in writer.stdout)])


def _kill(engines: Instance, name: str) -> None:
    os.kill(engines.server(name).pid, signal.SIGKILL)


@pytest.mark.engines
@pytest.mark.parametrize(("adapter", "server"), [("hdfs", "hdfs_namenode"), ("s3", "seaweedfs")])
def test_a_killed_server_is_told_and_what_was_published_comes_back(
    adapter: str,
    server: str,
    new_lake: Callable[[str], Lake],  # noqa: F811
    engines: Instance,
) -> None:
    lake = new_lake(adapter)
    for number in range(3):
        lake.publish("profiles", f"day={number}", rows(number))
    _kill(engines, server)
    with pytest.raises(Unavailable, match=r"\[ports\] lake"):
        lake.publish("profiles", "day=9", rows(9))
    until_it_answers(lambda: lake.publish("profiles", "day=9", rows(9)))
    assert lake.partitions("profiles") == ["day=0", "day=1", "day=2", "day=9"]
    for number in (0, 1, 2, 9):
        assert lake.read("profiles", f"day={number}").equals(rows(number))


@pytest.mark.engines
def test_a_killed_data_node_loses_nothing(
    new_lake: Callable[[str], Lake],  # noqa: F811
    engines: Instance,
) -> None:
    lake = new_lake("hdfs")
    lake.publish("profiles", "day=1", rows(1))
    _kill(engines, "hdfs_datanode_1")
    assert lake.read("profiles", "day=1").equals(rows(1))
    until_it_answers(lambda: lake.publish("profiles", "day=2", rows(2)))
    until_it_answers(lambda: lake.publish("profiles", "day=1", rows(3)))
    assert lake.read("profiles", "day=2").equals(rows(2))
    assert lake.read("profiles", "day=1").equals(rows(3))


@pytest.mark.engines
def test_a_data_node_that_says_nothing_holds_no_publisher(
    lake_url: Callable[[str], str],  # noqa: F811
    engines: Instance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The client waits without an end for one that stops in the middle of a write."""
    monkeypatch.setattr("queqiao.ports.lake.hdfs.WRITE_WITHIN_S", 2.0)
    lake = on_servers(lake_url("hdfs"), SystemClock())
    lake.publish(TABLE, PARTITION, rows(0))
    silent = engines.server("hdfs_datanode_2").pid
    os.kill(silent, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(Unavailable, match=r"\[ports\] lake"):
            lake.publish(TABLE, PARTITION, rows(1))
        assert time.monotonic() - began < 20
    finally:
        os.kill(silent, signal.SIGCONT)
    assert lake.read(TABLE, PARTITION).equals(rows(0))
    until_it_answers(lambda: lake.publish(TABLE, PARTITION, rows(2)))
    assert lake.read(TABLE, PARTITION).equals(rows(2))
