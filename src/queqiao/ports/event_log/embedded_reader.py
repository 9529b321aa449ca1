"""Reading the embedded log's files, from any process on the machine."""

from collections.abc import Iterator
from pathlib import Path

from queqiao.ports.event_log.base import StoredEvent
from queqiao.ports.event_log.offsets import Offsets
from queqiao.ports.event_log.records import Records
from queqiao.ports.journal import JournalReader


class EmbeddedEventLogReader:
    """Sees committed events only. Remembers where it stopped, so that following along is cheap."""

    def __init__(self, folder: Path) -> None:
        self._journal = JournalReader(folder)
        self._offsets = Offsets(folder)
        self._cursor = (0, 0)

    def end(self) -> int:
        """Return the last committed offset."""
        return self._journal.mark

    def read(self, after: int, limit: int) -> list[StoredEvent]:
        """Return up to ``limit`` events with offsets above ``after``."""
        found: list[StoredEvent] = []
        if limit <= 0 or after >= self.end():
            return found
        for frame in self._journal.read(self._start(after)):
            records = Records(frame.payload)
            if records.last > after:
                found += records.events(after, limit - len(found))
            if found and found[-1].offset < records.last:
                self._cursor = (found[-1].offset, frame.position)
                break
            self._cursor = (records.last, frame.next_position)
            if len(found) >= limit:
                break
        return found

    def records(self, after: int) -> Iterator[Records]:
        """Yield the frames that hold offsets above ``after``."""
        for frame in self._journal.read(self._offsets.position(after + 1, self._journal.end)):
            records = Records(frame.payload)
            if records.last > after:
                yield records

    def _start(self, after: int) -> int:
        if self._cursor[0] == after:
            return self._cursor[1]
        return self._offsets.position(after + 1, self._journal.end)

    def recent(self, limit: int) -> list[StoredEvent]:
        """Return the last ``limit`` events."""
        return self.read(max(0, self.end() - limit), limit)

    def close(self) -> None:
        """Close the files."""
        self._journal.close()
        self._offsets.close()
