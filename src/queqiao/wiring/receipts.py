"""What a stored event moved in the warehouse, for its receipt: each table, by its offset."""

from typing import Any

from queqiao.collect.contracts import (
    BookedLine,
    ClosedBucket,
    Correction,
    EventRow,
    Moved,
    Problem,
    Stitch,
)
from queqiao.kernel.clock import HOUR_US, MINUTE_US, business_day, format_rfc3339
from queqiao.ports.warehouse.base import Warehouse

LINES_MAX = 1_000
"""A receipt tells at most so many rows of one table."""

_GRAINS = ("minute", "hour", "day")
_AT = "WHERE offset = {offset:UInt64}"
_EVENT = (
    "SELECT event, type, person_id, session_id, order_id, campaign_id, value_minor, currency"  # noqa: S608  # our own words
    f" FROM history {_AT} LIMIT 1"
)
_LINES = (
    "SELECT line, kind, order_id, sku, quantity, list_minor, discount_minor, amount_minor,"  # noqa: S608  # our own words
    f" currency, campaign_id FROM order_lines {_AT} ORDER BY line LIMIT {LINES_MAX}"
)
_STITCHES = (
    f"SELECT person_id, into_id, reason FROM stitches {_AT} ORDER BY person_id LIMIT {LINES_MAX}"  # noqa: S608  # our own words
)
_PROBLEMS = f"SELECT path, reason FROM unprocessed {_AT} ORDER BY path LIMIT {LINES_MAX}"  # noqa: S608  # our own words
_CORRECTIONS = (
    "SELECT grain, toUnixTimestamp64Micro(timestamp), currency, metrics, amounts"  # noqa: S608  # our own words
    f" FROM corrections {_AT} LIMIT {LINES_MAX}"
)


async def moved_by(warehouse: Warehouse, offset: int, zone: str) -> Moved:
    """Return what a loaded event moved. ``zone`` is the shop's, whose days are the buckets."""

    async def rows(sql: str) -> list[list[Any]]:
        return (await warehouse.query(sql, {"offset": offset})).rows

    event = await rows(_EVENT)
    return Moved(
        event=EventRow(*event[0]) if event else None,
        order_lines=[BookedLine(*row) for row in await rows(_LINES)],
        stitches=[Stitch(*row) for row in await rows(_STITCHES)],
        problems=[Problem(*row) for row in await rows(_PROBLEMS)],
        corrections=[_correction(row, zone) for row in await rows(_CORRECTIONS)],
    )


def _correction(row: list[Any], zone: str) -> Correction:
    grain, at_us, currency, metrics, amounts = row
    moved = dict(zip(metrics, amounts, strict=True))
    return Correction(_buckets(grain, at_us, zone), currency, moved)


def _buckets(longest: str, at_us: int, zone: str) -> list[ClosedBucket]:
    """Return the closed buckets that a moment lies in, up to the longest one."""
    found = [
        ClosedBucket("minute", format_rfc3339(at_us - at_us % MINUTE_US)),
        ClosedBucket("hour", format_rfc3339(at_us - at_us % HOUR_US)),
        ClosedBucket("day", business_day(at_us, zone)),
    ]
    return found[: 1 + _GRAINS.index(longest)]
