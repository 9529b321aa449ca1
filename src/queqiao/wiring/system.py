"""The whole system of one home: prepare the stores, fork the roles, say where it listens."""

import errno
import importlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_bytes

import msgspec
from sqlalchemy import Connection, select

from queqiao.kernel.clock import SECOND_US, SystemClock
from queqiao.kernel.errors import Message, StorageFull, Unavailable
from queqiao.operate.sessions import issue_one_time_token
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.tables import documents as table
from queqiao.profile.contracts import SEGMENT, default_segments
from queqiao.wiring import (
    adapters,
    doctor_lake,
    doctor_servers,
    local_system,
    logs,
    moved,
    webhooks,
)
from queqiao.wiring.local_system import Address
from queqiao.wiring.roles import ROLES, role_mains
from queqiao.wiring.settings import Settings
from queqiao.wiring.steady_clock import ClockKeeper
from queqiao.wiring.supervisor import SIGNALS, RoleMain, Supervisor, alone, lock

SHARED_MODULES = (
    "httpcore",
    "queqiao.ports.records.sqlite",
    *(f"queqiao.wiring.processes.{name}" for name in ROLES),
)
"""Imported before the roles are forked, so that they share their pages and start at once.

The warehouse engine is not among them: it is loaded when it is opened, in its own role.
"""


def run(
    settings: Settings,
    extra: Sequence[tuple[str, RoleMain]] = (),
    announce: Callable[[Address], None] | None = None,
) -> None:
    """Run the system until SIGTERM or SIGINT. ``announce`` is called when every role answers."""
    # The home holds personal data and secrets: it is its user's alone.
    logs.set_up()
    with _files_in(settings.home):
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = lock(settings.home)
        # At once: while the home is held, commands go by the anchor, and an old one may lie there.
        keeper = ClockKeeper(settings.home, int(settings.clock.follow_after_s * SECOND_US))
    listener = public_socket(settings)
    for name in SHARED_MODULES:
        importlib.import_module(name)
    prepared = alone(lambda: prepare(settings))
    address = Address(base_url(settings, listener), os.getpid(), prepared["token"])
    with _files_in(settings.home):
        local_system.publish_address(settings.home, address)

    def started() -> None:
        if announce is not None and os.fork() == 0:
            listener.close()
            os.close(held)
            _announce(address, announce)

    mains = [*role_mains(settings, listener), *extra]
    try:
        Supervisor(settings.home, mains, keeper.look).run(started)
    finally:
        local_system.address_file(settings.home).unlink(missing_ok=True)
        os.close(held)


@contextmanager
def _files_in(home: Path) -> Iterator[None]:
    """Say what is wrong and what mends it, where the home takes no files."""
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        message = Message(
            f"不能在 {home} 里建文件（{why}）；请腾出空间或改正权限，或换一个 --home",
            f"cannot make files in {home} ({why}); free some space there or mend its rights,"
            " or choose another --home",
        )
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise (StorageFull if full else Unavailable)(message) from error


def _announce(address: Address, announce: Callable[[Address], None]) -> None:
    """Wait in a process of its own until every role answers, tell it, and end."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        deadline = time.monotonic() + local_system.READY_WITHIN_S
        while time.monotonic() < deadline and os.getppid() == address.pid:
            if local_system.is_ready(address.base_url):
                announce(address)
                status = 0
                break
            time.sleep(0.05)
    finally:
        sys.stdout.flush()
        os._exit(status)


def public_socket(settings: Settings) -> socket.socket:
    """Return the listening public socket. Raises Unavailable when the address is taken."""
    where = (settings.server.host, settings.server.port)
    family = socket.AF_INET6 if ":" in settings.server.host else socket.AF_INET
    try:
        listener = socket.create_server(where, family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        message = Message(
            f"不能监听 {where[0]}:{where[1]}（{why}）；请用 --port 换一个端口",
            f"cannot listen on {where[0]}:{where[1]} ({why}); choose another --port",
        )
        raise Unavailable(message) from error
    listener.setblocking(False)  # the standard library's own signature
    return listener


def base_url(settings: Settings, listener: socket.socket) -> str:
    """Return the address under which people reach the system."""
    if settings.server.public_url:
        return settings.server.public_url.rstrip("/")
    host = settings.server.host
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # shown, not bound
    return f"http://{shown}:{listener.getsockname()[1]}"


def prepare(settings: Settings) -> dict[str, str]:
    """Look at the servers, bring the records up to date, ship the first segments, issue a sign-in.

    Raises what keeps a server that the settings name from being used, with its cure.
    """
    moved.check(settings)
    adapters.check_event_log(settings)
    doctor_servers.usable(settings)
    doctor_lake.warn_at_start(settings)
    records = adapters.records(settings)
    records.upgrade()
    now_us = SystemClock().now_us()
    records.write_now(lambda conn: ship_segments(conn, now_us))
    keyring = adapters.keyring(settings)
    records.write_now(lambda conn: webhooks.seal_plain(conn, keyring))
    token = issue_one_time_token(records, now_us, token_bytes)
    records.close()
    return {"token": token}


def ship_segments(conn: Connection, now_us: int) -> None:
    """Publish the segments that come with the product, in a home that never had any."""
    if conn.execute(select(table.c.id).where(table.c.kind == SEGMENT.name)).first() is not None:
        return
    edit = documents.Edit(SYSTEM, now_us, "comes with the product")
    for name, document in default_segments().items():
        documents.create(conn, SEGMENT, name, document, edit)
        documents.transition(conn, SEGMENT, name, "live", edit)


def with_options(
    settings: Settings, port: int | None, workers: int | None, host: str | None = None
) -> Settings:
    """Return the settings with what the command line says instead."""
    said = {"port": port, "workers": workers, "host": host}
    server = msgspec.structs.replace(
        settings.server, **{name: value for name, value in said.items() if value is not None}
    )
    return msgspec.structs.replace(settings, server=server)


def sign_in_link(address: Address) -> str:
    """Return the link that signs the owner in, once."""
    return f"{address.base_url}/sign-in?token={address.sign_in_token}"
