"""Tiering: whole blocks of old raw events move from the warehouse into the lake; no number moves.

A block goes when rollups hold it and all of its events came more than so many days ago. Its file
is written, read back and published; then the book is written; then the view looks there; then, once
a day at most, the engine removes from its table what lies in the lake. A kill between any two of
these is gone on from: what the book does not name is written again, and what it names is not lost.

Age is by when an event came, not when it happened: offsets grow with it, so that one offset is the
border, and an event that comes late for an old day is loaded like any other.
"""

import msgspec
import structlog

from queqiao.kernel.clock import DAY_US, MINUTE_US, format_rfc3339
from queqiao.kernel.errors import Message, QueqiaoError, StorageFull, Unavailable
from queqiao.ports.rpc import Method, RpcClient
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.ddl import EVENTS
from queqiao.process.rollups import Block, sealed_blocks
from queqiao.process.tier import Tier

log = structlog.get_logger()

STATE = "tiering.state"

_UNSEEN = Message(
    "数据仓库引擎不能读写数据湖，旧事件留在数据仓库中：让引擎与本进程看到同一目录"
    "（ClickHouse 服务器：在其 user_files 目录之下并可写），或让它连得上 HDFS、对象存储"
    "（命名集合 queqiao_lake），或设 [warehouse] raw_days = 0",
    "the engine cannot read and write the lake, so old events stay in the warehouse: let it see"
    " the same folder as this process (a ClickHouse server: below its user_files, writable), or"
    " reach HDFS or the object store (named collection queqiao_lake), or set"
    " [warehouse] raw_days = 0",
)
_ORDER = EVENTS.order_by.strip("()")
_HELD = (
    "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts"
    " WHERE database = currentDatabase() AND table = 'events' AND active"
)
_CHANGING = (
    "SELECT count() FROM system.mutations"
    " WHERE database = currentDatabase() AND table = 'events' AND NOT is_done"
)


class TierSize(msgspec.Struct, frozen=True):
    """How much lies in a tier: rows, and bytes on disk."""

    rows: int
    bytes: int


class TieringState(msgspec.Struct, frozen=True):
    """What lies where. Rows that wait for their removal are in both.

    ``up_to_offset``: older events are read from the lake, 0 when none. ``raw_days``: how long the
    warehouse keeps events, 0 for ever. ``looked_at`` is when it was last looked whether something
    is due, empty before the first time. ``refused`` says in both languages why nothing moves though
    it should, ``failed`` at what the last try failed, which is tried again each minute.
    """

    warehouse: TierSize
    lake: TierSize
    files: int
    up_to_offset: int
    raw_days: int
    looked_at: str
    refused: dict[str, str] | None
    failed: dict[str, str] | None


class Tiering:
    """Moves what is due, a step at a time. Beside the loader, in its process."""

    def __init__(self, warehouse: Warehouse, tier: Tier, raw_days: int) -> None:
        self._warehouse = warehouse
        self._tier = tier
        self._raw_days = raw_days
        self._due_us: tuple[Block, int] | None = None
        self._look_at_us = 0
        self._looked_at = ""
        self._remove_at_us = 0
        self._refused: dict[str, str] | None = None
        self._failed: dict[str, str] | None = None
        self._ready = False

    async def open(self) -> None:
        """Put the tier in order, and see whether the engine can reach the lake.

        While the lake is away, all that needs no old event goes on; it is tried again later.
        """
        try:
            await self._begin()
        except Unavailable as error:
            self._failed = _told(error)
            log.warning("the lake was not looked at, trying again", reason=error.explain("en"))

    async def _begin(self) -> None:
        await self._tier.open()
        if self._raw_days:
            await self._probe()
        self._ready = True

    async def _probe(self) -> None:
        try:
            await self._tier.probe()
        except StorageFull as error:  # that is another matter, and passes
            log.warning("the lake was not looked at", error=str(error))
        except Unavailable:
            raise
        except (QueqiaoError, OSError):
            self._refused = _UNSEEN._asdict()
            log.exception("old events are not moved into the lake", reason=_UNSEEN.en)

    async def advance(self, now_us: int) -> bool:
        """Move one block, or begin removing what was moved; return whether there was any to do."""
        if now_us < self._look_at_us:
            return False
        self._look_at_us = now_us + MINUTE_US  # also after what fails
        self._looked_at = format_rfc3339(now_us)
        try:
            done = await self._step(now_us)
        except (QueqiaoError, OSError) as error:
            self._failed = _told(error)
            raise
        self._failed = None
        if done:
            self._look_at_us = 0
        return done

    async def _step(self, now_us: int) -> bool:
        if not self._ready:
            await self._begin()
        block = await self._due(now_us)
        if block is None:
            return await self._remove(now_us)
        await self._move(block)
        return True

    async def state(self) -> TieringState:
        """Return what lies where."""
        files = await self._tier.files()
        rows, size = (await self._warehouse.query(_HELD)).rows[0]
        return TieringState(
            TierSize(rows, size),
            TierSize(sum(one.rows for one in files), sum(one.bytes for one in files)),
            len(files),
            files[-1].last if files else 0,
            self._raw_days,
            self._looked_at,
            self._refused,
            self._failed,
        )

    async def _due(self, now_us: int) -> Block | None:
        """Return the next block when it is sealed and all of it is old enough."""
        if not self._raw_days or self._refused:
            return None
        border = await self._border()
        following = [one for one in await sealed_blocks(self._warehouse) if one.first == border + 1]
        if not following:
            return None
        block = min(following, key=lambda one: one.last)
        if self._due_us is None or self._due_us[0] != block:
            self._due_us = block, await self._received(block) + self._raw_days * DAY_US
        return block if now_us > self._due_us[1] else None

    async def _move(self, block: Block) -> None:
        await self._tier.sweep()
        rows = f"SELECT * FROM {EVENTS.name} WHERE {_within(block)} ORDER BY {_ORDER}"  # noqa: S608  # our own names and numbers
        file = await self._tier.write(block.first, block.last, rows)
        await self._tier.publish(file)
        await self._tier.add(file)
        await self._tier.settle()
        log.info("old events were moved into the lake", up_to_offset=file.last, bytes=file.bytes)

    async def _remove(self, now_us: int) -> bool:
        """Begin to remove from the table what lies in the lake; the engine goes on by itself.

        Once a day at most: it writes anew every part that holds some of these rows.
        """
        old = f"offset <= {await self._border()}"
        sql = f"SELECT count() FROM {EVENTS.name} WHERE {old}"  # noqa: S608  # our own names and a number
        left = await self._warehouse.query(sql)
        if left.rows == [[0]] or now_us < self._remove_at_us:
            return False
        if (await self._warehouse.query(_CHANGING)).rows != [[0]]:
            return False
        await self._tier.settle()  # the view may not look into the lake yet, where that failed once
        statement = f"ALTER TABLE {EVENTS.name} DELETE WHERE {old} SETTINGS mutations_sync = 0"
        await self._warehouse.command(statement)
        self._remove_at_us = now_us + DAY_US
        return True

    async def _border(self) -> int:
        files = await self._tier.files()
        return files[-1].last if files else 0

    async def _received(self, block: Block) -> int:
        """Return when the last of a block's events came, in microseconds."""
        sql = f"SELECT max(received_at) FROM {EVENTS.name} WHERE {_within(block)}"  # noqa: S608  # our own names and numbers
        return int((await self._warehouse.query(sql)).rows[0][0])


class RemoteTiering:
    """The tiering of the analytics role, over its socket."""

    def __init__(self, client: RpcClient) -> None:
        self._client = client

    async def state(self) -> TieringState:
        """Return what lies where. Raises Unavailable."""
        found: TieringState = await self._client.call(STATE, Nothing(), TieringState)
        return found


class Nothing(msgspec.Struct, frozen=True):
    """A call that says nothing but its name."""


def methods(tiering: Tiering) -> dict[str, Method]:
    """Return the method by which its owner answers, for its RpcServer."""

    async def state(_: Nothing) -> TieringState:
        return await tiering.state()

    return {STATE: Method(state, Nothing, TieringState)}


def _told(error: QueqiaoError | OSError) -> dict[str, str]:
    if isinstance(error, QueqiaoError):
        return {language: error.explain(language) for language in Message._fields}
    return dict.fromkeys(Message._fields, str(error))


def _within(block: Block) -> str:
    return f"offset >= {block.first} AND offset <= {block.last}"
