"""The lake's laws in HDFS or in an object store, in a folder of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

from queqiao.kernel.clock import SystemClock
from queqiao.kernel.errors import Message
from queqiao.ports.lake.engine_files import writer
from queqiao.ports.lake.laws import laws as laws_of
from queqiao.ports.laws import Law
from queqiao.wiring.lakes import on_servers

NOT_TRIED = Message(
    "未尝试：杀死或写满服务器、断电；由 ClickHouse 或 Spark 读写",
    "not tried: a killed or full server, a loss of power; reading and writing by ClickHouse, Spark",
)


@asynccontextmanager
async def laws(url: str) -> AsyncIterator[list[Law]]:
    """Yield the laws bound to a lake in a new folder, which is deleted at the end."""
    parts = urlsplit(url)
    own = parts._replace(path=f"{parts.path.rstrip('/')}/queqiao_verify_{token_hex(4)}")
    lake = on_servers(urlunsplit(own), SystemClock())
    try:
        yield laws_of(lake, writer(lake.access()))
    finally:
        lake.erase()
