"""Copies an embedded log into a topic: the same events at the same offsets, each as it is now.

It can be done ahead, while the system runs on the embedded log, and as often as one likes: what the
topic holds is not sent again. The last time the embedded log is held, so that nothing comes to it
any more; only then may an intake open the topic (``copying``).

All that the intake keeps beside the topic (``local_files``, the dedup index) is made here as well,
so that it opens as quickly as ever.
"""

import asyncio
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from msgspec import structs

from queqiao.kernel.errors import Broken, Conflict, Message, QueqiaoError, StorageFull
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.group import Group
from queqiao.ports.event_log.kafka import copying
from queqiao.ports.event_log.kafka.copying import Copied
from queqiao.ports.event_log.kafka.lanes import LANES, Fate, Lane, Work
from queqiao.ports.event_log.kafka.likeness import (
    NOT_THIS_LOG,
    compare,
    digest_of,
    keys_of,
    look,
)
from queqiao.ports.event_log.kafka.local_files import (
    Keys,
    LocalFiles,
    Positions,
    PositionsWriter,
)
from queqiao.ports.event_log.kafka.merge import Merge
from queqiao.ports.event_log.kafka.place import Place
from queqiao.ports.event_log.kafka.taking import end_seen, take_over
from queqiao.ports.event_log.kafka.topic import delete_topic, open_topic
from queqiao.ports.event_log.records import FINGERPRINT_BYTES, Records
from queqiao.ports.event_log.sources import Sources
from queqiao.ports.journal.watermark import Watermark

GROUP_EVENTS = 5_000
GROUP_BYTES = 2 << 20
"""Whole frames are joined into a transaction until it has so many events or bytes."""
NOTE_EVERY_S = 1.0
INDEX = "index"

Told = Callable[[int, int], None]
"""Told up to which offset all is in the topic, and where the log ends."""


class Sent(NamedTuple):
    """How many events were sent now, and how many the topic holds."""

    events: int
    last: int


async def move(source: Path, place: Place, folder: Path, *, ahead: bool, told: Told) -> Sent:
    """Copy the log in the folder ``source`` into a topic.

    ``folder`` is where the intake will keep what belongs to the topic. With ``ahead`` the log may
    be in use; without it the log is held, and the copy is whole afterwards.

    Raises Conflict when the topic holds another log, or the embedded one was rewritten since it was
    copied; InvalidInput or Unavailable as the log in Kafka does when it is opened.
    """
    held = None if ahead else EmbeddedEventLog(source)
    try:
        copy = _Copy(source, place, folder)
        try:
            sent = await copy.run(told)
            if held is not None:
                held.settle()
                copy.finish()
        finally:
            copy.close()
    finally:
        if held is not None:
            held.close()
    return sent


def forget(place: Place, folder: Path) -> None:
    """Delete the topic of a copy, and what lies here of it.

    Nothing may have been noted yet of the copy's being the log. Raises Conflict when it is another
    topic, or was written since; Unavailable while somebody writes.
    """
    how_far = copying.copied(folder)
    if how_far is None:
        raise Conflict(_NOT_BEGUN)
    files = LocalFiles(folder)
    try:
        topic = open_topic(place, make=False)
        if topic.id and files.has_topic():  # else nothing was ever sent there, or it is gone
            if not files.is_of(topic.cluster, topic.id):
                raise Conflict(_ANOTHER_TOPIC)
            if how_far.is_whole and end_seen(place, topic) > how_far.offset:
                raise Conflict(_HAS_A_LOG)
            delete_topic(place)
        shutil.rmtree(folder)
    finally:
        files.close()


class _Behind(NamedTuple):
    """What is noted of a group once it is stored: its keys, and the digest over all up to it."""

    keys: list[bytes]
    digest: int


class _Copy:
    """One run of the copy. Holds the topic and the folder; used from one event loop."""

    def __init__(self, source: Path, place: Place, folder: Path) -> None:
        self._source, self._place, self._folder = source, place, folder
        self._reader = EmbeddedEventLogReader(source)
        self._on_their_way: dict[int, _Behind] = {}
        self._problem: QueqiaoError | None = None
        self._noted_at = monotonic()
        self._files = LocalFiles(folder)
        try:
            self._open()
        except BaseException:
            self._files.close()
            raise

    def _open(self) -> None:
        first = next(self._reader.records(0), None)
        self._topic = open_topic(self._place)
        # Looked at before it is taken over: a refused move fences nobody who writes there.
        self._check(first, end_seen(self._place, self._topic))
        fate, seed = Fate(), first.seed if first else None
        self._lanes = [
            Lane(self._place, self._topic, number, self._ended, fate, seed=seed)
            for number in range(LANES)
        ]
        self._last = take_over(self._place, self._topic, self._lanes)
        self._check(first, self._last)
        self._how_far = self._begin(first)
        self._watermark = Watermark(self._folder, writable=True)
        self._keys = Keys(self._folder)
        self._positions = PositionsWriter(self._folder, self._topic.partitions, self._last)
        self._sources = Sources(self._folder)

    def _check(self, first: Records | None, last: int) -> None:
        """Raise Conflict when the topic, which ends at ``last``, is of another log; InvalidInput
        when it is not the one that the copy began with."""
        before, is_ours = copying.copied(self._folder), self._files.has_topic()
        if before is None and is_ours:
            raise Conflict(_HAS_A_LOG)
        if is_ours:
            self._files.seed_of(self._topic.cluster, self._topic.id, lambda: 0)
        if last > self._reader.end():
            raise Conflict(_HAS_A_LOG if before and before.is_whole else NOT_THIS_LOG)
        if first is not None and last and not is_ours:
            with self._merge(0) as merge:
                compare(self._reader, merge, first)

    def _begin(self, first: Records | None) -> Copied:
        """Take the topic for that of this copy; return how far it was noted.

        Raises Broken when it has lost events.
        """
        before = copying.copied(self._folder)
        if before is None:
            copying.note(self._folder, Copied())
        if first is not None:
            self._files.seed_of(self._topic.cluster, self._topic.id, lambda: first.seed)
        if before is not None and self._last < before.offset:
            raise Broken(_LOST)
        return before or Copied()

    @contextmanager
    def _merge(self, after: int) -> Iterator[Merge]:
        """Give a reader of the topic that stands behind an offset."""
        merge = Merge(self._place, self._topic)
        positions = Positions(self._folder, self._topic.partitions)
        try:
            merge.seek(after, positions.before(after + 1))
            yield merge
        finally:
            merge.close()
            positions.close()

    async def run(self, told: Told) -> Sent:
        """Copy what the log holds now."""
        end, before = self._reader.end(), self._last
        with self._merge(self._how_far.offset) as merge:
            digest = look(self._reader, merge, self._how_far, before, self._seen)
        told(before, end)
        if before > self._how_far.offset:
            self._how_far = Copied(before, str(digest))
        if before < end:
            self._how_far = structs.replace(self._how_far, is_whole=False)
        self._note()
        under_way: deque[Work] = deque()
        newest: Work | None = None
        for number, group in enumerate(self._groups(end, digest)):
            newest = Work(group, newest)
            self._lanes[number % LANES].put(newest)
            under_way.append(newest)
            if len(under_way) > LANES:
                await self._stored(under_way.popleft(), told, end)
        while under_way:
            await self._stored(under_way.popleft(), told, end)
        self._note()
        return Sent(self._last - before, self._last)

    async def _stored(self, work: Work, told: Told, end: int) -> None:
        await asyncio.wrap_future(work.lot)
        if self._problem is not None:
            raise self._problem
        told(work.group.last, end)

    def _groups(self, end: int, digest: int) -> Iterator[Group]:
        """Yield what the topic lacks: whole frames, joined."""
        loop = asyncio.get_running_loop()
        group = Group(self._last + 1, loop.create_future())
        keys: list[bytes] = []
        for frame in self._reader.records(self._last):
            if frame.first > end:
                break
            digest = digest_of(frame, digest)
            keys += self._add(group, frame)
            if len(keys) >= GROUP_EVENTS or group.size >= GROUP_BYTES:
                self._on_their_way[group.first] = _Behind(keys, digest)
                yield group
                group, keys = Group(group.last + 1, loop.create_future()), []
        if keys:
            self._on_their_way[group.first] = _Behind(keys, digest)
            yield group

    def _add(self, group: Group, frame: Records) -> list[bytes]:
        """Put a frame into a group; return the keys of its events."""
        ids, origins = frame.ids()
        events = frame.events(frame.first - 1, frame.count, self._reader.unpack(frame))
        keys = keys_of(frame)
        at = 0
        for name, count in origins:
            self._sources.prefix(name)
            rows = slice(at, at + count)
            marks = [key[-FINGERPRINT_BYTES:] for key in keys[rows]]
            group.add(name, ids[rows], marks, [one.body for one in events[rows]])
            at += count
        return keys

    def _seen(self, frame: Records, keys: list[bytes]) -> None:
        """Keep what belongs to a frame that the topic has and that was not noted."""
        for name, _ in frame.ids()[1]:
            self._sources.prefix(name)
        self._keys.write(frame.first, keys)

    def _ended(self, work: Work, positions: list[int], error: QueqiaoError | None) -> None:
        """Take the end of a group down; on the lane's thread, one at a time, in order."""
        behind = self._on_their_way.pop(work.group.first)
        if error is not None:
            self._problem = self._problem or error
        elif self._problem is None:
            try:
                self._stored_up_to(work.group, behind, positions)
            except OSError as problem:
                self._problem = StorageFull()
                self._problem.__cause__ = problem

    def _stored_up_to(self, group: Group, behind: _Behind, positions: list[int]) -> None:
        self._keys.write(group.first, behind.keys)
        if self._positions.is_due(group.first):
            known = zip(positions, self._positions.positions, strict=True)
            self._positions.note(group.first, [max(pair) for pair in known])
        self._last = group.last
        self._how_far = Copied(self._last, str(behind.digest))
        if monotonic() > self._noted_at + NOTE_EVERY_S:
            self._note()

    def _note(self) -> None:
        self._watermark.move(self._how_far.offset, self._how_far.offset)
        copying.note(self._folder, self._how_far)
        self._noted_at = monotonic()

    def finish(self) -> None:
        """The log is held and all of it is copied: an intake may open the topic now."""
        index, fresh = self._source / INDEX, self._folder / INDEX
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(index, fresh)  # it is by digests and offsets, which are the same here
        self._how_far = structs.replace(self._how_far, is_whole=True)
        self._note()

    def close(self) -> None:
        """Let the topic and the folder go."""
        for lane in self._lanes:
            lane.stop()
        for lane in self._lanes:
            lane.join()
        self._reader.close()
        self._keys.close()
        self._positions.close()
        self._watermark.close()
        self._files.close()


_HAS_A_LOG = Message(
    "这个家目录已有写在 Kafka 里的日志",
    "this home has a log in Kafka already, which was written since",
)
_NOT_BEGUN = Message(
    "这里没有日志的副本，--anew 没有可删除的",
    "no copy of the log is here, so there is nothing that --anew may delete",
)
_ANOTHER_TOPIC = Message(
    "这个主题不是复制到的那一个，所以不删除；写复制时的地址，或若那个主题已不在，自己删去家目录里的"
    " kafka_log/",
    "this topic is not the one that the copy went to, so it is not deleted; name that one, or, if"
    " it is gone, remove kafka_log/ from the home yourself",
)
_LOST = Message(
    "主题丢了已经搬过去的事件；恢复它，或加 --anew 从头再搬",
    "the topic has lost events that were copied; restore it, or copy all again with --anew",
)
