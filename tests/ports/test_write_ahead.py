"""A new file that many open in one moment is opened by all of them."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from queqiao.ports import write_ahead as room
from queqiao.ports.write_ahead import write_ahead

AT_ONCE = 4


def test_all_who_open_a_new_file_in_one_moment_succeed(tmp_path):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for turn in range(150):
            start = Barrier(AT_ONCE)
            modes = pool.map(opened, [tmp_path / str(turn)] * AT_ONCE, [start] * AT_ONCE)
            assert list(modes) == ["wal"] * AT_ONCE


def opened(path, start):
    start.wait()
    file = sqlite3.connect(path, isolation_level=None)
    write_ahead(file)
    file.execute("CREATE TABLE IF NOT EXISTS a (x)")
    (mode,) = file.execute("PRAGMA journal_mode").fetchone()
    file.close()
    return mode


def test_a_file_that_stays_locked_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "LONGEST_WAIT_S", 0.05)
    path = tmp_path / "file"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        write_ahead(sqlite3.connect(path, timeout=0))
    holder.close()
