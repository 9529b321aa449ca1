"""The client of Flink, run by the Python of Flink's own environment.

``serve.py`` says how it is spoken to. A piece of a file and a topic go the same way:

    lines → ``Exchange.cut`` in Arrow batches → shuffle by bucket → ``Bucket.take`` → lines

Flink keeps the place in the topic and the state of the buckets in one checkpoint, and writes to
topics in transactions that end with it: read committed, each result is there once.
"""

import signal
import sys
from pathlib import Path
from time import sleep
from typing import Any

import msgspec
import pyflink
from pyflink.common import Configuration, Types
from pyflink.common.serialization import Encoder, SimpleStringSchema
from pyflink.datastream import DataStream, StreamExecutionEnvironment
from pyflink.datastream.connectors.base import DeliveryGuarantee
from pyflink.datastream.connectors.file_system import BucketAssigner, FileSink
from pyflink.datastream.connectors.kafka import KafkaRecordSerializationSchema, KafkaSink
from pyflink.java_gateway import get_gateway
from pyflink.table import DataTypes, StreamTableEnvironment
from pyflink.table.udf import udf

from queqiao.ports.compute import flink_steps
from queqiao.ports.compute.exchange import Exchange
from queqiao.ports.compute.flink_cluster import ENDED, end_former, knows_python
from queqiao.ports.compute.job import Cut, Job, Reply, Stream, lookups_of
from queqiao.ports.compute.serve import say, serve

SETTINGS = {
    "python.fn-execution.arrow.batch.size": "10000",
    # A bundle is waited for at its end: one of a single batch lets Java and Python take turns.
    "python.fn-execution.bundle.size": "100000",
    "python.fn-execution.bundle.time": "500",
    # A cluster does not let us wait for the end of a piece unless it is asked to.
    "execution.attached": "true",
}
RESTARTS = {
    "restart-strategy.type": "exponential-delay",
    "restart-strategy.exponential-delay.initial-backoff": "1 s",
    "restart-strategy.exponential-delay.max-backoff": "20 s",
    "restart-strategy.exponential-delay.attempts-before-reset-backoff": "20",
}
"""How a job on a topic is restarted; one on a file is not, it is asked for again."""

TRANSACTION_MS = 600_000
"""How long a transaction of a job that is down may stay open; brokers allow 15 minutes."""


class Flink:
    """Makes and runs the jobs of this process. ``settings`` are Flink's own."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._source = settings.pop("source")
        self._jars = [jar for jar in settings.pop("jars", "").split(",") if jar]
        python = {"python.executable": sys.executable, "python.client.executable": sys.executable}
        self._settings = {**SETTINGS, **python, **settings}
        self._cluster = None
        if "execution.target" in settings:
            self._cluster = f"http://{settings['rest.address']}:{settings['rest.port']}"

    def cut(self, asked: Cut) -> Reply:
        """Run a bounded piece."""
        env, tables = self._environment({"restart-strategy.type": "none"})
        tables.execute_sql(
            "CREATE TABLE source (line BYTES) WITH ('connector' = 'filesystem',"
            f" 'path' = '{_quoted(asked.rows)}', 'format' = 'raw')"
        )
        cuts = _stamped(tables, asked.job, "line")
        if not _is_keyed(asked.job):
            out = cuts.flat_map(flink_steps.piece_of, Types.STRING())
        else:
            before = Path(asked.folder, "epochs", f"{asked.epoch - 1:010}")
            take = flink_steps.TakePiece(
                msgspec.json.encode(asked.job),
                asked.partitions,
                str(before) if before.is_dir() else None,
                ended=asked.ended,
            )
            out = _by_bucket(cuts.flat_map(flink_steps.deal, _PIECE)).process(take, Types.STRING())
        out.sink_to(_files(Path(asked.folder, "epochs", f"{asked.epoch:010}")))
        env.execute(asked.job.plan.name)
        return Reply("done")

    def stream(self, asked: Stream) -> Reply:
        """Run on a topic until the job ends. A former job of this folder ends before, as it might
        make checkpoints that we would not see.
        """
        name = f"queqiao {asked.job.plan.name} {asked.folder}"
        if self._cluster is not None:
            end_former(self._cluster, name)
        env, tables = self._environment(self._checkpoints(asked))
        topic = {
            "connector": "kafka", "topic": asked.topic,
            "properties.bootstrap.servers": asked.servers,
            "properties.group.id": f"queqiao-{asked.job.plan.name}",
            "properties.isolation.level": "read_committed",
            "scan.startup.mode": "earliest-offset", "format": "raw",
            **({"scan.bounded.mode": "latest-offset"} if asked.bounded else {}),
            **{f"properties.{name}": value for name, value in asked.client.items()},
            **asked.options,
        }  # fmt: skip
        options = ", ".join(f"'{_quoted(k)}' = '{_quoted(v)}'" for k, v in topic.items())
        tables.execute_sql(
            "CREATE TABLE source (line BYTES, p INT METADATA FROM 'partition' VIRTUAL,"
            f" o BIGINT METADATA FROM 'offset' VIRTUAL) WITH ({options})"
        )
        cuts = _stamped(tables, asked.job, "line, CAST(p AS BIGINT), o")
        if not _is_keyed(asked.job):
            results = cuts.flat_map(flink_steps.rows_of, Types.STRING())
        else:
            job = msgspec.json.encode(asked.job)
            take = flink_steps.Take(job, asked.partitions, ended=asked.ended)
            results = _by_bucket(cuts.flat_map(flink_steps.deal, _PIECE)).process(
                take, Types.STRING()
            )
            late = results.get_side_output(flink_steps.LATE)
            late.sink_to(_topic(asked, asked.too_late))
        results.sink_to(_topic(asked, asked.results))
        return _watch(env.execute_async(name))

    def _environment(
        self, more: dict[str, str]
    ) -> tuple[StreamExecutionEnvironment, StreamTableEnvironment]:
        conf = Configuration()
        for name, value in {**self._settings, **more}.items():
            conf.set_string(name, value)
        env = _environment(conf)
        env.add_python_file(self._source)
        jars = self._jars + self._jars_of_python()
        if jars:
            env.add_jars(*[Path(jar).as_uri() for jar in jars])
        return env, StreamTableEnvironment.create(env)

    def _jars_of_python(self) -> list[str]:
        """Return what a cluster needs for Python, if it was not started with it."""
        if self._cluster is None or knows_python(self._cluster):
            return []
        assert pyflink.__file__ is not None
        return [str(jar) for jar in Path(pyflink.__file__).parent.glob("opt/flink-python-*.jar")]

    def _checkpoints(self, asked: Stream) -> dict[str, str]:
        """Return the settings of checkpoints, and of the last one if there is one to go on from."""
        folder = Path(asked.folder, "checkpoints")
        settings = {
            "execution.checkpointing.interval": f"{asked.interval_ms} ms",
            "execution.checkpointing.dir": folder.as_uri(),
            "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
            **RESTARTS,
        }
        made = sorted(folder.glob("*/chk-*/_metadata"), key=lambda path: path.stat().st_mtime_ns)
        if made:
            settings["execution.state-recovery.path"] = made[-1].parent.as_uri()
        return settings


def _environment(conf: Configuration) -> StreamExecutionEnvironment:
    """Return an environment that goes by ``execution.target``: PyFlink's own face is local only."""
    if not conf.contains_key("execution.target"):
        return StreamExecutionEnvironment.get_execution_environment(conf)
    java = get_gateway().jvm.org.apache.flink.streaming.api.environment
    return StreamExecutionEnvironment(java.StreamExecutionEnvironment(conf._j_configuration))  # noqa: SLF001


_PIECE = Types.TUPLE([Types.INT(), Types.PICKLED_BYTE_ARRAY()])


def _stamped(tables: StreamTableEnvironment, job: Job, arguments: str) -> DataStream:
    stamp = flink_steps.Stamp(msgspec.json.encode(job))
    function = udf(stamp, result_type=DataTypes.BYTES(), func_type="pandas")
    tables.create_temporary_function("stamp", function)
    every = f"SELECT stamp({arguments}) AS cut FROM source"  # noqa: S608  # our own words
    whole = f"SELECT cut FROM ({every}) WHERE cut IS NOT NULL"  # noqa: S608  # our own words
    return tables.to_data_stream(tables.sql_query(whole))


def _is_keyed(job: Job) -> bool:
    return Exchange(job.plan, lookups_of(job), job.buckets).keyed


def _by_bucket(pieces: DataStream) -> Any:
    return pieces.key_by(lambda piece: piece[0], key_type=Types.INT())


def _files(folder: Path) -> FileSink:
    return (
        FileSink.for_row_format(str(folder), Encoder.simple_string_encoder())
        .with_bucket_assigner(BucketAssigner.base_path_bucket_assigner())
        .build()
    )


def _topic(asked: Stream, topic: str) -> KafkaSink:
    schema = (
        KafkaRecordSerializationSchema.builder()
        .set_topic(topic)
        .set_value_serialization_schema(SimpleStringSchema())
        .build()
    )
    sink = (
        KafkaSink.builder()
        .set_bootstrap_servers(asked.servers)
        .set_record_serializer(schema)
        .set_delivery_guarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .set_transactional_id_prefix(f"queqiao-{asked.job.plan.name}-{topic}")
        .set_property("transaction.timeout.ms", str(TRANSACTION_MS))
    )
    for name, value in asked.client.items():
        sink = sink.set_property(name, value)
    return sink.build()


def _watch(client: Any) -> Reply:
    """Say that the job runs; return when it does no more. Cancel it when this process is ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    say(Reply("running", detail=str(client.get_job_id())))
    try:
        while client.get_job_status().result().name not in ENDED:
            sleep(1)
    except SystemExit:
        client.cancel().result()
        raise
    client.get_job_execution_result().result()
    return Reply("done")


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def main() -> None:
    """Serve requests; the first line is the settings of Flink."""
    flink = Flink(msgspec.json.decode(sys.stdin.readline(), type=dict[str, str]))
    serve({Cut: flink.cut, Stream: flink.stream})


if __name__ == "__main__":
    main()
