"""Plans on topics of a real Kafka, by Spark and by Flink, killed in the middle: one digest."""

import os
import signal
import time
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from tests.ports.compute_engines import start
from tests.ports.compute_topics import Topics
from tests.ports.test_compute_engines import adversarial_rows
from tests.transforms.engines import table_of
from tests.transforms.test_machines import shop
from tests.transforms.test_windows import COLUMNS, S, plan_of

from queqiao.ports.compute.digest import digest
from queqiao.ports.compute.embedded import EmbeddedEngine
from queqiao.ports.compute.job import Job, Stream
from queqiao.ports.compute.plan import Tumbling, check_plan, result_columns
from queqiao.ports.compute.sinks import MemorySink
from queqiao.ports.compute.sources import TableSource
from queqiao.ports.compute.streams import Once, RunningStream
from queqiao.ports.compute.versions import standing
from queqiao.process.transforms import catalogue

on_engines = pytest.mark.engines
SOME_S = 150.0


@pytest.fixture(scope="module", params=["spark", "flink"])
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def new_process(name, request, tmp_path_factory):
    """Return a function that starts a process of the engine that knows Kafka."""
    python = Path(request.getfixturevalue(f"{name}_python"))
    jars = request.getfixturevalue("engines").urls([name])[f"{name}_jars"]
    more: dict = {"settings": {"spark.jars": jars}}
    if name == "flink":
        rest = request.getfixturevalue("flink_rest")
        more = {"rest": rest, "jars": [Path(jar) for jar in jars.split(",")]}
    started = []

    def make():
        started.append(start(name, python, tmp_path_factory.mktemp(name), **more))
        return started[-1]

    yield make
    for process in started:
        process.close()


@pytest.fixture
def kill_driver(new_process):
    """Return a function that kills the process that the plan was given to, and begins again."""

    def run(stream, process, request):
        os.killpg(process.pid, signal.SIGKILL)
        process.close()
        return RunningStream(new_process(), request)

    return run


@pytest.fixture
def kill(name, engines, kill_driver):
    """Return a function that kills what the plan runs on: Spark's driver, Flink's task manager."""

    def run(stream, process, request):
        if name == "spark":
            return kill_driver(stream, process, request)
        os.kill(engines.server("flink_taskmanager").pid, signal.SIGKILL)
        return stream

    return run


@pytest.fixture
def topics(kafka_bootstrap):
    made = []

    def make(partitions: int) -> Topics:
        made.append(Topics(kafka_bootstrap, partitions))
        return made[-1]

    yield make
    for one in made:
        one.close()


def asked(plan, topics: Topics, folder) -> Stream:
    return Stream(
        job=Job(plan=plan, machines=catalogue.MACHINES_NAME, buckets=3), servers=topics.servers,
        topic=topics.rows, partitions=topics.partitions, results=topics.results,
        too_late=topics.late, folder=str(folder),
    )  # fmt: skip


def embedded(plan, rows: pa.Table) -> MemorySink:
    sink = MemorySink()
    EmbeddedEngine(machines=catalogue.MACHINES).run(plan, TableSource(rows, 50), sink, ended=False)
    return sink


def until(look, wanted, stream) -> None:
    """Wait until both are equal; stop early if the stream ended."""
    end = time.monotonic() + SOME_S
    while (found := look()) != wanted and time.monotonic() < end:
        stream.check()
    assert found == wanted


@on_engines
@pytest.mark.timeout(900)
def test_windows_stand_the_same_and_late_rows_are_aside(
    new_process, kill, topics, tmp_path
) -> None:
    plan = plan_of(Tumbling(10 * S), lateness_us=5 * S, out_of_order_us=2 * S, early=True)
    rows = table_of(adversarial_rows(11), COLUMNS)
    wanted, kafka = embedded(plan, rows), topics(1)
    columns = result_columns(plan.steps[-1], COLUMNS)
    process = new_process()
    kafka.send(rows.slice(0, 200))
    request = asked(plan, kafka, tmp_path)
    stream = RunningStream(process, request)
    first = embedded(plan, rows.slice(0, 200))
    keys = ("who", "day")

    def stands() -> tuple[str, str]:
        late = kafka.read(kafka.late, COLUMNS)
        return digest(standing(kafka.read(kafka.results, columns), keys)), digest(late)

    def meant(sink) -> tuple[str, str]:
        return digest(standing(sink.read("results"), keys)), digest(sink.read("too_late"))

    until(stands, meant(first), stream)
    kafka.send(rows.slice(200, 200))
    stream = kill(stream, process, request)
    kafka.send(rows.slice(400))
    until(stands, meant(wanted), stream)
    stream.close()


@on_engines
@pytest.mark.timeout(900)
def test_a_machine_over_two_partitions_gives_each_result_once(
    new_process, kill_driver, topics, tmp_path
) -> None:
    plan = catalogue.TRANSFORMS["identity"]
    rows = sorted(shop(21), key=lambda row: row["at"])
    last = max(row["at"] for row in rows)
    ends = [rows[-1] | {"at": last + n * 3_600_000_000, "message_id": f"end{n}"} for n in (1, 1)]
    table, kafka = table_of(rows, plan.columns), topics(2)
    chance = Random(4)
    dealt = [chance.randrange(2) for _ in rows]
    wanted = embedded(plan, table_of(rows + ends, plan.columns)).read("results")
    process, request = new_process(), asked(plan, kafka, tmp_path)
    kafka.send(table.slice(0, 300), lambda n: dealt[n])
    stream = RunningStream(process, request)
    gives = dict(catalogue.MACHINES["identity"].gives)
    until(lambda: kafka.read(kafka.results, gives).num_rows > 100, True, stream)
    kafka.send(table.slice(300, 200), lambda n: dealt[300 + n])
    stream = kill_driver(stream, process, request)
    kafka.send(table.slice(500), lambda n: dealt[500 + n])
    kafka.send(table_of(ends, plan.columns), lambda n: n)
    until(lambda: digest(kafka.read(kafka.results, gives)), digest(wanted), stream)
    assert kafka.read(kafka.late, check_plan(plan)).num_rows == 0
    stream.close()


def test_what_was_written_again_is_passed_over() -> None:
    once = Once()
    said = [b"1 0 0", b"1 0 1", b"1 5 0", b"1 0 0", b"1 0 1", b"1 0 2", b"2 0 0", b"1 5 0"]
    assert [once.is_new(one) for one in said] == [1, 1, 1, 0, 0, 1, 1, 0]
