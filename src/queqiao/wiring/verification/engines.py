"""The engines whose laws can be proven on a user's server, by name."""

from typing import NamedTuple
from urllib.parse import urlsplit

from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.wiring.settings import Settings


class Engine(NamedTuple):
    """Where an engine's URL stands in the settings, and which module knows its laws.

    ``port`` is the setting in ``[ports]``; empty where no setting names the engine, so that
    ``--url`` must. ``example`` is a URL that would do; ``also`` is another setting that may name
    one.
    """

    port: str
    schemes: tuple[str, ...]
    example: str
    module: str
    also: str = ""


ENGINES: dict[str, Engine] = {
    "redis": Engine(
        "ledger",
        ("redis", "rediss", "valkey", "valkeys"),
        "redis://127.0.0.1:6379/0",
        "queqiao.wiring.verification.redis_laws",
        also="profile_rows",
    ),
    "hbase": Engine(
        "profile_rows",
        ("hbase",),
        "hbase://127.0.0.1:9090/queqiao",
        "queqiao.wiring.verification.hbase_laws",
    ),
    "postgresql": Engine(
        "records",
        ("postgresql",),
        "postgresql://queqiao:password@127.0.0.1:5432/queqiao",
        "queqiao.wiring.verification.postgresql_laws",
    ),
    "kafka": Engine(
        "event_log",
        ("kafka",),
        "kafka://127.0.0.1:9092/queqiao",
        "queqiao.wiring.verification.kafka_laws",
    ),
    "clickhouse": Engine(
        "warehouse",
        ("clickhouse", "clickhouses"),
        "clickhouse://default@127.0.0.1:8123/default",
        "queqiao.wiring.verification.clickhouse_laws",
    ),
    "hdfs": Engine(
        "lake",
        ("hdfs",),
        "hdfs://127.0.0.1:8020/lake",
        "queqiao.wiring.verification.lake_laws",
    ),
    "s3": Engine(
        "lake",
        ("s3",),
        "s3://key:secret@lake/queqiao?endpoint=http://127.0.0.1:8333",
        "queqiao.wiring.verification.lake_laws",
    ),
    "hive": Engine(
        "lake_catalogue",
        ("thrift",),
        "thrift://127.0.0.1:9083/queqiao",
        "queqiao.wiring.verification.hive_laws",
    ),
    "spark": Engine(
        "compute",
        ("spark",),
        "spark:/opt/queqiao-spark/bin/python?master=local[2]",
        "queqiao.wiring.verification.spark_laws",
    ),
    "flink": Engine(
        "compute",
        ("flink",),
        "flink:/opt/queqiao-flink/bin/python?rest=http://127.0.0.1:8081",
        "queqiao.wiring.verification.flink_laws",
    ),
}
"""By name. An adapter joins with a line here and a module of its laws."""


def url_of(name: str, said: str | None, settings: Settings) -> str:
    """Return the URL to prove: the one said, or that of the settings.

    Raises InvalidInput when neither names a server of this engine.
    """
    engine = ENGINES[name]
    named = [getattr(settings.ports, port) for port in (engine.port, engine.also) if port]
    for url in [said] if said else named:
        if urlsplit(url).scheme in engine.schemes:
            return url
    message = Message(
        f"不是 {name} 的地址；例如 --url {engine.example}",
        f"names no {name} server; give one: --url {engine.example}",
    )
    raise InvalidInput(
        FieldError("--url" if said or not engine.port else _setting(engine), message)
    )


def _setting(engine: Engine) -> str:
    return f"[ports] {engine.port}"
