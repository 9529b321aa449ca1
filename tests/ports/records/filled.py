"""Records with something in every table, whatever tables there are."""

import importlib
from collections.abc import Sequence
from random import Random
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, insert
from sqlalchemy.types import Boolean, Integer, LargeBinary

from queqiao.ports.records.base import Records, metadata

STAGES = (
    "catalog",
    "decide.ads.wallets",
    "decide.promotions.cards",
    "decide.promotions.coupons",
    "decide.promotions.engagements",
    "decide.promotions.referrals",
    "decide.promotions.loyalty",
    "operate",
    "reach",
)
WORDS = ("茶叶", "保温杯 'x' \"y\"", "a\tb\nc\\N\\.", "", "é😀", "{}")


def all_tables() -> Sequence[Table]:
    """Return the tables of every stage."""
    for stage in STAGES:
        importlib.import_module(f"queqiao.{stage}.tables")
    return metadata.sorted_tables


def fill(records: Records, rows: int = 20) -> None:
    """Put rows into each table, and take some out of those that count, so that numbers are left."""

    def work(conn: Connection) -> None:
        for table in all_tables():
            conn.execute(insert(table), [_row(table, number) for number in range(1, rows + 1)])
        for name, column in (("changes", "version"), ("audit", "id")):
            table = metadata.tables[name]
            conn.execute(delete(table).where(table.c[column] > rows - 5))

    records.write_now(work)


def _row(table: Table, number: int) -> dict[str, Any]:
    random = Random(f"{table.name} {number}")  # content, not secrets
    return {column.name: _value(column, number, random) for column in table.columns}


def _value(column: Column[Any], number: int, random: Random) -> Any:
    if column.nullable and number % 3 == 0:
        return None
    if isinstance(column.type, Boolean):
        return number % 2 == 0
    if isinstance(column.type, LargeBinary):
        return random.randbytes(number * 100)
    if isinstance(column.type, Integer):
        large = column.type.__class__.__name__ == "BigInteger"
        return number if column.primary_key else random.randrange(2**62 if large else 2**31)
    named = column.primary_key or column.unique or column.foreign_keys
    return f"{number}" if named else f"{random.choice(WORDS)}{number}"[: column.type.length]
