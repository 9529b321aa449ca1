"""The same system on two grounds: its embedded engines, and the servers of the cluster's file."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
import redis
from bench.harness import System

from deploy.engines.instance import Instance
from queqiao.operate.contracts import KeyScope
from queqiao.wiring import local_system
from queqiao.wiring.settings import Settings, read

CLUSTER = Path(__file__).parents[3] / "deploy" / "queqiao.cluster.toml"
ENGINES = ("kafka", "postgresql", "redis", "hdfs", "metastore", "hbase")
SOURCE = "loop"
"""What the events of the loop's keys are filed under."""

_DATABASES = count(os.getpid())
"""Redis has sixteen databases; the loops of a session take one after the other."""


class Stand(NamedTuple):
    """A running system and the settings that it runs by."""

    system: System
    settings: Settings


def cluster_ports(engines: Instance) -> dict[str, str]:
    """Return ``[ports]`` of the cluster's file with these servers in it, and places of our own."""
    engines.up(ENGINES)
    urls, own = engines.urls(), f"loop_{token_hex(4)}"
    hosts = {
        "event_log": f"{urls['kafka_bootstrap']}/{own}",
        "records": _new_database(urls["postgresql_url"], own),
        "ledger": _empty_ledger(urls["redis_url"]),
        "lake": f"{_host(urls['hdfs_url'])}/{own}",
        "lake_catalogue": f"{_host(urls['metastore_url'])}/{own}",
        "profile_rows": f"{urls['hbase_thrift']}/{own}",
    }
    ports: dict[str, str] = tomllib.loads(CLUSTER.read_text())["ports"]
    return {
        port: f"{urlsplit(url).scheme}://{hosts[port]}" if port in hosts else url
        for port, url in ports.items()
    }


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _new_database(url: str, name: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{_host(url)}/{name}"


def _empty_ledger(url: str) -> str:
    place = f"{_host(url)}/{1 + next(_DATABASES) % 15}"
    with redis.Redis.from_url(f"redis://{place}") as server:
        server.flushdb()
    return place


@contextmanager
def standing(home: Path, ports: Mapping[str, str], workers: int) -> Iterator[Stand]:
    """Start a system on a new home, whose time an admin key may say; stop it at the end."""
    home.mkdir(mode=0o700)
    config = home / "queqiao.toml"
    lines = [f'{port} = "{url}"' for port, url in ports.items()]
    config.write_text(
        "\n".join(
            [f"[server]\nworkers = {workers}", "[clock]\naccept_header = true", "[ports]", *lines]
        )
        + "\n"
    )
    settings = read(config, home)
    options = ["--port", "0", "--config", str(config)]
    with local_system.started(home, options) as address:
        scopes: tuple[KeyScope, ...] = ("admin", "intake", "decide")
        keys = [local_system.key(settings, scope, "loop", source=SOURCE) for scope in scopes]
        system = System(address.base_url, *keys, home, address.pid, address.sign_in_token)
        yield Stand(system, settings)
