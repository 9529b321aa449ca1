"""A Redis or Valkey server as profile rows need it: its URL, version and settings."""

from typing import Any

import msgspec
from redis.asyncio import BlockingConnectionPool, Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from queqiao.kernel.errors import (
    Broken,
    FieldError,
    InvalidInput,
    Message,
    QueqiaoError,
    StorageFull,
    Unavailable,
)
from queqiao.ports.profile_rows.base import SETTING
from queqiao.ports.redis_place import (
    ANSWER_WITHIN_S,
    CONNECT_WITHIN_S,
    RedisPlace,
    ahead_s,
    check,
    named,
)

CONNECTIONS = 8
_FULL = ("OOM", "MISCONF")
_PASSING = ("BUSY ", "MASTERDOWN", "NOREPLICAS", "TRYAGAIN")


class Place(RedisPlace, frozen=True):
    """Where the rows lie."""

    SETTING = SETTING
    CALLED = "rows"

    def client(self) -> "Redis":
        """Return a client that connects when it is first used, and never retries by itself."""
        known: dict[str, Any] = {
            **self.reached_by,
            "socket_timeout": ANSWER_WITHIN_S,
            "retry": Retry(NoBackoff(), 0),
            "client_name": "queqiao",
        }
        if self.tls:
            known["connection_class"] = SSLConnection
        pool = BlockingConnectionPool(
            max_connections=CONNECTIONS, timeout=CONNECT_WITHIN_S, **known
        )
        return Redis.from_pool(pool)

    def fault_of(self, error: Exception) -> QueqiaoError:
        """Return what a server's error is to a caller, with the setting and the cure."""
        if isinstance(error, AuthenticationError):
            return InvalidInput(FieldError(SETTING, _WRONG_PASSWORD))
        if isinstance(error, NoPermissionError):
            return Unavailable(_NO_RIGHTS)
        if isinstance(error, OutOfMemoryError) or str(error).startswith(_FULL):
            return StorageFull(_NO_ROOM)
        if isinstance(error, ReadOnlyError):
            return Unavailable(_REPLICA)
        if isinstance(error, ResponseError) and not str(error).startswith(_PASSING):
            return Broken(Message(f"{SETTING}：{error}", f"{SETTING}: {error}"))
        where, said = f"{self.host}:{self.port}", str(error)[:200]
        return Unavailable(
            Message(
                f"[ports] profile_rows：{where} 没有应答（{said}）；启动它，或改这个设置",
                f"[ports] profile_rows: {where} does not answer ({said});"
                " start it, or mend the setting",
            ),
            retry_after_s=5,
        )


class Report(msgspec.Struct, frozen=True):
    """What a look at a server found."""

    product: str
    version: str
    clock_ahead_s: float
    aof: bool

    def words(self) -> Message:
        """Return what it is, and whether a restart empties it."""
        named = f"{self.product} {self.version}"
        if self.aof:
            return Message(f"{named}，AOF", f"{named}, append-only file")
        return Message(
            f"{named}，没有 AOF：重启会丢掉画像行，之后从事件重建",
            f"{named}, no append-only file: a restart loses the rows, which are then made again"
            " from the events",
        )


async def look(url: str) -> Report:
    """Return what the server is; raise what keeps rows from being on it, with the cure."""
    place = Place.of(url)
    client = place.client()
    try:
        info: dict[str, Any] = await client.info()
        clock_ahead_s = ahead_s(await client.time())
        await client.function_list(library="queqiao_rows_*")
    except (RedisError, OSError) as error:
        raise place.fault_of(error) from error
    finally:
        await client.aclose()
        await client.connection_pool.disconnect()
    check(info, SETTING, ((bool(info.get("cluster_enabled")), _CLUSTER),))
    return Report(*named(info), clock_ahead_s, bool(info.get("aof_enabled")))


_CLUSTER = Message(
    "不能是 Redis Cluster 的节点：按前缀扫描的名单在一个槽里，请给它一台独立的服务器",
    "must not be a node of a Redis Cluster: the list of names that scans go by lies in one slot;"
    " give it a server of its own",
)
_REPLICA = Message(
    "[ports] profile_rows：服务器成了副本，不能写；请给主节点的地址",
    "[ports] profile_rows: the server is a replica now and takes no writes; give the primary's"
    " address",
)
_WRONG_PASSWORD = Message(
    "服务器不认这个用户或密码；改 [ports] profile_rows 里的用户和密码",
    "the server does not know this user or password; mend them in [ports] profile_rows",
)
_NO_RIGHTS = Message(
    "[ports] profile_rows：这个用户权限不够；见 docs/operating/redis 里画像行的 ACL 一行",
    "[ports] profile_rows: this user has too few rights; see the ACL line of profile rows in"
    " docs/operating/redis",
)
_NO_ROOM = Message(
    "[ports] profile_rows：服务器内存或磁盘已满；调大 maxmemory，或清出空间",
    "[ports] profile_rows: the server is out of memory or disk; raise maxmemory, or make room",
)
