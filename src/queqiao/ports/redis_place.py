"""A Redis or Valkey server, as every port that lies on one finds and judges it."""

from collections.abc import Iterable
from time import time
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from queqiao.kernel.errors import FieldError, InvalidInput, Message

SCHEMES = ("redis", "rediss", "valkey", "valkeys")
PREFIX = "queqiao"
CONNECT_WITHIN_S = 2.0
ANSWER_WITHIN_S = 5.0
VERSION_MIN = (7, 0)
"""The first Redis that has functions. Valkey 8 says 7.2 where it is asked for Redis's version."""


class RedisPlace(msgspec.Struct, frozen=True):
    """Where something lies: the server, the database on it, and the prefix of its keys.

    A port's own place says by which ``SETTING`` it is named, and what its keys are ``CALLED``.
    """

    SETTING: ClassVar[str] = ""
    CALLED: ClassVar[str] = ""

    host: str
    port: int
    database: int
    username: str | None
    password: str | None
    tls: bool
    prefix: str

    @classmethod
    def of(cls, url: str) -> Self:
        """Read ``redis://[user:password@]host[:port][/database][?prefix=NAME]``.

        ``rediss`` is TLS; ``valkey`` and ``valkeys`` mean the same. Raises InvalidInput otherwise.
        """
        parts = urlsplit(url)
        try:
            port, database = parts.port or 6379, int(parts.path.strip("/") or 0)
        except ValueError:
            port, database = 0, -1
        if parts.scheme not in SCHEMES or not parts.hostname or min(port, database) < 0:
            raise InvalidInput(FieldError(cls.SETTING, _FORM))
        return cls(
            parts.hostname,
            port,
            database,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            parts.scheme in ("rediss", "valkeys"),
            parse_qs(parts.query).get("prefix", [PREFIX])[0],
        )

    @property
    def root(self) -> str:
        """Where the keys begin. The braces keep all of them in one slot."""
        return f"{{{self.prefix}:{self.CALLED}}}"

    @property
    def reached_by(self) -> dict[str, Any]:
        """What a connection is told, but for TLS, which pools and clients say each their way."""
        return {
            "host": self.host,
            "port": self.port,
            "db": self.database,
            "username": self.username,
            "password": self.password,
            "socket_connect_timeout": CONNECT_WITHIN_S,
        }


def named(info: dict[str, Any]) -> tuple[str, str]:
    """Return which product a server is, and its version, by its ``INFO``."""
    product = "Valkey" if info.get("server_name") == "valkey" else "Redis"
    return product, str(info.get("valkey_version") or info["redis_version"])


def ahead_s(told: tuple[int, int]) -> float:
    """Return by how much a server's clock is ahead of ours, by its ``TIME``."""
    seconds, micros = told
    return round(int(seconds) + int(micros) / 1e6 - time(), 3)


def check(info: dict[str, Any], setting: str, more: Iterable[tuple[bool, Message]]) -> None:
    """Raise InvalidInput with all that keeps a port from being on a server, by its ``INFO``.

    ``more`` is what the port itself asks: whether it is wrong, and the cure.
    """
    version = tuple(int(part) for part in str(info["redis_version"]).split(".")[:2])
    every = ((version < VERSION_MIN, _OLD), (info.get("role") != "master", _REPLICA), *more)
    wrong = [FieldError(setting, message) for is_wrong, message in every if is_wrong]
    if wrong:
        raise InvalidInput(*wrong)


_FORM = Message(
    "写成 redis://用户:密码@主机:6379/0（TLS 用 rediss:）",
    "write redis://user:password@host:6379/0 (rediss: for TLS)",
)
_OLD = Message(
    "须为 Redis 7.0 或 Valkey 7.2 以上（函数从那时才有）",
    "must be Redis 7.0 or Valkey 7.2 at least (functions came with them)",
)
_REPLICA = Message("是副本，不能写；请给主节点的地址", "is a replica; give the primary's address")
