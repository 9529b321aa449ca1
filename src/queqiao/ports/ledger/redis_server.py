"""A Redis or Valkey server as the ledger needs it: its URL, version, settings and clock."""

from typing import Any

import msgspec
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    RedisError,
    ResponseError,
)

from queqiao.kernel.errors import FieldError, InvalidInput, Message, Unavailable
from queqiao.ports.redis_place import ANSWER_WITHIN_S, RedisPlace, ahead_s, check, named

SETTING = "ports.ledger"
BLOCKING_WITHIN_S = 60.0


class Place(RedisPlace, frozen=True):
    """Where a ledger lies."""

    SETTING = SETTING
    CALLED = "ledger"

    def key(self, name: str) -> str:
        """Return one of the ledger's keys."""
        return f"{self.root}:{name}"

    def client(self, connections: int) -> "Redis":
        """Return a client that connects when it is first used, and never retries by itself."""
        return Redis(
            **self.reached_by,
            ssl=self.tls,
            max_connections=connections,
            socket_timeout=ANSWER_WITHIN_S,
            retry=Retry(NoBackoff(), 0),
            client_name="queqiao",
        )

    def blocking_client(self) -> "BlockingRedis":
        """Return a client for work that may block: a proof, a move."""
        return BlockingRedis(**self.reached_by, ssl=self.tls, socket_timeout=BLOCKING_WITHIN_S)


class Report(msgspec.Struct, frozen=True):
    """What a look at a server found. ``appendfsync`` is empty where CONFIG GET is not allowed."""

    product: str
    version: str
    appendfsync: str
    clock_ahead_s: float
    maxmemory_policy: str

    def words(self) -> Message:
        """Return what the server may lose, by its setting."""
        zh, en = _LOSS.get(self.appendfsync, _LOSS[""])
        return Message(
            f"{self.product} {self.version}，{zh}", f"{self.product} {self.version}, {en}"
        )


_LOSS = {
    "always": ("AOF always：应答过的都在磁盘上", "AOF always: what was answered is on disk"),
    "everysec": (
        "AOF everysec：断电可能丢失最后约 2 秒应答过的步骤；不能丢就设 appendfsync always",
        (
            "AOF everysec: a loss of power may lose the last 2 s or so of answered steps;"
            " set appendfsync always where none may be lost"
        ),
    ),
    "no": (
        "AOF no：断电可能丢失最后约 30 秒；请设 appendfsync always",
        "AOF no: a loss of power may lose the last 30 s or so; set appendfsync always",
    ),
    "": (
        "服务器不说 appendfsync，请自行确认为 always",
        "it does not tell its appendfsync; see that it is always",
    ),
}


async def look(url: str) -> Report:
    """Return what the server is; raise what keeps a ledger from being on it, with the cure."""
    place = Place.of(url)
    client = place.client(1)
    try:
        return await _look(client)
    except AuthenticationError as error:
        raise InvalidInput(FieldError(SETTING, _WRONG_PASSWORD)) from error
    except NoPermissionError as error:
        raise InvalidInput(FieldError(SETTING, NO_RIGHTS)) from error
    except (RedisError, OSError) as error:
        raise unreachable(place, error) from error
    finally:
        await client.aclose()


async def _look(client: "Redis") -> Report:
    info: dict[str, Any] = await client.info()
    check(
        info,
        SETTING,
        (
            (bool(info.get("cluster_enabled")), _CLUSTER),
            (not info.get("aof_enabled"), _NO_AOF),
            (info.get("maxmemory_policy", "noeviction") != "noeviction", _EVICTS),
        ),
    )
    clock_ahead_s = ahead_s(await client.time())
    await client.function_list(library="queqiao_*")
    product, version = named(info)
    return Report(
        product=product,
        version=version,
        appendfsync=await _setting(client, "appendfsync"),
        clock_ahead_s=clock_ahead_s,
        maxmemory_policy=str(info.get("maxmemory_policy", "")),
    )


async def _setting(client: "Redis", name: str) -> str:
    try:
        found: dict[Any, Any] = await client.config_get(name)
    except ResponseError:
        return ""
    return str(found.get(name, ""))


def unreachable(place: Place, error: Exception) -> Unavailable:
    """Return what a server that does not answer is told as, with the setting and the cure."""
    where = f"{place.host}:{place.port}"
    return Unavailable(
        Message(
            f"[ports] ledger：{where} 没有应答（{error}）；启动它，或改这个设置",
            f"[ports] ledger: {where} does not answer ({error}); start it, or mend the setting",
        ),
        retry_after_s=5,
    )


_CLUSTER = Message(
    "不能是 Redis Cluster 的节点：账本的键都在一个槽里，请给它一台独立的服务器",
    "must not be a node of a Redis Cluster: the ledger's keys lie in one slot; give it a server"
    " of its own",
)
_NO_AOF = Message(
    "没有开 AOF，重启即丢失账本；在 redis.conf 里设 appendonly yes 和 appendfsync always",
    "has no append-only file, so a restart loses the ledger; set appendonly yes and appendfsync"
    " always in redis.conf",
)
_EVICTS = Message(
    "内存满时会丢键；设 maxmemory-policy noeviction",
    "drops keys when its memory is full; set maxmemory-policy noeviction",
)
_WRONG_PASSWORD = Message(
    "服务器不认这个用户或密码；改 [ports] ledger 里的用户和密码",
    "the server does not know this user or password; mend them in [ports] ledger",
)
NO_RIGHTS = Message(
    "这个用户权限不够；见 docs/operating/redis 的 ACL 一行",
    "this user has too few rights; see the ACL line in docs/operating/redis",
)
