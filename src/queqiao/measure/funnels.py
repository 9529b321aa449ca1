"""Funnels: how far people come through steps, computed in the warehouse from their events.

The events of a person that matter are put in order and folded once. For a way in order the fold
keeps for each step the latest beginning of a way that leads to it: it leaves the most time, so no
way that counts is missed. For any order it keeps when each step was last taken.
"""

from typing import Any

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.measure.compiler import filter_sql
from queqiao.measure.contracts import ReportQuery
from queqiao.measure.dimensions import DIMENSIONS
from queqiao.measure.funnels_contracts import FunnelGroup, FunnelQuery, FunnelReport, Order, Step
from queqiao.measure.people import any_stitched, person
from queqiao.measure.period import Period, period_of
from queqiao.measure.query import received, resolve
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import REPORTED, watermark

_KEPT: dict[Order, str] = {
    "ordered": "begun[i]",
    "strict": "toInt64(0)",
    "unordered": "begun[i]",
}
"""What remains of step i when an event is not that step."""

_TAKEN: dict[Order, str] = {
    "ordered": "multiIf(i = 1, e.1, begun[i - 1] != 0 AND e.1 - begun[i - 1] <= {window:Int64},"
    " greatest(begun[i], begun[i - 1]), begun[i])",
    "strict": "multiIf(i = 1, e.1, begun[i - 1] != 0 AND e.1 - begun[i - 1] <= {window:Int64},"
    " begun[i - 1], toInt64(0))",
    "unordered": "e.1",
}
"""What becomes of step i when an event is that step; 0 is none, times are after 1970."""

_REACHED: dict[Order, str] = {
    "ordered": "arrayMax(i -> if(begun[i] != 0, i, 0), steps)",
    "strict": "arrayMax(i -> if(begun[i] != 0, i, 0), steps)",
    "unordered": "arrayCount(i -> begun[i] != 0 AND e.1 - begun[i] <= {window:Int64}, steps)",
}


async def funnel(warehouse: Warehouse, query: FunnelQuery) -> FunnelReport:
    """Return the answer. Raises InvalidInput by field, and Refused for a future ``as_of``."""
    _check(query)
    period = period_of(
        ReportQuery(["visitors"], from_=query.from_, to=query.to, timezone=query.timezone)
    )
    loaded = await watermark(warehouse)
    as_of = await resolve(warehouse, query.as_of, loaded)
    stitched = await any_stitched(warehouse, as_of)
    sql, parameters = compile_funnel(query, period, as_of, stitched=stitched)
    rows = (await warehouse.query(sql, parameters)).rows
    steps = len(query.steps)
    total = next((row[1] for row in rows if row[2]), [0] * steps)
    groups = [_group(row[0], row[1]) for row in rows if not row[2]] if query.breakdown else []
    return FunnelReport(
        steps=[step.label or step.event for step in query.steps],
        total=_group(None, total),
        groups=groups,
        watermark=await received(warehouse, as_of, loaded),
        watermark_offset=as_of,
        as_of=as_of,
    )


def compile_funnel(
    query: FunnelQuery, period: Period, as_of: int, *, stitched: bool
) -> tuple[str, dict[str, Any]]:
    """Return the statement and its parameters.

    A row: the value of the breakdown, how many came how far, and whether it is the whole.
    """
    parameters: dict[str, Any] = {"as_of": as_of, "window": query.window_s * 1_000_000}
    parameters |= {"exclusions": query.exclusions, "limit": query.limit}
    count = len(query.steps)
    ways = _people(query, period, parameters, stitched=stitched)
    numbers = f"[{', '.join(f'countIf(level >= {n})' for n in range(1, count + 1))}]"
    sql = (
        f"SELECT value, {numbers} AS people, grouping(value) AS is_whole"  # noqa: S608  # catalogue names only; values are parameters
        f" FROM (SELECT value, {_level(query.order, count)} AS level FROM ({ways}))"
        " WHERE level > 0 GROUP BY GROUPING SETS ((value), ())"
        " ORDER BY is_whole DESC, people DESC, value LIMIT {limit:UInt32} + 1"
    )
    return sql, parameters


def _level(order: Order, count: int) -> str:
    """Return how far a person came, folded over ``moments``: (time, offset, steps, excluded)."""
    none = f"CAST({[0] * count} AS Array(Int64))"
    step = f"arrayMap(i -> if(bitTest(e.3, i - 1), {_TAKEN[order]}, {_KEPT[order]}), steps)"
    after = f"if(e.4, {none}, {step.replace('begun', 'before.1')})"
    reached = _REACHED[order].replace("begun", f"{after}")
    fold = (
        f"arrayFold((before, e) -> ({after}, greatest(before.2, toUInt8({reached}))),"
        f" moments, ({none}, toUInt8(0))).2"
    )
    steps = f"CAST({list(range(1, count + 1))} AS Array(UInt8))"
    return fold.replace("steps)", f"{steps})")


def _people(
    query: FunnelQuery, period: Period, parameters: dict[str, Any], *, stitched: bool
) -> str:
    """Return the statement of one row a person: the moments that matter, in order."""
    taken = [_condition(step, at, parameters) for at, step in enumerate(query.steps)]
    bits = [f"bitShiftLeft(toUInt16({sql}), {at})" for at, sql in enumerate(taken)]
    mask = bits[0]
    for bit in bits[1:]:
        mask = f"bitOr({mask}, {bit})"
    column = DIMENSIONS[query.breakdown].columns["events"] if query.breakdown else "''"
    where = ["offset <= {as_of:UInt64}", REPORTED, "person != 0", *_times(period, parameters)]
    if query.order != "strict":  # what is between does not matter
        names = [*{step.event: None for step in query.steps}, *query.exclusions]
        parameters["names"] = names
        where.append("has({names:Array(String)}, toString(event))")
    begins = "taken != 0" if query.order == "unordered" else "bitTest(taken, 0)"
    return (
        "SELECT who, arraySort(groupArray((at, offset, taken, excluded))) AS moments,"  # noqa: S608  # catalogue names only; values are parameters
        f" argMinIf(dimension, (at, offset), {begins}) AS value FROM ("
        f"SELECT {person(stitched=stitched)} AS who, toUnixTimestamp64Micro(timestamp) AS at,"
        f" offset, {mask} AS taken, has({{exclusions:Array(String)}}, toString(event)) AS excluded,"
        f" toString({column}) AS dimension FROM history WHERE {' AND '.join(where)})"
        f" GROUP BY who HAVING countIf({begins}) > 0"
    )


def _condition(step: Step, at: int, parameters: dict[str, Any]) -> str:
    parameters[f"event{at}"] = step.event
    found = [f"event = {{event{at}:String}}"]
    found += [
        filter_sql(one, "events", f"s{at}f{number}", parameters)
        for number, one in enumerate(step.filters)
    ]
    return f"({' AND '.join(found)})"


def _times(period: Period, parameters: dict[str, Any]) -> list[str]:
    found = []
    for name, sign, us in (("start", ">=", period.start_us), ("end", "<", period.end_us)):
        if us is not None:
            parameters[name] = us
            found.append(f"timestamp {sign} fromUnixTimestamp64Micro({{{name}:Int64}}, 'UTC')")
    return found


def _group(value: str | None, people: list[int]) -> FunnelGroup:
    before = [people[0], *people[:-1]]
    return FunnelGroup(
        value,
        people,
        [_share(count, people[0]) for count in people],
        [_share(count, whole) for count, whole in zip(people, before, strict=True)],
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _check(query: FunnelQuery) -> None:
    """Raise InvalidInput naming every field that the types alone cannot judge."""
    listed = ", ".join(name for name, one in DIMENSIONS.items() if "events" in one.columns)
    choose = Message(f"请从中选择：{listed}", f"choose from: {listed}")
    wrong = []
    if query.breakdown is not None and query.breakdown not in DIMENSIONS:
        wrong.append(FieldError("breakdown", choose))
    for at, step in enumerate(query.steps):
        for number, one in enumerate(step.filters):
            path = f"steps[{at}].filters[{number}]"
            if one.dimension not in DIMENSIONS:
                wrong.append(FieldError(f"{path}.dimension", choose))
            if isinstance(one.value, list) != (one.op in {"in", "not_in"}):
                message = Message(
                    "in 与 not_in 用列表，其他用一个值", "a list for in and not_in only"
                )
                wrong.append(FieldError(f"{path}.value", message))
    names = [step.event for step in query.steps]
    if set(names) & set(query.exclusions):
        message = Message("不能同时是一个步骤", "an exclusion cannot be a step too")
        wrong.append(FieldError("exclusions", message))
    if query.order == "unordered" and len(set(names)) < len(names):
        message = Message(
            "不分先后时，各步骤的事件不能相同", "unordered steps need different events"
        )
        wrong.append(FieldError("steps", message))
    if wrong:
        raise InvalidInput(*wrong)
