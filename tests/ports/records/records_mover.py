"""Carries records over in a process of its own, which a test kills: FILE URL."""

import sys
from pathlib import Path

from tests.ports.records.filled import all_tables

from queqiao.ports.records.move import move
from queqiao.ports.records.postgresql import PostgresqlRecords
from queqiao.ports.records.sqlite import SqliteRecords


def told(done: int, of_all: int) -> None:
    print(done, of_all, flush=True)


if __name__ == "__main__":
    assert all_tables()
    move(SqliteRecords(Path(sys.argv[1])), PostgresqlRecords(sys.argv[2]), told)
