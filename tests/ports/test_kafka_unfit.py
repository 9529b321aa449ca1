"""Brokers that are too old for the log, and a topic that is deleted under it."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from tests.ports.kafka_log import kafka_log, place_for
from tests.ports.test_kafka_faults import event
from tests.ports.test_kafka_rights import free_port

from deploy.engines import settings
from deploy.engines.java import java
from deploy.engines.packages import cache_folder, fetch_jars, jars
from queqiao.kernel.errors import InvalidInput, Unavailable
from queqiao.ports.event_log.base import Outcome
from queqiao.ports.event_log.kafka.place import place_of
from queqiao.ports.event_log.kafka.topic import delete_topic, open_topic

pytestmark = pytest.mark.engines

READY_WITHIN_S = 90.0


@contextmanager
def program(folder: Path, main: str, values: dict[str, object]) -> Iterator[None]:
    """Run a program of Kafka 2.7.2, which a file of settings tells what to do."""
    file = folder / f"{main}.properties"
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    path = [f"{jars(cache_folder(), 'kafka_old', {})}/*"]
    known = settings.read(settings.DEFAULT_FILE)
    with (folder / f"{main}.log").open("wb") as log:
        process = subprocess.Popen(java(known, 192, path, main, str(file)), stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def old_broker(tmp_path: Path) -> Iterator[str]:
    """The address of a broker of 2020, which needs ZooKeeper."""
    fetch_jars(cache_folder(), "kafka_old", {})
    zookeeper, broker = free_port(), free_port()
    with ExitStack() as running:
        keeper = {
            "dataDir": tmp_path / "zookeeper", "clientPort": zookeeper,
            "clientPortAddress": "127.0.0.1", "admin.enableServer": "false",
        }  # fmt: skip
        running.enter_context(
            program(tmp_path, "org.apache.zookeeper.server.quorum.QuorumPeerMain", keeper)
        )
        wait_listening(zookeeper)
        server = {
            "broker.id": 1, "listeners": f"PLAINTEXT://127.0.0.1:{broker}",
            "zookeeper.connect": f"127.0.0.1:{zookeeper}", "log.dirs": tmp_path / "kafka",
            "log.cleaner.dedupe.buffer.size": 4 * 2**20,
        }  # fmt: skip
        running.enter_context(program(tmp_path, "kafka.Kafka", server))
        wait_listening(broker)
        yield f"127.0.0.1:{broker}"


def wait_listening(port: int) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_brokers_that_are_too_old_are_refused_with_the_version_that_is_needed(
    old_broker: str,
) -> None:
    place = place_of(f"kafka://{old_broker}/old?replication=1&min_insync=1")
    with pytest.raises(InvalidInput, match=r"ports\.event_log.*Kafka 3\.0 is needed"):
        open_topic(place)


async def test_a_topic_that_is_deleted_under_the_log_takes_nothing_more(
    tmp_path: Path, kafka_bootstrap: str
) -> None:
    log = kafka_log(tmp_path, kafka_bootstrap)
    assert await log.append([event("a")]) == [Outcome("stored", 1)]
    place = place_for(tmp_path, kafka_bootstrap)
    admin = AdminClient(place.settings("test"))
    admin.delete_topics([place.topic])[place.topic].result(30)
    for name in "bc":
        with pytest.raises(Unavailable):
            await log.append([event(name)])
    log.close()
    with pytest.raises(KafkaException, match="UNKNOWN_TOPIC"):
        raise KafkaException(admin.list_topics(place.topic, timeout=10).topics[place.topic].error)
    with pytest.raises(InvalidInput, match="is not the one"):
        kafka_log(tmp_path, kafka_bootstrap)


def test_a_topic_that_was_just_deleted_is_made_anew(tmp_path: Path, kafka_bootstrap: str) -> None:
    """Brokers list it for a moment after they said that it is gone."""
    place = place_for(tmp_path, kafka_bootstrap)
    ids = set()
    for _ in range(8):
        ids.add(open_topic(place).id)
        delete_topic(place)
    assert len(ids) == 8
