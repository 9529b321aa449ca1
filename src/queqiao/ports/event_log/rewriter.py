"""Other bodies in the place of committed ones, frame by frame: see ``rewrite`` in ``base``."""

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from queqiao.kernel.errors import Broken, Message, Unavailable
from queqiao.ports.event_log.apart import Apart
from queqiao.ports.event_log.base import StoredEvent
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.records import Records
from queqiao.ports.event_log.repacking import changed, content_of, repacked, without_events
from queqiao.ports.journal import Journal

STEP_BYTES = 8 << 20
"""So much is rewritten with one sync, and held in memory meanwhile."""
READ_BYTES = 128 << 10


class FrameRewriter:
    """Belongs to the writer of a log. It has one thread: calls wait their turn without one."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self._journal = journal
        self._apart = Apart(folder)
        self._reader = EmbeddedEventLogReader(folder, READ_BYTES)
        self._desk = ThreadPoolExecutor(1, "log-rewriter")
        self._closing = Event()

    async def rewrite(self, events: Sequence[StoredEvent]) -> None:
        """Put the bodies at their offsets. Raises StorageFull or Unavailable."""
        await asyncio.wrap_future(self._desk.submit(self._rewrite, events))

    def _rewrite(self, events: Sequence[StoredEvent]) -> None:
        self._go_on()
        self._journal.rewrite([])  # before anything is read that a fault left half written
        step, size = _Step(), 0
        for records, room, bodies in self._places({one.offset: one.body for one in events}):
            self._go_on()
            size += self._add(step, records, room, bodies)
            if size >= STEP_BYTES:
                self._write(step)
                step, size = _Step(), 0
        self._write(step)

    def _go_on(self) -> None:
        if self._closing.is_set():
            raise Unavailable(Message("日志正在关闭", "the log is being closed"))

    def _places(
        self, bodies: Mapping[int, bytes]
    ) -> Iterator[tuple[Records, int, dict[int, bytes]]]:
        """Yield the frames that hold the offsets, how long their payloads are, and the bodies."""
        offsets, at = sorted(bodies), 0
        while at < len(offsets):
            found = next(self._reader.placed(offsets[at] - 1), None)
            if found is None:
                message = f"the log has no offset {offsets[at]}"
                raise Broken(Message(f"日志中没有位移 {offsets[at]}", message))
            mine = {}
            while at < len(offsets) and offsets[at] <= found[0].last:
                mine[offsets[at]] = bodies[offsets[at]]
                at += 1
            yield *found, mine

    def _add(self, step: "_Step", records: Records, room: int, bodies: Mapping[int, bytes]) -> int:
        """Pack a frame anew; return how many bytes are to be written. None when it is the same."""
        content = content_of(records, self._reader.unpack(records))
        fresh = changed(records, content, bodies)
        if fresh == content:
            return 0
        dictionary = b""
        if records.dictionary_at:
            dictionary, _ = self._reader.dictionary(records.dictionary_at)
        payload = b"" if records.is_apart else repacked(records, fresh, dictionary, room)
        if payload:
            step.here.append((records.position, payload))
            return room
        apart = repacked(records, fresh, dictionary, None)
        step.apart.append((records.position, apart))
        if not records.is_apart:
            step.here.append((records.position, without_events(records)))
        return len(apart) + room

    def _write(self, step: "_Step") -> None:
        """Write what was packed: what lies apart first, since its place will name it."""
        try:
            if step.apart:
                self._apart.write(step.apart)
        except sqlite3.Error as error:
            message = Message("磁盘暂时写不进日志", "the disk does not take a frame of the log now")
            raise Unavailable(message) from error
        self._journal.rewrite(step.here)

    def close(self) -> None:
        """Close the files. What is under way ends after the frame that it is at, as Unavailable."""
        self._closing.set()
        self._desk.shutdown()
        self._reader.close()
        self._apart.close()


class _Step:
    """Frames packed anew, by their positions: those in their places, and those apart."""

    def __init__(self) -> None:
        self.here: list[tuple[int, bytes]] = []
        self.apart: list[tuple[int, bytes]] = []
