"""PostgreSQL from the system's package: one server, a role that is no superuser, and a database."""

import os
import shutil
import signal
import subprocess
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.engines.engine import Engine, Place, Server
from deploy.engines.errors import EngineError, NotReady
from deploy.engines.packages import cure
from deploy.engines.settings import Settings

USER = "postgres"
ROLE = "queqiao"


def tool(name: str) -> Path:
    """Return a program of the newest installed server; raises EngineError with the cure."""
    packaged = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(packaged, key=lambda path: int(path.parts[-3]), default=None)
    found = newest or (shutil.which(name) and Path(str(shutil.which(name))))
    if not found:
        raise EngineError(f"{name} of PostgreSQL is not installed. Run: {cure('pg_ctl')}")
    return found


def url(place: Place, database: str = ROLE, role: str = ROLE) -> str:
    """Return a database's address on this instance."""
    return f"postgresql://{role}@{place.address('postgresql')}/{database}"


def _prepare(place: Place) -> None:
    """Make the cluster of databases; only its owner may, and root is refused."""
    folder = place.folder("postgresql")
    user = USER if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user, user)
    data = folder / "data"
    if (data / "PG_VERSION").exists():
        return
    command: list[str | Path] = [tool("initdb"), "-D", data, "-U", USER, "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C.UTF-8"]
    done = subprocess.run(
        command, user=user, group=user, extra_groups=[] if user else None, cwd="/",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        told = (done.stderr + done.stdout).strip()[-500:]
        raise EngineError(f"postgresql: {told} (the user {user or 'we are'} must reach {folder})")


def _ask(place: Place) -> None:
    try:
        with psycopg.connect(url(place, USER, USER), connect_timeout=3) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        raise NotReady(str(error).strip()) from error


def make_database(place: Place, name: str) -> None:
    """Make a database of the role's own, if it lacks."""
    with psycopg.connect(url(place, USER, USER), autocommit=True) as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if there.fetchone() is None:
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(ROLE)))


def _settle(place: Place) -> None:
    with psycopg.connect(url(place, USER, USER), autocommit=True) as connection:
        there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        if there.fetchone() is None:
            statement = sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE")
            connection.execute(statement.format(sql.Identifier(ROLE)))
    make_database(place, ROLE)


def _server(place: Place) -> Server:
    settings = place.settings.postgresql
    options = {
        "port": place.ports["postgresql"],
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "shared_buffers": f"{settings.shared_buffers_mb}MB",
        "max_connections": settings.connections_max,
    }
    flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
    return Server(
        name="postgresql",
        command=[tool("postgres"), "-D", place.folder("postgresql") / "data", *flags],
        ports=("postgresql",),
        prepare=partial(_prepare, place),
        ready=partial(_ask, place),
        settle=partial(_settle, place),
        user=USER,
        stop_signal=signal.SIGINT,  # ends connections instead of waiting for them
    )


def _install(_cache: Path, _settings: Settings) -> None:
    tool("initdb")


ENGINE = Engine(
    name="postgresql",
    install=_install,
    servers=lambda place: [_server(place)],
    urls=lambda place: {"postgresql_url": url(place)},
    ports=("postgresql",),
)
