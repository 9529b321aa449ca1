"""Where a topic ends, asked of the brokers alone: the truth when a writer opens.

Only when no transaction is open, so after all transactional ids of the log were taken. A leader
that was just elected does not tell its end before it is sure of it, and the records are read up to
what it told: an end that is too low would give offsets twice.
"""

from time import monotonic

from confluent_kafka import Consumer, IsolationLevel, KafkaError, TopicPartition
from confluent_kafka.admin import OffsetSpec

from queqiao.kernel.errors import Message, Unavailable
from queqiao.ports.event_log.kafka.faults import patiently
from queqiao.ports.event_log.kafka.place import Place
from queqiao.ports.event_log.kafka.records import offset_in
from queqiao.ports.event_log.kafka.topic import ANSWER_WITHIN_S, SETTLED_WITHIN_S, Topic, admin_of

WINDOW = 64
"""So many positions from a partition's end are looked at first; more when none of them is an event:
ends and beginnings of transactions, and what was aborted, take positions too."""
READ_WITHIN_S = 60.0


def last_offset(place: Place, topic: Topic) -> int:
    """Return the offset of the last committed event, 0 when there is none.

    Raises Unavailable, or KafkaException, when the brokers do not tell.
    """
    ends = patiently(lambda: _ends(place, topic), SETTLED_WITHIN_S)
    consumer = Consumer(
        {
            **place.settings("end"),
            "group.id": f"{topic.name}.end",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
        }
    )
    try:
        last, window = 0, WINDOW
        wanted = {partition for partition, end in ends.items() if end}
        while wanted:
            found = _last_in(consumer, topic, {one: ends[one] for one in wanted}, window)
            last = max([last, *found.values()])
            wanted = {one for one in wanted if one not in found and window < ends[one]}
            window *= 16
        return last
    finally:
        consumer.close()


def _ends(place: Place, topic: Topic) -> dict[int, int]:
    """Return the position behind the last committed record of each partition."""
    admin = admin_of(place)
    asked = {
        TopicPartition(topic.name, partition): OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's lack
        for partition in range(topic.partitions)
    }
    answers = admin.list_offsets(
        asked, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=ANSWER_WITHIN_S
    )
    return {one.partition: future.result().offset for one, future in answers.items()}


def _last_in(consumer: Consumer, topic: Topic, ends: dict[int, int], window: int) -> dict[int, int]:
    """Return the highest offset among the last positions of each partition that has any there."""
    consumer.assign(
        [TopicPartition(topic.name, one, max(0, end - window)) for one, end in ends.items()]
    )
    found: dict[int, int] = {}
    reading = dict(ends)
    deadline = monotonic() + READ_WITHIN_S
    while reading:
        if monotonic() > deadline:
            raise Unavailable(
                Message("Kafka 没有给出日志的末尾", "Kafka does not give the end of the log")
            )
        for message in consumer.consume(500, 0.1):
            partition, position = message.partition() or 0, message.offset() or 0
            error = message.error()
            if error is None:
                found[partition] = max(found.get(partition, 0), offset_in(message))
                position += 1
            elif error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  # its public name
                continue
            if position >= reading.get(partition, 0):
                reading.pop(partition, None)
    return found
