"""What only ever grows is cut by the settings, and nothing else goes."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from queqiao.kernel.clock import DAY_US, FixedClock
from queqiao.ports.records import audit, changes, retention
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.records.tables import audit as trail
from queqiao.ports.records.tables import changes as feed
from queqiao.wiring.retention import cut
from queqiao.wiring.settings import Retention

NOW_US = 1_781_000_000_000_000
KEPT = Retention(audit_days=30, changes_rows=10_000)


@pytest.fixture
def records(tmp_path: Path):
    opened = SqliteRecords(tmp_path / "records.sqlite")
    opened.upgrade()
    yield opened
    opened.close()


def note_days(records: SqliteRecords, days: range) -> None:
    def write(conn) -> None:
        for day in days:
            at_us = NOW_US - day * DAY_US
            audit.note(conn, audit.SYSTEM, audit.Entry("x", summary=str(day)), at_us)

    records.write_now(write)


async def test_the_trail_is_kept_for_its_days_in_steps(records, monkeypatch):
    monkeypatch.setattr(retention, "STEP_ROWS", 7)
    note_days(records, range(60, -1, -1))
    assert await cut(records, KEPT, FixedClock(NOW_US)) == 30
    kept = records.read_now(lambda conn: list(conn.execute(select(trail.c.summary)).scalars()))
    assert kept == [str(day) for day in range(30, -1, -1)]
    assert await cut(records, KEPT, FixedClock(NOW_US)) == 0


async def test_the_feed_keeps_its_newest_versions_and_goes_on_counting(records):
    def write(conn) -> int:
        conn.execute(feed.insert(), [{"kind": "k", "id": str(number)} for number in range(25_000)])
        return changes.latest(conn)

    last = records.write_now(write)
    assert await cut(records, KEPT, FixedClock(NOW_US)) > 0
    assert [c.version for c in records.changes_since(last - 3)] == [last - 2, last - 1, last]
    counted = select(func.count()).select_from(feed)
    assert records.read_now(lambda conn: conn.execute(counted).scalar_one()) == 10_000
    records.write_now(lambda conn: changes.note(conn, "k", "new"))
    assert [c.id for c in records.changes_since(last)] == ["new"]
