"""The ledger in one process: state in memory, every step in a journal, answered when on disk.

Steps are planned and applied on the event loop, one after the other, so each sees the ones before
it; the journal commits whatever has gathered with one ``fdatasync``. When the disk is full, the
steps that did not reach it are taken back in reverse order before their callers learn of it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from heapq import nsmallest
from pathlib import Path

from queqiao.kernel.errors import QueqiaoError, StorageFull
from queqiao.ports.journal.disk import Disk
from queqiao.ports.journal.writer import Journal
from queqiao.ports.ledger import snapshot
from queqiao.ports.ledger.base import (
    NO_AMOUNTS,
    Ask,
    Balance,
    Granted,
    Outcome,
    Proof,
    Refused,
    Remembered,
    Take,
)
from queqiao.ports.ledger.compaction import drop_before, forget_old_keys
from queqiao.ports.ledger.proof import prove, replay
from queqiao.ports.ledger.rows import Group, encode_group, encode_step
from queqiao.ports.ledger.state import Applied, AppliedGroup, LedgerState
from queqiao.ports.ledger.steps import (
    Holding,
    Kind,
    Step,
    check_asks,
    check_count,
    check_name,
    check_same,
    granted,
    remembered,
    sum_takes,
)

COMPACT_BYTES = 64 << 20
"""The journal grows by this much, or by the size of the last snapshot, before the next one.

A restart reads so much again: 300,000 reservations in about a second.
"""

SEGMENT_BYTES = 8 << 20

_FRAME_BYTES = 8

Pending = tuple[Applied | AppliedGroup, "asyncio.Future[int]"]


class EmbeddedLedger:
    """A Ledger on a folder. One per folder; bound to the event loop of its first step."""

    def __init__(self, folder: Path, disk: Disk | None, compact_bytes: int) -> None:
        self._folder = folder
        self._journal_folder = folder / snapshot.JOURNAL_NAME
        self._compact_bytes = compact_bytes
        self._snapshot_bytes = 0
        self._pending: deque[Pending] = deque()
        self._reading_disk = asyncio.Lock()
        self._compaction: asyncio.Task[None] | None = None
        self._journal = Journal.open(
            self._journal_folder,
            disk=disk,
            segment_bytes=min(SEGMENT_BYTES, compact_bytes),
            on_full=self._take_back,
        )
        self._state = LedgerState()
        self._recover()

    @classmethod
    def open(
        cls, folder: Path, *, disk: Disk | None = None, compact_bytes: int = COMPACT_BYTES
    ) -> "EmbeddedLedger":
        """Open the ledger of a folder and bring back its state.

        Raises Unavailable when another process has it open, Broken when its files are damaged.
        """
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, disk, compact_bytes)

    def _recover(self) -> None:
        start = snapshot.load(self._folder, self._state)
        for frame in self._journal.read(start):
            replay(self._state, frame.payload)
        self._bytes_since_snapshot = self._journal.end - start

    @property
    def broken(self) -> QueqiaoError | None:
        """The fault that ended this writer for good (an I/O error of the disk), or None."""
        return self._journal.broken

    async def close(self) -> None:
        """Finish what is under way and give up the folder."""
        if self._compaction is not None:
            await asyncio.gather(self._compaction, return_exceptions=True)
        await asyncio.to_thread(self._journal.close)

    def copy(self) -> snapshot.Copy:
        """Return the books and what is remembered of every key, for who carries them elsewhere."""
        return snapshot.copy(self._state)

    # Steps.

    async def set_limit(self, counter: str, limit: int, key: str, now_us: int) -> Balance:
        """Open a counter or change its limit; return its balance after that."""
        held = await self._once(
            "limit",
            key,
            {counter: limit},
            now_us,
            lambda: self._state.plan_limit(counter, limit, key, now_us),
        )
        assert held.balance is not None
        return held.balance

    async def reserve(
        self, key: str, takes: Sequence[Take], expires_at_us: int, now_us: int
    ) -> Granted | Refused:
        """Lease the amounts until ``expires_at_us``, all or none."""
        amounts, _ = sum_takes(takes)
        held = await self._once(
            "reserve",
            key,
            amounts,
            now_us,
            lambda: self._state.plan_reserve(key, takes, expires_at_us, now_us),
        )
        return granted(key, held)

    async def spend(self, key: str, takes: Sequence[Take], now_us: int) -> Granted | Refused:
        """Reserve and commit in one step."""
        amounts, _ = sum_takes(takes)
        held = await self._once(
            "spend", key, amounts, now_us, lambda: self._state.plan_spend(key, takes, now_us)
        )
        return granted(key, held)

    async def refund(
        self, key: str, of_key: str, amounts: Mapping[str, int], now_us: int
    ) -> Granted:
        """Make spent amounts of ``of_key`` free again."""
        await self._once(
            "refund",
            key,
            amounts,
            now_us,
            lambda: self._state.plan_refund(key, of_key, amounts, now_us),
            of_key=of_key,
        )
        return Granted(key, dict(amounts))

    async def part(
        self,
        key: str,
        of_key: str,
        spent: Mapping[str, int],
        now_us: int,
        freed: Mapping[str, int] = NO_AMOUNTS,
    ) -> Granted:
        """Take a part out of an open reservation."""
        await self._once(
            "part",
            key,
            spent,
            now_us,
            lambda: self._state.plan_part(key, of_key, spent, freed, now_us),
            of_key=of_key,
            freed=freed,
        )
        return Granted(key, dict(spent))

    async def reserve_many(self, asks: Sequence[Ask], now_us: int) -> list[Outcome]:
        """Lease what each ask wants, one after the other."""
        check_asks(asks, now_us)
        self._expire_due(now_us)
        outcomes, applied, known = self._state.lease_many(asks, now_us)
        if applied.rows:
            future = self._append(applied, encode_group(Group(now_us, applied.rows)))
            await asyncio.shield(future)
        elif known:
            await self._on_disk()
        return outcomes

    async def recall(self, keys: Sequence[str]) -> dict[str, Remembered]:
        """Return what is remembered of the keys that reserved or spent."""
        held = self._state.holdings
        found = {key: remembered(held.get(key)) for key in keys}
        if not await self._is_on_disk():
            return await self.recall(keys)
        return {key: told for key, told in found.items() if told is not None}

    async def draw(self, counter: str, count: int, passed: int, key: str, now_us: int) -> int:
        """Draw the next numbers of a counter; return the last of them."""
        check_count(count)
        held = await self._once(
            "draw",
            key,
            {counter: count},
            now_us,
            lambda: self._state.plan_draw(counter, count, passed, key, now_us),
        )
        assert held.balance is not None
        return held.balance.spent

    async def _once(
        self,
        kind: Kind,
        key: str,
        asked: Mapping[str, int],
        now_us: int,
        plan: Callable[[], Step],
        *,
        of_key: str = "",
        freed: Mapping[str, int] = NO_AMOUNTS,
    ) -> Holding:
        """Do the step that opens a key, or find what was done under it. Raises Conflict."""
        check_name(key, "key")
        self._expire_due(now_us)
        held = self._state.holdings.get(key)
        if held is not None:
            check_same(held, kind, asked, of_key, freed)
            await self._on_disk()
            return held
        return await self._record(plan())

    async def commit(
        self, key: str, now_us: int, amounts: Mapping[str, int] | None = None
    ) -> Granted:
        """Spend what the key reserved, or the smaller ``amounts``; the rest becomes free."""
        self._expire_due(now_us)
        held = self._state.holdings.get(key)
        if held is not None and held.state == "spent":
            await self._on_disk()
        else:
            held = await self._record(self._state.plan_commit(key, now_us, amounts))
        return Granted(key, held.spent)

    async def release(self, key: str, now_us: int) -> None:
        """Free what the key reserved."""
        self._expire_due(now_us)
        if self._state.is_open(key):
            await self._record(self._state.plan_free("release", key, now_us))
        else:
            await self._on_disk()

    async def expire(self, now_us: int) -> int:
        """Free every reservation whose time is over; return how many."""
        count = self._expire_due(now_us)
        await self._on_disk()
        return count

    # Questions.

    async def balances(self, counters: Sequence[str]) -> dict[str, Balance]:
        """Return the balance of each counter asked for."""
        found = {counter: self._state.books.balance(counter) for counter in counters}
        return found if await self._is_on_disk() else await self.balances(counters)

    async def find(self, prefix: str, limit: int) -> dict[str, Balance]:
        """Return up to ``limit`` counters whose names start with ``prefix``, in order of name."""
        names = nsmallest(limit, (name for name in self._state.books if name.startswith(prefix)))
        return await self.balances(names)

    async def prove(self) -> Proof:
        """Recompute every balance from the entries on disk and compare."""
        async with self._reading_disk:
            frozen = snapshot.copy(self._state)
            position = await self._journal.barrier()
            return await asyncio.to_thread(
                prove, self._folder, self._journal_folder, frozen, position
            )

    # Doing and undoing.

    def _expire_due(self, now_us: int) -> int:
        """Apply the expiries; whoever asked waits for a later step, or for ``_on_disk``."""
        count = 0
        for step in self._state.due(now_us):
            self._start(step)
            count += 1
        return count

    async def _record(self, step: Step) -> Holding:
        future = self._start(step)
        held = self._state.holdings[step.key]
        # Shielded, so that a caller who goes away does not hide whether the step was committed.
        await asyncio.shield(future)
        return held

    def _start(self, step: Step) -> "asyncio.Future[int]":
        payload = encode_step(step)
        return self._append(self._state.apply(step), payload)

    def _append(self, applied: Applied | AppliedGroup, payload: bytes) -> "asyncio.Future[int]":
        """Send what was done in memory to the disk, and remember how to take it back."""
        future = self._journal.append(payload)
        self._pending.append((applied, future))
        future.add_done_callback(self._settle)
        self._bytes_since_snapshot += len(payload) + _FRAME_BYTES
        self._compact_when_long()
        return future

    def _settle(self, future: "asyncio.Future[int]") -> None:
        future.exception()  # seen here, so that a caller who went away leaves no warning
        while self._pending and _is_committed(self._pending[0][1]):
            self._pending.popleft()

    def _take_back(self) -> None:
        """The disk is full: return to what is committed, newest first."""
        while self._pending and not _is_committed(self._pending[-1][1]):
            applied = self._pending.pop()[0]
            if isinstance(applied, AppliedGroup):
                self._state.undo_group(applied)
            else:
                self._state.undo(applied)

    async def _is_on_disk(self) -> bool:
        """Wait for the last step; say False when it was taken back, so that one looks again."""
        if self._pending:
            try:
                await asyncio.shield(self._pending[-1][1])
            except StorageFull:
                return False
        return True

    async def _on_disk(self) -> None:
        """Wait for the last step. Raises StorageFull when it was taken back."""
        if self._pending:
            await asyncio.shield(self._pending[-1][1])

    # Compaction.

    def _compact_when_long(self) -> None:
        bound = max(self._compact_bytes, self._snapshot_bytes)
        is_idle = self._compaction is None or self._compaction.done()
        if self._bytes_since_snapshot > bound and is_idle:
            self._bytes_since_snapshot = 0
            self._compaction = asyncio.create_task(self._compact_or_wait())

    async def _compact_or_wait(self) -> None:
        try:
            await self.compact()
        except (OSError, StorageFull):
            # No room for a snapshot: the journal stays whole, and growth asks again later.
            return

    async def compact(self) -> None:
        """Write a snapshot and drop the journal before it. Steps go on meanwhile."""
        async with self._reading_disk:
            await forget_old_keys(self._state)
            frozen = snapshot.copy(self._state)
            self._bytes_since_snapshot = 0
            position = await self._journal.barrier()
            self._snapshot_bytes = await asyncio.to_thread(
                snapshot.write, self._folder, frozen, position
            )
            await asyncio.to_thread(drop_before, self._journal_folder, position)


def _is_committed(future: "asyncio.Future[int]") -> bool:
    return future.done() and future.exception() is None
