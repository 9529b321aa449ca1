"""The partitions read side by side and put into their one order.

Offsets are dense, so the next event is known by its number: while it has not come, a partition is
behind, and the others' records wait for it. What waits is bounded: partitions that are far ahead
are paused.
"""

from time import monotonic

import structlog
from confluent_kafka import Consumer, Message, TopicPartition

from queqiao.kernel.errors import Broken, Unavailable
from queqiao.kernel.errors import Message as Words
from queqiao.ports.event_log.kafka.faults import on_error
from queqiao.ports.event_log.kafka.place import Place
from queqiao.ports.event_log.kafka.records import offset_in
from queqiao.ports.event_log.kafka.topic import Topic

log = structlog.get_logger()

WAIT_S = 10.0
"""So long a read waits for a record that is committed."""
STEP_S = 0.05
AHEAD_MAX = 50_000
"""So many records may wait for an earlier one before partitions are paused."""
FETCH_BYTES = 1 << 20


class Merge:
    """Follows a topic from an offset on. Used by one thread."""

    def __init__(self, place: Place, topic: Topic, fetch_bytes: int = FETCH_BYTES) -> None:
        self._topic = topic
        self._consumer = Consumer(
            {
                **place.settings("reader"),
                "error_cb": on_error,
                "group.id": f"{topic.name}.reader",  # asked for by the client; nothing is committed
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "fetch.message.max.bytes": fetch_bytes,
                "queued.max.messages.kbytes": max(1024, fetch_bytes * topic.partitions // 512),
                "fetch.wait.max.ms": 100,  # a read from elsewhere waits for the one before
                "fetch.error.backoff.ms": 50,
                "fetch.queue.backoff.ms": 50,
            }
        )
        self.after = -1
        """The events up to this offset were taken; -1: it stands nowhere."""
        self.positions = [0] * topic.partitions
        """Where each partition is read on, as far as its records were taken."""
        self._ahead: dict[int, Message] = {}
        self._paused = False

    def seek(self, after: int, positions: list[int]) -> None:
        """Begin behind the offset ``after``; none of what follows lies before the positions."""
        self._ahead.clear()
        self._paused = False
        self._consumer.assign(
            [
                TopicPartition(self._topic.name, partition, position)
                for partition, position in enumerate(positions)
            ]
        )
        self.after, self.positions = after, list(positions)

    def take(self, count: int) -> list[Message]:
        """Return the next ``count`` events, which are committed; fewer when some are slow to come.

        Raises Unavailable when none comes in time, Broken when the topic has lost them.
        """
        found: list[Message] = []
        deadline = monotonic() + WAIT_S
        while self._take_ready(found, count) < count:
            if monotonic() > deadline:
                if found:
                    break
                raise _no_answer(self.after + 1)
            self._receive(count - len(found))
        return found

    def _take_ready(self, found: list[Message], count: int) -> int:
        """Move what is next from what waits to what is found."""
        while len(found) < count:
            message = self._ahead.pop(self.after + 1, None)
            if message is None:
                break
            self.after += 1
            self.positions[message.partition() or 0] = (message.offset() or 0) + 1
            found.append(message)
        return len(found)

    def _receive(self, wanted: int) -> None:
        for message in self._consumer.consume(max(1, min(wanted, 10_000)), STEP_S):
            if message.error() is not None:
                self._judge(message)
            elif (offset := offset_in(message)) > self.after:
                self._ahead[offset] = message
            elif not offset:
                log.warning("a record in the topic is not of the log", topic=self._topic.name)
        self._hold_back()

    def _judge(self, message: Message) -> None:
        error = message.error()
        assert error is not None
        if error.name() == "_AUTO_OFFSET_RESET":
            self.after = -1
            raise Broken(
                Words(
                    "主题中的事件已被删除（retention 或 DeleteRecords），请从备份恢复",
                    "events of the topic were deleted (retention, or DeleteRecords);"
                    " restore it from a backup",
                )
            )
        log.warning("the topic is read again in a moment", cause=error.str())

    def _hold_back(self) -> None:
        """Pause the partitions that are ahead of the rest, and let them go on again."""
        if not self._paused and len(self._ahead) > AHEAD_MAX:
            ahead = {message.partition() or 0 for message in self._ahead.values()}
            self._consumer.pause(self._of(ahead))
            self._paused = True
        elif self._paused and len(self._ahead) < AHEAD_MAX // 2:
            self._consumer.resume(self._of(range(self._topic.partitions)))
            self._paused = False

    def _of(self, partitions: "set[int] | range") -> list[TopicPartition]:
        return [TopicPartition(self._topic.name, partition) for partition in partitions]

    def close(self) -> None:
        """Leave the brokers."""
        self._consumer.close()


def _no_answer(offset: int) -> Unavailable:
    return Unavailable(
        Words(
            f"Kafka 没有给出事件 {offset}，稍后重试",
            f"Kafka does not give event {offset}; it is tried again",
        )
    )
