"""The Yahoo streaming benchmark through a real Kafka: embedded, Spark, Flink, in one run.

Spark and Flink run it twice: by our plan, and by hand in the engine's own API.

The events are those of ``yahoo.py``, in a topic of two partitions on three brokers; a result is a
line of another topic. Our plan runs as on any topic: lines in Arrow batches, checkpoints, versions,
late rows aside. By hand (``by_hand/``) it is what one would write: on Spark its JSON parser, a
broadcast join and a windowed count in update mode; on Flink SQL with its JSON format and a window
function, exactly once, and a vectorised Python function for the ad's campaign.

A rate is that of the events between a small and a large topic, so that no start of a job or worker
is in it; the small one is run twice, since the first run warms the JVM. Flink's cluster starts with
what Python needs: where each job brought it, a task manager's metaspace was full after three or
four jobs, and it ended in the middle of one. Bundles of ten Arrow batches instead of one gave our
plan 1.6 times the rate, batches of 30,000 rows instead of 10,000 half of it (the peer has the same
settings). Every count of every run is held against the recount made with the events; a run that
differs stops the bench. The clocks of a busy machine say little: look at the ratios.
"""

import json
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from bench import yahoo
from bench.harness import row
from deploy.engines.instance import Instance
from queqiao.ports.compute import flink, spark
from queqiao.ports.compute.base import Chunk
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.engine_process import EngineProcess
from queqiao.ports.compute.job import Job, Stream
from queqiao.ports.compute.plan import Plan
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.compute.versions import standing
from queqiao.ports.compute.wire import LineReader

SMALL, LARGE = 40_000, 1_440_000
PARTITIONS = 2
RUN_S = 600.0
HERE = Path(__file__).parent
SPARK = {
    "spark.master": "local[2]",
    "spark.driver.memory": "1g",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
}
Counts = yahoo.Counts


def plan() -> Plan:
    """Return the benchmark's plan; it shows windows while they are open, as the peers do."""
    whole = yahoo.plan()
    last = msgspec.structs.replace(whole.steps[-1], early=True)
    return msgspec.structs.replace(whole, steps=(*whole.steps[:-1], last))


class Bench:
    """Topics with events, what each must count to, and the engines."""

    def __init__(self, home: Path, instance: Instance) -> None:
        self.home, self._instance = home, instance
        self.urls = instance.urls(["kafka", "flink", "spark"])
        self.servers = self.urls["kafka_bootstrap"]
        self._admin = AdminClient({"bootstrap.servers": self.servers, "log_level": 0})
        inputs: list[tuple[str, Counts]] = []
        for events in (SMALL, LARGE):
            path = home / f"events-{events}.json"
            self.ads, recount = yahoo.make(path, events, Random(20260618))
            inputs.append((self._fill(path), recount))
        self.inputs = [inputs[0], *inputs]
        self.ads_file = home / "ads.parquet"
        pq.write_table(self.ads, self.ads_file)

    def topic(self) -> str:
        """Make a topic."""
        name = f"yahoo.{uuid.uuid4().hex[:8]}"
        self._admin.create_topics([NewTopic(name, PARTITIONS, 3)])[name].result(60)
        return name

    def _fill(self, path: Path) -> str:
        name = self.topic()
        producer = Producer(
            {"bootstrap.servers": self.servers, "linger.ms": 50, "compression.type": "lz4"}
        )
        with path.open("rb") as lines:
            for number, line in enumerate(lines):
                while True:
                    try:
                        producer.produce(name, line[:-1], partition=number % PARTITIONS)
                        break
                    except BufferError:
                        producer.poll(0.5)
        if producer.flush(120):
            raise SystemExit("engines: Kafka did not take the events")
        return name

    def messages(self, topic: str) -> Iterator[list[Any]]:
        """Yield all messages of a topic, in batches, to its end."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.servers,
                "group.id": uuid.uuid4().hex,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "queued.max.messages.kbytes": 65_536,
                "log_level": 0,
            }
        )
        consumer.subscribe([topic])
        ended = 0
        while ended < PARTITIONS:
            found = consumer.consume(10_000, 0.1)
            ended += sum(one.error() is not None for one in found)
            yield [one for one in found if one.error() is None]
        consumer.close()

    def counts(self, topic: str) -> Counts:
        """Return the highest count of each campaign and window: counts only grow."""
        found: Counts = {}
        for batch in self.messages(topic):
            for message in batch:
                line = json.loads(message.value())
                key = (line["campaign_id"], line["window_start"] // (10 * yahoo.SECOND_US))
                found[key] = max(found.get(key, 0), line["views"])
        return found

    def by_plan(self, name: str, process: EngineProcess) -> float:
        """Run our plan on the topics; return the events a second between them."""
        seconds = []
        for events, recount in self.inputs:
            results, late = self.topic(), self.topic()
            job = Job(plan=plan(), lookups={"campaigns": str(self.ads_file)}, buckets=2)
            asked = Stream(
                job=job, servers=self.servers, topic=events, partitions=PARTITIONS,
                results=results, too_late=late, folder=str(self.home / results), bounded=True,
                interval_ms=2_000,
            )  # fmt: skip
            begun = time.monotonic()
            process.ask(asked)
            while process.reply(RUN_S).state != "done":
                pass
            seconds.append(time.monotonic() - begun)
            yahoo.check(name, self.counts(results), recount)
        return rate(seconds)

    def by_hand(self, name: str, python: str, job: dict[str, Any]) -> float:
        """Run the engine's own on the topics."""
        outputs = [self.topic() for _ in self.inputs]
        topics = [[e, out] for (e, _), out in zip(self.inputs, outputs, strict=True)]
        asked = json.dumps({**job, "servers": self.servers, "topics": topics})
        script = str(HERE / "by_hand" / f"{name}_yahoo.py")
        done = subprocess.run(
            [python, script, asked], capture_output=True, text=True, timeout=RUN_S, check=False
        )
        said = [line for line in done.stdout.splitlines() if line.startswith("took ")]
        if len(said) != len(topics):
            raise SystemExit(f"engines: {name} by hand failed: {done.stderr[-2000:]}")
        for out, (_, recount) in zip(outputs, self.inputs, strict=True):
            yahoo.check(f"{name} by hand", self.counts(out), recount)
        return rate([float(line.split()[1]) for line in said])

    def embedded(self) -> float:
        """Run our plan in this process."""
        seconds = []
        for topic, recount in self.inputs:
            sink = MemorySink()
            engine = EmbeddedEngine(lookups={"campaigns": self.ads})
            begun = time.monotonic()
            engine.run(plan(), TopicSource(self.messages(topic)), sink, ended=True)
            seconds.append(time.monotonic() - begun)
            results = sink.read("results")
            assert results is not None
            yahoo.check("embedded", yahoo.counts_of(standing(results, ("campaign_id",))), recount)
        return rate(seconds)


class TopicSource:
    """A topic as a source for one run; the position is the number of messages."""

    def __init__(self, batches: Iterator[list[Any]]) -> None:
        self._batches = batches
        self._reader = LineReader(yahoo.COLUMNS)

    def read(self, position: int) -> Chunk | None:
        """Return the next batch."""
        batch = next(self._batches, None)
        if batch is None:
            return None
        lines = [message.value() for message in batch]
        rows = (
            self._reader.read(lines)[0]
            if lines
            else pa.table({n: pa.array([], pa.string()) for n in yahoo.COLUMNS})
        )
        return Chunk(rows, position + len(lines))


def rate(seconds: list[float]) -> float:
    """Return millions of events a second, of those that the large topic has more."""
    return (LARGE - SMALL) / (seconds[-1] - seconds[-2]) / 1e6


@contextmanager
def bench() -> Iterator[Bench]:
    """Start the engines in a home of their own, and stop them."""
    with tempfile.TemporaryDirectory(prefix="queqiao-bench-") as folder:
        home = Path(folder)
        instance = Instance(home / "engines")
        instance.install(["kafka", "flink", "spark"])
        try:
            instance.up(["kafka", "flink"])
            yield Bench(home, instance)
        finally:
            instance.down()


def on_spark(made: Bench) -> tuple[float, float]:
    """Return the rates of our plan and by hand."""
    python, jars = made.urls["spark_python"], made.urls["spark_jars"]
    conf = {**SPARK, "spark.jars": jars}
    process = spark.start(Path(python), made.home / "spark", settings=conf)
    try:
        ours = made.by_plan("Spark", process)
    finally:
        process.close()
    job = {"conf": conf, "ads": str(made.ads_file), "offsets_a_cut": 200_000,
           "folder": str(made.home)}  # fmt: skip
    return ours, made.by_hand("spark", python, job)


def on_flink(made: Bench) -> tuple[float, float]:
    """Return the rates of our plan and by hand."""
    python, jars = made.urls["flink_python"], made.urls["flink_jars"].split(",")
    rest = made.urls["flink_rest"]
    process = flink.start(
        Path(python), made.home / "flink", rest=rest, jars=[Path(jar) for jar in jars]
    )
    try:
        ours = made.by_plan("Flink", process)
    finally:
        process.close()
    host, _, port = rest.removeprefix("http://").rpartition(":")
    conf = {
        "execution.target": "remote", "rest.address": host, "rest.port": port,
        "python.executable": python, "python.client.executable": python,
        "table.local-time-zone": "UTC", "execution.checkpointing.interval": "2000 ms",
        "python.fn-execution.arrow.batch.size": "10000",
        "python.fn-execution.bundle.size": "100000",
        "python.fn-execution.bundle.time": "500",
    }  # fmt: skip
    ads = dict(zip(*(made.ads.column(n).to_pylist() for n in made.ads.column_names), strict=True))
    return ours, made.by_hand("flink", python, {"conf": conf, "jars": jars, "ads": ads})


def run() -> list[dict[str, Any]]:
    """Measure and return the rows of the table; stop if any count differs from the recount."""
    with bench() as made:
        embedded = made.embedded()
        on = {"Spark": on_spark(made), "Flink": on_flink(made)}
    unit = "M events/s"
    rows = [row("engines", "yahoo through Kafka, embedded", unit, "higher", embedded)]
    return rows + [
        row("engines", f"yahoo through Kafka, {name}", unit, "higher", ours,
            goal=round(0.8 * theirs, 3), peer=theirs, peer_name=f"{name}, by hand in its own API")
        for name, (ours, theirs) in on.items()
    ]  # fmt: skip


if __name__ == "__main__":
    for figure in run():
        print(figure)
