"""Segments: counted, listed, explained, and published to the roles that decide."""

from typing import Any

import msgspec

from queqiao.kernel.clock import format_rfc3339
from queqiao.ports.records import artifacts
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Documents, Stored
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import PERSONALIZATION, allows, watermark
from queqiao.profile.conditions import Condition, compile_actual, compile_condition
from queqiao.profile.contracts import ARTIFACT_PREFIX, SEGMENT, SegmentArtifact
from queqiao.profile.expression import Comparison, Node, comparisons, parse
from queqiao.profile.people import PersonSummary, summaries
from queqiao.profile.person_query import FOR_ADS, person_query

SAMPLE = 10
PAGE = 100_000
"""Members read at a time: below the warehouse's bound of rows."""

_KEPT_FROM_ADS = """SELECT count() FROM (
  SELECT 1 FROM history WHERE split LIMIT 1 UNION ALL SELECT 1 FROM order_lines WHERE split LIMIT 1)
""".replace("split", f"{allows(PERSONALIZATION)} AND NOT {allows(FOR_ADS)}")
"""More than 0 where something may personalize and not advertise; else members need be counted once.
"""


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
    counting = person_query(f"countIf({condition.sql}), count()", "", condition.parts)
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


async def refresh(warehouse: Warehouse, records: Records, now_us: int) -> dict[str, int]:
    """Compute the members of every live segment and publish them; return the counts by id.

    Segments that are no longer live are published empty. Unchanged members are not told anew.
    """
    live = await Documents(records).live(SEGMENT)
    counts: dict[str, int] = {}
    for stored in live:
        counted = await _counted(warehouse, stored, now_us)
        await _publish(records, counted, now_us)
        counts[stored.id] = len(counted.members)
    await records.write(lambda conn: _empty_others(conn, set(counts), now_us))
    return counts


async def _counted(warehouse: Warehouse, stored: Stored, now_us: int) -> SegmentArtifact:
    """Return the members of a segment, and those that ads may ask for.

    Whether the two can differ is asked after the count: what was loaded before is seen by it.
    """
    node = parse(stored.document.expression)
    found = await _all_members(warehouse, node, now_us, PERSONALIZATION)
    kept_from_ads = (await warehouse.query(_KEPT_FROM_ADS)).rows[0][0]
    for_ads = await _all_members(warehouse, node, now_us, FOR_ADS) if kept_from_ads else None
    return SegmentArtifact(stored.id, stored.revision, found, for_ads)


async def _all_members(warehouse: Warehouse, node: Node, now_us: int, purposes: int) -> list[str]:
    found: list[str] = []
    while True:
        after = found[-1] if found else ""
        page = await members(warehouse, node, now_us, PAGE, after=after, purposes=purposes)
        found += page
        if len(page) < PAGE:
            return found


async def _publish(records: Records, counted: SegmentArtifact, now_us: int) -> None:
    name, body = ARTIFACT_PREFIX + counted.segment_id, msgspec.msgpack.encode(counted)
    await records.write(lambda conn: artifacts.put(conn, name, body, now_us))


def _empty_others(conn: Any, live: set[str], now_us: int) -> None:
    for name in artifacts.names(conn, ARTIFACT_PREFIX):
        segment_id = name.removeprefix(ARTIFACT_PREFIX)
        if segment_id not in live:
            empty = SegmentArtifact(segment_id, 0, [], None)
            artifacts.put(conn, name, msgspec.msgpack.encode(empty), now_us)


async def _of_one(
    warehouse: Warehouse,
    columns: list[Condition],
    person: str,
    now_us: int,
    purposes: int = PERSONALIZATION,
) -> list[list[Any]]:
    """Return one row with a column for each condition; parameters get apart by their place."""
    parameters: dict[str, Any] = {"now": now_us, "person": person}
    printed: list[str] = []
    for at, column in enumerate(columns):
        parameters |= {f"c{at}{name}": value for name, value in column.parameters.items()}
        printed.append(column.sql.replace("{v", f"{{c{at}v"))
    parts = frozenset(part for column in columns for part in column.parts)
    sql = person_query(", ".join(printed), "", parts, one_person=True, purposes=purposes)
    return (await warehouse.query(sql, parameters)).rows


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
