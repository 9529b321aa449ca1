"""The driver of Spark, run by the Python of Spark's own environment.

``serve.py`` says how it is spoken to. What it does with a piece of rows is the same for a file and
for each micro-batch of a topic:

    rows → ``Exchange.cut`` in Arrow → shuffle by bucket → ``Bucket.take`` with its state → epoch

An epoch is one folder of Parquet, written by one Spark job that is committed whole: state, results
and rows that are too late. The state of an epoch is read from the folder of the one before. So an
epoch that is run again, after a kill, gives the same bytes, and one that is there is not run again.
"""

import os
import sys
from typing import Any

import msgspec
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from queqiao.ports.compute import spark_steps
from queqiao.ports.compute.exchange import BUCKET, OFFSET, PARTITION, Exchange
from queqiao.ports.compute.job import Cut, Job, Reply, Stream, lookups_of
from queqiao.ports.compute.serve import say, serve

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # A file is one partition: the order of its rows is that of arrival.
    "spark.sql.files.maxPartitionBytes": str(1 << 40),
    "spark.sql.files.openCostInBytes": str(1 << 40),
}
STATES_KEPT = 2
"""How many epochs keep their state: the last one, and the one before, which a retry reads."""

_STATE = f"{BUCKET} long, name binary, value binary"


def session(settings: dict[str, str]) -> SparkSession:
    """Return the session of this process."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("queqiao")
    for name, value in {**SETTINGS, **settings}.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    return made


class Epochs:
    """Runs pieces of rows of one job, each into the folder of its epoch."""

    def __init__(self, spark: SparkSession, job: Job, folder: str, partitions: int) -> None:
        self._spark, self._folder, self._partitions = spark, folder, partitions
        self._job = msgspec.json.encode(job)
        exchange = Exchange(job.plan, lookups_of(job), job.buckets)
        self._stamped = _spark_schema(exchange.schema())
        self._keyed = exchange.keyed
        self._out = _spark_schema(spark_steps.OUT)

    def done(self, epoch: int) -> bool:
        """Say whether an epoch was committed."""
        return self._exists(f"{self._epoch(epoch)}/_SUCCESS")

    def run(self, rows: DataFrame, epoch: int, *, lines: bool = False, ended: bool = False) -> None:
        """Run a piece and commit its epoch."""
        stamped = rows.mapInArrow(spark_steps.stamp(self._job, lines=lines), self._stamped)
        if self._keyed:
            second = spark_steps.take(self._job, self._partitions, ended=ended)
            both = stamped.groupBy(BUCKET).cogroup(self._state(epoch - 1).groupBy(BUCKET))
            made = both.applyInArrow(second, self._out)
        else:
            made = stamped.mapInArrow(spark_steps.pack, self._out)
        made.write.mode("overwrite").partitionBy("kind").parquet(self._epoch(epoch))
        self._delete(f"{self._epoch(epoch - STATES_KEPT)}/kind=state")

    def last(self) -> int:
        """Return the last epoch that was committed, 0 before the first."""
        if not self._exists(f"{self._folder}/epochs"):
            return 0
        files, at = self._file(f"{self._folder}/epochs")
        every = [int(one.getPath().getName()) for one in files.listStatus(at)]
        return max(filter(self.done, every), default=0)

    def outputs(self, epoch: int) -> DataFrame:
        """Return the packed tables of an epoch."""
        every = self._spark.read.schema(f"kind string, {_STATE}").parquet(self._epoch(epoch))
        return every.where("kind <> 'state'")

    def _state(self, epoch: int) -> DataFrame:
        """Return the entries of the state after an epoch."""
        path = f"{self._epoch(epoch)}/kind=state"
        if not self._exists(path):
            return self._spark.createDataFrame([], _STATE)
        return self._spark.read.schema(_STATE).parquet(path)

    def _epoch(self, epoch: int) -> str:
        return f"{self._folder}/epochs/{epoch:010}"

    def _exists(self, path: str) -> bool:
        files, at = self._file(path)
        return bool(files.exists(at))

    def _delete(self, path: str) -> None:
        files, at = self._file(path)
        files.delete(at, True)

    def _file(self, path: str) -> tuple[Any, Any]:
        """Return Hadoop's file system and path: Spark has no Python face for files."""
        gateway: Any = self._spark
        at = gateway._jvm.org.apache.hadoop.fs.Path(path)  # noqa: SLF001
        return at.getFileSystem(gateway._jsc.hadoopConfiguration()), at  # noqa: SLF001


def _spark_schema(schema: Any) -> Any:
    return from_arrow_schema(schema, prefer_timestamp_ntz=False)


def cut(spark: SparkSession, asked: Cut) -> Reply:
    """Run a bounded piece."""
    epochs = Epochs(spark, asked.job, asked.folder, asked.partitions)
    rows = spark.read.parquet(asked.rows)
    epochs.run(rows, asked.epoch, ended=asked.ended)
    return Reply("done")


def stream(spark: SparkSession, asked: Stream) -> Reply:
    """Run on a topic until the query fails or is stopped."""
    epochs = Epochs(spark, asked.job, asked.folder, asked.partitions)
    topics = {"results": asked.results, "too_late": asked.too_late}
    schema = _spark_schema(spark_steps.MESSAGES)

    client = {"bootstrap.servers": asked.servers, **asked.client}
    kafka = {f"kafka.{name}": value for name, value in client.items()}

    def batch(rows: DataFrame, number: int) -> None:
        run(rows, number + 1)

    def run(rows: DataFrame, epoch: int, *, ended: bool = False) -> None:
        if not epochs.done(epoch):
            epochs.run(rows, epoch, lines=True, ended=ended)
        out = epochs.outputs(epoch).mapInArrow(spark_steps.messages(topics, epoch), schema)
        out.write.format("kafka").options(**kafka).save()
        say(Reply("running", epoch=epoch))

    source = spark.readStream.format("kafka").options(
        subscribe=asked.topic,
        startingOffsets="earliest",
        maxOffsetsPerTrigger=str(asked.offsets_a_cut),
        failOnDataLoss="true",
        **{**kafka, "kafka.isolation.level": "read_committed", **asked.options},
    )
    rows = source.load().selectExpr(
        f"cast(partition AS long) AS {PARTITION}", f"offset AS {OFFSET}", "value"
    )
    writer = rows.writeStream.foreachBatch(batch)
    writer = writer.option("checkpointLocation", f"{asked.folder}/source")
    every: dict[str, Any] = {"processingTime": f"{asked.interval_ms} milliseconds"}
    query = writer.trigger(**{"availableNow": True} if asked.bounded else every).start()
    say(Reply("running"))
    query.awaitTermination()
    if asked.ended:
        nothing = spark.createDataFrame([], f"{PARTITION} long, {OFFSET} long, value binary")
        run(nothing, epochs.last() + 1, ended=True)
    return Reply("done")


def main() -> None:
    """Serve requests; the first line is the settings of the session."""
    settings = msgspec.json.decode(sys.stdin.readline(), type=dict[str, str])
    settings["spark.submit.pyFiles"] = settings.pop("source")
    spark = session(settings)
    serve({Cut: lambda asked: cut(spark, asked), Stream: lambda asked: stream(spark, asked)})


if __name__ == "__main__":
    main()
