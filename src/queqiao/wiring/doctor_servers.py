"""What the servers that the settings name must offer: an answer, a version, rights, a clock."""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import text

from queqiao.kernel.errors import Message
from queqiao.ports.warehouse import clickhouse_server
from queqiao.wiring import adapters, doctor_machine, doctor_rows
from queqiao.wiring.doctor_machine import check_clock, same
from queqiao.wiring.extras import extra
from queqiao.wiring.settings import Settings, redacted

if TYPE_CHECKING:
    from queqiao.ports.ledger.redis_server import Report
    from queqiao.ports.records import postgresql_server


def usable(settings: Settings) -> None:
    """Raise what keeps a server that the settings name from being used, with its cure."""
    if not _is_sqlite(settings):
        records_report(settings.ports.records)
    if not _is_file(settings.ports.ledger):
        ledger_report(settings.ports.ledger)
    if urlsplit(settings.ports.warehouse).scheme != "chdb":
        clickhouse_server.look(settings.ports.warehouse)
    doctor_rows.usable(settings)


def records(settings: Settings) -> Message:
    """Look at the records: SQLite's file, or a PostgreSQL server."""
    shown = redacted(settings.ports.records)
    if _is_sqlite(settings):
        version = _sqlite_version(settings)
        return Message(f"{shown} 可用，SQLite {version}", f"{shown} answers: SQLite {version}")
    report = records_report(settings.ports.records)
    check_clock(report.clock_ahead_s)
    said = report.words()
    return Message(f"{shown} 可用，{said.zh}", f"{shown} answers: {said.en}")


def records_report(url: str) -> "postgresql_server.Report":
    """Return what a look at PostgreSQL finds. Raises what keeps it from being used."""
    from queqiao.ports.records.postgresql_server import look  # noqa: PLC0415  # 6 MB, when named

    return look(url)


def _sqlite_version(settings: Settings) -> str:
    opened = adapters.records(settings)
    try:
        return opened.read_now(
            lambda conn: str(conn.execute(text("select sqlite_version()")).scalar_one())
        )
    finally:
        opened.close()


def _is_sqlite(settings: Settings) -> bool:
    return urlsplit(settings.ports.records).scheme == "sqlite"


def _is_file(url: str) -> bool:
    return urlsplit(url).scheme == "file"


def event_log(settings: Settings) -> Message:
    """Look at the event log: a folder, or Kafka's brokers and their topic."""
    found = adapters.check_event_log(settings, make=False)
    return Message(f"{found} 可用", f"{found} answers")


def ledger(settings: Settings) -> Message:
    """Look at the ledger's server, where it is on one: what it is, and what it may lose."""
    url = settings.ports.ledger
    if _is_file(url):
        return same(url)
    report = ledger_report(url)
    check_clock(report.clock_ahead_s)
    said, shown = report.words(), redacted(url)
    return Message(f"{shown} 可用，{said.zh}", f"{shown} answers: {said.en}")


def ledger_report(url: str) -> "Report":
    """Return what a look at the ledger's server finds. Raises what keeps it from being used."""
    with extra("ports.ledger", "redis"):
        from queqiao.ports.ledger.redis_server import look  # noqa: PLC0415  # only when named
    return asyncio.run(look(url))


def warehouse(settings: Settings) -> Message:
    """Look at the warehouse: load the engine of this process, or ask a ClickHouse server."""
    url = settings.ports.warehouse
    if urlsplit(url).scheme == "chdb":
        return doctor_machine.engine(settings)
    report = clickhouse_server.look(url)
    check_clock(report.clock_ahead_s)
    version, copies = report.version, report.replicas
    return Message(
        f"{redacted(url)} 可用，ClickHouse {version}" + (f"，{copies} 个副本" if copies else ""),
        f"{redacted(url)} answers: {version}" + (f", {copies} replicas" if copies else ""),
    )
