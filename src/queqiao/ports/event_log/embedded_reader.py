"""Reading the embedded log's files, from any process on the machine."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from zstandard import ZstdCompressionDict, ZstdDecompressor, ZstdError

from queqiao.kernel.errors import Broken, Message
from queqiao.ports.event_log.apart import Apart
from queqiao.ports.event_log.base import StoredEvent
from queqiao.ports.event_log.offsets import Offsets
from queqiao.ports.event_log.records import Records, Unpack, unreadable
from queqiao.ports.journal import JournalReader
from queqiao.ports.journal.base import HEADER, Frame
from queqiao.ports.journal.reader import READ_BYTES

DICTIONARIES_MAX = 8
"""So many dictionaries are kept ready (100 KB each)."""


class EmbeddedEventLogReader:
    """Sees committed events only. Remembers where it stopped, so that following along is cheap."""

    def __init__(self, folder: Path, read_bytes: int = READ_BYTES) -> None:
        self._journal = JournalReader(folder, read_bytes)
        self._dictionaries = JournalReader(folder)
        self._offsets = Offsets(folder)
        self._apart = Apart(folder)
        self._cursor = (0, 0)
        self._unpack_at = lru_cache(DICTIONARIES_MAX)(self._unpack_with)
        self._last: Records | None = None

    def end(self) -> int:
        """Return the last committed offset."""
        return self._journal.mark

    def read(self, after: int, limit: int) -> list[StoredEvent]:
        """Return up to ``limit`` events with offsets above ``after``."""
        found: list[StoredEvent] = []
        if limit <= 0 or after >= self.end():
            return found
        for frame in self._journal.read(self._start(after)):
            records = self._records(frame)
            if records.last > after:
                found += records.events(
                    after, limit - len(found), self._unpack_at(records.dictionary_at)
                )
            if found and found[-1].offset < records.last:
                self._cursor = (found[-1].offset, frame.position)
                break
            self._cursor = (records.last, frame.next_position)
            if len(found) >= limit:
                break
        return found

    def records(self, after: int) -> Iterator[Records]:
        """Yield the frames that hold offsets above ``after``."""
        return (records for records, _ in self.placed(after))

    def placed(self, after: int) -> Iterator[tuple[Records, int]]:
        """Yield the frames that hold offsets above ``after``, and how long the payload there is."""
        for frame in self._journal.read(self._offsets.position(after + 1, self._journal.end)):
            records = self._records(frame)
            if records.last > after:
                yield records, frame.next_position - frame.position - HEADER.size

    def _records(self, frame: Frame) -> Records:
        """Return the frame as it is now, wherever that lies."""
        records = Records(frame.payload, frame.position)
        if not records.is_apart:
            return records
        found = Records(self._apart.read(frame.position), frame.position)
        found.is_apart = True
        return found

    def unpack(self, records: Records) -> Unpack:
        """Return what undoes the packing of a frame's bodies."""
        return self._unpack_at(records.dictionary_at)

    def key_at(self, offset: int) -> tuple[bytes, bytes]:
        """Return digest and fingerprint of a committed event."""
        last = self._last
        if last is None or not last.first <= offset <= last.last:
            last = next(self.records(offset - 1), None)
            if last is None:
                raise Broken(Message(f"日志中没有位移 {offset}", f"the log has no offset {offset}"))
            self._last = last
        return last.key_at(offset)

    def dictionary(self, position: int) -> tuple[bytes, int]:
        """Return the dictionary that the frame at a position brings, and its first offset."""
        frame = next(self._dictionaries.read(position))
        records = Records(frame.payload, frame.position)
        return records.dictionary, records.first

    def _unpack_with(self, dictionary_at: int) -> Unpack:
        if not dictionary_at:
            return ZstdDecompressor().decompress
        dictionary, _ = self.dictionary(dictionary_at)
        try:
            return ZstdDecompressor(dict_data=ZstdCompressionDict(dictionary)).decompress
        except ZstdError as error:
            raise unreadable(dictionary_at) from error

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
        self._dictionaries.close()
        self._apart.close()
        self._offsets.close()
