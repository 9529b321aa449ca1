"""Answers a report: one question, one bounded statement (two when compared), one watermark."""

from collections.abc import Sequence
from typing import Any

from queqiao.kernel.clock import format_rfc3339, parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message, Refused
from queqiao.measure.catalogue import METRICS
from queqiao.measure.compiler import compile_report
from queqiao.measure.contracts import Column, Report, ReportQuery, both
from queqiao.measure.dimensions import DIMENSIONS
from queqiao.measure.names import Plan, plan_of, settle_granularity
from queqiao.measure.people import PEOPLE, any_stitched
from queqiao.measure.period import Period, period_of
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import Block, Watermark, sealed_blocks, watermark

_COMPARED_ROWS_MAX = 100_000
_TIME = Message("时间", "Time")
_MIXED = Message(
    "一行中混有多个币种，请加上 currency 维度或筛选一个币种",
    "money of several currencies in one row; add the dimension currency or filter one",
)
_AHEAD = Message("该位点尚未载入，请稍后再试", "not loaded yet; ask again later")
_FIRST_AFTER = (
    "SELECT min(offset) FROM history WHERE received_at >"
    " fromUnixTimestamp64Micro({moment:Int64}, 'UTC')"
)
_LAST_RECEIVED = "SELECT max(received_at) FROM history WHERE offset <= {as_of:UInt64}"


async def report(warehouse: Warehouse, query: ReportQuery) -> Report:
    """Return the answer. Raises InvalidInput by field; Refused when it is out of bounds."""
    settle_granularity(query)
    plan, period = plan_of(query), period_of(query)
    earlier = period.previous() if query.compare else None
    loaded = await watermark(warehouse)
    as_of = await resolve(warehouse, query.as_of, loaded)
    blocks = await sealed_blocks(warehouse)
    rows = await _rows(warehouse, query, plan, period, as_of, rows_max=query.limit, blocks=blocks)
    currency = _one_currency(rows)
    if earlier is not None:
        before = await _rows(warehouse, query, plan, earlier, as_of, rows_max=None, blocks=blocks)
        _one_currency(before)
        rows = _beside(rows, before, len(plan.dimensions), len(query.metrics))
    else:
        rows = [row[:-1] for row in rows]
    return Report(
        columns=_columns(query, plan),
        rows=rows,
        watermark=await received(warehouse, as_of, loaded),
        watermark_offset=as_of,
        as_of=as_of,
        currency=currency,
        definitions={name: both(METRICS[name].meaning) for name in query.metrics},
    )


async def resolve(warehouse: Warehouse, as_of: int | str | None, loaded: Watermark) -> int:
    """Return the offset up to which events count.

    A moment means the events before the first that was received later: offsets only grow, so the
    answer for a moment that lies before the watermark never changes.
    """
    if as_of is None:
        return loaded.offset
    if isinstance(as_of, int):
        if as_of > loaded.offset:
            raise Refused(_AHEAD, reason="as_of_not_loaded")
        return as_of
    moment = parse_rfc3339(as_of, "as_of")
    if moment >= loaded.received_at_us:
        return loaded.offset
    found = await warehouse.query(_FIRST_AFTER, {"moment": max(moment, 0)})
    return max(0, int(found.rows[0][0]) - 1)


async def received(warehouse: Warehouse, as_of: int, loaded: Watermark) -> str | None:
    """Return when the last event up to an offset was received, None before the first."""
    if as_of == 0:
        return None
    received_us = loaded.received_at_us
    if as_of < loaded.offset:
        received_us = (await warehouse.query(_LAST_RECEIVED, {"as_of": as_of})).rows[0][0]
    return format_rfc3339(received_us)


async def _rows(
    warehouse: Warehouse,
    query: ReportQuery,
    plan: Plan,
    period: Period,
    as_of: int,
    *,
    rows_max: int | None,
    blocks: Sequence[Block],
) -> list[list[Any]]:
    stitched = PEOPLE in plan.bases and await any_stitched(warehouse, as_of)
    statement = compile_report(
        query, plan, period, as_of, rows_max=rows_max, blocks=blocks, stitched=stitched
    )
    rows = (await warehouse.query(statement.sql, statement.parameters)).rows
    if len(rows) > _COMPARED_ROWS_MAX:
        message = Message("上期行数过多", "the earlier period has too many rows")
        raise Refused(message, reason="query_too_many_rows")
    return rows


def _one_currency(rows: list[list[Any]]) -> str | None:
    """Return the currency of all rows, None for none or several. Raises when one row mixes them."""
    if any(len(row[-1]) > 1 for row in rows):
        raise InvalidInput(FieldError("dimensions", _MIXED))
    found = {currency for row in rows for currency in row[-1]}
    return found.pop() if len(found) == 1 else None


def _beside(
    rows: list[list[Any]], before: list[list[Any]], keys: int, metrics: int
) -> list[list[Any]]:
    """Put the earlier period's numbers beside; null where it has no such row."""
    earlier = {tuple(row[:keys]): row[keys : keys + metrics] for row in before}
    absent = [None] * metrics
    return [row[:-1] + earlier.get(tuple(row[:keys]), absent) for row in rows]


def _columns(query: ReportQuery, plan: Plan) -> list[Column]:
    found = [
        Column(
            name, "dimension", None, both(DIMENSIONS[name].title if name in DIMENSIONS else _TIME)
        )
        for name in plan.dimensions
    ]
    metrics = [METRICS[name] for name in query.metrics]
    found += [Column(one.name, "metric", one.unit, both(one.title)) for one in metrics]
    if query.compare:
        found += [
            Column(
                f"{one.name}_previous",
                "metric",
                one.unit,
                {"zh": f"上期{one.title.zh}", "en": f"{one.title.en}, previous period"},
            )
            for one in metrics
        ]
    return found
