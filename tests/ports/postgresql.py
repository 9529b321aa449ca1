"""A real PostgreSQL from Debian's package: a private cluster on a Unix socket, one a test run."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest

INSTALL = "apt-get install -y --no-install-recommends postgresql"
SKIP = "QUEQIAO_SKIP_POSTGRESQL"


def binaries() -> Path | None:
    """Return the folder of the newest installed server, or None."""
    found = shutil.which("pg_ctl")
    if found and (Path(found).parent / "postgres").exists():
        return Path(found).parent
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return packaged[-1].parent if packaged else None


def _run(*command: str | Path) -> None:
    """Run as the user postgres when we are root, since the server refuses root."""
    user = "postgres" if os.geteuid() == 0 else None
    done = subprocess.run(
        [str(part) for part in command],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout


class Cluster:
    """One server on a folder of its own, reached by its socket; it can be killed and come back.

    ``inside``: the folder that holds its folder, for a disk of its own.
    """

    def __init__(self, *options: str, inside: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="queqiao-pg-", dir=inside))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self._tools = tools_or_fail()
        self._data = self.folder / "data"
        command = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        _run(self._tools / "initdb", "-D", self._data, *command)
        self._options = f"-k {self.folder} -c listen_addresses= -c shared_buffers=16MB " + " ".join(
            f"-c {option}" for option in options
        )
        self.start()
        self.run("CREATE ROLE queqiao LOGIN")

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = self.folder / "log"
        _run(
            self._tools / "pg_ctl", "-D", self._data, "-w", "-l", log, "-o", self._options, "start"
        )

    def signal(self, number: signal.Signals) -> int:
        """Send a signal to every process of it; return the first one's id."""
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        for pid in (postmaster, *children(postmaster)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return postmaster

    def kill(self) -> None:
        """Kill every process of it at once, as a crash of the machine's would."""
        postmaster = self.signal(signal.SIGKILL)
        while (Path("/proc") / str(postmaster)).exists():
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop it and remove its folder."""
        _run(self._tools / "pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def connect(self, database: str = "postgres", user: str = "postgres") -> psycopg.Connection:
        """Return a connection that commits each statement."""
        return psycopg.connect(host=str(self.folder), user=user, dbname=database, autocommit=True)

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the superuser."""
        with self.connect(database) as conn:
            for statement in statements:
                conn.execute(statement)

    def new_database(self, name: str) -> str:
        """Make an empty database of the role queqiao, which is no superuser; return its URL."""
        self.run(f"CREATE DATABASE {name} OWNER queqiao")
        return self.url(name)

    def url(self, database: str, user: str = "queqiao") -> str:
        """Return the address of a database for a role."""
        return f"postgresql://{user}@/{database}?host={self.folder}"


def tools_or_fail() -> Path:
    """Return the folder of the server's programs; skip or fail with what to do."""
    if os.environ.get(SKIP):  # only who says so goes without it: a missing server fails below
        pytest.skip(f"{SKIP} is set: the records port is not tried on PostgreSQL")
    tools = binaries()
    if tools is None:
        pytest.fail(f"PostgreSQL is not installed. Run: {INSTALL} (or set {SKIP}=1)")
    return tools


def children(parent: int) -> list[int]:
    """Return the processes that a process started and that still run."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            if f"\nPPid:\t{parent}\n" in status.read_text():
                found.append(int(status.parent.name))
    return found


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[Cluster]:
    """Start a cluster for this run and stop it afterwards."""
    cluster = Cluster("fsync=off")
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def new_postgresql_url(postgresql_cluster: Cluster) -> Callable[[], str]:
    """Return a function that makes an empty database and gives its URL."""
    numbers = count()
    return lambda: postgresql_cluster.new_database(f"records_{next(numbers)}")
