"""From a checked question to SQL. Names come from the catalogue, values travel as parameters."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.measure.catalogue import BASES, DIMENSIONS, METRICS, TIME_COLUMN, Source
from queqiao.measure.contracts import Filter, Granularity, ReportQuery
from queqiao.measure.names import Plan
from queqiao.measure.people import PEOPLE, counted
from queqiao.measure.period import Period, bucket_sql
from queqiao.measure.rolled import Rolled, rolled
from queqiao.process.contracts import MEASURES, REPORTED, Block

_OPERATORS = {
    "eq": "{column} = {{{name}:String}}",
    "ne": "{column} != {{{name}:String}}",
    "in": "has({{{name}:Array(String)}}, toString({column}))",
    "not_in": "NOT has({{{name}:Array(String)}}, toString({column}))",
    "contains": "positionCaseInsensitiveUTF8({column}, {{{name}:String}}) > 0",
}

_RELATIONS: dict[Source, str] = {"events": "history", "order_lines": "order_lines"}
"""Where the rows of a table are read: raw events may be old, and lie in the lake."""

_NO_CURRENCIES = "CAST([] AS Array(String))"


class Statement(NamedTuple):
    """A reading statement. Its columns: dimensions, metrics, then the currencies of the row."""

    sql: str
    parameters: dict[str, Any]


def compile_report(
    query: ReportQuery,
    plan: Plan,
    period: Period,
    as_of: int,
    *,
    rows_max: int | None,
    blocks: Sequence[Block] = (),
    stitched: bool = False,
) -> Statement:
    """Return the statement. ``rows_max`` None leaves order and limit out, for a comparison.

    ``blocks`` are the sealed ones of the rollups; without any, raw rows alone answer. ``stitched``:
    some people are counted as others.
    """
    parameters: dict[str, Any] = {"as_of": as_of, "zone": query.timezone, "shift": period.shift_us}
    parts = []
    for table in plan.tables:
        cube = rolled(query, plan, period, blocks, as_of) if table == "events" else None
        if cube is None:
            parts.append(_of_table(table, query, plan, period, parameters, stitched=stitched))
        else:
            parts.append(_of_rollup(cube, query, plan, period, parameters, stitched=stitched))
    keys = [f"d{index}" for index in range(len(plan.dimensions))]
    sums = [f"sum(b_{base}) AS {base}" for base in plan.bases]
    inner = ", ".join([*keys, *sums, "groupUniqArrayArray(b_currencies) AS currencies"])
    group = f" GROUP BY {', '.join(keys)}" if keys else ""
    merged = f"SELECT {inner} FROM ({' UNION ALL '.join(parts)}){group}"  # noqa: S608  # catalogue names only; values are parameters
    chosen = [*keys, *(f"{METRICS[name].formula} AS m_{name}" for name in query.metrics)]
    sql = f"SELECT {', '.join(chosen)}, arraySort(currencies) FROM ({merged})"  # noqa: S608  # catalogue names only; values are parameters
    if keys:  # a group in which none of the asked bases has anything says nothing
        sql += f" WHERE {' OR '.join(f'{base} != 0' for base in plan.bases)}"
    return Statement(sql + (_tail(query, plan, rows_max) if rows_max else ""), parameters)


def _of_table(
    table: Source,
    query: ReportQuery,
    plan: Plan,
    period: Period,
    parameters: dict[str, Any],
    *,
    stitched: bool,
) -> str:
    """Return the aggregate of one table, with zeros for the bases of the others."""
    columns = [
        f"{_dimension(name, table, query.granularity, period)} AS d{index}"
        for index, name in enumerate(plan.dimensions)
    ]
    for name in plan.bases:
        base = BASES[name]
        sql = counted("groupBitmapState(person)") if stitched and name == PEOPLE else base.sql
        columns.append(f"toInt64({sql if base.table == table else '0'}) AS b_{name}")
    columns.append(f"{_currencies(table, plan)} AS b_currencies")
    where = " AND ".join(_conditions(table, query, period, parameters))
    keys = ", ".join(f"d{index}" for index in range(len(plan.dimensions)))
    group = f" GROUP BY {keys}" if keys else ""
    return f"SELECT {', '.join(columns)} FROM {_RELATIONS[table]} WHERE {where}{group}"  # noqa: S608  # catalogue names only; values are parameters


def _of_rollup(
    rolled: Rolled,
    query: ReportQuery,
    plan: Plan,
    period: Period,
    parameters: dict[str, Any],
    *,
    stitched: bool,
) -> str:
    """Return the aggregate of the events: of sealed blocks, and of the raw ones after them."""
    parameters["sealed"] = rolled.sealed
    parameters["firsts"] = [block.first for block in rolled.blocks]
    parameters["lasts"] = [block.last for block in rolled.blocks]
    names = dict.fromkeys(BASES[name].measure for name in plan.bases if _is_of_events(name))
    if _has_money(plan):
        names["currencies"] = None
    where = _conditions("events", query, period, parameters)
    sealed = ["has(arrayZip({firsts:Array(UInt64)}, {lasts:Array(UInt64)}), (first, last))"]
    keys = ", ".join(f"d{index}" for index in range(len(plan.dimensions)))
    group = f" GROUP BY {keys}" if keys else ""

    def part(table: str, cells: Sequence[str], conditions: Sequence[str]) -> str:
        columns = [
            f"{_dimension(name, 'events', query.granularity, period)} AS d{index}"
            for index, name in enumerate(plan.dimensions)
        ]
        columns += [f"{cell} AS p_{name}" for name, cell in zip(names, cells, strict=True)]
        chosen, tests = ", ".join(columns), " AND ".join(conditions)
        return f"SELECT {chosen} FROM {table} WHERE {tests}{group}"  # noqa: S608  # catalogue names only; values are parameters

    old = part(
        rolled.cube.table, [MEASURES[name].join.format(name) for name in names], sealed + where[1:]
    )
    new = part(
        _RELATIONS["events"],
        [MEASURES[name].part for name in names],
        ["offset > {sealed:UInt64}", *where],
    )
    columns = [f"d{index}" for index in range(len(plan.dimensions))]
    for name in plan.bases:
        of_events = _is_of_events(name)
        measure = BASES[name].measure
        whole = MEASURES[measure].whole.format(f"p_{measure}") if of_events else "0"
        if stitched and measure == PEOPLE:
            whole = counted(MEASURES[measure].join.format(f"p_{measure}"))
        columns.append(f"toInt64({whole}) AS b_{name}")
    currencies = MEASURES["currencies"].whole.format("p_currencies")
    columns.append(f"{currencies if _has_money(plan) else _NO_CURRENCIES} AS b_currencies")
    return f"SELECT {', '.join(columns)} FROM ({old} UNION ALL {new}){group}"  # noqa: S608  # catalogue names only; values are parameters


def _is_of_events(base: str) -> bool:
    return BASES[base].table == "events"


def _has_money(plan: Plan) -> bool:
    """Say whether money of events is summed."""
    return any(BASES[name].money and _is_of_events(name) for name in plan.bases)


def _dimension(name: str, table: Source, granularity: Granularity | None, period: Period) -> str:
    if name == granularity:
        return bucket_sql(granularity, TIME_COLUMN[table], shifted=period.shift_us != 0)
    return f"toString({DIMENSIONS[name].columns[table]})"


def _currencies(table: Source, plan: Plan) -> str:
    """Return the currencies whose money is summed in a row, so that they are never mixed."""
    if not any(BASES[name].money and BASES[name].table == table for name in plan.bases):
        return _NO_CURRENCIES
    has_money = "1" if table == "order_lines" else f"cost_minor != 0 AND source = '{ADS_SOURCE}'"
    return f"groupUniqArrayIf(toString(currency), {has_money})"


def _conditions(
    table: Source, query: ReportQuery, period: Period, parameters: dict[str, Any]
) -> list[str]:
    # The first is about raw rows only: what is rolled up was chosen by the same rule before.
    conditions = ["offset <= {as_of:UInt64}" + (f" AND {REPORTED}" if table == "events" else "")]
    for name, sign, us in (("start", ">=", period.start_us), ("end", "<", period.end_us)):
        if us is not None:
            parameters[name] = us
            moment = f"fromUnixTimestamp64Micro({{{name}:Int64}}, 'UTC')"
            conditions.append(f"{TIME_COLUMN[table]} {sign} {moment}")
    for index, one in enumerate(query.filters):
        conditions.append(filter_sql(one, table, f"f{index}", parameters))
    return conditions


def filter_sql(one: Filter, table: Source, name: str, parameters: dict[str, Any]) -> str:
    """Return the condition of one filter; its value goes into ``parameters`` by ``name``."""
    parameters[name] = one.value
    column = DIMENSIONS[one.dimension].columns[table]
    if one.dimension == "promotion" and table == "order_lines":
        some = _OPERATORS[one.op.removeprefix("not_").replace("ne", "eq")].format(
            column="one", name=name
        )
        found = f"arrayExists(one -> {some}, promotion_ids)"
        return f"NOT {found}" if one.op in {"ne", "not_in"} else found
    return _OPERATORS[one.op].format(column=column, name=name)


def _tail(query: ReportQuery, plan: Plan, rows_max: int | None) -> str:
    columns = {name: f"d{index}" for index, name in enumerate(plan.dimensions)}
    columns |= {name: f"m_{name}" for name in query.metrics}
    order = [f"{columns[one.by]} {one.direction.upper()} NULLS LAST" for one in query.order]
    order += [f"d{index} ASC" for index in range(len(plan.dimensions))]
    return (f" ORDER BY {', '.join(order)}" if order else "") + f" LIMIT {rows_max}"
