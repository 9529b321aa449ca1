"""What the embedded engine asks of a keyed step."""

from collections.abc import Sequence
from typing import Any, Protocol

import pyarrow as pa

from queqiao.ports.compute.plan import Columns
from queqiao.ports.compute.values import ARROW, schema_of
from queqiao.ports.compute.watermark import Watermark

Outputs = dict[str, pa.Table]
"""``results`` and ``too_late``, each left out when empty."""

Changes = list[tuple[bytes, bytes | None]]
"""State to write, by name; None removes it."""


class Node(Protocol):
    """A keyed step at work. Its state is what ``load`` was given plus what it has taken in."""

    watermark: Watermark

    def add(self, rows: pa.Table) -> Outputs:
        """Take rows in, return what comes out."""
        ...

    def finish(self) -> Outputs:
        """Return what comes out at the end of the source."""
        ...

    def changes(self) -> Changes:
        """Return the state that changed since the last call."""
        ...

    def load(self, name: bytes, value: bytes) -> None:
        """Take back one entry of the state."""
        ...


class NoKeys:
    """A plan without a keyed step: rows go through."""

    def __init__(self) -> None:
        self.watermark = Watermark(0)

    def add(self, rows: pa.Table) -> Outputs:
        """Return the rows."""
        return {"results": rows} if rows.num_rows else {}

    def finish(self) -> Outputs:
        """Return nothing."""
        return {}

    def changes(self) -> Changes:
        """Return nothing: there is no state."""
        return []

    def load(self, name: bytes, value: bytes) -> None:
        """Refuse: there is no state."""
        raise KeyError(name, value)


def time_as_int(column: Any) -> Any:
    """Return times as microseconds, other columns as they are."""
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column


def rows_table(rows: Sequence[Sequence[Any]], columns: Columns) -> pa.Table:
    """Return rows of plain values, times in microseconds, as a table."""
    arrays = []
    for values, kind in zip(zip(*rows, strict=True), columns.values(), strict=True):
        if kind == "time":
            arrays.append(pa.array(values, pa.int64()).cast(ARROW["time"]))
        else:
            arrays.append(pa.array(values, ARROW[kind]))
    return pa.Table.from_arrays(arrays, schema=schema_of(columns))


def joined(tables: Sequence[Outputs]) -> Outputs:
    """Return the outputs of several batches, one after the other."""
    names = sorted({name for outputs in tables for name in outputs})
    return {name: pa.concat_tables([t[name] for t in tables if name in t]) for name in names}
