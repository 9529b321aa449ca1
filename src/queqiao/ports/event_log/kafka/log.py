"""The event log on Kafka: the intake gives the order, the brokers keep the events.

The dedup index stays on the intake's disk, with helps beside it (``local_files``); all of it
follows from the topic, which is the truth. A group of events is acknowledged when its transaction
is committed, so by ``min.insync.replicas`` brokers at least.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from secrets import randbits
from time import monotonic

import structlog

from queqiao.kernel.errors import Broken, Message, QueqiaoError, Unavailable
from queqiao.ports.event_log.base import NewEvent, NewEvents, Outcome, StoredEvent
from queqiao.ports.event_log.dedup import TABLE_KEYS_MAX, DedupIndex, value_of
from queqiao.ports.event_log.group import Group
from queqiao.ports.event_log.kafka.copying import check_whole
from queqiao.ports.event_log.kafka.lanes import LANES, Fate, Lane, Work, key_bytes
from queqiao.ports.event_log.kafka.local_files import Keys, LocalFiles, PositionsWriter
from queqiao.ports.event_log.kafka.merge import Merge
from queqiao.ports.event_log.kafka.place import Place
from queqiao.ports.event_log.kafka.reader import KafkaEventLogReader
from queqiao.ports.event_log.kafka.records import key_in, offset_in, seed_in
from queqiao.ports.event_log.kafka.taking import take_over
from queqiao.ports.event_log.kafka.topic import open_topic
from queqiao.ports.event_log.sequencer import Sequencer
from queqiao.ports.event_log.sources import Sources
from queqiao.ports.journal.watermark import Watermark

STALL_S = 3.0
"""When a transaction takes longer, nothing new is taken: the door answers 503 at once."""
ANSWER_WITHIN_S = 10.0
"""When it takes so long, those who wait for it are told to send again."""
WAITING_BYTES_MAX = 32 << 20
POINT_BYTES = 64 << 10
"""Where one event is wanted, so much of a partition is fetched at a time."""
REBUILD_EVENTS = 5_000

log = structlog.get_logger()


class KafkaEventLog:
    """See ``base`` for the contract. Used from one event loop; one writer a topic."""

    def __init__(self, place: Place, folder: Path, *, table_keys_max: int = TABLE_KEYS_MAX) -> None:
        """Open the log for writing: fence whoever wrote before, and see what is committed.

        Raises InvalidInput or Unavailable, with the cure, when the brokers or the topic are not
        as the log needs them.
        """
        self._files = LocalFiles(folder)
        try:
            check_whole(folder)
            self._open(place, folder, table_keys_max)
        except BaseException:
            self._files.close()
            raise

    def _open(self, place: Place, folder: Path, table_keys_max: int) -> None:
        self._topic = open_topic(place)
        self._fate = Fate()
        self._lanes = [
            Lane(place, self._topic, one, self._note, self._fate) for one in range(LANES)
        ]
        last = take_over(place, self._topic, self._lanes)
        self._seed = self._files.seed_of(
            self._topic.cluster, self._topic.id, lambda: self._seed_told(place, last)
        )
        self._watermark = Watermark(folder, writable=True)
        self._check_nothing_lost(last)
        self._keys = Keys(folder)
        self._positions = PositionsWriter(folder, self._topic.partitions, last)
        self._points = KafkaEventLogReader(place, folder, POINT_BYTES)
        self._points.use(self._topic)
        self._aside = ThreadPoolExecutor(1, "log-reader")
        self._watermark.move(last, last)
        index = DedupIndex(folder / "index", last, self._key_at, table_keys_max)
        sources = Sources(folder)
        self._fill(index, sources, place, last)
        self._sequencer = Sequencer(
            index, sources, self._seed, last, self._commit, at_once=LANES, may_send=self._may_send
        )
        self._newest: Work | None = None
        self._turn = 0
        self._since: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def _seed_told(self, place: Place, last: int) -> int:
        """Return the seed that the first event brings where it was copied here, else a new one.

        What was rewritten before is known by its digest alone, and that is of the first seed.
        """
        if not last:
            return randbits(64)
        merge = Merge(place, self._topic)
        try:
            merge.seek(0, [0] * self._topic.partitions)
            return seed_in(merge.take(1)[0]) or randbits(64)
        finally:
            merge.close()

    def _check_nothing_lost(self, last: int) -> None:
        acknowledged = self._watermark.mark
        if last < acknowledged:
            raise Broken(
                Message(
                    f"主题只到 {last}，而 {acknowledged} 之前都已确认：Kafka 丢了数据。"
                    f"请恢复主题；若接受损失，删除 {self._files.folder}",
                    f"the topic ends at {last}, but all up to {acknowledged} was acknowledged:"
                    f" Kafka has lost events. Restore the topic; to accept the loss, remove"
                    f" {self._files.folder}",
                )
            )

    def _fill(self, index: DedupIndex, sources: Sources, place: Place, last: int) -> None:
        """Enter what the log holds and the index does not: from the file of keys, then Kafka."""
        after = index.indexed
        for offset, digest, fingerprint in self._keys.following(after + 1, last):
            index.fill(digest, value_of(fingerprint, offset), last)
            after = offset
        if after == last and (self._positions.offset or not last):
            return
        log.info("the index is made of the topic", after=after, last=last)
        merge = Merge(place, self._topic)
        start = after if self._positions.offset else 0  # positions were lost: note them anew
        merge.seek(start, self._points.positions_before(start + 1))
        while merge.after < last:
            self._fill_from(merge, index, sources, after, last)
        merge.close()

    def _fill_from(
        self, merge: Merge, index: DedupIndex, sources: Sources, after: int, last: int
    ) -> None:
        first = merge.after + 1
        positions = list(merge.positions)
        messages = merge.take(min(REBUILD_EVENTS, last - merge.after))
        if first > self._positions.offset and self._positions.is_due(first):
            self._positions.note(first, positions)
        keys = []
        for message in messages:
            source, digest, fingerprint = key_in(message, self._seed)
            sources.prefix(source)
            keys.append(digest + fingerprint)
            if (offset := offset_in(message)) > after:
                index.fill(digest, value_of(fingerprint, offset), last)
        self._keys.write(first, keys)

    def _key_at(self, offset: int) -> tuple[bytes, bytes]:
        """Return digest and fingerprint of a committed event."""
        found = self._keys.key_at(offset)
        if found is not None:
            return found
        message = self._aside.submit(self._points.message_at, offset).result()
        _, digest, fingerprint = key_in(message, self._seed)
        self._keys.write(offset, [digest + fingerprint])
        return digest, fingerprint

    async def append(self, events: Sequence[NewEvent]) -> list[Outcome]:
        """Store the new ones among the events, durably; outcomes in the order of the events."""
        self._look_at_door()
        return await self._sequencer.append(events)

    def append_new(self, events: NewEvents) -> "asyncio.Future[None] | None":
        """Store events that nobody has seen: see ``DirectLog`` in ``base``."""
        self._look_at_door()
        return self._sequencer.append_new(events)

    def _look_at_door(self) -> None:
        """Raise Unavailable when the brokers have not kept up: memory is bounded."""
        since = self._since
        if since is not None and monotonic() > since + STALL_S:
            raise _slow()
        if self._sequencer.waiting_bytes > WAITING_BYTES_MAX:
            raise _slow()

    def _may_send(self) -> bool:
        """Say whether the group before has arrived: until then the next one gathers more."""
        return self._newest is None or self._newest.arrived.done()

    def _arrived(self, _: "Future[bool]") -> None:
        """Go on with the next group; on the lane's thread."""
        assert self._loop is not None
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._sequencer.go_on)

    def _commit(self, group: Group) -> None:
        """Send a group, each on the lane whose turn it is."""
        self._loop = asyncio.get_running_loop()
        if self._since is None:
            self._since = monotonic()
        work = Work(group, self._newest)
        work.arrived.add_done_callback(self._arrived)
        self._newest = work
        work.timer = self._loop.call_later(ANSWER_WITHIN_S, self._look_after, group)
        self._lanes[self._turn].put(work)
        self._turn = (self._turn + 1) % LANES

    def _look_after(self, group: Group) -> None:
        """Tell those who wait for a group for too long."""
        if not group.stored.done():
            group.settle(_slow())
            self._sequencer.turn_away(_slow())

    def _note(self, work: Work, positions: list[int], error: QueqiaoError | None) -> None:
        """Take the end of a group down; on the lane's thread, one at a time, in order."""
        group = work.group
        if error is None:
            try:
                self._keys.write(group.first, key_bytes(group, self._seed))
                if self._positions.is_due(group.first):
                    known = zip(positions, self._positions.positions, strict=True)
                    self._positions.note(group.first, [max(pair) for pair in known])
            except OSError as problem:
                log.warning("the helps on this disk were left out", cause=str(problem))
            self._watermark.move(group.last, group.last)
        assert self._loop is not None
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ended, work, error)

    def _ended(self, work: Work, error: QueqiaoError | None) -> None:
        if work.timer is not None:  # it would hold the group's events until it is due
            work.timer.cancel()
        if error is not None and self._sequencer.is_under_way(work.group):
            self._newest = None
            self._sequencer.roll_back(error)
        self._sequencer.ended(work.group, error)
        self._since = monotonic() if self._sequencer.busy else None

    async def find(self, message_id: str, source: str | None = None) -> list[StoredEvent]:
        """Return the committed events of a message id."""
        loop = asyncio.get_running_loop()
        found: list[StoredEvent] = []
        for offset in self._sequencer.known(message_id, source):
            found += await loop.run_in_executor(self._aside, self._points.read, offset - 1, 1)
        return found

    async def rewrite(self, _events: Sequence[StoredEvent]) -> bool:
        """Do nothing: what Kafka holds stays as it is until the topic lets it go."""
        return False

    @property
    def broken(self) -> QueqiaoError | None:
        """The fault that ended this writer, or None: it must be closed and opened again."""
        return self._fate.fault

    def settle(self) -> None:
        """Return when the index has written and merged what it was going to."""
        self._sequencer.index.settle()

    def close(self) -> None:
        """Commit what is queued, if the brokers take it now, and give the folder up."""
        for group in self._sequencer.take_waiting():
            self._commit(group)
        for lane in self._lanes:
            lane.stop()
        for lane in self._lanes:
            lane.join()
        self._sequencer.index.close()
        self._aside.submit(self._points.close).result()
        self._aside.shutdown()
        self._keys.close()
        self._positions.close()
        self._watermark.close()
        self._files.close()


def _slow() -> Unavailable:
    return Unavailable(
        Message(
            "Kafka 尚未确认，请稍后原样重发，不会重复",
            "Kafka has not confirmed yet; send the same again later, it counts once",
        ),
        retry_after_s=2,
    )
