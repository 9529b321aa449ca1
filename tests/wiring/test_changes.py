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


async def test_who_asks_for_it_is_told_what_changed_and_again_after_a_failure(records):
    follower, told, fails = Follower(records), [], [True]

    async def rebuild() -> None:
        told.append("all")

    async def take_in(ids) -> None:
        if fails.pop():
            raise ValueError("not taken in")
        told.append(set(ids))

    follower.on("kind/", rebuild, take_in)
    await follower.build_all()
    note(records)
    with pytest.raises(ValueError, match="not taken in"):
        await follower.poll()
    records.write_now(lambda conn: changes.note(conn, "kind", "other"))
    fails.append(False)
    await follower.poll()
    assert told == ["all", {"id", "other"}]


async def test_a_rebuild_that_fails_keeps_no_other_one_from_what_has_changed(records):
    follower, built, faults = Follower(records), asyncio.Queue(), [True]

    async def broken() -> None:
        if faults:
            raise OverflowError("date value out of range")
        built.put_nowait("mended")

    async def sound() -> None:
        built.put_nowait("sound")

    follower.on("kind/", broken)
    follower.on("kind/", sound)
    stop = asyncio.Event()
    following = asyncio.create_task(follower.run(stop))
    try:
        async with asyncio.timeout(10):
            for _ in range(2):
                note(records)
                assert await built.get() == "sound"
            faults.clear()
            note(records)
            assert await built.get() == "mended"
        assert not following.done()
    finally:
        stop.set()
        await following
