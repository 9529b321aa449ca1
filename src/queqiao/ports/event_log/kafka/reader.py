"""Reading the log from Kafka, in any process of the system."""

from pathlib import Path

from confluent_kafka import Message

from queqiao.ports.event_log.base import StoredEvent
from queqiao.ports.event_log.kafka.local_files import Positions
from queqiao.ports.event_log.kafka.merge import FETCH_BYTES, Merge
from queqiao.ports.event_log.kafka.place import Place
from queqiao.ports.event_log.kafka.topic import Topic, open_topic
from queqiao.ports.journal.base import COMMITTED_NAME
from queqiao.ports.journal.watermark import Watermark


class KafkaEventLogReader:
    """Remembers where it stopped, so that following along is cheap; joins the brokers when it is
    first asked for an event. Where the log ends is told by the intake, in a file that is mapped:
    the brokers show what was committed a moment later, and a read waits for it.
    """

    def __init__(self, place: Place, folder: Path, fetch_bytes: int = FETCH_BYTES) -> None:
        self._place = place
        self._folder = folder
        self._fetch_bytes = fetch_bytes
        self._watermark: Watermark | None = None
        self._merge: Merge | None = None
        self._positions: Positions | None = None

    def end(self) -> int:
        """Return the last committed offset."""
        path = self._folder / COMMITTED_NAME
        if self._watermark is None and path.exists() and path.stat().st_size:
            self._watermark = Watermark(self._folder, writable=False)
        return self._watermark.mark if self._watermark else 0

    def read(self, after: int, limit: int) -> list[StoredEvent]:
        """Return up to ``limit`` events with offsets above ``after``.

        Raises Unavailable when the brokers do not answer.
        """
        count = min(limit, self.end() - after)
        if count <= 0:
            return []
        merge = self._standing(after)
        return [
            StoredEvent(offset, message.value() or b"")
            for offset, message in enumerate(merge.take(count), after + 1)
        ]

    def _standing(self, after: int) -> Merge:
        """Return the merge of the partitions, standing behind ``after``."""
        if self._merge is None:
            self.use(open_topic(self._place))
        assert self._merge is not None
        if self._merge.after != after:
            self._merge.seek(after, self.positions_before(after + 1))
        return self._merge

    def use(self, topic: Topic) -> None:
        """Read a topic that is known already."""
        self._positions = Positions(self._folder, topic.partitions)
        self._merge = Merge(self._place, topic, self._fetch_bytes)

    def message_at(self, offset: int) -> Message:
        """Return the record of a committed event."""
        return self._standing(offset - 1).take(1)[0]

    def positions_before(self, offset: int) -> list[int]:
        """Return positions in front of which no event from ``offset`` on lies."""
        assert self._positions is not None
        return self._positions.before(offset)

    def recent(self, limit: int) -> list[StoredEvent]:
        """Return the last ``limit`` events."""
        return self.read(max(0, self.end() - limit), limit)

    def close(self) -> None:
        """Leave the brokers and close the files."""
        if self._merge is not None and self._positions is not None:
            self._merge.close()
            self._positions.close()
            self._merge = self._positions = None
        if self._watermark is not None:
            self._watermark.close()
            self._watermark = None
