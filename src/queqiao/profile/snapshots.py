"""A daily snapshot of every profile in the lake, for batch engines and for looking back."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from queqiao.kernel.clock import day_start_us
from queqiao.ports.lake.base import Lake
from queqiao.ports.warehouse.base import Warehouse
from queqiao.profile.person_query import person_query

TABLE = "profiles"
PAGE = 50_000

_COLUMNS = (
    "activity.person, toUnixTimestamp64Micro(first_seen), toUnixTimestamp64Micro(last_seen),"
    " visits, orders, spent_minor, categories, shares, trait_names, trait_values"
)
_MOMENT = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("person_id", pa.string()),
        ("first_seen", _MOMENT),
        ("last_seen", _MOMENT),
        ("visits", pa.int64()),
        ("orders", pa.int64()),
        ("spent_minor", pa.int64()),
        ("categories", pa.list_(pa.string())),
        ("shares", pa.list_(pa.float64())),
        ("trait_names", pa.list_(pa.string())),
        ("trait_values", pa.list_(pa.string())),
    ]
)


async def publish_day(warehouse: Warehouse, lake: Lake, day: str, zone: str) -> int:
    """Publish the profiles as they stood at the end of a business day; return how many.

    ``day`` is ``YYYY-MM-DD`` in ``zone``. Publishing a day again replaces it whole.
    """
    following = date.fromisoformat(day) + timedelta(days=1)
    end_us = day_start_us(following.isoformat(), zone) - 1
    pages: list[pa.Table] = []
    last = ""
    while True:
        rows = await _page(warehouse, end_us, last)
        pages.append(_table(rows))
        if len(rows) < PAGE:
            break
        last = rows[-1][0]
    whole = pa.concat_tables(pages)
    await asyncio.to_thread(lake.publish, TABLE, f"day={day}", whole)
    return int(whole.num_rows)


async def _page(warehouse: Warehouse, now_us: int, after: str) -> list[list[Any]]:
    sql = person_query(
        _COLUMNS,
        "WHERE activity.person > {after:String} ORDER BY activity.person LIMIT {limit:UInt32}",
    )
    return (await warehouse.query(sql, {"now": now_us, "after": after, "limit": PAGE})).rows


def _table(rows: list[list[Any]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(SCHEMA)
    arrays = [
        pa.array(list(column), field.type) for column, field in zip(columns, SCHEMA, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)
