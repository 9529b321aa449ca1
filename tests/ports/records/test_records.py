"""One behaviour suite for the records port, on SQLite and on a real PostgreSQL."""

import multiprocessing
import os
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import delete, func, insert, select, update
from tests.ports.records.conftest import NOW_US, Opener

import queqiao
from queqiao.kernel.errors import (
    StorageFull,
    Unavailable,
)
from queqiao.ports.records import artifacts, audit, changes
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.base import Change, Records, metadata
from queqiao.ports.records.laws import laws
from queqiao.ports.records.postgresql import PostgresqlRecords
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.records.tables import audit as audit_table
from queqiao.ports.records.tables import changes as changes_table

ROOT = Path(queqiao.__file__).parent

for path in ROOT.rglob("tables.py"):
    # Imported so that ``metadata`` holds every table of the system.
    import_module("queqiao." + ".".join(path.relative_to(ROOT).with_suffix("").parts))


async def test_what_is_replaced_or_deleted_is_in_no_file_any_more(tmp_path: Path) -> None:
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    secret = "harbour-street-12"
    for number in range(200):
        await records.write(
            lambda conn, n=number: changes.note(conn, "thing", f"{secret}-{n}-" + "x" * 100)
        )
    assert secret in held(tmp_path)
    await records.write(lambda conn: conn.execute(update(changes_table).values(id="gone")))
    await records.write(lambda conn: conn.execute(delete(changes_table)))
    await records.forget()
    assert secret not in held(tmp_path)
    records.close()


def held(folder: Path) -> str:
    return b"".join(path.read_bytes() for path in folder.iterdir()).decode("latin-1")


def note_and_count(conn: Any) -> int:
    changes.note(conn, "thing", "x")
    return conn.execute(select(func.count()).select_from(changes_table)).scalar_one()


def test_migrations_give_exactly_the_tables_that_the_code_declares(records: Any) -> None:
    with records.engine.connect() as conn:
        found = compare_metadata(MigrationContext.configure(conn), metadata)
    assert found == []


@pytest.mark.parametrize("name", [law.name.en for law in laws(lambda: None)])
async def test_the_law_holds(records: Records, opener: Opener, name: str) -> None:
    checks = {law.name.en: law.check for law in laws(opener)}
    await checks[name]()


def _upgrade_and_write(opener: Opener, times: int) -> None:
    opened = opener()
    opened.upgrade()
    for _ in range(times):
        opened.write_now(note_and_count)
    opened.close()


def test_several_processes_start_and_write_at_once(opener: Opener) -> None:
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_upgrade_and_write, args=(opener, 20)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    opened = opener()
    assert len(opened.changes_since(0)) == 80
    opened.close()


def _write_and_tell(opener: Opener, told: int) -> None:
    opened = opener()
    while True:
        version = opened.write_now(
            lambda conn: (changes.note(conn, "a", "b"), changes.latest(conn))
        )
        os.write(told, f"{version[1]}\n".encode())


def test_what_was_acknowledged_survives_kill_9(opener: Opener, records: Records) -> None:
    ours, theirs = os.pipe()
    fork = multiprocessing.get_context("fork")
    worker = fork.Process(target=_write_and_tell, args=(opener, theirs))
    worker.start()
    os.close(theirs)
    with os.fdopen(ours) as pipe:
        for _ in range(25):
            assert pipe.readline()
        worker.kill()
        worker.join()
        acknowledged = [int(line) for line in pipe if line.endswith("\n")]
    known = {change.version for change in records.changes_since(0)}
    assert known >= set(acknowledged)
    assert len(known) >= 25
    records.write_now(note_and_count)


def test_the_feed_tells_of_our_own_writes_too(records: Records) -> None:
    assert records.changes_since(0) == []
    records.write_now(lambda conn: changes.note(conn, "promotion", "p1"))
    assert isinstance(records.changes_since(0)[0], Change)


def test_artifacts_are_replaced_whole_and_told(records: Records) -> None:
    assert records.read_now(lambda conn: artifacts.get(conn, "segments/vip")) is None
    put = lambda body: records.write_now(  # noqa: E731  # one line reads best here
        lambda conn: artifacts.put(conn, "segments/vip", body, NOW_US)
    )
    assert [put(b"\x00\xff"), put(b"\x00\xff"), put(b"new")] == [1, 1, 2]
    assert records.read_now(lambda conn: artifacts.get(conn, "segments/vip")) == (2, b"new")
    assert records.read_now(lambda conn: artifacts.names(conn, "segments/")) == ["segments/vip"]
    assert [change.id for change in records.changes_since(0)] == ["segments/vip"] * 2


def test_big_numbers_bytes_and_chinese_come_back(records: Records) -> None:
    entry = audit.Entry("测试", "kind", "编号", "满减 🎉 'quote' %s \\ \n", ())
    records.write_now(lambda conn: audit.note(conn, Actor("u", "王小明"), entry, 2**62))
    row = records.read_now(lambda conn: conn.execute(select(audit_table)).one())
    assert (row.at_us, row.actor_name, row.summary) == (2**62, "王小明", entry.summary)


def test_a_store_that_is_not_there_says_unavailable() -> None:
    nowhere = PostgresqlRecords("postgresql://nobody@/none?host=/nonexistent")
    with pytest.raises(Unavailable):
        nowhere.read_now(changes.latest)
    nowhere.close()


def test_a_lock_held_too_long_says_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queqiao.ports.records.engine.BUSY_S_MAX", 0.0)
    monkeypatch.setattr("queqiao.ports.records.sqlite._BUSY_MS", 50)
    one, two = (SqliteRecords(tmp_path / "records.sqlite") for _ in range(2))
    one.upgrade()

    def hold(conn: Any) -> None:
        conn.execute(insert(changes_table).values(kind="a", id="b"))
        with pytest.raises(Unavailable):
            two.write_now(note_and_count)

    one.write_now(hold)
    assert two.write_now(note_and_count) == 2
    one.close()
    two.close()


def test_a_full_disk_says_so_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    opened = SqliteRecords(tmp_path / "records.sqlite")
    opened.upgrade()

    def fill(conn: Any) -> None:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        changes.note(conn, "before", "x")
        artifacts.put(conn, "big", b"x" * 1_000_000, NOW_US)

    with pytest.raises(StorageFull):
        opened.write_now(fill)
    assert opened.changes_since(0) == []
    opened.close()
