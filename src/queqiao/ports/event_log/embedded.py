"""The embedded event log: a journal, a dedup index beside it, one writer."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from secrets import randbits

import structlog
from zstandard import ZstdError

from queqiao.kernel.errors import Broken, Message, QueqiaoError, StorageFull
from queqiao.ports.event_log.base import NewEvent, NewEvents, Outcome, StoredEvent
from queqiao.ports.event_log.dedup import TABLE_KEYS_MAX, DedupIndex, value_of
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.group import Group
from queqiao.ports.event_log.offsets import OffsetsWriter
from queqiao.ports.event_log.packer import Packer
from queqiao.ports.event_log.rewriter import FrameRewriter
from queqiao.ports.event_log.sequencer import Sequencer
from queqiao.ports.event_log.sources import Sources
from queqiao.ports.journal import Disk, Journal

POINT_BYTES = 128 << 10
"""Where one frame is wanted, so much is read: what lies between two offsets that are noted."""

log = structlog.get_logger()


class EmbeddedEventLog:
    """See ``base`` for the contract. Opens its folder for writing; used from one event loop.

    The seed of the digests is drawn when the log begins and stands in each frame.
    """

    def __init__(
        self,
        folder: Path,
        *,
        disk: Disk | None = None,
        segment_bytes: int = 64 << 20,
        table_keys_max: int = TABLE_KEYS_MAX,
    ) -> None:
        self._folder = folder
        self._journal = Journal.open(
            folder, disk=disk, segment_bytes=segment_bytes, on_full=self._roll_back
        )
        try:
            self._open(folder, table_keys_max)
        except BaseException:
            self._journal.close()  # its lock goes with it
            raise

    def _open(self, folder: Path, table_keys_max: int) -> None:
        """Learn from the folder where the log stands. Raises Broken, with the cure."""
        self._offsets = OffsetsWriter(folder, self._journal.end)
        self._reader = EmbeddedEventLogReader(folder)
        self._points = EmbeddedEventLogReader(folder, POINT_BYTES)
        self._rewriter = FrameRewriter(folder, self._journal)
        self._packer = Packer()
        self._seed = randbits(64)
        last = self._find_end()
        self._index = DedupIndex(folder / "index", last, self._points.key_at, table_keys_max)
        self._fill_index(last)
        self._sequencer = Sequencer(self._index, Sources(folder), self._seed, last, self._commit)

    def _find_end(self) -> int:
        """Bring mark, seed and dictionary up to the end of the log; return the last offset."""
        last = None
        for last in self._reader.records(self._journal.mark - 1):
            self._seed = last.seed
        self._journal.publish_mark(last.last if last else 0)
        if last is not None and last.dictionary_at:
            self._resume(last.dictionary_at)
        return last.last if last else 0

    def _resume(self, position: int) -> None:
        dictionary, first = self._reader.dictionary(position)
        if not dictionary:
            raise _spoilt(self._folder, position)
        try:
            self._packer.resume(dictionary, position, first)
        except ZstdError as error:
            raise _spoilt(self._folder, position) from error

    def _fill_index(self, last: int) -> None:
        """Enter what the log holds and the index does not."""
        indexed = self._index.indexed
        for records in self._reader.records(indexed):
            for offset, (digest, fingerprint) in enumerate(records.keys(), records.first):
                if offset > indexed:
                    self._index.fill(digest, value_of(fingerprint, offset), last)

    async def append(self, events: Sequence[NewEvent]) -> list[Outcome]:
        """Store the new ones among the events, durably; outcomes in the order of the events."""
        return await self._sequencer.append(events)

    def append_new(self, events: NewEvents) -> "asyncio.Future[None] | None":
        """Store events that nobody has seen: see ``DirectLog`` in ``base``."""
        return self._sequencer.append_new(events)

    def _commit(self, group: Group) -> None:
        payload = partial(self._packer.pack, group, self._seed)
        self._journal.append(payload, group.last).add_done_callback(partial(self._ended, group))

    def _ended(self, group: Group, position: "asyncio.Future[int]") -> None:
        error = position.exception()
        if error is None:
            self._packer.stored(position.result())
            self._note(group.first, position.result())
        self._sequencer.ended(group, error)

    def _note(self, offset: int, position: int) -> None:
        try:
            self._offsets.note(offset, position)
        except OSError as error:
            log.warning("an index entry was left out", cause=str(error))

    def _roll_back(self) -> None:
        """The disk is full: forget the offsets, keys and samples that did not reach it.

        Here and not where a group ends: by then others may be packed who come again at once.
        """
        self._packer.lost()
        self._sequencer.roll_back(StorageFull())

    async def find(self, message_id: str, source: str | None = None) -> list[StoredEvent]:
        """Return the committed events of a message id."""
        found: list[StoredEvent] = []
        for offset in self._sequencer.known(message_id, source):
            found += self._reader.read(offset - 1, 1)
        return found

    async def rewrite(self, events: Sequence[StoredEvent]) -> bool:
        """Put other bodies in the place of committed ones, beside appends."""
        await self._rewriter.rewrite(events)
        return True

    @property
    def broken(self) -> QueqiaoError | None:
        """The fault that ended this writer, or None: it must be closed and opened again."""
        return self._journal.broken

    def settle(self) -> None:
        """Return when the index has written and merged what it was going to."""
        self._index.settle()

    def close(self) -> None:
        """Commit what is queued and give the folder up."""
        for group in self._sequencer.take_waiting():
            self._journal.append(partial(self._packer.pack, group, self._seed), group.last)
        self._rewriter.close()
        self._journal.close()
        self._index.close()
        self._offsets.close()
        self._reader.close()
        self._points.close()


def _spoilt(folder: Path, position: int) -> Broken:
    return Broken(
        Message(
            f"事件日志 {folder} 在位置 {position} 处的字典已损坏，请从备份恢复该目录",
            f"the dictionary at position {position} of the event log {folder} is damaged;"
            " restore that folder from a backup",
        )
    )
