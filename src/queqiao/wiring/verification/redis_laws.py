"""The ledger's laws on a Redis or Valkey server, under a prefix of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

from queqiao.kernel.errors import Message
from queqiao.ports.laws import Law
from queqiao.ports.ledger.laws import laws as laws_of
from queqiao.wiring.extras import extra

NOT_TRIED = Message(
    "未尝试：杀死服务器、断电、写满内存或磁盘、切换到副本",
    "not tried: a killed server, a loss of power, full memory or disk, a failover",
)


@asynccontextmanager
async def laws(url: str) -> AsyncIterator[list[Law]]:
    """Yield the laws bound to a ledger of their own, which is removed at the end."""
    with extra("ports.ledger", "redis"):
        from queqiao.ports.ledger.redis import RedisLedger  # noqa: PLC0415  # only when named
        from queqiao.ports.ledger.redis_server import look  # noqa: PLC0415  # likewise
    await look(url)
    prefix = f"queqiao-verify-{token_hex(4)}"
    ledger = RedisLedger(urlunsplit(urlsplit(url)._replace(query=f"prefix={prefix}")))
    try:
        yield laws_of(ledger, "law")
        await ledger.erase()
    finally:
        await ledger.close()
