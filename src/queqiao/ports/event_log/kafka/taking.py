"""Taking a topic over as its one writer, or looking at it first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from confluent_kafka import KafkaException

from queqiao.kernel.errors import Message, Unavailable
from queqiao.ports.event_log.kafka.faults import because, is_about_rights, rights_missing
from queqiao.ports.event_log.kafka.lanes import Lane
from queqiao.ports.event_log.kafka.place import Place
from queqiao.ports.event_log.kafka.tail import last_offset
from queqiao.ports.event_log.kafka.topic import Topic


def take_over(place: Place, topic: Topic, lanes: Sequence[Lane]) -> int:
    """Take the transactional ids, so that whoever wrote before is fenced; return where the log
    ends.

    Raises InvalidInput or Unavailable, with the cure.
    """
    with _explained(place):
        for lane in lanes:
            lane.open()
        return last_offset(place, topic)


def end_seen(place: Place, topic: Topic) -> int:
    """Return where the log ends at least, and fence nobody: a transaction that is open hides what
    lies behind it.

    Raises InvalidInput or Unavailable, with the cure.
    """
    with _explained(place):
        return last_offset(place, topic)


@contextmanager
def _explained(place: Place) -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        if is_about_rights(error):
            raise rights_missing(place.topic, because(error)) from error
        message = Message(
            f"[ports] event_log：Kafka 事务不可用：{because(error)}",
            f"[ports] event_log: Kafka's transactions do not work: {because(error)}",
        )
        raise Unavailable(message, retry_after_s=5) from error
