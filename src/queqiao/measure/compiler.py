"""From a checked question to SQL. Names come from the catalogue, values travel as parameters."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.measure.catalogue import BASES, METRICS
from queqiao.measure.contracts import Filter, Granularity, ReportQuery
from queqiao.measure.dimensions import DIMENSIONS, TIME_COLUMN, Source
from queqiao.measure.names import Plan
from queqiao.measure.people import PEOPLE, counted
from queqiao.measure.period import Period, bucket_sql
from queqiao.measure.rolled import Piece, Rolled, rolled
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

_OF_BLOCKS = "has(arrayZip({firsts:Array(UInt64)}, {lasts:Array(UInt64)}), (first, last))"

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
        held = rolled(query, plan, period, blocks, as_of) if table == "events" else None
        if held is None:
            parts.append(_of_table(table, query, plan, period, parameters, stitched=stitched))
        else:
            parts.append(_of_rollups(held, query, plan, period, parameters, stitched=stitched))
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


def _of_rollups(
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
    joins = [MEASURES[name].join.format(name) for name in names]
    fresh = [MEASURES[name].part for name in names]
    filters = _filters("events", query, parameters)
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

    def of_piece(piece: Piece, number: int) -> str:
        bounds = _within("timestamp", piece.start_us, piece.end_us, f"_{number}", parameters)
        if piece.cube is not None:
            return part(piece.cube.table, joins, [_OF_BLOCKS, *bounds, *filters])
        old = ["offset <= {sealed:UInt64}", REPORTED]
        return part(_RELATIONS["events"], fresh, [*old, *bounds, *filters])

    parts = [of_piece(piece, number) for number, piece in enumerate(rolled.pieces)]
    where = _conditions("events", query, period, parameters)
    later = ["offset > {sealed:UInt64}", "block_last > {sealed:UInt64}", *where]
    parts.append(part(_RELATIONS["events"], fresh, later))
    columns = ", ".join(_of_parts(plan, stitched=stitched))
    return f"SELECT {columns} FROM ({' UNION ALL '.join(parts)}){group}"  # noqa: S608  # catalogue names only; values are parameters


def _of_parts(plan: Plan, *, stitched: bool) -> Iterator[str]:
    """Yield the columns that parts of the events are joined to."""
    yield from (f"d{index}" for index in range(len(plan.dimensions)))
    for name in plan.bases:
        measure = BASES[name].measure
        whole = MEASURES[measure].whole.format(f"p_{measure}") if _is_of_events(name) else "0"
        if stitched and measure == PEOPLE:
            whole = counted(MEASURES[measure].join.format(f"p_{measure}"))
        yield f"toInt64({whole}) AS b_{name}"
    currencies = MEASURES["currencies"].whole.format("p_currencies")
    yield f"{currencies if _has_money(plan) else _NO_CURRENCIES} AS b_currencies"


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
    known = "offset <= {as_of:UInt64}" + (f" AND {REPORTED}" if table == "events" else "")
    bounds = _within(TIME_COLUMN[table], period.start_us, period.end_us, "", parameters)
    return [known, *bounds, *_filters(table, query, parameters)]


def _within(
    column: str, start_us: int | None, end_us: int | None, suffix: str, parameters: dict[str, Any]
) -> list[str]:
    """Return the conditions of a range of time; its ends go into ``parameters`` by ``suffix``."""
    conditions = []
    for name, sign, us in (("start", ">=", start_us), ("end", "<", end_us)):
        if us is not None:
            parameters[name + suffix] = us
            moment = f"fromUnixTimestamp64Micro({{{name}{suffix}:Int64}}, 'UTC')"
            conditions.append(f"{column} {sign} {moment}")
    return conditions


def _filters(table: Source, query: ReportQuery, parameters: dict[str, Any]) -> list[str]:
    return [
        filter_sql(one, table, f"f{index}", parameters) for index, one in enumerate(query.filters)
    ]


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
