"""Segments: previewed, listed and explained. ``segment_counts.py`` counts the live ones for all."""

from typing import Any

import msgspec

from queqiao.kernel.clock import format_rfc3339
from queqiao.ports.records.documents import Stored
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import PERSONALIZATION, watermark
from queqiao.profile.conditions import (
    Condition,
    compile_actual,
    compile_condition,
    side_by_side,
)
from queqiao.profile.expression import Comparison, Node, comparisons, parse
from queqiao.profile.people import PersonSummary, summaries
from queqiao.profile.person_query import person_query

SAMPLE = 10


class Preview(msgspec.Struct, frozen=True):
    """How many of all shoppers an expression holds for; a sample; up to when the data goes."""

    count: int
    total: int
    sample: list[PersonSummary]
    watermark: str | None


class Explained(msgspec.Struct, frozen=True):
    """One condition for one person. ``actual`` is None where the value is unknown."""

    path: str
    field: str
    op: str
    value: Any
    actual: str | None
    holds: bool
    category: str | None = None


class Explanation(msgspec.Struct, frozen=True):
    """Why a person is or is not a member. ``known`` is False for someone without any event."""

    person_id: str
    known: bool
    member: bool
    conditions: list[Explained]


async def preview(warehouse: Warehouse, expression: Any, now_us: int) -> Preview:
    """Return the count, the total and a sample. Raises InvalidInput naming the path."""
    condition = compile_condition(parse(expression))
    columns, categories = f"countIf({condition.sql}), count()", condition.categories
    counting = person_query(columns, "", condition.parts, categories=categories)
    counts = await warehouse.query(counting, {**condition.parameters, "now": now_us})
    count, total = counts.rows[0]
    loaded = await watermark(warehouse)
    sample = await summaries(warehouse, now_us, SAMPLE, condition=condition) if count else []
    until = format_rfc3339(loaded.received_at_us) if loaded.offset else None
    return Preview(count, total, sample, until)


async def members(
    warehouse: Warehouse,
    node: Node,
    now_us: int,
    limit: int,
    *,
    after: str = "",
    purposes: int = PERSONALIZATION,
) -> list[str]:
    """Return up to ``limit`` members in the order of their ids, those after ``after``."""
    condition = compile_condition(node)
    sql = person_query(
        "activity.person",
        f"WHERE activity.person > {{after:String}} AND {condition.sql}"
        " ORDER BY activity.person LIMIT {limit:UInt32}",
        condition.parts,
        purposes=purposes,
        categories=condition.categories,
    )
    parameters = {**condition.parameters, "now": now_us, "after": after, "limit": limit}
    return [row[0] for row in (await warehouse.query(sql, parameters)).rows]


async def explain(
    warehouse: Warehouse, node: Node, person: str, now_us: int, purposes: int = PERSONALIZATION
) -> Explanation:
    """Return for every condition what it asks, what the person has, and whether it holds."""
    leaves = comparisons(node)
    whole = compile_condition(node)
    columns = [
        whole,
        *(c for leaf in leaves for c in (compile_condition(leaf), compile_actual(leaf))),
    ]
    rows = await _of_one(warehouse, columns, person, now_us, purposes)
    if not rows:
        return Explanation(person, known=False, member=False, conditions=[])
    member, *pairs = rows[0]
    told = [
        _explained(leaf, bool(holds), actual)
        for leaf, holds, actual in zip(leaves, pairs[::2], pairs[1::2], strict=True)
    ]
    return Explanation(person, known=True, member=bool(member), conditions=told)


async def segments_of(
    warehouse: Warehouse, live: list[Stored], person: str, now_us: int
) -> list[str]:
    """Return the ids of the live segments that the person is in at this moment."""
    if not live:
        return []
    conditions = [compile_condition(parse(stored.document.expression)) for stored in live]
    rows = await _of_one(warehouse, conditions, person, now_us)
    holds = rows[0] if rows else [0] * len(live)
    return [stored.id for stored, held in zip(live, holds, strict=True) if held]


async def _of_one(
    warehouse: Warehouse,
    columns: list[Condition],
    person: str,
    now_us: int,
    purposes: int = PERSONALIZATION,
) -> list[list[Any]]:
    """Return one row with a column for each condition."""
    together = side_by_side(columns)
    asked: dict[str, Any] = {"now": now_us, "person": person}
    for column in together:
        asked |= column.parameters
    sql = person_query(
        ", ".join(column.sql for column in together),
        "",
        {part for column in together for part in column.parts},
        whose="one",
        purposes=purposes,
        categories=[name for column in together for name in column.categories],
    )
    return (await warehouse.query(sql, asked)).rows


def _explained(leaf: Comparison, holds: bool, actual: str | None) -> Explained:
    listed = leaf.op in {"in", "not_in"}
    return Explained(
        path=leaf.path,
        field=leaf.field.name,
        op=leaf.op,
        value=list(leaf.values) if listed else leaf.values[0],
        actual=actual,
        holds=holds,
        category=leaf.category,
    )
