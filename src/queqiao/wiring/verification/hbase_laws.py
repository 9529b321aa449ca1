"""The laws of profile rows in a table of their own on an HBase."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

from queqiao.kernel.errors import Message
from queqiao.ports.laws import Law
from queqiao.ports.profile_rows.base import SETTING
from queqiao.ports.profile_rows.laws import FAMILIES
from queqiao.ports.profile_rows.laws import laws as laws_of
from queqiao.wiring.extras import extra

NOT_TRIED = Message(
    "未尝试：杀死 region server、断电、写满磁盘、拆分和合并",
    "not tried: a killed region server, a loss of power, a full disk, splits and compactions",
)


@asynccontextmanager
async def laws(url: str) -> AsyncIterator[list[Law]]:
    """Yield the laws bound to a new table in the URL's namespace; it is dropped at the end."""
    with extra(SETTING, "hbase"):
        from queqiao.ports.profile_rows.hbase import HbaseRows  # noqa: PLC0415  # only when named
        from queqiao.ports.profile_rows.hbase_server import look  # noqa: PLC0415  # likewise
    parts = urlsplit(url)
    own = urlunsplit(parts._replace(path=f"{parts.path}_verify_{token_hex(4)}"))
    await asyncio.to_thread(look, own, FAMILIES)
    rows = HbaseRows(own, FAMILIES)
    try:
        yield laws_of(rows, "law")
    finally:
        await rows.erase()
        await rows.close()
