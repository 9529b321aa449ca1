"""The laws of the ledger and of profile rows on a Redis or Valkey, under a prefix of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

from queqiao.kernel.errors import Message
from queqiao.ports.laws import Law
from queqiao.ports.ledger.laws import laws as ledger_laws
from queqiao.ports.profile_rows.laws import FAMILIES
from queqiao.ports.profile_rows.laws import laws as rows_laws
from queqiao.wiring.extras import extra

NOT_TRIED = Message(
    "未尝试：杀死服务器、断电、写满内存或磁盘、切换到副本",
    "not tried: a killed server, a loss of power, full memory or disk, a failover",
)


@asynccontextmanager
async def laws(url: str) -> AsyncIterator[list[Law]]:
    """Yield the laws bound to a ledger and to rows of their own, which are removed at the end."""
    with extra("ports.ledger", "redis"):
        from queqiao.ports.ledger.redis import RedisLedger  # noqa: PLC0415  # only when named
        from queqiao.ports.ledger.redis_server import look  # noqa: PLC0415  # likewise
        from queqiao.ports.profile_rows.redis import RedisRows  # noqa: PLC0415  # likewise
    await look(url)
    prefix = f"queqiao-verify-{token_hex(4)}"
    own = urlunsplit(urlsplit(url)._replace(query=f"prefix={prefix}"))
    ledger, rows = RedisLedger(own), RedisRows(own, FAMILIES)
    try:
        yield [*ledger_laws(ledger, "law"), *rows_laws(rows, "law")]
        await ledger.erase()
        await rows.erase()
    finally:
        await ledger.close()
        await rows.close()
