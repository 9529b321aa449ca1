"""The embedded event log: a journal, a dedup index beside it, one writer."""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial
from itertools import repeat
from pathlib import Path
from secrets import randbits

import structlog
from xxhash import xxh3_128_digest as digest_of

from queqiao.kernel.errors import QueqiaoError, StorageFull
from queqiao.ports.event_log.base import NewEvent, NewEvents, Outcome, StoredEvent
from queqiao.ports.event_log.dedup import (
    TABLE_KEYS_MAX,
    DedupIndex,
    offset_of,
    value_of,
    values_of,
)
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.group import GROUP_BYTES_MAX, Group
from queqiao.ports.event_log.offsets import OffsetsWriter
from queqiao.ports.event_log.packer import Packer
from queqiao.ports.event_log.records import FINGERPRINT_BYTES
from queqiao.ports.event_log.rewriter import FrameRewriter
from queqiao.ports.event_log.sources import Sources
from queqiao.ports.journal import Disk, Journal

POINT_BYTES = 128 << 10
"""Where one frame is wanted, so much is read: what lies between two offsets that are noted."""

log = structlog.get_logger()


class EmbeddedEventLog:
    """See ``base`` for the contract. Opens its folder for writing; used from one event loop.

    An event is known by 128 bits over its source, a NUL and its message id. Their seed is drawn
    when the log begins and stands in each frame, so that nobody can choose ids that collide.
    """

    def __init__(
        self,
        folder: Path,
        *,
        disk: Disk | None = None,
        segment_bytes: int = 64 << 20,
        table_keys_max: int = TABLE_KEYS_MAX,
    ) -> None:
        self._journal = Journal.open(
            folder, disk=disk, segment_bytes=segment_bytes, on_full=self._roll_back
        )
        self._offsets = OffsetsWriter(folder, self._journal.end)
        self._sources = Sources(folder)
        self._reader = EmbeddedEventLogReader(folder)
        self._points = EmbeddedEventLogReader(folder, POINT_BYTES)
        self._rewriter = FrameRewriter(folder, self._journal)
        self._packer = Packer()
        self._seed = randbits(64)
        last = self._find_end()
        self._index = DedupIndex(folder / "index", last, self._points.key_at, table_keys_max)
        self._fill_index(last)
        self._next = last + 1
        self._under_way: Group | None = None
        self._waiting: deque[Group] = deque()

    def _find_end(self) -> int:
        """Bring mark, seed and dictionary up to the end of the log; return the last offset."""
        last = None
        for last in self._reader.records(self._journal.mark - 1):
            self._seed = last.seed
        self._journal.publish_mark(last.last if last else 0)
        if last is not None and last.dictionary_at:
            dictionary, first = self._reader.dictionary(last.dictionary_at)
            self._packer.resume(dictionary, last.dictionary_at, first)
        return last.last if last else 0

    def _fill_index(self, last: int) -> None:
        """Enter what the log holds and the index does not."""
        indexed = self._index.indexed
        for records in self._reader.records(indexed):
            for offset, (digest, fingerprint) in enumerate(records.keys(), records.first):
                if offset > indexed:
                    self._index.fill(digest, value_of(fingerprint, offset), last)

    async def append(self, events: Sequence[NewEvent]) -> list[Outcome]:
        """Store the new ones among the events, durably; outcomes in the order of the events."""
        self._index.check_room(self._journal.mark)
        outcomes = self._admit(events)
        last = max((outcome.offset for outcome in outcomes), default=0)
        if last > self._journal.mark:
            # Also where only a duplicate's first is on its way to the disk: so is the promise.
            await asyncio.shield(self._group_of(last).stored)
        return outcomes

    def append_new(self, events: NewEvents) -> "asyncio.Future[None] | None":
        """Store events that nobody has seen: see ``DirectLog`` in ``base``."""
        self._index.check_room(self._journal.mark)
        prefix, seed = self._prefix(events.source), self._seed
        ids = list(map(str.encode, events.message_ids))
        digests = list(map(digest_of, map(prefix.__add__, ids), repeat(seed)))
        if not self._index.are_new(digests):
            return None
        group = self._open_group()
        values = values_of(events.fingerprints, self._next)
        self._index.table.update(zip(digests, values, strict=True))
        self._next += len(digests)
        group.add(events.source, ids, events.fingerprints, events.bodies)
        return group.stored

    def _open_group(self) -> Group:
        """Return the group that new events join. Never waits."""
        if not self._waiting or self._waiting[-1].size >= GROUP_BYTES_MAX:
            loop = asyncio.get_running_loop()
            self._waiting.append(Group(self._next, loop.create_future()))
            loop.call_soon(self._send)  # after everything that this turn of the loop has read
        return self._waiting[-1]

    def _group_of(self, offset: int) -> Group:
        """Return the group with an offset that is not committed yet."""
        under_way = [self._under_way] if self._under_way else []
        return next(group for group in (*under_way, *self._waiting) if offset <= group.last)

    def _send(self) -> None:
        """Hand the oldest group to the journal, if none is on its way."""
        if self._under_way is None and self._waiting:
            group = self._under_way = self._waiting.popleft()
            payload = partial(self._packer.pack, group, self._seed)
            self._journal.append(payload, group.last).add_done_callback(self._sent)

    def _sent(self, position: "asyncio.Future[int]") -> None:
        group, self._under_way = self._under_way, None
        assert group is not None
        error = position.exception()
        if error is None:
            self._packer.stored(position.result())
            self._note(group.first, position.result())
        else:
            self._packer.lost()
        group.settle(error)
        self._send()

    def _admit(self, events: Sequence[NewEvent]) -> list[Outcome]:
        """Give each event its outcome, and an offset to the new ones. Never waits."""
        digests = [
            digest_of(self._prefix(event.source) + event.message_id.encode(), self._seed)
            for event in events
        ]
        table, older = self._index.table, self._index.get_older(digests)
        return [
            self._admit_one(event, digest, table.get(digest) or older.get(digest))
            for event, digest in zip(events, digests, strict=True)
        ]

    def _admit_one(self, event: NewEvent, digest: bytes, known: bytes | None) -> Outcome:
        if known is not None:
            same = known[:FINGERPRINT_BYTES] == event.fingerprint
            return Outcome("duplicate" if same else "conflict", offset_of(known))
        group, offset = self._open_group(), self._next
        self._index.table[digest] = value_of(event.fingerprint, offset)
        self._next = offset + 1
        message_id = event.message_id.encode()
        group.add(event.source, (message_id,), (event.fingerprint,), (event.body,))
        return Outcome("stored", offset)

    def _prefix(self, source: str) -> bytes:
        try:
            return self._sources.prefix(source)
        except OSError as error:
            raise StorageFull from error

    def _note(self, offset: int, position: int) -> None:
        try:
            self._offsets.note(offset, position)
        except OSError as error:
            log.warning("an index entry was left out", cause=str(error))
        self._index.seal_if_full(self._journal.mark)

    def _roll_back(self) -> None:
        """The disk is full: forget the offsets and keys that did not reach it."""
        committed = self._journal.mark
        self._index.roll_back(committed)
        self._next = committed + 1
        while self._waiting:
            self._waiting.popleft().settle(StorageFull())

    async def find(self, message_id: str, source: str | None = None) -> list[StoredEvent]:
        """Return the committed events of a message id."""
        found: list[StoredEvent] = []
        for prefix in self._sources.known(source):
            value = self._index.get(digest_of(prefix + message_id.encode(), self._seed))
            if value is not None:
                found += self._reader.read(offset_of(value) - 1, 1)
        return found

    async def rewrite(self, events: Sequence[StoredEvent]) -> None:
        """Put other bodies in the place of committed ones, beside appends."""
        await asyncio.to_thread(self._rewriter.rewrite, events)

    @property
    def broken(self) -> QueqiaoError | None:
        """The fault that ended this writer, or None: it must be closed and opened again."""
        return self._journal.broken

    def settle(self) -> None:
        """Return when the index has written and merged what it was going to."""
        self._index.settle()

    def close(self) -> None:
        """Commit what is queued and give the folder up."""
        for group in self._waiting:
            self._journal.append(partial(self._packer.pack, group, self._seed), group.last)
        self._waiting.clear()
        self._rewriter.close()
        self._journal.close()
        self._index.close()
        self._offsets.close()
        self._reader.close()
        self._points.close()
