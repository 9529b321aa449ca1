"""The one order of the events: who is new, which offset it gets, and who waits for it.

It is the memory in front of a log that commits group by group. What comes while commits run gathers
in a group of its own; the owner writes groups in the order in which ``send`` hands them over and
says of each, in that order, that it is stored. When one is not, everything after it is forgotten
with it (``roll_back``), so that offsets stay dense.

An event is known by 128 bits over its source, a NUL and its message id, seeded, so that nobody can
choose ids that collide.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from itertools import repeat

from xxhash import xxh3_128_digest as digest_of

from queqiao.kernel.errors import QueqiaoError, StorageFull
from queqiao.ports.event_log.base import NewEvent, NewEvents, Outcome
from queqiao.ports.event_log.dedup import DedupIndex, offset_of, value_of, values_of
from queqiao.ports.event_log.gathering import Gathering
from queqiao.ports.event_log.group import GROUP_BYTES_MAX, Group
from queqiao.ports.event_log.records import FINGERPRINT_BYTES
from queqiao.ports.event_log.sources import Sources


class Sequencer:
    """Used from one event loop. ``last`` is the offset at which the log ends.

    ``at_once`` is how many groups the owner may have under way; it may want to wait with the next
    one all the same (``may_send``), so that it gathers more, and then says ``go_on``.
    """

    def __init__(
        self,
        index: DedupIndex,
        sources: Sources,
        seed: int,
        last: int,
        send: Callable[[Group], None],
        *,
        at_once: int = 1,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self.index = index
        self.committed = last
        self._sources = sources
        self._seed = seed
        self._next = last + 1
        self._send_group = send
        self._at_once = at_once
        self._may_send = may_send
        self._gathering = Gathering(self._send)
        self._under_way: deque[Group] = deque()
        self._waiting: deque[Group] = deque()

    async def append(self, events: Sequence[NewEvent]) -> list[Outcome]:
        """Store the new ones among the events, durably; outcomes in the order of the events."""
        self.index.check_room(self.committed)
        outcomes = self._admit(events)
        last = max((outcome.offset for outcome in outcomes), default=0)
        if last > self.committed:
            # Also where only a duplicate's first is on its way to the disk: so is the promise.
            await asyncio.shield(self._join(self._group_of(last)))
        return outcomes

    def append_new(self, events: NewEvents) -> "asyncio.Future[None] | None":
        """Store events that nobody has seen: see ``DirectLog`` in ``base``."""
        self.index.check_room(self.committed)
        prefix = self._prefix(events.source)
        ids = list(map(str.encode, events.message_ids))
        digests = list(map(digest_of, map(prefix.__add__, ids), repeat(self._seed)))
        if not self.index.are_new(digests):
            return None
        group = self._open_group()
        values = values_of(events.fingerprints, self._next)
        self.index.table.update(zip(digests, values, strict=True))
        self._next += len(digests)
        group.add(events.source, ids, events.fingerprints, events.bodies)
        return self._join(group)

    def known(self, message_id: str, source: str | None) -> list[int]:
        """Return the offsets of a message id, of one source or of every source."""
        digests = [
            digest_of(prefix + message_id.encode(), self._seed)
            for prefix in self._sources.known(source)
        ]
        return [offset_of(value) for value in map(self.index.get, digests) if value is not None]

    def _open_group(self) -> Group:
        """Return the group that new events join. Never waits."""
        if not self._waiting or self._waiting[-1].size >= GROUP_BYTES_MAX:
            loop = asyncio.get_running_loop()
            self._waiting.append(Group(self._next, loop.create_future()))
            self.go_on()
        return self._waiting[-1]

    def go_on(self) -> None:
        """Send what waits when it is time, if the owner takes it now."""
        if self._waiting and self._is_taken():
            self._gathering.begin(busy=bool(self._under_way))

    def _is_taken(self) -> bool:
        return len(self._under_way) < self._at_once and self._may_send()

    def _join(self, group: Group) -> "asyncio.Future[None]":
        group.callers += 1
        self._gathering.joined(group.callers)
        return group.stored

    def _group_of(self, offset: int) -> Group:
        """Return the group with an offset that is not committed yet."""
        groups = (*self._under_way, *self._waiting)
        return next(group for group in groups if offset <= group.last)

    def _send(self) -> None:
        """Hand the oldest groups to the owner, as many as may be on their way."""
        self._gathering.end()
        while self._waiting and self._is_taken():
            group = self._waiting.popleft()
            self._under_way.append(group)
            self._send_group(group)

    def ended(self, group: Group, error: BaseException | None) -> None:
        """Note that the oldest group under way is stored, or that it is not; the next follows.

        A group that was rolled back in the meantime counts no more.
        """
        if self._under_way and self._under_way[0] is group:
            self._under_way.popleft()
            if error is None:
                self.committed = group.last
                self.index.seal_if_full(self.committed)
            group.settle(error)
            self._gathering.expect(group.callers + sum(one.callers for one in self._waiting))
        self.go_on()

    def roll_back(self, error: QueqiaoError) -> None:
        """Forget the offsets and keys that are not committed, and fail whoever waits for them."""
        self._forget_above(self.committed)
        for groups in (self._under_way, self._waiting):
            while groups:
                groups.popleft().settle(error)

    def turn_away(self, error: QueqiaoError) -> None:
        """Forget and fail what is not under way yet."""
        self._forget_above(self._under_way[-1].last if self._under_way else self.committed)
        while self._waiting:
            self._waiting.popleft().settle(error)

    def _forget_above(self, offset: int) -> None:
        self.index.roll_back(offset)
        self._next = offset + 1

    def is_under_way(self, group: Group) -> bool:
        """Say whether a group was sent, and neither ended nor rolled back."""
        return any(one is group for one in self._under_way)

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._under_way)

    @property
    def waiting_bytes(self) -> int:
        """How much has gathered and is not under way."""
        return sum(group.size for group in self._waiting)

    def take_waiting(self) -> list[Group]:
        """Return the groups that were not sent yet, for an owner that closes."""
        waiting, self._waiting = list(self._waiting), deque()
        return waiting

    def _admit(self, events: Sequence[NewEvent]) -> list[Outcome]:
        """Give each event its outcome, and an offset to the new ones. Never waits."""
        digests = [
            digest_of(self._prefix(event.source) + event.message_id.encode(), self._seed)
            for event in events
        ]
        table, older = self.index.table, self.index.get_older(digests)
        return [
            self._admit_one(event, digest, table.get(digest) or older.get(digest))
            for event, digest in zip(events, digests, strict=True)
        ]

    def _admit_one(self, event: NewEvent, digest: bytes, known: bytes | None) -> Outcome:
        if known is not None:
            same = known[:FINGERPRINT_BYTES] == event.fingerprint
            return Outcome("duplicate" if same else "conflict", offset_of(known))
        group, offset = self._open_group(), self._next
        self.index.table[digest] = value_of(event.fingerprint, offset)
        self._next = offset + 1
        message_id = event.message_id.encode()
        group.add(event.source, (message_id,), (event.fingerprint,), (event.body,))
        return Outcome("stored", offset)

    def _prefix(self, source: str) -> bytes:
        try:
            return self._sources.prefix(source)
        except OSError as error:
            raise StorageFull from error
