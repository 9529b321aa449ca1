"""Fixtures: a ZooKeeper, and engines in processes of their own that keep their tables by it."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from deploy.engines import packages
from deploy.engines.settings import DEFAULT_FILE, read

STATEMENTS = Path(__file__).with_name("clickhouse_statements.py")
Run = Callable[[Sequence[str]], list[tuple[str, str]]]
ZOOKEEPER = """tickTime=500
dataDir={folder}
clientPort={port}
clientPortAddress=127.0.0.1
admin.enableServer=false
4lw.commands.whitelist=ruok
"""
CONFIG = """<clickhouse>
  <zookeeper><node><host>127.0.0.1</host><port>{port}</port></node></zookeeper>
  <macros><shard>01</shard><replica>{name}</replica></macros>
  <default_replica_path>/tables/{{database}}/{{table}}/{{shard}}</default_replica_path>
  <default_replica_name>{{replica}}</default_replica_name>
</clickhouse>"""


def run_statements(folder: Path, config: Path, statements: Sequence[str]) -> list[tuple[str, str]]:
    """Return the answer and the error of each statement in an engine of its own."""
    asked = {"folder": str(folder), "config": str(config), "statements": list(statements)}
    done = subprocess.run(
        [sys.executable, STATEMENTS],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return [(answer, error) for answer, error in json.loads(done.stdout)]


@contextmanager
def zookeeper(folder: Path) -> Iterator[int]:
    """Start HBase's ZooKeeper alone and give its port."""
    cache, settings = packages.cache_folder(), read(DEFAULT_FILE)
    versions = {"hbase": settings.hbase.version}
    packages.fetch_jars(cache, "hbase", versions)
    port = free_port()
    folder.mkdir()
    file = folder / "zoo.cfg"
    file.write_text(ZOOKEEPER.format(folder=folder, port=port))
    command = ["java", "-Xmx96m", "-XX:+UseSerialGC", "-cp"]
    command += [f"{packages.jars(cache, 'hbase', versions)}/*"]
    command += ["org.apache.zookeeper.server.ZooKeeperServerMain", str(file)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port, b"ruok")
            yield port
        finally:
            server.kill()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def zookeeper_port(tmp_path: Path) -> Iterator[int]:
    """Give the port of a ZooKeeper of this test's."""
    with zookeeper(tmp_path / "zookeeper") as port:
        yield port


def wait_for(port: int, question: bytes = b"GET / HTTP/1.0\r\n\r\n") -> None:
    """Return when who listens at a port answers a question."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
        ):
            connection.sendall(question)
            if connection.recv(1):
                return
        time.sleep(0.1)
    pytest.fail(f"nobody answers at {port}")


@pytest.fixture
def new_replica(zookeeper_port: int, tmp_path: Path) -> Callable[[str], Run]:
    """Return a function that makes what runs statements in the replica of a name."""

    def make(name: str) -> Run:
        config = tmp_path / f"{name}.xml"
        config.write_text(CONFIG.format(port=zookeeper_port, name=name))
        return lambda statements: run_statements(tmp_path / name, config, statements)

    return make
