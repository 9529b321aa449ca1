"""Looks at everything that a system needs, and says what is wrong and how to mend it."""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection, text

from queqiao.kernel.errors import Message, QueqiaoError
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.wiring import adapters, local_system
from queqiao.wiring.console_files import console_files
from queqiao.wiring.settings import Settings, redacted

FREE_BYTES_MIN = 1_000_000_000


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at: is it good, and what was seen or is to be done."""

    name: str
    good: bool
    detail: Message


Check = Callable[[Settings], Message]
"""Looks at one thing; raises QueqiaoError or OSError when it is not good."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything, one finding after the other."""
    checks: dict[str, Check] = {
        "python": _python,
        "home": _home,
        "disk": _disk,
        "records": _records,
        "warehouse": _warehouse,
        "console": _console,
        "system": _system,
    }
    for name, check in checks.items():
        try:
            yield Finding(name, good=True, detail=check(settings))
        except QueqiaoError as error:
            yield Finding(
                name, good=False, detail=Message(error.explain("zh"), error.explain("en"))
            )
        except OSError as error:
            yield Finding(name, good=False, detail=Message(str(error), str(error)))


def _python(_settings: Settings) -> Message:
    found = ".".join(map(str, sys.version_info[:3]))
    return Message(f"Python {found}", f"Python {found}")


def _home(settings: Settings) -> Message:
    settings.home.mkdir(parents=True, exist_ok=True)
    if not os.access(settings.home, os.W_OK | os.X_OK):
        raise PermissionError(f"{settings.home} cannot be written; change its owner or use --home")
    return Message(f"{settings.home} 可写", f"{settings.home} can be written")


def _disk(settings: Settings) -> Message:
    free = shutil.disk_usage(settings.home).free
    if free < FREE_BYTES_MIN:
        raise OSError(f"only {free / 1e9:.1f} GB free; make room or move the home")
    return Message(f"剩余 {free / 1e9:.0f} GB", f"{free / 1e9:.0f} GB free")


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
        return Message("chDB，由 analytics 进程打开", "chDB, opened by the analytics role")
    warehouse = open_warehouse(url)
    try:
        version = asyncio.run(warehouse.query("select version()")).rows[0][0]
    finally:
        warehouse.close()
    return Message(
        f"{redacted(url)} 可用，ClickHouse {version}", f"{redacted(url)} answers: {version}"
    )


def _console(_settings: Settings) -> Message:
    folder = console_files()
    if folder is None:
        raise FileNotFoundError("the console is not built; run: make setup")
    return Message("控制台已构建", "the console is built")


def _system(settings: Settings) -> Message:
    address = local_system.address(settings.home)
    if address is None:
        return Message("没有在运行", "not running")
    return Message(f"运行于 {address.base_url}", f"running at {address.base_url}")
