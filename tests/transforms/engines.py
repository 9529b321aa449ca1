"""The three printers over the same rows, answers as plain lists; times as microseconds."""

from collections.abc import Sequence

import chdb
import pyarrow as pa

from queqiao.ports.compute import arrow, clickhouse, reference
from queqiao.ports.compute.expression import Expression, check
from queqiao.ports.compute.values import schema_of


def table_of(rows: Sequence[dict], columns: dict) -> pa.Table:
    arrays = []
    for field in schema_of(columns):
        values = [row[field.name] for row in rows]
        timed = pa.types.is_timestamp(field.type)
        arrays.append(pa.array(values, pa.int64() if timed else field.type).cast(field.type))
    return pa.table(arrays, schema=schema_of(columns))


def plain(array) -> list:
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.int64())
    return array.to_pylist()


def by_reference(expressions: Sequence[Expression], rows, columns) -> list[list]:
    return [[reference.evaluate(one, row, columns) for row in rows] for one in expressions]


def by_arrow(expressions: Sequence[Expression], rows, columns) -> list[list]:
    table = table_of(rows, columns)
    return [plain(arrow.evaluate(one, table)) for one in expressions]


class ClickHouse:
    """chDB in this process, rows handed over as an Arrow table."""

    def __init__(self) -> None:
        self._connection = chdb.connect(":memory:")

    def evaluate(self, expressions: Sequence[Expression], rows, columns) -> list[list]:
        table = table_of(rows, columns)  # noqa: F841  # named in the SQL
        printed = ", ".join(
            f"{clickhouse.print_sql(one, columns)} AS r{place}"
            for place, one in enumerate(expressions)
        )
        bounds = "max_threads = 1, session_timezone = 'UTC'"
        sql = f"SELECT {printed} FROM Python(table) SETTINGS {bounds}"
        found = self._connection.query(sql, "ArrowTable")
        kinds = [check(one, columns) for one in expressions]
        return [
            typed(plain(found.column(place).combine_chunks()), kind)
            for place, kind in enumerate(kinds)
        ]

    def close(self) -> None:
        self._connection.close()


def typed(values: list, kind: str) -> list:
    """Return what Arrow carries as bytes or numbers in the type that it is."""
    change = {
        "text": lambda v: v.decode() if isinstance(v, bytes) else v,
        "bool": bool,
    }.get(kind, lambda v: v)
    return [None if value is None else change(value) for value in values]
