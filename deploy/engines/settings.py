"""What ``engines.toml`` says: versions, ports, memory."""

import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from deploy.engines.errors import EngineError

DEFAULT_FILE = Path(__file__).with_name("engines.toml")
FILE_VARIABLE = "QUEQIAO_ENGINES_SETTINGS"

HeapMb = Annotated[int, msgspec.Meta(ge=64, le=65536)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Version = Annotated[str, msgspec.Meta(pattern=r"^[\w.+-]+$")]
AppendFsync = Literal["always", "everysec"]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: every setting is given, and no other."""


class Java(_Table, frozen=True):
    """What all Java processes share."""

    quick_start: bool


class Kafka(_Table, frozen=True):
    """Three brokers."""

    version: Version
    log4j_version: Version
    heap_mb: HeapMb


class Postgresql(_Table, frozen=True):
    """One server."""

    shared_buffers_mb: Annotated[int, msgspec.Meta(ge=1)]
    connections_max: Annotated[int, msgspec.Meta(ge=10)]


class Redis(_Table, frozen=True):
    """One server of Redis's kind."""

    memory_mb_max: Annotated[int, msgspec.Meta(ge=16)]
    appendfsync: AppendFsync


class Hdfs(_Table, frozen=True):
    """A name node and two data nodes."""

    version: Version
    namenode_heap_mb: HeapMb
    datanode_heap_mb: HeapMb


class Seaweedfs(_Table, frozen=True):
    """The S3 server, its bucket and its one user."""

    bucket: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]{2,62}$")]
    access_key: str
    secret_key: str


class Metastore(_Table, frozen=True):
    """Hive's catalogue of tables."""

    version: Version
    hadoop_version: Version
    postgresql_driver_version: Version
    heap_mb: HeapMb


class Hbase(_Table, frozen=True):
    """Master, region server and ZooKeeper in one; Thrift."""

    version: Version
    heap_mb: HeapMb
    thrift_heap_mb: HeapMb


class Spark(_Table, frozen=True):
    """An environment."""

    version: Version


class Flink(_Table, frozen=True):
    """A job manager and a task manager."""

    kafka_connector_version: Version
    task_slots: Annotated[int, msgspec.Meta(ge=1, le=64)]
    jobmanager_mb: Annotated[int, msgspec.Meta(ge=600)]
    taskmanager_mb: Annotated[int, msgspec.Meta(ge=1000)]


class Prometheus(_Table, frozen=True):
    """What is scraped."""

    scrape: tuple[str, ...]


class Settings(_Table, frozen=True):
    """All of ``engines.toml``."""

    ports: dict[str, Port]
    java: Java
    kafka: Kafka
    postgresql: Postgresql
    redis: Redis
    valkey: Redis
    hdfs: Hdfs
    seaweedfs: Seaweedfs
    metastore: Metastore
    hbase: Hbase
    spark: Spark
    flink: Flink
    prometheus: Prometheus


def settings_file() -> Path:
    """Return the file in force: the environment's, or the one beside this module."""
    return Path(os.environ.get(FILE_VARIABLE) or DEFAULT_FILE)


def read(file: Path) -> Settings:
    """Read the settings; raises EngineError that names the file and the setting."""
    try:
        settings = msgspec.toml.decode(file.read_bytes(), type=Settings)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise EngineError(f"{file}: {error}") from error
    return settings
