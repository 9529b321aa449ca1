"""A lake carried over from a folder to HDFS or S3: the same files and nothing else."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ports.lake_mover import lake_at
from tests.ports.lakes import ADAPTERS, lake_url  # noqa: F401  # a fixture

from queqiao.kernel.errors import Conflict
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.laws import rows
from queqiao.ports.lake.move import Carried, LakeMove, held
from queqiao.ports.lake.parquet_folder import ParquetFolder

TABLES = ("events", "profiles")
DAYS = [f"day=2026-11-{number:02d}" for number in range(1, 13)]


class House:
    def __init__(self, folder: Path, url: str) -> None:
        self.root, self.book, self.url = folder / "lake", folder / "lake_copied.json", url
        self.source = ParquetFolder(self.root)
        self.target: Lake = lake_at(url)
        for number, day in enumerate(DAYS):
            self.source.publish("profiles", day, rows(*range(number)))
        self.source.publish("events", "block=1", rows(*range(1_000)))

    def move(self) -> Carried:
        moving = LakeMove(self.source, self.target, TABLES, self.book)
        moving.begin(self.url)
        return moving.run(lambda *_: None)

    def check(self) -> None:
        ours, theirs = held(self.source, TABLES), held(self.target, TABLES)
        assert ours.keys() == theirs.keys()
        for name in ours:
            assert self.target.read(*name).equals(self.source.read(*name))
            assert self.target.content(*name).bytes == self.source.content(*name).bytes


@pytest.fixture(params=ADAPTERS)
def house(request, tmp_path: Path, lake_url: Callable[[str], str]) -> House:  # noqa: F811
    """From a folder to each adapter, another folder among them."""
    is_folder = request.param == "parquet_folder"
    return House(tmp_path, str(tmp_path / "there") if is_folder else lake_url(request.param))


def test_all_is_there_and_is_not_copied_twice(house: House) -> None:
    assert house.move() == Carried(13, 0, 0)
    house.check()
    assert house.move() == Carried(0, 13, 0)


def test_what_changed_since_is_copied_and_what_went_is_removed(house: House) -> None:
    house.move()
    house.source.publish("profiles", DAYS[0], rows(77))
    house.source.publish("profiles", "day=2026-12-01", rows(1))
    house.source.remove("profiles", DAYS[1])
    assert house.move() == Carried(2, 11, 1)
    house.check()


def test_what_somebody_else_changed_there_since_stays(house: House) -> None:
    """The system that runs there publishes, replaces (an erasure) and removes: all of it stays,
    and nothing else is touched either."""

    def refused(name: str) -> None:
        house.source.publish("profiles", DAYS[0], rows(77))
        house.source.remove("profiles", DAYS[1])
        before = held(house.target, TABLES)
        with pytest.raises(Conflict, match=f"holds another profiles/{name} than was copied"):
            house.move()
        assert held(house.target, TABLES) == before
        house.source.publish("profiles", DAYS[1], rows(0))

    house.move()
    house.target.publish("profiles", "day=2027-01-01", rows(5))
    refused("day=2027-01-01")
    house.target.remove("profiles", "day=2027-01-01")
    before = house.target.read("profiles", DAYS[3])
    house.target.publish("profiles", DAYS[3], rows(1, 2))
    refused(DAYS[3])
    house.target.publish("profiles", DAYS[3], before)
    house.target.remove("profiles", DAYS[4])
    refused(DAYS[4])
    house.target.publish("profiles", DAYS[4], house.source.read("profiles", DAYS[4]))
    assert house.move().removed == 0
    house.check()


def test_one_that_goes_while_it_is_copied_is_gone(house: House) -> None:
    """The system runs on meanwhile: what it removes after all were listed is nobody's error."""
    moving = LakeMove(house.source, house.target, TABLES, house.book)
    moving.begin(house.url)
    last = max(DAYS)

    def told(done: int, _of_all: int) -> None:
        if done == 1:
            house.source.remove("profiles", last)

    assert moving.run(told) == Carried(12, 0, 0)
    house.check()
    house.source.publish("profiles", last, rows(9))
    assert house.move() == Carried(1, 12, 0)
    house.check()


def test_a_lake_of_somebody_else_is_left_alone(house: House) -> None:
    house.target.publish("profiles", DAYS[5], rows(1, 2))
    with pytest.raises(Conflict, match=f"holds another profiles/{DAYS[5]}"):
        house.move()
    house.target.publish("profiles", DAYS[5], house.source.read("profiles", DAYS[5]))
    house.target.publish("profiles", "day=1999-01-01", rows(1))
    with pytest.raises(Conflict, match="day=1999-01-01"):
        house.move()
    assert len(held(house.target, TABLES)) == 2


def test_kill_9_in_the_middle_and_again_leaves_the_same(house: House) -> None:
    command = [sys.executable, "-m", "tests.ports.lake_mover", house.root, house.url, house.book]
    with subprocess.Popen(map(str, command), stdout=subprocess.PIPE, text=True) as process:
        for _ in range(5):
            process.stdout.readline()
        process.kill()
    assert process.returncode == -signal.SIGKILL
    there = held(house.target, TABLES)
    assert 5 <= len(there) < 13
    for name in there:
        assert house.target.read(*name).equals(house.source.read(*name))
    assert house.move().copied <= 13 - 5 + 1
    house.check()
