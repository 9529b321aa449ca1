"""Whoever has caught up knows everything up to the version asked for."""

import asyncio
from pathlib import Path

import pytest

from queqiao.ports.records import changes
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.wiring.changes import CatchUp, Follower


@pytest.fixture
def records(tmp_path: Path):
    opened = SqliteRecords(tmp_path / "records.sqlite")
    opened.upgrade()
    yield opened
    opened.close()


def note(records: SqliteRecords) -> int:
    def write(conn):
        changes.note(conn, "kind", "id")
        return changes.latest(conn)

    return records.write_now(write)


async def test_catching_up_waits_for_a_rebuild_that_is_under_way(records):
    follower, gate, built = Follower(records), asyncio.Event(), []

    async def rebuild() -> None:
        await gate.wait()
        built.append(1)

    follower.on("kind/", rebuild)
    version = note(records)
    polling = asyncio.create_task(follower.poll())
    catching = asyncio.create_task(follower.catch_up(CatchUp(version)))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not catching.done()
    gate.set()
    assert (await catching).version >= version
    assert built
    await polling


async def test_catching_up_tells_of_a_rebuild_that_failed(records):
    follower = Follower(records)

    async def rebuild() -> None:
        raise ValueError("not built")

    follower.on("kind/", rebuild)
    version = note(records)
    with pytest.raises(ValueError, match="not built"):
        await follower.catch_up(CatchUp(version))
    with pytest.raises(ValueError, match="not built"):
        await follower.catch_up(CatchUp(version))
