"""A session that runs keeps its start: under another one its stock would be sold again."""

import pytest
from msgspec import structs

from queqiao.decide.promotions.flash_sales.contracts import FLASH_SALE
from queqiao.decide.promotions.flash_sales.documents import (
    DailyTimes,
    FlashSaleDocument,
    Hours,
    Item,
    SessionTimes,
)
from queqiao.kernel.clock import HOUR_US, parse_rfc3339
from queqiao.kernel.errors import InvalidInput
from queqiao.operate.going_live import check_live
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.wiring import adapters, kinds
from queqiao.wiring.settings import Settings

NOW_US = parse_rfc3339("2026-06-18T04:00:00Z")
RUNS = SessionTimes("2026-06-18T03:00:00Z", "2026-06-18T05:00:00Z")
LATER = SessionTimes("2026-06-19T03:00:00Z", "2026-06-19T05:00:00Z")
MOVED = SessionTimes("2026-06-18T03:00:01Z", "2026-06-18T05:00:00Z")
SALE = FlashSaleDocument(name="618", items=(Item("TEA", 100, 1),), sessions=(RUNS, LATER))
DAILY = structs.replace(
    SALE,
    sessions=(),
    daily=DailyTimes("2026-06-18", "2026-06-19", (Hours("11:00", "13:00"),)),
)
OTHER_ZONE = structs.replace(DAILY.daily, timezone="Asia/Tokyo")


@pytest.fixture
def change(tmp_path):
    """Return how a live sale is changed, as the generic router does it."""
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    settings = Settings(home=tmp_path)
    handling = kinds.handlings(adapters.keyring(settings), settings)[FLASH_SALE.name]

    def changed(before, after, now_us, *, paused=False, dry_run=False):
        then = documents.Edit(SYSTEM, NOW_US - 24 * HOUR_US)
        edit = documents.Edit(SYSTEM, now_us, dry_run=dry_run)

        def work(conn):
            documents.create(conn, FLASH_SALE, "s", before, then)
            documents.transition(conn, FLASH_SALE, "s", "live", then)
            if paused:
                documents.transition(conn, FLASH_SALE, "s", "paused", then)
            stored = documents.replace(conn, FLASH_SALE, "s", after, edit)
            if paused:
                stored = documents.transition(conn, FLASH_SALE, "s", "live", edit)
            check_live(conn, stored, handling)

        records.write_now(work)

    yield changed
    records.close()


@pytest.mark.parametrize("how", [{}, {"paused": True}, {"dry_run": True}])
@pytest.mark.parametrize(
    ("before", "fields", "path"),
    [
        (SALE, {"sessions": (MOVED, LATER)}, "document.sessions[0].starts_at"),
        (SALE, {"sessions": (LATER,)}, "document.sessions[0].starts_at"),
        (DAILY, {"daily": OTHER_ZONE}, "document.daily"),
        (DAILY, {"daily": None, "sessions": (LATER,)}, "document.daily"),
    ],
)
def test_the_start_of_a_session_that_runs_stays(change, before, fields, path, how):
    with pytest.raises(InvalidInput) as refusal:
        change(before, structs.replace(before, **fields), NOW_US, **how)
    assert [field.path for field in refusal.value.fields] == [path]


@pytest.mark.parametrize(
    ("fields", "now_us"),
    [
        ({"sessions": (MOVED, LATER)}, NOW_US - 2 * HOUR_US),
        ({"sessions": (LATER,)}, NOW_US + 2 * HOUR_US),
        ({"sessions": (RUNS,)}, NOW_US),
        ({"sessions": (structs.replace(RUNS, ends_at="2026-06-18T04:30:00Z"), LATER)}, NOW_US),
        ({"sessions": (structs.replace(RUNS, starts_at="2026-06-18T11:00:00+08:00"),)}, NOW_US),
    ],
)
def test_all_else_may_change(change, fields, now_us):
    change(SALE, structs.replace(SALE, **fields), now_us)
