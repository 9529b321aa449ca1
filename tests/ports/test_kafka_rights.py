"""A broker that asks who one is and what one may: passwords by SASL, rights by ACLs."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from deploy.engines import settings
from deploy.engines.java import java
from deploy.engines.kafka import CLUSTER_ID, _versions
from deploy.engines.packages import cache_folder, fetch_jars, jars
from queqiao.kernel.errors import InvalidInput, Unavailable
from queqiao.ports.event_log.base import NewEvent, Outcome
from queqiao.ports.event_log.kafka import topic as topics
from queqiao.ports.event_log.kafka.log import KafkaEventLog
from queqiao.ports.event_log.kafka.place import Place, place_of
from queqiao.ports.event_log.kafka.topic import open_topic

pytestmark = pytest.mark.engines

T = TypeVar("T")

READY_WITHIN_S = 90.0
GRANTED_WITHIN_S = 20.0
TOPIC = "guarded"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def properties(folder: Path, port: int, controller: int) -> str:
    jaas = (
        "org.apache.kafka.common.security.plain.PlainLoginModule required"
        ' user_boss="boss" user_queqiao="p@ss";'
    )
    values = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"GUARDED://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},"
        f"INSIDE://127.0.0.1:{free_port()}",
        "listener.security.protocol.map": "GUARDED:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT,"
        "INSIDE:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "INSIDE",
        "listener.name.guarded.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.guarded.plain.sasl.jaas.config": jaas,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:boss;User:ANONYMOUS",
        "log.dirs": folder / "data",
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "log.cleaner.dedupe.buffer.size": 4 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one broker, on which ``boss`` may do everything, ``queqiao`` nothing yet."""
    folder, port = tmp_path_factory.mktemp("guarded"), free_port()
    file = folder / "server.properties"
    file.write_text(properties(folder, port, free_port()))
    known = settings.read(settings.DEFAULT_FILE)
    fetch_jars(cache_folder(), "kafka", _versions(known))
    path = [f"{jars(cache_folder(), 'kafka', _versions(known))}/*"]
    tool = java(
        known, 128, path, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(file)
    )
    subprocess.run(tool, check=True, capture_output=True)
    with (folder / "log").open("wb") as log:
        broker = subprocess.Popen(
            java(known, 192, path, "kafka.Kafka", str(file)), stdout=log, stderr=log
        )
    try:
        wait_ready(f"127.0.0.1:{port}", broker, folder / "log")
        yield f"127.0.0.1:{port}"
    finally:
        broker.kill()
        broker.wait()


def wait_ready(address: str, broker: "subprocess.Popen[bytes]", log: Path) -> None:
    admin = AdminClient(place(address, "boss", "boss").settings("test"))
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        assert broker.poll() is None, log.read_text()[-2000:]
        try:
            admin.list_topics(timeout=2)
            break
        except KafkaException:
            assert time.monotonic() < deadline, log.read_text()[-2000:]


def place(address: str, user: str, password: str) -> Place:
    return place_of(
        f"kafka://{user}:{password}@{address}/{TOPIC}?replication=1&min_insync=1"
        "&security.protocol=SASL_PLAINTEXT&sasl.mechanism=PLAIN"
    )


def grant(address: str, kind: ResourceType, name: str, *operations: AclOperation) -> None:
    admin = AdminClient(place(address, "boss", "boss").settings("test"))
    bindings = [
        AclBinding(
            kind, name, ResourcePatternType.PREFIXED, "User:queqiao", "*", one,
            AclPermissionType.ALLOW,
        )
        for one in operations
    ]  # fmt: skip
    for done in admin.create_acls(bindings).values():
        done.result(30)


def once_granted(call: Callable[[], T]) -> T:
    """Return what a call gives when the broker has heard of a right, which takes it a moment."""
    deadline = time.monotonic() + GRANTED_WITHIN_S
    while time.monotonic() < deadline:
        with suppress(InvalidInput):
            return call()
        time.sleep(0.1)
    return call()


async def test_who_may_not_is_told_what_to_grant(
    guarded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "ANSWER_WITHIN_S", 5.0)
    with pytest.raises(Unavailable, match="cannot be reached"):
        open_topic(place(guarded, "queqiao", "wrong"))
    mine = place(guarded, "queqiao", "p%40ss")
    with pytest.raises(InvalidInput, match=r"rights are missing.*kafka-acls\.sh"):
        open_topic(mine)
    granted = (AclOperation.CREATE, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS)
    grant(guarded, ResourceType.TOPIC, TOPIC, *granted, AclOperation.READ)
    with pytest.raises(InvalidInput, match="rights are missing"):
        open_topic(mine)  # it may not write
    grant(guarded, ResourceType.TOPIC, TOPIC, AclOperation.WRITE)
    once_granted(lambda: open_topic(mine))
    with pytest.raises(InvalidInput, match="transactional ids that begin with guarded"):
        KafkaEventLog(mine, tmp_path)
    ids = (AclOperation.WRITE, AclOperation.DESCRIBE)
    grant(guarded, ResourceType.TRANSACTIONAL_ID, f"{TOPIC}.", *ids)
    log = once_granted(lambda: KafkaEventLog(mine, tmp_path))
    assert await log.append([NewEvent("web", "a", b"{}", b"12345678")]) == [Outcome("stored", 1)]
    log.close()
