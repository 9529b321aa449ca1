"""The warehouse's laws on a ClickHouse server, in a database of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

from queqiao.kernel.errors import Message
from queqiao.ports.laws import Law
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.ports.warehouse.clickhouse_server import look
from queqiao.ports.warehouse.laws import laws as laws_of

NOT_TRIED = Message(
    "未尝试：杀死或写满服务器、第二个副本（库为 Replicated 时表是复制表，但只有一份）、分布式表",
    "not tried: a killed or full server, a second replica (in a Replicated database the tables are"
    " replicated ones, kept once), distributed tables",
)

_REPLICATED = " ENGINE = Replicated('/queqiao/{}', 'one', 'one')"


@asynccontextmanager
async def laws(url: str) -> AsyncIterator[list[Law]]:
    """Yield the laws bound to a new database like the URL's, which is dropped at the end."""
    report = look(url)
    database = f"queqiao_verify_{token_hex(4)}"
    engine = _REPLICATED.format(database) if report.replicas else ""
    keeper = open_warehouse(url)
    try:
        await keeper.command(f"CREATE DATABASE {database}{engine}")
        warehouse = open_warehouse(urlunsplit(urlsplit(url)._replace(path=f"/{database}")))
        try:
            yield laws_of(warehouse)
        finally:
            warehouse.close()
            await keeper.command(f"DROP DATABASE {database}")
    finally:
        keeper.close()
