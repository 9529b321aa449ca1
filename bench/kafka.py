"""Acknowledged events a second into three real Kafka brokers, through the whole intake.

The intake is a process of its own: HTTP, validation, exact dedup, a transaction on three brokers
(replication 3, min.insync.replicas 2), then the answer. A client process drives it over 64
keep-alive connections, 100 events a batch, so at most 6,400 are not acknowledged yet. The peer in
the same run is Kafka's own client in the same durability (``acks=all``, idempotent, lz4, keyed the
same, the same kind of topic), as its makers measure it: from a list in memory, as many under way as
fit. It pays for no HTTP, no validation, no dedup, no headers, no transaction. The second peer is
the same client with no more under way than ours. All in turn, five times; medians count. A topic is
deleted after its turn: followers ask for every partition there is, so old ones cost all that come.

Learned: CPU decides. On two cores that brokers, intake and client share (load 5, not quiet), the
peer took 4 us of the brokers and about 5 of itself an event: 97,000 to 150,000 a second. Ours took
17 to 20 and 10, and reached 39,000 to 53,000: 0.37 of it by medians. What costs the brokers is the
transaction, not the event: 14 ms of CPU each (three brokers that compile quickly and not well), for
about fifty requests: partitions are registered, verified, written, markers and the coordinator's
own three records too, and two followers fetch each of them. 8 clients in groups of 270 cost 81 us
an event, 64 in groups of 2,100 10 to 14. So larger groups help: a group that was sent before the
one before had arrived only waited for it. Since it gathers meanwhile, groups are of 3,000 where
they were of 2,100, and in turn with the old way (load 20 to 25) 28,200 and 28,900 a second came
where 15,200 to 23,100 had, 15 us of the brokers where 19 to 26 had gone.

Not worth it: a third producer makes groups smaller, and cost a tenth. Records handed to the client
before the group before has arrived, which registers partitions meanwhile: no quicker, and aborting
while they are registered ends the client (INVALID_TXN_STATE). Python's switch interval at a tenth:
nothing that load let us see. Brokers that compile well need minutes of load first, and after
600,000 events still cost more than those that do not.

Of the intake's 10 us, HTTP, validation and dedup are 5; handing a record to the client 1.8 (0.8
without headers), the client's own threads 1.3, freeing what was delivered 0.6, whose event it is
0.4. Batches must leave by the flush, not by ``linger.ms``. What one run says on a busy machine is
worth little: at load 25 the ratio was 0.28, at load 34 once 0.63. On a quiet machine (load 1) ours
took 96,600 a second, 8.5 us of the intake and 8.2 of the brokers an event, and the peer 411,000:
0.24; half an hour later 91,600 and 313,000, and the log's own ``append`` 142,000. The intake takes
5 us an event on its own disk, so nothing that answers over HTTP comes to 0.8 of a client that
writes from memory.

A machine that cannot start the brokers (``make engines-install`` says what lacks) gets no figure.
"""

import asyncio
import json
import socket
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from secrets import token_hex
from statistics import median
from time import perf_counter
from typing import Any

import msgspec
import uvloop
from confluent_kafka import Producer
from xxhash import xxh3_64_digest

from bench.harness import row
from bench.intake import Server, drive, events, intake_on, prepare, serve_kind
from bench.processes import cpu_s
from deploy.engines.errors import EngineError
from deploy.engines.instance import Instance
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.ports.event_log.base import NewEvents
from queqiao.ports.event_log.kafka.log import KafkaEventLog
from queqiao.ports.event_log.kafka.place import place_of
from queqiao.ports.event_log.kafka.topic import delete_topic, open_topic

BATCH = 100
CONNECTIONS = 64
EVENTS = 150_000
ROUNDS = 5
WARM_UP = 0.2
GOAL = 0.8
_MORE = events(5)


def produced_per_s(url: str, count: int, under_way: int) -> float:
    """Return how many events a second Kafka's own client gets acknowledged.

    ``under_way``: so many may be sent and not acknowledged at a time.
    """
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
            "queue.buffering.max.messages": under_way,
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


def prepared_batches(count: int) -> list[NewEvents]:
    """Return events as the intake hands them to the log, 100 a batch."""
    made = []
    for _ in range(count // BATCH):
        said = [json.loads(one) for one in islice(_MORE, BATCH)]
        ids = [one["messageId"] for one in said]
        bodies = [
            encode_envelope(
                Envelope(one["messageId"], "track", 0, 0, "web", one["event"], one["anonymousId"],
                         properties=msgspec.Raw(json.dumps(one["properties"]).encode()),
                         context=msgspec.Raw(json.dumps(one["context"]).encode()))
            )
            for one in said
        ]  # fmt: skip
        made.append(NewEvents("web", ids, bodies, list(map(xxh3_64_digest, bodies))))
    return made


def stored_per_s(url: str, count: int) -> float:
    """Return how many events a second the log itself acknowledges, to 64 callers, without HTTP."""
    batches = prepared_batches(count)

    async def caller(log: KafkaEventLog, waiting: Iterator[NewEvents]) -> None:
        for batch in waiting:
            stored = log.append_new(batch)
            if stored is None:
                raise RuntimeError("an event of the bench was known already")
            await stored

    async def store(folder: Path) -> float:
        log, waiting = KafkaEventLog(place_of(url), folder), iter(batches)
        try:
            since = perf_counter()
            await asyncio.gather(*(caller(log, waiting) for _ in range(CONNECTIONS)))
            return len(batches) * BATCH / (perf_counter() - since)
        finally:
            log.close()

    with tempfile.TemporaryDirectory() as folder:
        return uvloop.run(store(Path(folder)))


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
            uvloop.run(drive(server.port, prepare(BATCH, connections, int(count * WARM_UP), 1)))
            prepared = prepare(BATCH, connections, count, 2)
            cpu_s, since = server.cpu_s(), perf_counter()
            late_ms = uvloop.run(drive(server.port, prepared))
            took_s = perf_counter() - since
            cpu_s = server.cpu_s() - cpu_s
        finally:
            server.stop()
    done = len(late_ms) * BATCH
    return done / took_s, sorted(late_ms)[len(late_ms) // 2], cpu_s / done * 1e6


def _sent(count: int) -> int:
    """Return how many of so many events fill the same number of batches on each connection."""
    return count // BATCH // CONNECTIONS * CONNECTIONS * BATCH


class Turns:
    """One kind after the other, each on a topic of its own; what they and the brokers needed."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._bootstrap = instance.urls(["kafka"])["kafka_bootstrap"]
        self.rates: dict[str, list[float]] = {"peer": [], "bounded": [], "log": [], "ours": []}
        self.others: list[tuple[float, float]] = []
        self.brokers_s: list[float] = []
        self.bytes_each: list[float] = []

    def take(self, kind: str, count: int) -> None:
        """Let one kind have its turn."""
        place = place_of(f"kafka://{self._bootstrap}/bench.{token_hex(4)}")
        url, before = f"kafka://{place.servers}/{place.topic}", self._brokers_s()
        if kind == "ours":
            rate, *rest = taken_per_s(url, count, CONNECTIONS)
            self.others.append((rest[0], rest[1]))
            stored = _sent(count) + _sent(int(count * WARM_UP))
            self.brokers_s.append((self._brokers_s() - before) / stored * 1e6)
            self.bytes_each.append(self._bytes_of(place.topic) / stored)
        elif kind == "log":
            rate = stored_per_s(url, count)
        else:
            under_way = count if kind == "peer" else BATCH * CONNECTIONS
            rate = produced_per_s(url, count, under_way)
        self.rates[kind].append(rate)
        print(f"{kind} {rate:,.0f}/s", file=sys.stderr)
        delete_topic(place)

    def _brokers_s(self) -> float:
        return sum(cpu_s(one.pid) for one in self._instance.status() if one.pid)

    def _bytes_of(self, topic: str) -> int:
        """Return what a topic's records take on the disks of all brokers."""
        files = self._instance.home.folder.glob(f"**/{topic}-*/*.log")
        return sum(file.stat().st_size for file in files)


def measure(instance: Instance) -> Turns:
    """Run all in turn; return the figures."""
    turns = Turns(instance)
    for kind in turns.rates:
        turns.take(kind, EVENTS // 5)  # the brokers compile what they run
    warm = Turns(instance)
    for _ in range(ROUNDS):
        for kind in warm.rates:
            warm.take(kind, EVENTS)
    return warm


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
            found = measure(instance)
        finally:
            instance.down()
    ours, peer, bounded, log = (
        round(median(found.rates[kind])) for kind in ("ours", "peer", "bounded", "log")
    )
    late_ms, intake_s = (median(values) for values in zip(*found.others, strict=True))
    return [
        row(
            "kafka", name, "events/s", "higher", ours,
            goal=round(GOAL * peer), peer=peer, peer_name="Kafka's client alone",
        ),
        row("kafka", f"the same, {BATCH * CONNECTIONS:,} under way", "events/s", "higher", ours,
            peer=bounded, peer_name="Kafka's client alone, as many under way"),
        row("kafka", "the log itself, without HTTP and validation", "events/s", "higher", log,
            goal=round(GOAL * peer), peer=peer, peer_name="Kafka's client alone"),
        row("kafka", f"median of a batch, {CONNECTIONS} connections", "ms", "lower",
            round(late_ms, 1)),
        row("kafka", "CPU of the intake per million", "s", "lower", round(intake_s, 1)),
        row("kafka", "CPU of the three brokers per million", "s", "lower",
            round(median(found.brokers_s), 1)),
        row("kafka", "three brokers' disks, an event", "bytes", "lower",
            round(median(found.bytes_each))),
    ]  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 4:
        _, served_home, descriptor = sys.argv[1:]
        listening = socket.socket(fileno=int(descriptor))
        uvloop.run(serve_kind(serve_on_kafka, Path(served_home), listening))
    else:
        print(json.dumps(run(), indent=1))
