"""What a stream wrote to a topic, read back: committed, and each result once."""

from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any, NamedTuple

import pyarrow as pa
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from queqiao.kernel.errors import Message, Unavailable
from queqiao.ports.compute.expression import Type
from queqiao.ports.compute.streams import Once
from queqiao.ports.compute.wire import LineReader

WAIT_S = 30.0
"""So long a topic that has not ended may say nothing."""
LINES_AT_ONCE = 10_000

Settings = Mapping[str, str | int | float | bool]
"""Those of librdkafka: ``bootstrap.servers``, and how to sign in."""


class Written(NamedTuple):
    """The rows of a topic, and where each partition is read on."""

    rows: pa.Table
    positions: dict[int, int]


def read_written(
    client: Settings, topic: str, columns: Mapping[str, Type], after: Written | None = None
) -> Written:
    """Return the rows that are in a topic now, those after ``after`` if it is given.

    A transaction that is open now, or whose end is not written yet, is waited for.

    Raises Unavailable when the brokers do not give them. Spark may write an epoch twice after a
    kill: what was written again is passed over from the beginning of this call on.
    """
    settings: dict[str, Any] = {
        **client, "group.id": "queqiao-written", "enable.auto.commit": False,
        "isolation.level": "read_committed", "auto.offset.reset": "earliest",
        "enable.partition.eof": True, "log_level": 2,
    }  # fmt: skip
    consumer = Consumer(settings)
    try:
        partitions = consumer.list_topics(topic, WAIT_S).topics[topic].partitions
        positions = dict.fromkeys(partitions, 0) | (after.positions if after else {})
        consumer.assign([TopicPartition(topic, *place) for place in positions.items()])
        lines = _lines(consumer, topic, positions, _ends(client, topic, positions))
    finally:
        consumer.close()
    rows, _ = LineReader(columns).read(lines)
    return Written(rows, positions)


def _ends(client: Settings, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """Return where each partition ends now, with what is not committed yet."""
    admin = AdminClient(dict(client))
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's lack
    asked = {TopicPartition(topic, partition): latest for partition in partitions}
    answers = admin.list_offsets(asked, request_timeout=WAIT_S)
    return {one.partition: future.result().offset for one, future in answers.items()}


def _lines(
    consumer: Consumer, topic: str, positions: dict[int, int], ends: Mapping[int, int]
) -> list[bytes]:
    """Return the lines up to the end of each partition; move the positions on."""
    once, lines, reading = Once(), list[bytes](), set(positions)
    deadline = monotonic() + WAIT_S
    while reading:
        if monotonic() > deadline:
            raise _silent(topic)
        for message in consumer.consume(LINES_AT_ONCE, 0.1):
            partition, error = message.partition() or 0, message.error()
            if error is None:
                positions[partition] = (message.offset() or 0) + 1
                deadline = monotonic() + WAIT_S
                if _is_new(once, message.headers()):
                    lines.append(message.value() or b"")
            elif error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  # its public name
                continue
            if (message.offset() or 0) + (error is None) >= ends[partition]:
                reading.discard(partition)
    return lines


def _is_new(once: Once, headers: Any) -> bool:
    header = dict(headers or ()).get("queqiao")
    return header is None or once.is_new(header)


def _silent(topic: str) -> Unavailable:
    return Unavailable(
        Message(f"Kafka 没有给出主题 {topic} 的末尾", f"Kafka does not give the end of {topic}")
    )
