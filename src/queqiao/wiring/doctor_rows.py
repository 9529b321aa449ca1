"""Looks at the store of live rows: an answer, a version, rights, a clock."""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from queqiao.kernel.errors import Message, Unavailable
from queqiao.ports.profile_rows.base import SETTING
from queqiao.profile.contracts import LIVE_FAMILIES
from queqiao.wiring import adapters
from queqiao.wiring.doctor_machine import UnfitError, check_clock, same
from queqiao.wiring.extras import extra
from queqiao.wiring.settings import Settings, redacted

if TYPE_CHECKING:
    from queqiao.ports.profile_rows import hbase_server, redis_server

log = structlog.get_logger()


def usable(settings: Settings) -> None:
    """Raise what keeps the store from ever being used, with its cure.

    One that is away just now keeps no system from its start: decisions go without the rows.
    """
    try:
        profile_rows(settings)
    except (Unavailable, UnfitError) as error:
        log.warning("starting without the live rows", reason=str(error))


def profile_rows(settings: Settings) -> Message:
    """Look at the store."""
    url = settings.ports.profile_rows
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        return _sqlite(settings)
    return _hbase(url) if scheme == "hbase" else _redis(url)


def _sqlite(settings: Settings) -> Message:
    async def read() -> None:
        rows = adapters.profile_rows(settings)
        try:
            await rows.scan("", None, 1)
        finally:
            await rows.close()

    asyncio.run(read())
    return same(settings.ports.profile_rows)


def _redis(url: str) -> Message:
    with extra(SETTING, "redis"):
        from queqiao.ports.profile_rows import redis_server as server  # noqa: PLC0415  # when named
    report: redis_server.Report = asyncio.run(server.look(url))
    check_clock(report.clock_ahead_s)
    said, shown = report.words(), redacted(url)
    return Message(f"{shown} 可用，{said.zh}", f"{shown} answers: {said.en}")


def _hbase(url: str) -> Message:
    with extra(SETTING, "hbase"):
        from queqiao.ports.profile_rows import hbase_server as server  # noqa: PLC0415  # when named
    report: hbase_server.Report = server.look(url, LIVE_FAMILIES)
    if report.clock_ahead_s is None:
        return Message(f"{url} 可用，表会在启动时建立", f"{url} answers: the start makes the table")
    check_clock(report.clock_ahead_s)
    return Message(f"{url} 可用，表可写", f"{url} answers: the table takes writes")
