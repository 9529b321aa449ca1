"""From a port's URL to its adapter. Each role opens what it needs after it was forked."""

from pathlib import Path
from secrets import token_bytes
from urllib.parse import urlsplit

from queqiao.collect.offline.import_jobs import ImportJobs
from queqiao.collect.uploads import Uploads
from queqiao.kernel.clock import Clock
from queqiao.ports.event_log.base import EventLogReader
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.remote import RemoteEventLog
from queqiao.ports.keyring.base import Keyring
from queqiao.ports.keyring.local_key import LocalKey
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.ledger.remote import RemoteLedger
from queqiao.ports.records.base import Records
from queqiao.ports.rpc import RpcClient
from queqiao.ports.warehouse.base import Limits, Warehouse
from queqiao.ports.warehouse.clickhouse import ClickHouseWarehouse, open_warehouse
from queqiao.ports.warehouse.remote import RemoteWarehouse
from queqiao.process.contracts import Enricher, mask_of
from queqiao.wiring import secret_keys, steady_clock
from queqiao.wiring.settings import Settings


def records(settings: Settings) -> Records:
    """Return the records of SQLite or PostgreSQL."""
    url = settings.ports.records
    if urlsplit(url).scheme == "sqlite":
        from queqiao.ports.records.sqlite import SqliteRecords  # noqa: PLC0415  # only when named

        return SqliteRecords(settings.path_of(url))
    from queqiao.ports.records.postgresql import PostgresqlRecords  # noqa: PLC0415  # likewise

    return PostgresqlRecords(url)


def keyring(settings: Settings) -> Keyring:
    """Return the keyring of the home; its key is made at first use and then stays."""
    return LocalKey(secret_keys.key(settings.home, "keyring"), token_bytes)


def owned_event_log(settings: Settings) -> EmbeddedEventLog:
    """Return the event log for its one writer, the intake."""
    return EmbeddedEventLog(log_folder(settings))


def event_log(settings: Settings) -> RemoteEventLog:
    """Return the event log for every other role, which asks the intake."""
    return RemoteEventLog(RpcClient(settings.socket("intake.rpc")))


def event_log_reader(settings: Settings) -> EventLogReader:
    """Return a reader of the event log, for any role."""
    return EmbeddedEventLogReader(log_folder(settings))


def imports(settings: Settings) -> tuple[ImportJobs, Uploads]:
    """Return the import jobs and the uploads of the home, for any role."""
    return ImportJobs(settings.home / "imports"), Uploads(settings.home / "uploads")


def log_folder(settings: Settings) -> Path:
    """Return where the event log lies."""
    return settings.path_of(settings.ports.event_log)


def owned_ledger(settings: Settings) -> EmbeddedLedger:
    """Return the ledger for its one writer."""
    return EmbeddedLedger.open(settings.path_of(settings.ports.ledger))


def ledger(settings: Settings) -> RemoteLedger:
    """Return the ledger for every other role."""
    return RemoteLedger(RpcClient(settings.socket("ledger.rpc")))


def owned_warehouse(settings: Settings) -> ClickHouseWarehouse:
    """Return the warehouse for the analytics role, which owns an in-process engine."""
    url = settings.ports.warehouse
    if urlsplit(url).scheme == "chdb":
        url = f"chdb://{settings.path_of(url).resolve()}"
    bounds = Limits(
        engine_bytes_max=settings.warehouse.memory_mb_max * 1_000_000,
        threads=settings.warehouse.threads_max,
    )
    return open_warehouse(url, bounds)


def warehouse(settings: Settings) -> Warehouse:
    """Return the warehouse for every other role, which asks the analytics role."""
    return RemoteWarehouse(RpcClient(settings.socket("analytics.rpc")))


def enricher(settings: Settings) -> Enricher:
    """Return what reads events further, with the operator's database of addresses."""
    default = mask_of(settings.consent.default)
    return Enricher(settings.ip_database(), settings.enrichment.ip_storage, default)


def clock(settings: Settings) -> Clock:
    """Return the clock of the home's system, which all its roles go by."""
    return steady_clock.clock_of(settings.home)


def lake(settings: Settings) -> Lake:
    """Return the lake."""
    return ParquetFolder(settings.path_of(settings.ports.lake))
