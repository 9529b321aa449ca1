"""Carries records over from SQLite to PostgreSQL: every row of every table, in one transaction.

Counters go on where they stood: a version of the change feed is never given twice. What was written
is read again before the commit, and compared by count and digest, table by table.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import Connection, Select, Table, func, inspect, select, text
from xxhash import xxh3_128_intdigest

from queqiao.kernel.errors import Broken, Conflict, Message, QueqiaoError, StorageFull
from queqiao.ports.records.base import metadata
from queqiao.ports.records.engine import EngineRecords
from queqiao.ports.records.migrations import upgrade
from queqiao.ports.records.postgresql_server import refusal

ROWS_AT_A_TIME = 1_000
_MIGRATIONS = "alembic_version"
_FULL = "53100"
_encode = msgspec.msgpack.Encoder().encode

Told = Callable[[int, int], None]
"""Told how many rows were written, and of how many."""


class Likeness(NamedTuple):
    """How many rows a table has, and a digest over them that does not depend on their order."""

    rows: int
    digest: int


def move(source: EngineRecords, target: EngineRecords, told: Told) -> dict[str, int]:
    """Copy all records of a SQLite file to an empty database; return the rows of each table.

    Blocking; nothing may write to the source meanwhile. Both are brought to the newest schema. All
    is there afterwards, or nothing. A database that holds the very same rows already is left alone.
    Raises Conflict when it holds others, or a row that PostgreSQL does not take; Unavailable.
    """
    source.upgrade()
    return source.read_now(lambda given: target.write_now(lambda taken: _copy(given, taken, told)))


def counts(source: EngineRecords) -> dict[str, int]:
    """Return how many rows each table has: none where an older release had no such table."""
    return source.read_now(_counts)


def _counts(conn: Connection) -> dict[str, int]:
    there = set(inspect(conn).get_table_names())
    return {one.name: _count(conn, one) if one.name in there else 0 for one in _tables(conn)}


def _copy(given: Connection, taken: Connection, told: Told) -> dict[str, int]:
    upgrade(taken)
    tables = _tables(given)
    wanted = {table.name: likeness(given, table) for table in tables}
    if not _is_empty(taken, tables):
        _same(taken, tables, wanted, _TAKEN)
    else:
        _write(given, taken, tables, told)
        _same(taken, tables, wanted, _DIFFERS)
    for table in tables:
        _go_on_counting(given, taken, table)
    return {name: found.rows for name, found in wanted.items()}


def _tables(conn: Connection) -> Sequence[Table]:
    """Return all tables, those that others refer to first."""
    unknown = set(inspect(conn).get_table_names()) - set(metadata.tables) - {_MIGRATIONS}
    if unknown:
        words = ", ".join(sorted(unknown))
        raise Broken(Message(f"不认识的表：{words}", f"tables that nobody knows: {words}"))
    return metadata.sorted_tables


def likeness(conn: Connection, table: Table) -> Likeness:
    """Return count and digest of a table."""
    rows = digest = 0
    with conn.execute(_all(table)) as found:
        for row in found:
            rows += 1
            digest += xxh3_128_intdigest(_encode(tuple(row)))
    return Likeness(rows, digest % 2**128)


def _all(table: Table) -> Select[Any]:
    """Return the question for all rows, some at a time."""
    return select(table).execution_options(yield_per=ROWS_AT_A_TIME)


def _is_empty(conn: Connection, tables: Sequence[Table]) -> bool:
    return not any(_count(conn, table) for table in tables)


def _count(conn: Connection, table: Table) -> int:
    return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def _same(
    conn: Connection, tables: Sequence[Table], wanted: dict[str, Likeness], otherwise: Message
) -> None:
    """Raise Conflict unless the tables hold the same rows."""
    others = [table.name for table in tables if likeness(conn, table) != wanted[table.name]]
    if others:
        words = ", ".join(others)
        raise Conflict(Message(f"{otherwise.zh}（{words}）", f"{otherwise.en} ({words})"))


def _write(given: Connection, taken: Connection, tables: Sequence[Table], told: Told) -> None:
    done, of_all = 0, sum(_count(given, table) for table in tables)
    for table in tables:
        for count in _write_table(given, taken, table):
            done += count
            told(done, of_all)


def _write_table(given: Connection, taken: Connection, table: Table) -> Iterator[int]:
    """Copy the rows of a table; yield how many, again and again."""
    cursor = _cursor(taken)
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), columns)
    try:
        with given.execute(_all(table)) as rows, cursor.copy(command) as copy:
            for some in rows.partitions(ROWS_AT_A_TIME):
                for row in some:
                    copy.write_row(tuple(row))
                yield len(some)
    except psycopg.Error as error:
        raise _fault_of(error, table) from error


def _cursor(conn: Connection) -> Any:
    """Return a cursor of the driver's own: SQLAlchemy has no words for COPY."""
    driver: Any = conn.connection.driver_connection
    return driver.cursor()


def _fault_of(error: psycopg.Error, table: Table) -> QueqiaoError:
    if error.sqlstate == _FULL:
        return StorageFull()
    if not isinstance(error, psycopg.DataError):
        return refusal(str(error))
    # Its first words only: the others show the row.
    said = error.diag.message_primary or str(error).partition("\n")[0]
    return Conflict(
        Message(
            f"PostgreSQL 不接受表 {table.name} 的某一行（{said}）；改正它再搬",
            f"PostgreSQL does not take a row of table {table.name} ({said}); mend it, then move",
        )
    )


def _go_on_counting(given: Connection, taken: Connection, table: Table) -> None:
    """Let a key that counts up go on behind all that were ever given, not only those left."""
    column = table.autoincrement_column
    if column is None or not table.dialect_options["sqlite"]["autoincrement"]:
        return
    given_so_far = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    last = given.execute(given_so_far, {"name": table.name}).scalar() or 0
    if last:
        counter = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
        named = {"table": table.name, "column": column.name, "last": last}
        taken.execute(counter, named)


_TAKEN = Message(
    "目标库已有别的数据；换一个空库", "the database holds other records already; name an empty one"
)
_DIFFERS = Message("写入后与原来不同", "what was written differs from what was read")
