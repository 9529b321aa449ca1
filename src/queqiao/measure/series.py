"""Answers a question for lines: system metrics and business metrics on one time axis."""

import math
from itertools import groupby
from typing import Any

from queqiao.kernel.clock import format_rfc3339, parse_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message, Refused
from queqiao.measure.catalogue import METRICS
from queqiao.measure.contracts import ROWS_MAX, Filter, Granularity, ReportQuery
from queqiao.measure.query import report
from queqiao.measure.series_contracts import (
    LINES_MAX,
    STEPS_MAX,
    BusinessLine,
    LineOut,
    Points,
    SeriesAnswer,
    SeriesLine,
    SeriesList,
    SeriesQuery,
    SeriesView,
)
from queqiao.measure.series_sql import NAMES, Axis, compile_line
from queqiao.measure.series_table import StoredPoint, canonical
from queqiao.ports.warehouse.base import Warehouse

_LATEST_MS = 4_102_444_800_000
"""2100-01-01, where the warehouse's calendar ends."""
_GRANULARITY: dict[int, Granularity] = {60: "minute", 3600: "hour"}
_BUCKETS = {"bucket_p50": 0.5, "bucket_p95": 0.95, "bucket_p99": 0.99}

_STEP = Message(
    "业务指标的步长须为 60 或 3600 秒", "business metrics come in steps of 60 or 3,600 s"
)
_ORDER = Message("结束时间必须晚于开始时间", "must be later than from")
_OUTSIDE = Message("时间须在 1970 年至 2100 年之间", "must lie between 1970 and 2100")
_TOO_FINE = Message(
    f"最多 {STEPS_MAX} 个时间点，请加大 step_s", f"at most {STEPS_MAX} steps; make step_s larger"
)
_TOO_MANY = Message(
    f"最多 {LINES_MAX} 条线，请加上 where 或减少 group_by",
    f"at most {LINES_MAX} lines; add where, or group by less",
)
_UNKNOWN = Message(
    "没有这个指标，见 GET /api/v1/metrics", "no such metric; see GET /api/v1/metrics"
)
_NOT_FINITE = Message("须为有限的数", "must be a finite number")


def stored_points(points: Points, now_us: int) -> list[StoredPoint]:
    """Return points as they are stored. Raises InvalidInput naming each wrong one."""
    stored, wrong = [], []
    for number, one in enumerate(points.points):
        path = f"points[{number}]"
        at_ms = now_us // 1000
        if one.at is not None:
            at_ms = parse_rfc3339(one.at, f"{path}.at") // 1000
        if not 0 <= at_ms < _LATEST_MS:
            wrong.append(FieldError(f"{path}.at", _OUTSIDE))
        if not math.isfinite(one.value):
            wrong.append(FieldError(f"{path}.value", _NOT_FINITE))
        stored.append(StoredPoint(one.name, canonical(one.labels), one.kind, at_ms, one.value))
    if wrong:
        raise InvalidInput(*wrong)
    return stored


async def lines(warehouse: Warehouse, query: SeriesQuery) -> SeriesAnswer:
    """Return the lines. Raises InvalidInput by field; Refused when they are too many."""
    axis = axis_of(query)
    found: list[LineOut] = []
    for one in query.series:
        found += await _series_lines(warehouse, one, axis)
    for number, asked in enumerate(query.business):
        found.append(await _business_line(warehouse, asked, axis, f"business[{number}]"))
    if len(found) > LINES_MAX:
        raise Refused(_TOO_MANY, reason="too_many_lines")
    times = [format_rfc3339(moment * 1000) for moment in axis.moments()]
    return SeriesAnswer(times, query.step_s, found)


def axis_of(query: SeriesQuery) -> Axis:
    """Return the time axis: whole steps that hold ``from`` up to ``to``."""
    step_ms = query.step_s * 1000
    start_ms = parse_rfc3339(query.from_, "from") // 1000
    end_ms = parse_rfc3339(query.to, "to") // 1000
    for path, moment in (("from", start_ms), ("to", end_ms)):
        if not 0 <= moment < _LATEST_MS:
            raise InvalidInput(FieldError(path, _OUTSIDE))
    if end_ms <= start_ms:
        raise InvalidInput(FieldError("to", _ORDER))
    axis = Axis(start_ms // step_ms * step_ms, -(-end_ms // step_ms) * step_ms, step_ms)
    if (axis.end_ms - axis.start_ms) // step_ms > STEPS_MAX:
        raise InvalidInput(FieldError("step_s", _TOO_FINE))
    return axis


async def _series_lines(warehouse: Warehouse, asked: SeriesLine, axis: Axis) -> list[LineOut]:
    if asked.function in _BUCKETS:
        return await _bucket_lines(warehouse, asked, axis)
    statement = compile_line(asked, axis)
    rows = (await warehouse.query(statement.sql, statement.parameters)).rows
    values: dict[tuple[str, ...], dict[int, float]] = {}
    for at, *groups, value in rows:
        values.setdefault(tuple(groups), {})[at] = value
    if len(values) > LINES_MAX:
        raise Refused(_TOO_MANY, reason="too_many_lines")
    return [_line(asked, groups, found, axis) for groups, found in sorted(values.items())]


def _line(
    asked: SeriesLine, groups: tuple[str, ...], found: dict[int, float], axis: Axis
) -> LineOut:
    labels = dict(zip(asked.group_by, groups, strict=True))
    values = [found.get(moment) for moment in axis.moments()]
    return LineOut(asked.series, asked.function, labels, values)


async def _bucket_lines(warehouse: Warehouse, asked: SeriesLine, axis: Axis) -> list[LineOut]:
    """Estimate a percentile in each step from the growth of a histogram's buckets."""
    name = asked.series if asked.series.endswith("_bucket") else f"{asked.series}_bucket"
    growth = SeriesLine(name, "rate", asked.where, [*asked.group_by, "le"])
    statement = compile_line(growth, axis)
    rows = (await warehouse.query(statement.sql, statement.parameters)).rows
    values: dict[tuple[str, ...], dict[int, float]] = {}
    for key, bucket in groupby(rows, key=lambda row: row[:-2]):
        at, *groups = key
        counts = [(_bound(le), value) for *_, le, value in bucket]
        estimate = bucket_quantile(_BUCKETS[asked.function], counts)
        if estimate is not None:
            values.setdefault(tuple(groups), {})[at] = estimate
    return [_line(asked, groups, found, axis) for groups, found in sorted(values.items())]


def _bound(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def bucket_quantile(share: float, counts: list[tuple[float, float]]) -> float | None:
    """Return the value below which ``share`` of what was counted lies, interpolated in its bucket.

    ``counts`` are (upper bound, cumulative count). As in Prometheus' ``histogram_quantile``, the
    lowest bucket begins at 0 unless its bound is negative, and in the unbounded one the answer is
    the highest finite bound. None where nothing was counted or there is no unbounded bucket.
    """
    buckets = sorted(one for one in counts if not math.isnan(one[0]))
    if len(buckets) < 2 or buckets[-1][0] != math.inf or buckets[-1][1] <= 0:
        return None
    wanted = share * buckets[-1][1]
    index = next(at for at, (_, count) in enumerate(buckets) if count >= wanted)
    if index == len(buckets) - 1:
        return buckets[-2][0]
    bound, count = buckets[index]
    if index == 0 and bound <= 0:
        return bound
    low, below = buckets[index - 1] if index else (0.0, 0.0)
    return low + (bound - low) * (wanted - below) / (count - below) if count > below else bound


async def _business_line(
    warehouse: Warehouse, asked: BusinessLine, axis: Axis, path: str
) -> LineOut:
    if asked.metric not in METRICS:
        raise InvalidInput(FieldError(f"{path}.metric", _UNKNOWN))
    granularity = _GRANULARITY.get(axis.step_ms // 1000)
    if granularity is None:
        raise InvalidInput(FieldError("step_s", _STEP))
    answer = await report(warehouse, _question(asked, axis, granularity))
    values: dict[str, Any] = dict(answer.rows)
    moments = [format_rfc3339(moment * 1000) for moment in axis.moments()]
    metric = METRICS[asked.metric]
    return LineOut(
        metric.name, "business", {}, [values.get(moment) for moment in moments], metric.unit
    )


def _question(asked: BusinessLine, axis: Axis, granularity: Granularity) -> ReportQuery:
    filters = [Filter("currency", "eq", asked.currency)] if asked.currency else []
    return ReportQuery(
        metrics=[asked.metric],
        filters=filters,
        from_=format_rfc3339(axis.start_ms * 1000),
        to=format_rfc3339(axis.end_ms * 1000),
        granularity=granularity,
        timezone="UTC",
        limit=ROWS_MAX,
    )


async def names(warehouse: Warehouse) -> SeriesList:
    """Return which series there are."""
    rows = (await warehouse.query(NAMES)).rows
    return SeriesList(
        [
            SeriesView(name, kind, count, sorted(labels), format_rfc3339(last_ms * 1000))
            for name, kind, count, labels, last_ms in rows
        ]
    )
