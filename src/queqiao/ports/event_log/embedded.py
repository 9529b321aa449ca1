"""The embedded event log: a journal, a dedup index beside it, one writer."""

from collections.abc import Sequence
from pathlib import Path
from secrets import randbits

import structlog
from xxhash import xxh3_128_digest as digest_of

from queqiao.kernel.errors import QueqiaoError, StorageFull
from queqiao.ports.event_log.base import NewEvent, Outcome, StoredEvent
from queqiao.ports.event_log.dedup import (
    TABLE_KEYS_MAX,
    DedupIndex,
    offset_of,
    value_of,
)
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.offsets import OffsetsWriter
from queqiao.ports.event_log.records import FINGERPRINT_BYTES, pack
from queqiao.ports.event_log.sources import Sources
from queqiao.ports.journal import Disk, Journal

log = structlog.get_logger()


class _Fresh:
    """The events of one append that were not known, in columns."""

    __slots__ = ("bodies", "digests", "fingerprints", "first")

    def __init__(self, first: int) -> None:
        self.first = first
        self.digests: list[bytes] = []
        self.fingerprints: list[bytes] = []
        self.bodies: list[bytes] = []


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
        self._index = DedupIndex(folder / "index", table_keys_max)
        self._seed = randbits(64)
        self._next = self._catch_up() + 1

    def _catch_up(self) -> int:
        """Bring mark, seed and index up to the end of the log; return the last offset."""
        last = 0
        for records in self._reader.records(self._journal.mark - 1):
            last, self._seed = records.last, records.seed
        self._journal.publish_mark(last)
        if self._index.indexed > last:
            log.warning("the dedup index is ahead of the log and is rebuilt")
            self._index.start_over()
        indexed = self._index.indexed
        for records in self._reader.records(indexed):
            for offset, (digest, fingerprint) in enumerate(records.keys(), records.first):
                if offset > indexed:
                    self._index.fill(digest, value_of(fingerprint, offset), last)
        return last

    async def append(self, events: Sequence[NewEvent]) -> list[Outcome]:
        """Store the new ones among the events, durably; outcomes in the order of the events."""
        self._index.check_room(self._journal.mark)
        outcomes, fresh = self._admit(events)
        if fresh.bodies:
            payload = pack(fresh.first, self._seed, fresh.digests, fresh.fingerprints, fresh.bodies)
            position = await self._journal.append(payload, self._next - 1)
            self._note(fresh.first, position)
        elif any(outcome.offset > self._journal.mark for outcome in outcomes):
            # The first of these is still on its way to the disk: so is the promise.
            await self._journal.barrier()
        return outcomes

    def _admit(self, events: Sequence[NewEvent]) -> tuple[list[Outcome], _Fresh]:
        """Give each event its outcome, and an offset to the new ones. Never waits."""
        if len(events) == 1:
            return self._admit_single(events[0])
        digests = self._digests(events)
        table, older = self._index.table, self._index.get_older(digests)
        fresh = _Fresh(self._next)
        if not older and table.keys().isdisjoint(digests) and len(set(digests)) == len(digests):
            return self._admit_all(events, digests, fresh), fresh
        outcomes: list[Outcome] = []
        for event, digest in zip(events, digests, strict=True):
            known = table.get(digest) or older.get(digest)
            outcomes.append(self._admit_one(event, digest, known, fresh))
        return outcomes, fresh

    def _admit_single(self, event: NewEvent) -> tuple[list[Outcome], _Fresh]:
        digest = digest_of(self._prefix(event.source) + event.message_id.encode(), self._seed)
        fresh = _Fresh(self._next)
        return [self._admit_one(event, digest, self._index.get(digest), fresh)], fresh

    def _admit_one(
        self, event: NewEvent, digest: bytes, known: bytes | None, fresh: _Fresh
    ) -> Outcome:
        if known is not None:
            same = known[:FINGERPRINT_BYTES] == event.fingerprint
            return Outcome("duplicate" if same else "conflict", offset_of(known))
        offset = self._next
        self._index.table[digest] = value_of(event.fingerprint, offset)
        self._next = offset + 1
        fresh.digests.append(digest)
        fresh.fingerprints.append(event.fingerprint)
        fresh.bodies.append(event.body)
        return Outcome("stored", offset)

    def _admit_all(
        self, events: Sequence[NewEvent], digests: list[bytes], fresh: _Fresh
    ) -> list[Outcome]:
        """Admit events that are all new, which is the usual case, without a step for each."""
        offsets = range(self._next, self._next + len(events))
        fresh.digests = digests
        fresh.fingerprints = [event.fingerprint for event in events]
        fresh.bodies = [event.body for event in events]
        values = map(value_of, fresh.fingerprints, offsets)
        self._index.table.update(zip(digests, values, strict=True))
        self._next += len(events)
        return [Outcome("stored", offset) for offset in offsets]

    def _digests(self, events: Sequence[NewEvent]) -> list[bytes]:
        seed = self._seed
        prefixes = {source: self._prefix(source) for source in {event.source for event in events}}
        if len(prefixes) == 1:
            (prefix,) = prefixes.values()
            return [digest_of(prefix + event.message_id.encode(), seed) for event in events]
        return [
            digest_of(prefixes[event.source] + event.message_id.encode(), seed) for event in events
        ]

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

    async def find(self, message_id: str, source: str | None = None) -> list[StoredEvent]:
        """Return the committed events of a message id."""
        found: list[StoredEvent] = []
        for prefix in self._sources.known(source):
            value = self._index.get(digest_of(prefix + message_id.encode(), self._seed))
            if value is not None:
                found += self._reader.read(offset_of(value) - 1, 1)
        return found

    @property
    def broken(self) -> QueqiaoError | None:
        """The fault that ended this writer, or None: it must be closed and opened again."""
        return self._journal.broken

    def settle(self) -> None:
        """Return when the index has written and merged what it was going to."""
        self._index.settle()

    def close(self) -> None:
        """Commit what is queued and give the folder up."""
        self._journal.close()
        self._index.close()
        self._offsets.close()
        self._reader.close()
