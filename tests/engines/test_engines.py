"""The real servers: they answer, die and come back with what they were told, and leave nothing."""

import getpass
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from deploy.engines import asking, hbase, postgresql, seaweedfs, thrift
from deploy.engines.errors import NotReady
from deploy.engines.instance import Instance
from deploy.engines.kafka import brokers
from deploy.engines.processes import Started, resident_mb

pytestmark = pytest.mark.engines
BACK_WITHIN_S = 60.0
MEMORY_MB_MAX = 12 * 1024


def kill(engines: Instance, name: str) -> int:
    pid = engines.server(name).pid
    os.kill(pid, signal.SIGKILL)
    return pid


def wait_back(engines: Instance, name: str, dead: int) -> None:
    deadline = time.monotonic() + BACK_WITHIN_S
    while (state := engines.server(name)).phase != "ready" or state.pid == dead:
        assert time.monotonic() < deadline, f"{name}: {state.problem or state.phase}"
        time.sleep(0.1)


def answers(question: Callable[[], None]) -> bool:
    try:
        question()
    except (NotReady, OSError):
        return False
    return True


def told_by(python: str, program: str) -> str:
    environment = {**os.environ, "PYSPARK_PYTHON": python}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [python, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def command(url: str, *words: str) -> str:
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 5.0) as stream:
        stream.sendall(" ".join(words).encode() + b"\r\n")
        return stream.recv(4096).decode()


@pytest.mark.engines_ci
def test_a_killed_broker_comes_back_into_its_cluster(
    engines: Instance, kafka_bootstrap: str
) -> None:
    first, second, third = kafka_bootstrap.split(",")
    assert brokers(first) == brokers(second) == brokers(third) == {1, 2, 3}
    wait_back(engines, "kafka_2", kill(engines, "kafka_2"))
    assert 2 in brokers(second)


@pytest.mark.engines_ci
def test_postgresql_keeps_what_it_committed(engines: Instance, postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("CREATE TABLE kept (n bigint)")
        connection.execute("INSERT INTO kept VALUES (7)")
    wait_back(engines, "postgresql", kill(engines, "postgresql"))
    with psycopg.connect(postgresql_url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
        super_user = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(super_user).fetchone() == (False,)
        connection.execute("DROP TABLE kept")


@pytest.mark.engines_ci
@pytest.mark.parametrize("name", ["redis", "valkey"])
def test_a_ledger_keeps_what_it_answered(
    engines: Instance, name: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{name}_url")
    assert command(url, "SET", "kept", "7") == "+OK\r\n"
    wait_back(engines, name, kill(engines, name))
    assert command(url, "GET", "kept") == "$1\r\n7\r\n"
    assert "appendfsync\r\n$6\r\nalways" in command(url, "CONFIG", "GET", "appendfsync")
    assert command(url, "DEL", "kept") == ":1\r\n"


def test_hdfs_keeps_a_file_over_the_death_of_a_data_node(
    engines: Instance, webhdfs_url: str
) -> None:
    root = webhdfs_url.replace("webhdfs:", "http:") + "/webhdfs/v1"
    with httpx.Client(follow_redirects=True, timeout=30, trust_env=False) as client:
        path = f"{root}/kept?op=CREATE&overwrite=true&user.name={getpass.getuser()}"
        asked = client.put(path, follow_redirects=False)
        assert client.put(asked.headers["location"], content=b"7" * 4096).status_code == 201
        wait_back(engines, "hdfs_datanode_1", kill(engines, "hdfs_datanode_1"))
        assert client.get(f"{root}/kept?op=OPEN").content == b"7" * 4096
        status = client.get(f"{root}/kept?op=GETFILESTATUS").json()["FileStatus"]
        assert (status["replication"], status["length"]) == (2, 4096)


def test_hdfs_keeps_its_names_over_the_death_of_its_name_node(
    engines: Instance, webhdfs_url: str
) -> None:
    root = webhdfs_url.replace("webhdfs:", "http:") + "/webhdfs/v1"
    with httpx.Client(timeout=30, trust_env=False) as client:
        made = client.put(f"{root}/names/inner?op=MKDIRS&user.name={getpass.getuser()}")
        assert made.json() == {"boolean": True}
        wait_back(engines, "hdfs_namenode", kill(engines, "hdfs_namenode"))
        found = client.get(f"{root}/names?op=LISTSTATUS").json()["FileStatuses"]["FileStatus"]
        assert [one["pathSuffix"] for one in found] == ["inner"]


def test_s3_refuses_who_has_no_key_and_keeps_its_bucket(engines: Instance, s3_url: str) -> None:
    bucket = f"/{engines.place.settings.seaweedfs.bucket}"
    assert httpx.get(f"{s3_url}{bucket}", trust_env=False).status_code == 403
    assert seaweedfs.request(engines.place, "HEAD", bucket) == 200
    wait_back(engines, "seaweedfs", kill(engines, "seaweedfs"))
    assert seaweedfs.request(engines.place, "HEAD", bucket) == 200


def test_the_metastore_has_its_tables_before_its_first_question(
    engines: Instance, metastore_url: str
) -> None:
    address = urlsplit(metastore_url).netloc
    thrift.call(address, "get_all_databases")
    with pytest.raises(NotReady, match="no_such_method is answered by an exception"):
        thrift.call(address, "no_such_method")
    with psycopg.connect(postgresql.url(engines.place, "metastore")) as connection:
        version = connection.execute('SELECT "SCHEMA_VERSION" FROM "VERSION"').fetchall()
    assert version == [("3.1.0",)]
    wait_back(engines, "metastore", kill(engines, "metastore"))


def test_hbase_answers_again_after_the_death_of_its_server(
    engines: Instance, hbase_thrift: str
) -> None:
    thrift.call(hbase_thrift, hbase.QUESTION)
    wait_back(engines, "hbase", kill(engines, "hbase"))
    deadline = time.monotonic() + BACK_WITHIN_S
    while not answers(lambda: thrift.call(hbase_thrift, hbase.QUESTION)):
        assert time.monotonic() < deadline


def test_a_killed_task_manager_gives_its_slots_back(engines: Instance, flink_rest: str) -> None:
    wait_back(engines, "flink_taskmanager", kill(engines, "flink_taskmanager"))
    deadline = time.monotonic() + BACK_WITHIN_S
    slots = engines.place.settings.flink.task_slots
    while asking.document(urlsplit(flink_rest).netloc, "/overview")["slots-available"] != slots:
        assert time.monotonic() < deadline, "the dead one's slots are counted no longer"
        time.sleep(0.2)


def test_flinks_environment_runs_python_of_its_own(flink_python: str) -> None:
    assert told_by(flink_python, "import pyflink.version as v; print(v.__version__)") == "2.2.1"


def test_sparks_environment_counts_rows(spark_python: str, engines: Instance) -> None:
    jars = engines.urls(["spark"])["spark_jars"]
    assert "spark-sql-kafka" in jars
    count = (
        "from pyspark.sql import SparkSession as S;"
        f"b = S.builder.master('local[1]').config('spark.jars', '{jars}');"
        "b = b.config('spark.driver.memory', '512m').config('spark.ui.enabled', 'false');"
        "s = b.getOrCreate(); print(s.range(1000).count()); s.stop()"
    )
    assert told_by(spark_python, count) == "1000"


def test_prometheus_reads_its_own_metrics(prometheus_url: str) -> None:
    address = urlsplit(prometheus_url).netloc
    deadline = time.monotonic() + BACK_WITHIN_S
    while True:
        found = asking.document(address, "/api/v1/query?query=up")["data"]["result"]
        if found and found[0]["value"][1] == "1":
            return
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.timeout(600)
def test_all_together_fit_into_the_memory_that_is_promised(engines: Instance) -> None:
    engines.up()
    used_mb = {state.name: round(resident_mb(state.pid)) for state in engines.status()}
    assert len(used_mb) >= 16
    assert all(mb > 1 for mb in used_mb.values()), used_mb
    assert sum(used_mb.values()) < MEMORY_MB_MAX, used_mb


@pytest.mark.engines_ci
def test_down_and_up_again_keeps_addresses_and_leaves_no_process(
    new_instance: Callable[[], Instance],
) -> None:
    instance = new_instance()
    instance.up(["redis", "postgresql"])
    urls = instance.urls(["redis", "postgresql"])
    pids = [Started(state.pid, state.started_ticks) for state in instance.status()]
    instance.down()
    assert not any(one.alive() or one.group() for one in pids)
    assert instance.status() == []
    instance.up(["redis"])
    assert instance.urls(["redis", "postgresql"]) == urls
    assert [state.name for state in instance.status()] == ["redis"]


@pytest.mark.engines_ci
def test_up_after_the_supervisor_was_killed_starts_all_anew(
    new_instance: Callable[[], Instance],
) -> None:
    instance = new_instance()
    instance.up(["redis"])
    left = instance.server("redis").pid
    os.kill(instance.home.supervisor(), signal.SIGKILL)
    while instance.home.supervisor():
        time.sleep(0.01)
    assert instance.orphans() == ["redis"]
    instance.up(["redis"])
    assert instance.orphans() == []
    assert instance.server("redis").pid != left
    assert not Started.now(left).alive()
