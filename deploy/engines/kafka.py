"""Kafka: three nodes, each broker and controller (KRaft), three copies of every partition."""

import socket
import struct
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from deploy.engines.engine import Engine, Place, Server
from deploy.engines.errors import EngineError, NotReady
from deploy.engines.java import java, write_log4j2
from deploy.engines.packages import fetch_jars, jars
from deploy.engines.settings import Settings

NODES = (1, 2, 3)
CLUSTER_ID = "cXVlcWlhby1lbmdpbmVzIQ"
METADATA = 3
METADATA_VERSION = 4


def _versions(settings: Settings) -> dict[str, str]:
    return {"kafka": settings.kafka.version, "log4j": settings.kafka.log4j_version}


def _properties(place: Place, node: int) -> str:
    address = place.address(f"kafka_{node}")
    controller = place.address(f"kafka_controller_{node}")
    voters = ",".join(f"{one}@{place.address(f'kafka_controller_{one}')}" for one in NODES)
    values = {
        "process.roles": "broker,controller",
        "node.id": node,
        "controller.quorum.voters": voters,
        "listeners": f"PLAINTEXT://{address},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{address}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": _folder(place, node) / "data",
        "num.partitions": 3,
        "default.replication.factor": 3,
        "min.insync.replicas": 2,
        "offsets.topic.replication.factor": 3,
        "transaction.state.log.replication.factor": 3,
        "transaction.state.log.min.isr": 2,
        # Their defaults of 50 partitions cost memory and seconds.
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.num.partitions": 8,
        "group.initial.rebalance.delay.ms": 0,
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        # A dead broker's partitions move after this time.
        "broker.session.timeout.ms": 6000,
        "num.network.threads": 2,
        "num.io.threads": 2,
        "log.cleaner.dedupe.buffer.size": 4 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _folder(place: Place, node: int) -> Path:
    return place.folder(f"kafka_{node}")


def _class_path(place: Place) -> list[str]:
    return [f"{jars(place.cache, 'kafka', _versions(place.settings))}/*"]


def _prepare(place: Place, node: int) -> None:
    folder = _folder(place, node)
    properties = folder / "server.properties"
    properties.write_text(_properties(place, node))
    if (folder / "data" / "meta.properties").exists():
        return
    command = java(place.settings, 128, _class_path(place), "kafka.tools.StorageTool",
                   "format", "-t", CLUSTER_ID, "-c", str(properties))  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(f"kafka_{node}: its folder could not be formatted: {done.stdout[-500:]}")


def brokers(address: str, timeout_s: float = 3.0) -> set[int]:
    """Ask a broker which brokers are alive; return their numbers.

    A Metadata request (version 4) without topics, as in Kafka's protocol guide.
    """
    client = b"queqiao"
    header = struct.pack(">hhih", METADATA, METADATA_VERSION, 1, len(client)) + client
    body = header + struct.pack(">ib", 0, 0)
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout_s) as stream:
        stream.sendall(struct.pack(">i", len(body)) + body)
        with stream.makefile("rb") as answer:
            (size,) = struct.unpack(">i", _exactly(answer.read(4), 4))
            return _broker_numbers(_exactly(answer.read(size), size))


def _exactly(got: bytes, size: int) -> bytes:
    if len(got) != size:
        raise NotReady("the broker closed the connection")
    return got


def _broker_numbers(answer: bytes) -> set[int]:
    """Read the answer: correlation, throttle time, then node, host, port and rack of each."""
    (count,) = struct.unpack_from(">i", answer, 8)
    place, numbers = 12, set()
    for _ in range(count):
        node, host_length = struct.unpack_from(">ih", answer, place)
        place += 6 + host_length + 4
        (rack_length,) = struct.unpack_from(">h", answer, place)
        place += 2 + max(0, rack_length)
        numbers.add(node)
    return numbers


def _ready(place: Place, node: int) -> None:
    alive = brokers(place.address(f"kafka_{node}"))
    if node not in alive:
        raise NotReady(f"broker {node} is not in the cluster yet ({sorted(alive)} are)")


def _server(place: Place, node: int) -> Server:
    folder = _folder(place, node)
    options = [write_log4j2(folder), f"-Dkafka.logs.dir={folder}"]
    return Server(
        name=f"kafka_{node}",
        command=java(
            place.settings,
            place.settings.kafka.heap_mb,
            _class_path(place),
            "kafka.Kafka",
            str(folder / "server.properties"),
            options=options,
        ),
        ports=(f"kafka_{node}", f"kafka_controller_{node}"),
        prepare=partial(_prepare, place, node),
        ready=partial(_ready, place, node),
    )


def _urls(place: Place) -> Mapping[str, str]:
    return {"kafka_bootstrap": ",".join(place.address(f"kafka_{node}") for node in NODES)}


ENGINE = Engine(
    name="kafka",
    install=lambda cache, settings: fetch_jars(cache, "kafka", _versions(settings)),
    servers=lambda place: [_server(place, node) for node in NODES],
    urls=_urls,
    ports=(*(f"kafka_{node}" for node in NODES), *(f"kafka_controller_{node}" for node in NODES)),
)
