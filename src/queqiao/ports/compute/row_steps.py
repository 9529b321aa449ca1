"""The row steps of a plan over Arrow tables."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.compute import arrow
from queqiao.ports.compute.plan import Extend, Filter, Lookup, Machine, Plan, Select, Windows
from queqiao.ports.compute.values import ARROW, conform


class RowSteps:
    """The steps before the keyed one, in order."""

    def __init__(self, plan: Plan, lookups: Mapping[str, pa.Table]) -> None:
        self._columns = plan.columns
        self._steps = [s for s in plan.steps if not isinstance(s, Windows | Machine)]
        self._tables = {
            s.table: _lookup_table(s, lookups) for s in self._steps if isinstance(s, Lookup)
        }

    def apply(self, rows: pa.Table) -> pa.Table:
        """Return the rows after all steps."""
        rows = conform(rows, self._columns)
        for step in self._steps:
            if isinstance(step, Filter):
                rows = rows.filter(arrow.evaluate(step.condition, rows))
            elif isinstance(step, Lookup):
                rows = self._look_up(step, rows)
            else:
                rows = _computed(step, rows)
        return rows

    def _look_up(self, step: Lookup, rows: pa.Table) -> pa.Table:
        table = self._tables[step.table]
        found = pc.index_in(rows.column(step.on), value_set=arrow.one_chunk(table.column(0)))
        if found.null_count:
            kept = pc.is_valid(found)
            rows, found = rows.filter(kept), found.filter(kept)
        for name in step.adds:
            rows = _with(rows, name, table.column(name).take(found))
        return rows


def _computed(step: Extend | Select, rows: pa.Table) -> pa.Table:
    made = {name: arrow.evaluate(one, rows) for name, one in step.columns.items()}
    if isinstance(step, Select):
        return pa.table(made)
    for name, values in made.items():
        rows = _with(rows, name, values)
    return rows


def _with(rows: pa.Table, name: str, values: Any) -> pa.Table:
    place = rows.schema.get_field_index(name)
    return rows.append_column(name, values) if place < 0 else rows.set_column(place, name, values)


def _lookup_table(step: Lookup, lookups: Mapping[str, pa.Table]) -> pa.Table:
    path = f"lookups.{step.table}"
    if step.table not in lookups:
        raise InvalidInput(
            FieldError(path, Message("引擎没有这张表", "the engine has no such table"))
        )
    table = lookups[step.table]
    keys = table.column(0)
    if keys.null_count or pc.count_distinct(keys).as_py() != len(keys):
        message = Message("第一列须唯一且不为空", "the first column is unique, without NULL")
        raise InvalidInput(FieldError(path, message))
    for name, kind in step.adds.items():
        if name not in table.column_names or table.column(name).type != ARROW[kind]:
            message = Message(f"须有 {kind} 列", f"it needs this column, of type {kind}")
            raise InvalidInput(FieldError(f"{path}.{name}", message))
    return table.combine_chunks()
