"""Backfill: the whole history again, by today's transforms, beside the live tables; then a swap.

A second loader with state of its own reads the log from its beginning into a shadow set of tables.
When it has caught up, the two sets change names while no query runs, and the old one is dropped.
What is under way stands in a small file, so that a kill at any point is gone on from: while filling
the shadow loader goes on at its checkpoint; while swapping the rest is swapped before anything is
read. Reports see the old set whole, then the new one whole. The file keeps what the last one was.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from queqiao.kernel.clock import Clock, format_rfc3339
from queqiao.kernel.whole_file import replace_whole
from queqiao.ports.rpc import Method, RpcClient
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.ddl import FACTS, TIER, WATERMARK, create_tables, history
from queqiao.process.loader import Loader
from queqiao.process.rollups import BLOCKS, CUBES

log = structlog.get_logger()

PREFIX = "shadow_"
"""What the names of the shadow set begin with."""

TABLES = (
    *(table.name for table in (*FACTS, WATERMARK, TIER)),
    *(cube.table for cube in CUBES),
    BLOCKS,
)
"""The tables of a set. That of the lake's files is empty in a new one: it reads the log anew."""

Phase = Literal["none", "filling", "swapping", "dropping"]
Cause = Literal["", "version", "settings", "asked"]
"""Why one is needed: a new version or changed settings make rows in another way, or somebody asked
for it. Empty of one that began before causes were kept."""
_SHADOW_STATE = "shadow.sqlite"


START, STATE = "backfill.start", "backfill.state"


class Swapped(msgspec.Struct, frozen=True):
    """The last backfill that took the live tables' place: when, why, and of how many events."""

    cause: Cause
    begun_at: str
    swapped_at: str
    events: int


class _Note(msgspec.Struct):
    """What is under way. ``stamp`` marks the tables of the new set while names are swapped.

    ``made_by`` names the settings that the new rows are made by, ``events`` how many the new set
    is of once it is whole, ``last`` what was swapped before.
    """

    phase: Phase
    stamp: str = ""
    made_by: str = ""
    begun_at_us: int = 0
    cause: Cause = ""
    events: int = 0
    last: Swapped | None = None


_NOTHING = _Note("none")


class BackfillState(msgspec.Struct, frozen=True):
    """How far history is made again: events up to ``offset`` of those up to ``of_offset``.

    ``phase`` is ``none`` when none is under way. ``begun_at`` and ``cause`` are empty then.
    """

    phase: Phase
    offset: int
    of_offset: int
    begun_at: str
    cause: Cause
    last: Swapped | None


class Backfill:
    """One at a time. ``make`` builds a loader of a set from its prefix and its state's path."""

    def __init__(
        self,
        warehouse: Warehouse,
        live: Loader,
        make: Callable[[str, Path], Loader],
        live_state: Path,
    ) -> None:
        self._warehouse = warehouse
        self._live = live
        self._make = make
        self._live_state = live_state
        self._shadow_state = live_state.with_name(_SHADOW_STATE)
        self._file = live_state.with_name("backfill.json")
        self._shadow: Loader | None = None

    @property
    def active(self) -> bool:
        """Whether one is under way."""
        return self._read().phase != "none"

    @property
    def swapping(self) -> bool:
        """Whether the sets change places: until that is done the live loader stands still."""
        return self._read().phase in {"swapping", "dropping"}

    @property
    def offset(self) -> int:
        """How far the shadow set is filled, 0 when there is none."""
        return self._shadow.checkpoint.offset if self._shadow else 0

    def start(self, made_by: str, cause: Cause, now_us: int) -> None:
        """Begin one, durably, by the settings of that name. One that is under way goes on instead.

        Its stamp is of the moment: that of an earlier one stands on the tables which it made.
        """
        note = self._read()
        if note.phase == "none":
            stamp = f"{made_by} {now_us}"
            self._write(_Note("filling", stamp, made_by, now_us, cause, last=note.last))

    def is_of_other(self, made_by: str) -> bool:
        """Say whether one that is filling goes by other settings; then it is of no use any more."""
        note = self._read()
        return note.phase == "filling" and note.made_by != made_by

    def state(self) -> BackfillState:
        """Return how far it is."""
        note, end = self._read(), self._live.checkpoint.offset
        if note.phase == "none":
            return BackfillState("none", end, end, "", "", note.last)
        done = min(self.offset, end) if note.phase == "filling" else end
        begun_at = format_rfc3339(note.begun_at_us)
        return BackfillState(note.phase, done, end, begun_at, note.cause, note.last)

    async def recover(self, now_us: int) -> None:
        """End a swap that was cut off. Before the live loader is opened and anything is read."""
        if self.swapping:
            await self._finish(self._read(), now_us)

    async def advance(self, now_us: int) -> bool:
        """Load one batch into the shadow set, or swap; return whether there was anything to do."""
        note = self._read()
        if note.phase == "none":
            return False
        if note.phase != "filling":  # it failed once: all of it is done before anything is loaded
            async with self._live.turn:
                await self._live.close_state()
                await self._finish(note, now_us)
                await self._live.open()
            return True
        try:
            return await self._fill(note, now_us)
        except Exception:  # the shadow forgets what it saw of a failed batch: it is opened again
            await self._close_shadow()
            raise

    async def _fill(self, note: _Note, now_us: int) -> bool:
        shadow = await self._opened()
        if await shadow.step() and shadow.behind:
            return True
        await shadow.settle()
        async with self._live.turn:
            while shadow.checkpoint.offset < self._live.checkpoint.offset:
                await shadow.step()
            await shadow.settle()
            await self._swap(shadow, note, now_us)
            await self._live.open()
        return True

    async def abandon(self) -> None:
        """Roll back one that is filling: the shadow set goes, the live one never knew."""
        note = self._read()
        if note.phase != "filling":
            return
        await self._close_shadow()
        _unlink(self._shadow_state)  # first: a checkpoint must never be above what tables hold
        await self._drop()
        self._write(_Note("none", last=note.last))

    async def close(self) -> None:
        """Close the shadow loader; what is under way goes on at the next start."""
        await self._close_shadow()

    async def _opened(self) -> Loader:
        if self._shadow is None:
            self._shadow = self._make(PREFIX, self._shadow_state)
            await self._shadow.open()
        return self._shadow

    async def _close_shadow(self) -> None:
        if self._shadow is not None:
            await self._shadow.close()
            self._shadow = None

    async def _swap(self, shadow: Loader, note: _Note, now_us: int) -> None:
        offset = shadow.checkpoint.offset
        await self._close_shadow()
        for name in TABLES:
            comment = f"ALTER TABLE {PREFIX}{name} MODIFY COMMENT '{note.stamp}'"
            await self._warehouse.command(comment)
        note.phase, note.events = "swapping", offset
        self._write(note)
        await self._live.close_state()  # from here on it is opened by whoever ends the swap
        await self._finish(note, now_us)
        log.info("history was processed again", offset=offset, stamp=note.stamp, cause=note.cause)

    async def _finish(self, note: _Note, now_us: int) -> None:
        """Swap what is not swapped yet, then drop the old set. Doing it again is harmless."""
        if note.phase == "swapping":
            for prefix in ("", PREFIX):  # it was begun by a version that knew fewer
                await create_tables(self._warehouse, prefix)
            left = [name for name in TABLES if name not in await self._stamped(note.stamp)]
            swaps = [f"EXCHANGE TABLES {name} AND {PREFIX}{name}" for name in left]
            await self._warehouse.exclusive([*swaps, history()[0]])
            if self._shadow_state.exists():
                _unlink(self._live_state)
                self._shadow_state.replace(self._live_state)
            note.phase, note.last = "dropping", _swapped(note, now_us)
            self._write(note)
        await self._drop()
        self._write(_Note("none", last=note.last))

    async def _stamped(self, stamp: str) -> set[str]:
        """Return the tables that have the live name and are of the new set."""
        sql = (
            "SELECT name FROM system.tables"
            " WHERE database = currentDatabase() AND comment = {stamp:String}"
        )
        return {row[0] for row in (await self._warehouse.query(sql, {"stamp": stamp})).rows}

    async def _drop(self) -> None:
        for name in TABLES:
            await self._warehouse.command(f"DROP TABLE IF EXISTS {PREFIX}{name} SYNC")

    def _read(self) -> _Note:
        if not self._file.exists():
            return _NOTHING
        return msgspec.json.decode(self._file.read_bytes(), type=_Note)

    def _write(self, note: _Note) -> None:
        replace_whole(self._file, msgspec.json.encode(note))


def _swapped(note: _Note, now_us: int) -> Swapped:
    begun_at, swapped_at = format_rfc3339(note.begun_at_us), format_rfc3339(now_us)
    return Swapped(note.cause, begun_at, swapped_at, note.events)


class _Nothing(msgspec.Struct, frozen=True):
    """A call that says nothing but its name."""


class RemoteBackfill:
    """The backfill of the analytics role, over its socket. Raises Unavailable when it is away."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client

    async def start(self) -> BackfillState:
        """Begin one, or go on with the one under way."""
        found: BackfillState = await self._client.call(START, _Nothing(), BackfillState)
        return found

    async def state(self) -> BackfillState:
        """Return how far it is."""
        found: BackfillState = await self._client.call(STATE, _Nothing(), BackfillState)
        return found


def methods(backfill: Backfill, made_by: str, clock: Clock) -> dict[str, Method]:
    """Return the methods by which its owner answers, for its RpcServer."""

    async def start(_: _Nothing) -> BackfillState:
        backfill.start(made_by, "asked", clock.now_us())
        return backfill.state()

    async def state(_: _Nothing) -> BackfillState:
        return backfill.state()

    return {
        START: Method(start, _Nothing, BackfillState),
        STATE: Method(state, _Nothing, BackfillState),
    }


def _unlink(database: Path) -> None:
    """Remove an SQLite file with its journals."""
    for suffix in ("-wal", "-shm", ""):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
