"""Topics of a Kafka as streams' tests use them: lines in, results out, each once."""

import time
import uuid

import pyarrow as pa
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from queqiao.ports.compute.streams import Once
from queqiao.ports.compute.wire import LineReader, lines_of


class Topics:
    """One topic in and two out, of as many partitions."""

    def __init__(self, servers: str, partitions: int) -> None:
        self.servers, self.partitions = servers, partitions
        mark = uuid.uuid4().hex[:8]
        self.rows, self.results, self.late = (f"{n}.{mark}" for n in ("rows", "results", "late"))
        self._admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
        asked = [NewTopic(t, partitions, 3) for t in (self.rows, self.results, self.late)]
        for made in self._admin.create_topics(asked).values():
            made.result(60)
        self._producer = Producer(
            {"bootstrap.servers": servers, "enable.idempotence": True, "log_level": 0}
        )
        self._read: dict[str, tuple[Consumer, Once, list[bytes]]] = {}

    def send(self, rows: pa.Table, partition_of=lambda _: 0) -> None:
        """Write rows; each partition keeps their order."""
        for number, line in enumerate(lines_of(rows)):
            self._producer.produce(self.rows, line, partition=partition_of(number))
            self._producer.poll(0)
        assert self._producer.flush(60) == 0

    def read(self, topic: str, columns: dict, for_s: float = 1.0) -> pa.Table:
        """Return all rows of a topic up to now, what was written twice once."""
        consumer, once, lines = self._reading(topic)
        end = time.monotonic() + for_s
        while time.monotonic() < end:
            for message in consumer.consume(5_000, 0.3):
                assert message.error() is None, message.error()
                headers = dict(message.headers() or ())
                if "queqiao" not in headers or once.is_new(headers["queqiao"]):
                    lines.append(message.value())
        rows, places = LineReader(columns).read(lines)
        assert len(places) == len(lines)
        return rows

    def _reading(self, topic: str):
        if topic not in self._read:
            consumer = Consumer(
                {
                    "bootstrap.servers": self.servers,
                    "group.id": uuid.uuid4().hex,
                    "auto.offset.reset": "earliest",
                    "isolation.level": "read_committed",
                    "log_level": 0,
                }
            )
            consumer.subscribe([topic])
            self._read[topic] = (consumer, Once(), [])
        return self._read[topic]

    def close(self) -> None:
        """Close what was opened."""
        for consumer, _, _ in self._read.values():
            consumer.close()
