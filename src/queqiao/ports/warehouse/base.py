"""The warehouse: facts in columns, asked for in ClickHouse SQL.

What every adapter promises:

- ``query`` reads and nothing else: a statement that would write is refused by the engine itself.
  It is bounded in seconds, rows and bytes by ``Limits``; beyond them it raises Refused with the
  reason ``query_too_slow``, ``query_too_many_rows`` or ``query_too_much_memory``. Values are given
  as ``{name:Type}`` parameters, never pasted into the text.
- A cell is None, bool, int, float, str, or a list of these. A moment is int microseconds UTC, a
  calendar date is ``YYYY-MM-DD``, a decimal is a string of its exact digits.
- ``insert`` takes the rows of one table as Arrow, columns by name. When it returns, the rows are
  on disk (the tables ask for fsync). Up to ``INSERT_ROWS_MAX`` rows are seen at once or not at all;
  a crash in the middle of more may leave the first part. Inserting twice stores twice.
  Rows that come small and often may be ``gathered``: a server then writes them together with those
  of other calls. They too are on disk when the call returns.
- Rows that were inserted are seen by every query that starts after the insert returned.
- ``command`` runs one statement that answers nothing: the DDL. ``exclusive`` runs several of them
  while no query of this adapter runs: none sees the time between the first and the last. It is not
  a transaction: when one fails, or the process ends, those before it have happened.
- Unavailable when the engine cannot be reached, StorageFull when its disk is full, Broken for a
  statement that the engine does not understand (we wrote it, so the defect is ours).
- Calls may overlap; each waits for its turn on one of a few connections.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import msgspec
import pyarrow as pa

INSERT_ROWS_MAX = 100_000
"""Rows of one insert that become visible as one; the engine cuts larger ones into blocks."""

NO_PARAMETERS: Mapping[str, Any] = MappingProxyType({})


class Table(msgspec.Struct):
    """An answer: column names, and rows of plain values in the order of the columns."""

    columns: list[str]
    rows: list[list[Any]]


class Limits(msgspec.Struct, frozen=True):
    """Bounds of one query, and of the engine when it runs in our process."""

    query_seconds_max: int = 10
    query_rows_max: int = 200_000
    query_bytes_max: int = 200_000_000
    engine_bytes_max: int = 320_000_000
    threads: int = 2
    connections: int = 2


class Warehouse(Protocol):
    """See the module for what is promised."""

    async def query(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> Table:
        """Return the rows of one reading statement."""
        ...

    async def insert(self, table: str, rows: pa.Table, *, gathered: bool = False) -> None:
        """Store rows durably."""
        ...

    async def command(self, sql: str) -> None:
        """Run one statement of the DDL."""
        ...

    async def exclusive(self, statements: Sequence[str]) -> None:
        """Run statements of the DDL while no query runs."""
        ...
