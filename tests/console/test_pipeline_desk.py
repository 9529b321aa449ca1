"""Sources and pipeline, over a log, a warehouse and bad rows as a running system has them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.process.conftest import House, opened

from queqiao.collect.bad_row_groups import BadRowGroups
from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.contracts import BadRow
from queqiao.kernel.clock import FixedClock, format_rfc3339
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.kernel.errors import Message
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.process.backfill import Backfill, BackfillState, Swapped
from queqiao.process.loader import Loader
from queqiao.process.tier import Tier
from queqiao.process.tiering import Tiering, TierSize
from queqiao.wiring.pipeline_desk import MINUTES, PipelineDesk, Upkeep

MINUTE_US = 60_000_000
NOW_US = 1_800_000_000 * 1_000_000
LIBRARY = b'{"library":{"name":"analytics-node","version":"2.1.0"}}'


def event(number: int, minutes_ago: float, context: bytes = b"{}") -> bytes:
    at_us = int(NOW_US - minutes_ago * MINUTE_US)
    envelope = Envelope(f"m{number}", "track", at_us, at_us, "web", "Product Viewed")
    return encode_envelope(msgspec.structs.replace(envelope, context=msgspec.Raw(context)))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as made:
        yield made


@pytest.fixture
def refused(tmp_path: Path) -> Iterator[BadRowsLog]:
    rows = BadRowsLog(tmp_path / "bad_rows")
    yield rows
    rows.close()


@pytest.fixture
def desk(house: House, refused: BadRowsLog) -> PipelineDesk:
    del refused
    reader = EmbeddedEventLogReader(house.folder / "log")
    groups = BadRowGroups(house.folder / "bad_rows")
    tiering = Tiering(house.warehouse, Tier(house.warehouse, ParquetFolder(house.folder)), 400)
    backfill = backfill_of(house)

    async def state() -> BackfillState:
        return backfill.state()

    upkeep = Upkeep(tiering.state, state)
    return PipelineDesk(reader, house.warehouse, groups, FixedClock(NOW_US), upkeep)


def backfill_of(house: House) -> Backfill:
    def make(prefix: str, state: Path) -> Loader:
        reader = EmbeddedEventLogReader(house.folder / "log")
        return Loader(reader, house.warehouse, state, prefix=prefix)

    return Backfill(house.warehouse, house.loader, make, house.folder / "process.sqlite")


async def test_a_source_shows_its_hour_its_client_and_its_bad_rows(
    house: House, desk: PipelineDesk, refused: BadRowsLog
) -> None:
    await house.load(event(1, 90), event(2, 2.5), event(3, 0.5, LIBRARY))
    why = Message("坏", "bad")
    await refused.keep([BadRow(NOW_US - MINUTE_US, "web", "invalid", "", why, b"{}")])
    await refused.keep([BadRow(NOW_US - MINUTE_US, "till", "invalid", "", why, b"{}")])
    web, till = (await desk.sources()).items
    assert (web.source, web.client, web.events, web.bad_rows_day) == (
        "web",
        "analytics-node 2.1.0",
        3,
        1,
    )
    assert len(web.minutes) == MINUTES
    assert sum(web.minutes) == 2
    assert (till.source, till.events, till.bad_rows_day, till.last_at) == ("till", 0, 1, None)


async def test_what_waits_has_an_age_and_what_came_late_is_counted(
    house: House, desk: PipelineDesk
) -> None:
    empty = await desk.pipeline(5)
    assert (empty.log_end, empty.lag_ms, empty.watermark) == (0, 0, None)
    late_us = NOW_US - 3 * 24 * 60 * MINUTE_US
    late = Envelope("late", "track", late_us, NOW_US - MINUTE_US, "web", "Product Viewed")
    await house.load(event(1, 2.5), encode_envelope(late))
    now = await desk.pipeline(5)
    assert (now.log_end, now.loaded, now.lag_events, now.lag_ms) == (2, 2, 0, 0)
    assert [minute.events for minute in now.minutes] == [0, 1, 0, 1, 0]
    assert [minute.late for minute in now.minutes] == [0, 0, 0, 1, 0]


async def test_the_pipeline_tells_how_far_history_is_made_again(
    house: House, desk: PipelineDesk
) -> None:
    await house.load(event(1, 2), event(2, 1))
    assert (await desk.pipeline(5)).backfill == BackfillState("none", 2, 2, "", "", None)
    backfill = backfill_of(house)
    backfill.start("other settings", "settings", NOW_US)
    begun_at, swapped_at = format_rfc3339(NOW_US), format_rfc3339(NOW_US + MINUTE_US)
    filling = BackfillState("filling", 0, 2, begun_at, "settings", None)
    assert (await desk.pipeline(5)).backfill == filling
    while await backfill.advance(NOW_US + MINUTE_US):
        pass
    last = Swapped("settings", begun_at, swapped_at, 2)
    assert (await desk.pipeline(5)).backfill == BackfillState("none", 2, 2, "", "", last)


async def test_the_pipeline_tells_where_raw_events_lie(house: House, desk: PipelineDesk) -> None:
    await house.load(*(event(number, 1) for number in range(3)))
    tiers = (await desk.pipeline(5)).tiers
    assert (tiers.warehouse.rows, tiers.lake, tiers.files) == (3, TierSize(0, 0), 0)
    assert tiers.warehouse.bytes > 0
    assert (tiers.up_to_offset, tiers.raw_days, tiers.refused) == (0, 400, None)
