"""From a line that is asked for to one statement over the points; values only as parameters."""
# ruff: noqa: S608  # the words pasted together are our own

from typing import Any, NamedTuple

from queqiao.measure.series_contracts import SeriesLine
from queqiao.measure.series_table import TABLE

GAP_MS = 900_000
"""Between points of a counter that lie further apart than this nothing is counted as growth."""

_OVER: dict[str, str] = {
    "avg": "avg(v)",
    "max": "max(v)",
    "min": "min(v)",
    "count": "toFloat64(count())",
    "p50": "quantileExactInclusive(0.5)(v)",
    "p95": "quantileExactInclusive(0.95)(v)",
    "p99": "quantileExactInclusive(0.99)(v)",
}


class Axis(NamedTuple):
    """Steps from ``start_ms`` up to, without, ``end_ms``, both whole multiples of ``step_ms``."""

    start_ms: int
    end_ms: int
    step_ms: int

    def moments(self) -> list[int]:
        """Return the start of each step."""
        return list(range(self.start_ms, self.end_ms, self.step_ms))


class Statement(NamedTuple):
    """SQL and its parameters. Rows are the step's start, the group's labels, the value."""

    sql: str
    parameters: dict[str, Any]


def compile_line(line: SeriesLine, axis: Axis) -> Statement:
    """Return the statement of one line."""
    groups = [f"g{number}" for number in range(len(line.group_by))]
    parameters: dict[str, Any] = {
        "name": line.series,
        "start": axis.start_ms,
        "end": axis.end_ms,
        "step": axis.step_ms,
        **{f"by{number}": label for number, label in enumerate(line.group_by)},
    }
    picked = [f"JSONExtractString(labels, {{by{n}:String}}) AS g{n}" for n in range(len(groups))]
    conditions = ""
    for number, (label, wanted) in enumerate(line.where.items()):
        conditions += f" AND JSONExtractString(labels, {{k{number}:String}}) = {{v{number}:String}}"
        parameters |= {f"k{number}": label, f"v{number}": wanted}
    inner = {"rate": _rates, "sum": _averages}.get(line.function, _plain)
    value = {"rate": "sum(v) / {step:Int64} * 1000", "sum": "sum(a)"}.get(line.function)
    columns = ", ".join(["t", *groups])
    sql = (
        f"SELECT {columns}, {value or _OVER[line.function]} AS r"
        f" FROM ({inner(picked, groups, conditions)})"
        f" GROUP BY {columns} ORDER BY {columns}"
    )
    return Statement(sql, parameters)


_STEP = "intDiv(toUnixTimestamp64Milli(at), {step:Int64}) * {step:Int64} AS t"


def _points(picked: list[str], conditions: str, back_ms: int = 0) -> str:
    """Select each point once, as it was stored last."""
    columns = ", ".join(["series", "at", *picked])
    start = f"fromUnixTimestamp64Milli({{start:Int64}} - {back_ms}, 'UTC')"
    return (
        f"SELECT {columns}, argMax(value, stored_at) AS v FROM {TABLE}"
        f" WHERE name = {{name:String}} AND at >= {start}"
        f" AND at < fromUnixTimestamp64Milli({{end:Int64}}, 'UTC'){conditions}"
        " GROUP BY series, at, labels"
    )


def _plain(picked: list[str], groups: list[str], conditions: str) -> str:
    columns = ", ".join([_STEP, *groups, "v"])
    return f"SELECT {columns} FROM ({_points(picked, conditions)})"


def _averages(picked: list[str], groups: list[str], conditions: str) -> str:
    """The average of each series over each step."""
    grouped = ", ".join(["t", "series", *groups])
    columns = ", ".join([_STEP, "series", *groups, "avg(v) AS a"])
    return f"SELECT {columns} FROM ({_points(picked, conditions)}) GROUP BY {grouped}"


def _rates(picked: list[str], groups: list[str], conditions: str) -> str:
    """The growth since the point before; a counter that fell was started again from zero."""
    window = "OVER (PARTITION BY series ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"
    before = ", ".join(
        [
            *("at", *groups, "v AS now"),
            f"lagInFrame(v) {window} AS was",
            f"lagInFrame(toUnixTimestamp64Milli(at)) {window} AS was_ms",
        ]
    )
    columns = ", ".join([_STEP, *groups, "if(now >= was, now - was, now) AS v"])
    return (
        f"SELECT {columns} FROM (SELECT {before} FROM ({_points(picked, conditions, GAP_MS)}))"
        " WHERE at >= fromUnixTimestamp64Milli({start:Int64}, 'UTC')"
        f" AND was_ms > 0 AND toUnixTimestamp64Milli(at) - was_ms <= {GAP_MS}"
    )


NAMES = (
    "SELECT name, any(kind), uniqExact(series), groupUniqArrayArray(JSONExtractKeys(labels)),"
    f" max(toUnixTimestamp64Milli(at)) FROM {TABLE} GROUP BY name ORDER BY name LIMIT 5000"
)
"""Which series there are."""
