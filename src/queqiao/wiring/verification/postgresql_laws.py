"""The records' laws on a PostgreSQL server, in a schema of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from queqiao.kernel.errors import Message
from queqiao.ports.laws import Law
from queqiao.ports.records.laws import laws as laws_of
from queqiao.ports.records.postgresql import PostgresqlRecords
from queqiao.ports.records.postgresql_server import look

NOT_TRIED = Message(
    "未尝试：杀死服务器、断电、写满磁盘、以其他数据库角色读取",
    "not tried: a killed server, a loss of power, a full disk, reading as another database role",
)


@asynccontextmanager
async def laws(url: str) -> AsyncIterator[list[Law]]:
    """Yield the laws bound to a new schema, which is dropped at the end."""
    await asyncio.to_thread(look, url)
    schema = f"queqiao_verify_{token_hex(4)}"
    place = in_schema(url, schema)
    await _run(url, "CREATE SCHEMA {}", schema)
    try:
        records = PostgresqlRecords(place)
        try:
            await asyncio.to_thread(records.upgrade)
        finally:
            records.close()
        yield laws_of(lambda: PostgresqlRecords(place))
    finally:
        await _run(url, "DROP SCHEMA {} CASCADE", schema)


def in_schema(url: str, schema: str) -> str:
    """Return the URL with a search path, so that all tables lie in that schema."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, f"options=-csearch_path%3D{schema}")))
    return urlunsplit(parts._replace(query=query))


async def _run(url: str, statement: str, schema: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(sql.SQL(statement).format(sql.Identifier(schema)))
