"""A real PostgreSQL from Debian's package: a private cluster on a Unix socket, one a test run."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[Path]:
    """Start a cluster for this run and stop it afterwards; yields the folder of its socket."""
    if os.environ.get(SKIP):
        pytest.skip(f"{SKIP} is set: the records port is not tried on PostgreSQL")
    tools = binaries()
    if tools is None:
        pytest.fail(f"PostgreSQL is not installed. Run: {INSTALL} (or set {SKIP}=1)")
    folder = Path(tempfile.mkdtemp(prefix="queqiao-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    _run(tools / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
    options = f"-k {folder} -c listen_addresses= -c fsync=off -c shared_buffers=16MB"
    log = folder / "log"
    _run(tools / "pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")
    try:
        yield folder
    finally:
        _run(tools / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def new_postgresql_url(postgresql_cluster: Path) -> Callable[[], str]:
    """Return a function that makes an empty database and gives its URL."""
    numbers = count()

    def new() -> str:
        name = f"records_{next(numbers)}"
        with psycopg.connect(
            host=str(postgresql_cluster), user="postgres", dbname="postgres", autocommit=True
        ) as conn:
            conn.execute(f"CREATE DATABASE {name}")
        return f"postgresql://postgres@/{name}?host={postgresql_cluster}"

    return new
