"""Acknowledged events a second into three real Kafka brokers, through the whole intake.

The intake is a process of its own: HTTP, validation, exact dedup, a transaction on three brokers
(replication 3, min.insync.replicas 2), then the answer. A client process drives it over keep-alive
connections, 100 events a batch. The peer in the same run is Kafka's own client: the same events,
keyed the same, ``acks=all`` and idempotent, produced from a list in memory as fast as the brokers
take them, into the same kind of topic. Both in turn, three times; the best of each counts, since
what disturbs a run only ever slows it.

Learned: on cores that brokers, intake and client share, CPU decides, and a transaction has a price
of its own there. An event of the peer costs the brokers 5 to 10 us. In groups of 400 (8 clients)
one of ours costs them 50 us with 3 partitions and one producer, 80 with 6; in groups of thousands
(64 connections) 11 with 1 partition, 20 with 3. The intake takes 11 to 13 us an event where the
embedded log's takes 5: making the records is about 2 of it (headers half of that), finding whose
event it is 0.4, the rest the client's own threads. Batches must leave by the flush, not by
``linger.ms``. What one run says on a busy machine is worth little: within one run ratios were 0.31,
0.33 and 0.75.

A machine that cannot start the brokers (``make engines-install`` says what lacks) gets no figure.
"""

import json
import socket
import sys
import tempfile
from itertools import islice
from pathlib import Path
from secrets import token_hex
from time import perf_counter
from typing import Any

import uvloop
from confluent_kafka import Producer

from bench.harness import row
from bench.intake import Server, drive, events, intake_on, prepare, serve_kind
from deploy.engines.errors import EngineError
from deploy.engines.instance import Instance
from queqiao.ports.event_log.kafka.log import KafkaEventLog
from queqiao.ports.event_log.kafka.place import place_of
from queqiao.ports.event_log.kafka.topic import open_topic

BATCH = 100
CONNECTIONS = 64
EVENTS = 150_000
ROUNDS = 3
GOAL = 0.8


def produced_per_s(url: str, count: int) -> float:
    """Return how many events a second Kafka's own client gets acknowledged."""
    place = place_of(url)
    open_topic(place)
    prepared = [(one.encode(), json.loads(one)["anonymousId"]) for one in islice(events(3), count)]
    failed: list[object] = []
    producer = Producer(
        {
            **place.settings("peer"),
            "enable.idempotence": True,
            "compression.type": "lz4",
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "queue.buffering.max.messages": count,
        }
    )
    producer.list_topics(place.topic, timeout=10)
    since = perf_counter()
    for body, who in prepared:
        while True:
            try:
                producer.produce(place.topic, body, who, on_delivery=None)
                break
            except BufferError:
                producer.poll(0.05)
    failed += [1] * producer.flush(60)
    if failed:
        raise RuntimeError("the peer's events did not arrive")
    return count / (perf_counter() - since)


async def serve_on_kafka(home: Path) -> Any:
    """Return the real application, whose log lies in Kafka."""
    place = place_of((home / "url").read_text())
    return intake_on(KafkaEventLog(place, home / "log"), home)


def taken_per_s(url: str, count: int, connections: int) -> tuple[float, float, float]:
    """Return events a second, the median of a batch in milliseconds, CPU s per million."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "url").write_text(url)
        server = Server("kafka", home, "bench.kafka")
        try:
            uvloop.run(drive(server.port, prepare(BATCH, connections, count // 5, 1)))
            prepared = prepare(BATCH, connections, count, 2)
            cpu_s, since = server.cpu_s(), perf_counter()
            late_ms = uvloop.run(drive(server.port, prepared))
            took_s = perf_counter() - since
            cpu_s = server.cpu_s() - cpu_s
        finally:
            server.stop()
    done = len(late_ms) * BATCH
    return done / took_s, sorted(late_ms)[len(late_ms) // 2], cpu_s / done * 1e6


def measure(bootstrap: str) -> dict[str, float]:
    """Run both in turn; return the figures."""

    def url() -> str:
        return f"kafka://{bootstrap}/bench.{token_hex(4)}"

    produced_per_s(url(), EVENTS // 5)  # the brokers compile what they run
    peer, ours = [], []
    for _ in range(ROUNDS):
        peer.append(produced_per_s(url(), EVENTS))
        ours.append(taken_per_s(url(), EVENTS, CONNECTIONS))
        print(f"peer {peer[-1]:,.0f}/s, ours {ours[-1]}", file=sys.stderr)
    rate, late_ms, cpu_s = max(ours)
    return {"ours": rate, "peer": max(peer), "late_ms": late_ms, "cpu_s": cpu_s}


def run() -> list[dict[str, Any]]:
    """Start the brokers in a home of their own, measure, stop them."""
    name = "acknowledged, 100 a batch, 3 brokers"
    with tempfile.TemporaryDirectory(prefix="queqiao-bench-") as home:
        instance = Instance(Path(home))
        try:
            instance.up(["kafka"])
        except EngineError as error:
            print(f"kafka: {error}", file=sys.stderr)
            return [row("kafka", name, "events/s", "higher", None)]
        try:
            found = measure(instance.urls(["kafka"])["kafka_bootstrap"])
        finally:
            instance.down()
    peer = round(found["peer"])
    return [
        row(
            "kafka", name, "events/s", "higher", round(found["ours"]),
            goal=round(GOAL * peer), peer=peer, peer_name="Kafka's client alone",
        ),
        row("kafka", f"median of a batch, {CONNECTIONS} connections", "ms", "lower",
            round(found["late_ms"], 1)),
        row("kafka", "CPU of the intake per million", "s", "lower", round(found["cpu_s"], 1)),
    ]  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 4:
        _, served_home, descriptor = sys.argv[1:]
        listening = socket.socket(fileno=int(descriptor))
        uvloop.run(serve_kind(serve_on_kafka, Path(served_home), listening))
    else:
        print(json.dumps(run(), indent=1))
