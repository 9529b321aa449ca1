"""Mergeable aggregates: a part is a small plain value; parts merge in any order and grouping."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from queqiao.ports.compute.arrow_numbers import ints
from queqiao.ports.compute.plan import Aggregate
from queqiao.ports.compute.sketch import estimate, registers_of
from queqiao.ports.compute.values import hash_columns

Part = Any
"""count: int; sum, average: [high, low, count]; min, max: value; distinct: set; sketch: bytes."""

_LOW = (1 << 32) - 1


def inputs_of(aggregates: dict[str, Aggregate], rows: pa.Table) -> dict[str, Any]:
    """Return the columns that partial aggregation reads, named by aggregate.

    Sums are split into halves of 32 bits, so that adding up a batch cannot overflow.
    """
    made: dict[str, Any] = {}
    for name, one in aggregates.items():
        if one.column is None:
            continue
        values = rows.column(one.column)
        if pa.types.is_timestamp(values.type):
            values = values.cast(pa.int64())
        made[name] = values
        if one.kind in {"sum", "average"}:
            whole = ints(values.combine_chunks())
            made[f"{name}.high"], made[f"{name}.low"] = (
                pa.array(whole >> 32),
                pa.array(whole & _LOW),
            )
        if one.kind == "approximate_distinct":
            hashes = hash_columns([rows.column(one.column)], rows.num_rows)
            known = pc.is_valid(rows.column(one.column))
            made[name] = pc.if_else(known, pa.array(hashes), pa.scalar(None, pa.int64()))
    return made


_ARROW: dict[str, tuple[str, ...]] = {
    "count": ("count",),
    "min": ("min",),
    "max": ("max",),
    "distinct": ("distinct",),
    "approximate_distinct": ("distinct",),
}


def parts_of(
    aggregates: dict[str, Aggregate], groups: Sequence[str], table: pa.Table
) -> tuple[list[tuple[Any, ...]], list[list[Part]]]:
    """Return the groups of a batch and the parts of each, in the order of the aggregates."""
    asked: list[tuple[Any, str]] = []
    for name, one in aggregates.items():
        if one.column is None:
            asked.append(([], "count_all"))
        elif one.kind in {"sum", "average"}:
            asked += [(f"{name}.high", "sum"), (f"{name}.low", "sum"), (name, "count")]
        else:
            asked += [(name, kind) for kind in _ARROW[one.kind]]
    found = table.group_by(list(groups), use_threads=False).aggregate(asked)
    keys = list(zip(*(found.column(g).to_pylist() for g in groups), strict=True))
    columns = [_column(found, name, one) for name, one in aggregates.items()]
    return keys, [list(parts) for parts in zip(*columns, strict=True)] if columns else [
        [] for _ in keys
    ]


def _column(found: pa.Table, name: str, one: Aggregate) -> list[Part]:
    if one.column is None:
        return _list(found, "count_all")
    if one.kind in {"sum", "average"}:
        names = (f"{name}.high_sum", f"{name}.low_sum", f"{name}_count")
        return [list(part) for part in zip(*(_list(found, n) for n in names), strict=True)]
    values = _list(found, f"{name}_{_ARROW[one.kind][0]}")
    if one.kind == "distinct":
        return [{value for value in part if value is not None} for part in values]
    if one.kind == "approximate_distinct":
        return [registers_of(np.array([v for v in p if v is not None], np.int64)) for p in values]
    return values


def _list(found: pa.Table, name: str) -> list[Any]:
    values: list[Any] = found.column(name).to_pylist()
    return values


def merge(kind: str, a: Part, b: Part) -> Part:
    """Return the part of two parts; neither is used again."""
    if kind == "count":
        return a + b
    if kind in {"sum", "average"}:
        high, low = a[0] + b[0], a[1] + b[1]
        # What the low half carries moves up; so both stay numbers that msgpack can write.
        return [high + (low >> 32), low & _LOW, a[2] + b[2]]
    if kind == "distinct":
        return a | b
    if kind == "approximate_distinct":
        return np.maximum(np.frombuffer(a, np.uint8), np.frombuffer(b, np.uint8)).tobytes()
    if a is None or b is None:
        return b if a is None else a
    return min(a, b) if kind == "min" else max(a, b)


def result(kind: str, part: Part) -> Any:
    """Return the aggregate's value."""
    if kind in {"sum", "average"}:
        total, count = (part[0] << 32) + part[1], part[2]
        if not count:
            return None
        if kind == "average":
            return float(total) / float(count) + 0.0
        return total if -(1 << 63) <= total < 1 << 63 else None
    if kind == "distinct":
        return len(part)
    return estimate(part) if kind == "approximate_distinct" else part


def stored(part: Part) -> Any:
    """Return a part as msgpack writes it."""
    return sorted(part) if isinstance(part, set) else part


def restored(kind: str, part: Any) -> Part:
    """Return a part from what msgpack read."""
    return set(part) if kind == "distinct" else part
