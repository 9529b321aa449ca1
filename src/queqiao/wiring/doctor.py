"""Looks at everything that a system needs, and says what is wrong and how to mend it."""

import asyncio
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection, text

from queqiao.kernel.errors import Message, QueqiaoError
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.wiring import adapters, addresses, doctor_home, doctor_machine, local_system
from queqiao.wiring.console_files import console_files
from queqiao.wiring.doctor_machine import UnfitError, same
from queqiao.wiring.settings import Settings, redacted


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at: is it good, what was seen, and what to do where it is not good."""

    name: str
    good: bool
    detail: Message
    cure: Message | None = None


Check = Callable[[Settings], Message]
"""Looks at one thing; raises UnfitError, QueqiaoError or OSError when it is not good."""

_LOOK = Message(
    "按上面的提示处理后再运行 queqiao doctor", "mend this, then run queqiao doctor again"
)


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything, one finding after the other."""
    for name, check in CHECKS.items():
        yield _finding(name, check, settings)


def _finding(name: str, check: Check, settings: Settings) -> Finding:
    try:
        return Finding(name, good=True, detail=check(settings))
    except UnfitError as error:
        return Finding(name, good=False, detail=error.detail, cure=error.cure)
    except QueqiaoError as error:
        seen = Message(error.explain("zh"), error.explain("en"))
        return Finding(name, good=False, detail=seen, cure=_LOOK)
    except OSError as error:
        return Finding(name, good=False, detail=same(str(error)), cure=_LOOK)


def _records(settings: Settings) -> Message:
    records = adapters.records(settings)
    try:
        version = records.read_now(_records_version)
    finally:
        records.close()
    shown = redacted(settings.ports.records)
    return Message(f"{shown} 可用，{version}", f"{shown} answers: {version}")


def _records_version(conn: Connection) -> str:
    is_sqlite = conn.dialect.name == "sqlite"
    found = conn.execute(text("select sqlite_version()" if is_sqlite else "show server_version"))
    return f"{conn.dialect.name} {found.scalar_one()}"


def _warehouse(settings: Settings) -> Message:
    url = settings.ports.warehouse
    if urlsplit(url).scheme == "chdb":
        return doctor_machine.engine(settings)
    warehouse = open_warehouse(url)
    try:
        version = asyncio.run(warehouse.query("select version()")).rows[0][0]
    finally:
        warehouse.close()
    return Message(
        f"{redacted(url)} 可用，ClickHouse {version}", f"{redacted(url)} answers: {version}"
    )


def _event_log(settings: Settings) -> Message:
    found = adapters.check_event_log(settings, make=False)
    return Message(f"{found} 可用", f"{found} answers")


def _console(_settings: Settings) -> Message:
    if console_files() is None:
        raise UnfitError(
            Message("控制台尚未构建", "the console is not built"),
            Message("运行 make setup", "run make setup"),
        )
    return Message("控制台已构建", "the console is built")


def _system(settings: Settings) -> Message:
    address = local_system.address(settings.home)
    if address is None:
        return Message("没有在运行", "not running")
    return Message(f"运行于 {address.base_url}", f"running at {address.base_url}")


CHECKS: dict[str, Check] = {
    "python": doctor_machine.python,
    "limits": doctor_machine.file_limits,
    "memory": doctor_machine.memory,
    "zone": doctor_machine.zone,
    "home": doctor_home.home,
    "private": doctor_home.private,
    "disk": doctor_home.disk,
    "clock": doctor_home.clock,
    "sockets": doctor_home.sockets,
    "port": doctor_home.port,
    "records": _records,
    "warehouse": _warehouse,
    "event_log": _event_log,
    "addresses": addresses.addresses,
    "console": _console,
    "system": _system,
}
"""What is looked at, in order, by the name under which it is told."""
