"""Tables of an earlier version become today's, and keep their rows."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from queqiao.ports.warehouse.base import NO_PARAMETERS, Table
from queqiao.ports.warehouse.clickhouse import ClickHouseWarehouse, open_warehouse
from queqiao.process.ddl import EVENTS, FACTS, TIER, WATERMARK, create_tables

EARLIER = """
CREATE TABLE events (offset UInt64 CODEC(Delta, ZSTD(1)), message_id String CODEC(ZSTD(1)),
    event LowCardinality(String), timestamp DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    sku String CODEC(ZSTD(1)), quantity Int64 CODEC(ZSTD(1)), properties String CODEC(ZSTD(3)),
    INDEX message_id message_id TYPE bloom_filter GRANULARITY 4)
ENGINE = MergeTree ORDER BY (event, timestamp, offset)
SETTINGS max_compress_block_size = 131072, min_compress_block_size = 65536
"""
ROWS = """
INSERT INTO events SELECT number + 1, toString(number), 'Product Viewed',
    fromUnixTimestamp64Micro(toInt64(number), 'UTC'), concat('S-', toString(number % 7)), 2,
    concat('{"n":', toString(number), '}') FROM numbers(1000)
"""
DESCRIBED = "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()"


class Told(ClickHouseWarehouse):
    """The warehouse, with the statements that were run on it."""

    def __init__(self, warehouse: ClickHouseWarehouse) -> None:
        self._warehouse = warehouse
        self.told: list[str] = []

    async def command(self, sql: str) -> None:
        self.told.append(sql)
        await self._warehouse.command(sql)

    async def query(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> Table:
        return await self._warehouse.query(sql, parameters)


@pytest.fixture
async def warehouse(tmp_path: Path) -> AsyncIterator[Told]:
    opened = open_warehouse(f"chdb://{tmp_path}/warehouse")
    yield Told(opened)
    opened.close()


async def test_tables_as_they_should_be_are_left_alone(warehouse: Told) -> None:
    await create_tables(warehouse)
    assert (
        len(warehouse.told) == len(FACTS) + 4
    )  # the watermark, the tier, the late rows and the view
    warehouse.told.clear()
    await create_tables(warehouse)
    assert warehouse.told == []


async def test_an_earlier_table_gets_todays_columns_codecs_and_indexes(warehouse: Told) -> None:
    await warehouse.command(EARLIER)
    await warehouse.command(ROWS)
    await create_tables(warehouse)
    said = dict((await warehouse.query(DESCRIBED)).rows)
    assert not any(one.mend(said[one.name]) for one in (*FACTS, WATERMARK, TIER))
    assert "INDEX message_id" not in said[EVENTS.name]
    assert "vertical_merge_algorithm_min_rows_to_activate = 1" in said[EVENTS.name]
    kept = "count(), uniqExact(sku), sum(quantity), max(length(properties)), any(traits)"
    assert (await warehouse.query(f"SELECT {kept} FROM events")).rows == [[1000, 7, 2000, 9, ""]]
    of_sku = "SELECT type FROM system.columns WHERE table = 'events' AND name = 'sku'"
    assert (await warehouse.query(of_sku)).rows == [["LowCardinality(String)"]]
