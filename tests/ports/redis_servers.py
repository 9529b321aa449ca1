"""Redis and Valkey as real servers of the tests' own: a free port, a folder, bounded memory."""

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import redis

from deploy.engines.packages import cache_folder, program
from deploy.engines.redis import valkey_binary

READY_WITHIN_S = 20


def binary(name: str) -> Path:
    """Return the server's program. Raises EngineError with the line that installs it."""
    return program("redis-server") if name == "redis" else valkey_binary(cache_folder())


def free_port() -> int:
    """Return a port that nobody listens on; a cluster's node takes the one 10,000 above it too."""
    while True:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port: int = taken.getsockname()[1]
        if port < 55_000:
            return port


class Server:
    """One server on a folder; it can be killed and started again."""

    def __init__(self, name: str, folder: Path, *options: str, appendfsync: str = "always") -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.command = [
            str(binary(name)), "--port", str(self.port), "--bind", "127.0.0.1",
            "--dir", str(folder),
            "--save", "", "--appendonly", "yes", "--appendfsync", appendfsync,
            "--maxmemory", "512mb", "--maxmemory-policy", "noeviction",
            "--logfile", str(folder / "log"), *options,
        ]  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, ready: bool = True) -> "Server":
        """Start it, and wait until it answers."""
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_WITHIN_S
        while ready and not self._answers():
            assert self.process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.02)
        return self

    def _answers(self) -> bool:
        with suppress(redis.RedisError), redis.Redis(port=self.port) as client:
            return bool(client.ping())
        return False

    def kill(self) -> None:
        """Kill it as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def client(self) -> redis.Redis:
        """Return a plain client, for looking behind the adapter."""
        return redis.Redis(port=self.port)
