"""The catalogue's laws on a Hive metastore, in a database of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

from queqiao.kernel.errors import Message
from queqiao.ports.lake.catalogue_laws import laws as laws_of
from queqiao.ports.laws import Law
from queqiao.wiring.extras import extra

NOT_TRIED = Message(
    "未尝试：杀死服务器、由 Spark 读表；元数据服务所在机器的 /tmp 下会留下几个空目录",
    "not tried: a killed server, reading the tables by Spark; some empty folders stay below /tmp on"
    " the metastore's machine",
)


@asynccontextmanager
async def laws(url: str) -> AsyncIterator[list[Law]]:
    """Yield the laws bound to a new database, which is dropped at the end."""
    with extra("ports.lake_catalogue", "hive"):
        from queqiao.ports.lake.hive import HiveCatalogue  # noqa: PLC0415  # only when named
    name = f"queqiao_verify_{token_hex(4)}"
    catalogue = HiveCatalogue(urlunsplit(urlsplit(url)._replace(path=f"/{name}")))
    await asyncio.to_thread(catalogue.version)
    yield laws_of(catalogue, f"file:///tmp/{name}")
    await asyncio.to_thread(catalogue.drop)
