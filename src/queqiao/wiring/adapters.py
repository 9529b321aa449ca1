"""From a port's URL to its adapter. Each role opens what it needs after it was forked."""

from secrets import token_bytes
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from queqiao.collect.offline.import_jobs import ImportJobs
from queqiao.collect.uploads import Uploads
from queqiao.kernel.clock import Clock
from queqiao.ports.event_log.base import EventLogReader, OwnedEventLog
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.kafka.place import Place, place_of
from queqiao.ports.event_log.remote import RemoteEventLog
from queqiao.ports.keyring.base import Keyring
from queqiao.ports.keyring.local_key import LocalKey
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.catalogue import CataloguedLake
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.ledger.embedded import EmbeddedLedger
from queqiao.ports.ledger.remote import RemoteLedger
from queqiao.ports.profile_rows.base import ProfileRows
from queqiao.ports.records.base import Records
from queqiao.ports.rpc import RpcClient
from queqiao.ports.warehouse.base import Limits, Warehouse
from queqiao.ports.warehouse.clickhouse import ClickHouseWarehouse, open_warehouse
from queqiao.ports.warehouse.remote import RemoteWarehouse
from queqiao.process.contracts import Enricher, mask_of
from queqiao.profile.contracts import LIVE_FAMILIES
from queqiao.wiring import lakes, secret_keys, steady_clock
from queqiao.wiring.extras import extra
from queqiao.wiring.row_stores import open_rows
from queqiao.wiring.settings import Settings

KAFKA_FOLDER = "kafka_log"
"""Under the home: what the intake keeps of a log in Kafka."""

if TYPE_CHECKING:
    from queqiao.ports.ledger.redis import RedisLedger


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


def owned_event_log(settings: Settings) -> OwnedEventLog:
    """Return the event log for its one writer, the intake."""
    place = kafka_place(settings)
    if place is None:
        return EmbeddedEventLog(settings.path_of(settings.ports.event_log))
    with extra("ports.event_log", "kafka"):
        from queqiao.ports.event_log.kafka.log import KafkaEventLog  # noqa: PLC0415  # when named

    return KafkaEventLog(place, settings.home / KAFKA_FOLDER)


def event_log(settings: Settings) -> RemoteEventLog:
    """Return the event log for every other role, which asks the intake."""
    return RemoteEventLog(RpcClient(settings.socket("intake.rpc")))


def event_log_reader(settings: Settings) -> EventLogReader:
    """Return a reader of the event log, for any role."""
    place = kafka_place(settings)
    if place is None:
        return EmbeddedEventLogReader(settings.path_of(settings.ports.event_log))
    with extra("ports.event_log", "kafka"):
        from queqiao.ports.event_log.kafka.reader import KafkaEventLogReader  # noqa: PLC0415  # when named

    return KafkaEventLogReader(place, settings.home / KAFKA_FOLDER)


def kafka_place(settings: Settings) -> Place | None:
    """Return where the event log lies in Kafka, None when it does not."""
    url = settings.ports.event_log
    return place_of(url) if urlsplit(url).scheme == "kafka" else None


def check_event_log(settings: Settings, *, make: bool = True) -> str:
    """Look whether the log can be written; ``make`` Kafka's topic when it is missing.

    Returns how it was found. Raises InvalidInput or Unavailable, with the cure; Conflict when it is
    to be written and a move to it is not complete.
    """
    place = kafka_place(settings)
    if place is None:
        return settings.ports.event_log
    with extra("ports.event_log", "kafka"):
        from queqiao.ports.event_log.kafka.copying import check_whole  # noqa: PLC0415  # when named
        from queqiao.ports.event_log.kafka.topic import open_topic  # noqa: PLC0415  # likewise

    if make:
        check_whole(settings.home / KAFKA_FOLDER)
    topic = open_topic(place, make=make)
    shape = f"{topic.partitions} partitions" if topic.partitions else "made at the start"
    return f"kafka://{place.servers}/{topic.name} ({shape})"


def imports(settings: Settings) -> tuple[ImportJobs, Uploads]:
    """Return the import jobs and the uploads of the home, for any role."""
    return ImportJobs(settings.home / "imports"), Uploads(settings.home / "uploads")


def owned_ledger(settings: Settings) -> "EmbeddedLedger | RedisLedger":
    """Return the ledger for its own role: the one writer of a folder, one of many on a server."""
    if _is_file(settings.ports.ledger):
        return EmbeddedLedger.open(settings.path_of(settings.ports.ledger))
    return _redis_ledger(settings)


def ledger(settings: Settings) -> Ledger:
    """Return the ledger for every other role; on a server each steps by itself."""
    if _is_file(settings.ports.ledger):
        return RemoteLedger(RpcClient(settings.socket("ledger.rpc")))
    return _redis_ledger(settings)


def _redis_ledger(settings: Settings) -> "RedisLedger":
    with extra("ports.ledger", "redis"):
        from queqiao.ports.ledger.redis import RedisLedger  # noqa: PLC0415  # only when named
    return RedisLedger(settings.ports.ledger)


def _is_file(url: str) -> bool:
    return urlsplit(url).scheme == "file"


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


def profile_rows(settings: Settings) -> ProfileRows:
    """Return the store of live rows; nothing is asked of it yet."""
    return open_rows(settings.ports.profile_rows, settings.home, LIVE_FAMILIES)


def clock(settings: Settings) -> Clock:
    """Return the clock of the home's system, which all its roles go by."""
    return steady_clock.clock_of(settings.home)


def lake(settings: Settings) -> Lake:
    """Return the lake."""
    return lakes.lake(settings)


def catalogued_lake(settings: Settings) -> CataloguedLake | None:
    """Return the lake with its catalogue; None when the settings name no catalogue."""
    return lakes.catalogued(settings)
