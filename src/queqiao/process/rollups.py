"""Rollups: counts per minute, hour and business day, kept by the loader, exact at every offset.

The log is cut into blocks of offsets. When a block is loaded whole, the loader adds up its events
by each cube and then notes the block as sealed. A report of what was known at offset N takes the
largest sealed blocks up to N and the raw events after them, so no number ever needs merging by the
engine (never FINAL), and a past report stays what it was. Rows of a block that was not noted are of
a crash: nobody reads them, and the block is made again.

People and visits are sets of numbers (bitmaps): they join over blocks and buckets exactly.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.consent import REPORTED
from queqiao.process.ddl import HISTORY

LEVELS = (20, 24)
"""Blocks of 2**20 and, made of those, of 2**24 events. Smaller ones would hardly add up goods."""

BLOCKS = "rollup_blocks"


class Measure(NamedTuple):
    """One number of a cube: how it comes from raw events, and how parts of it are joined.

    ``part`` is what a cell holds, ``join`` makes one part of many, ``whole`` the number of many.
    """

    kind: str
    part: str
    join: str
    whole: str


def _sum(sql: str) -> Measure:
    return Measure("Int64 CODEC(T64, ZSTD(1))", f"toInt64({sql})", "sum({})", "sum({})")


def _set(sql: str) -> Measure:
    state = "AggregateFunction(groupBitmap, UInt64) CODEC(ZSTD(1))"
    return Measure(state, sql, "groupBitmapMergeState({})", "groupBitmapMerge({})")


_OF_ADS = f"source = '{ADS_SOURCE}'"

MEASURES: dict[str, Measure] = {
    "views": _sum("countIf(event = 'Product Viewed')"),
    "adds": _sum("countIf(event = 'Product Added')"),
    "impressions": _sum(f"countIf({_OF_ADS} AND event = 'Ad Viewed')"),
    "clicks": _sum(
        f"countIf({_OF_ADS} AND event = 'Ad Clicked')"
        f" - countIf({_OF_ADS} AND event = 'Ad Click Refunded')"
    ),
    "cost": _sum(f"sumIf(cost_minor, {_OF_ADS})"),
    "currencies": Measure(
        "Array(String) CODEC(ZSTD(1))",
        f"groupUniqArrayIf(toString(currency), cost_minor != 0 AND {_OF_ADS})",
        "groupUniqArrayArray({})",
        "groupUniqArrayArray({})",
    ),
    "visits": _set("groupBitmapStateIf(toUInt64OrZero(session_id), session_id != '')"),
    "people": _set("groupBitmapStateIf(person, event != 'Request Served')"),
}
_SUMS = ("views", "adds", "impressions", "clicks", "cost", "currencies")


_MARK_BYTES = 1 << 20
"""Sets are large: with the engine's own 10 MB a question for a day would read a week of them."""


class Cube(NamedTuple):
    """One table of rollups: the bucket of its rows, its dimensions and its measures."""

    name: str
    grain: str
    dimensions: tuple[str, ...]
    measures: tuple[str, ...] = (*_SUMS, "visits", "people")

    @property
    def table(self) -> str:
        """The name of its table."""
        return f"rollup_{self.name}"

    @property
    def create(self) -> str:
        """The statement that makes the table where it is not there."""
        columns = ["first UInt64", "last UInt64", "timestamp DateTime64(6, 'UTC') CODEC(ZSTD(1))"]
        columns += [f"{name} LowCardinality(String) CODEC(ZSTD(1))" for name in self.dimensions]
        columns += [f"{name} {MEASURES[name].kind}" for name in self.measures]
        return (
            f"CREATE TABLE IF NOT EXISTS {self.table} ({', '.join(columns)}) ENGINE = MergeTree"
            f" ORDER BY (last, first, {', '.join(['timestamp', *self.dimensions])})"
            " SETTINGS fsync_after_insert = 1, fsync_part_directory = 1,"
            f" index_granularity_bytes = {_MARK_BYTES}"
        )

    def bucket(self, zone: str) -> str:
        """The start of an event's bucket, in SQL."""
        if self.grain == "day":
            start = f"toStartOfDay(timestamp, '{zone}')"
        else:
            start = f"toStartOf{self.grain.title()}(timestamp)"
        return f"toDateTime64({start}, 6, 'UTC')"


_OF_CAMPAIGNS = ("event", "channel", "source", "campaign_id", "currency")

CUBES: tuple[Cube, ...] = (
    Cube("day", "day", ()),
    Cube("channel_day", "day", ("channel", "source")),
    Cube("campaign_day", "day", _OF_CAMPAIGNS),
    Cube("goods_day", "day", ("sku", "category"), _SUMS),
    Cube(
        "product_day",
        "day",
        ("event", "channel", "source", "campaign_id", "category", "currency", "coupon", "sku"),
        _SUMS,
    ),
    Cube("hour", "hour", ("channel", "source")),
    Cube("campaign_hour", "hour", _OF_CAMPAIGNS),
    Cube("minute", "minute", ("channel", "source")),
)
"""From the quickest to read on. People are not kept per product: each cell would be a set."""

_MADE = blake2b(
    repr((CUBES, [cube.create for cube in CUBES], sorted(MEASURES.items()), REPORTED)).encode(),
    digest_size=8,
).hexdigest()
"""What today's cubes are known by: blocks of others are made again."""

_CREATE_BLOCKS = (
    f"CREATE TABLE IF NOT EXISTS {BLOCKS} (first UInt64, last UInt64, zone LowCardinality(String),"
    " made LowCardinality(String)) ENGINE = MergeTree ORDER BY (last, first)"
    " SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
)


_WITHIN = "max_threads = 1, max_bytes_before_external_group_by = 80000000"
"""So that adding up a block leaves memory and a core to questions; what is beyond goes to disk."""


class Block(NamedTuple):
    """A sealed block: offsets from ``first`` to ``last``; its days are of ``zone``."""

    first: int
    last: int
    zone: str


class Rollups:
    """Seals blocks. Beside the loader, which alone writes to the warehouse.

    ``prefix`` stands before the names of all tables: of a set that is made beside the live one.
    """

    def __init__(
        self, warehouse: Warehouse, zone: str, levels: Sequence[int] = LEVELS, prefix: str = ""
    ) -> None:
        self._warehouse = warehouse
        self._zone = zone
        self._levels = levels
        self._prefix = prefix
        self._sealed: set[Block] = set()
        self._filled = 0
        """Cubes that the next block was added up by already."""

    async def open(self) -> None:
        """Make the tables and read which blocks are sealed."""
        await self._forget_others()
        for create in (_CREATE_BLOCKS, *(cube.create for cube in CUBES)):
            named = create.replace("IF NOT EXISTS ", f"IF NOT EXISTS {self._prefix}")
            await self._warehouse.command(named)
        self._sealed = set(await sealed_blocks(self._warehouse, self._prefix))
        self._filled = 0
        for block in self._sealed:  # days once added up stay those of the zone they were made in
            self._zone = block.zone

    async def _forget_others(self) -> None:
        """Drop what other cubes than today's made: it is added up again, from raw events.

        The list of blocks goes last, so that a crash in between leaves nothing sealed without rows.
        """
        blocks = self._prefix + BLOCKS
        told = "SELECT countIf(name = 'made'), count() FROM system.columns"
        of_blocks = f" WHERE database = currentDatabase() AND table = '{blocks}'"
        ((knows, columns),) = (await self._warehouse.query(told + of_blocks)).rows
        if not columns:
            return
        others = f"SELECT count() FROM {blocks}" + (f" WHERE made != '{_MADE}'" if knows else "")  # noqa: S608  # our own names
        if knows and (await self._warehouse.query(others)).rows == [[0]]:
            return
        for cube in CUBES:
            await self._warehouse.command(f"DROP TABLE IF EXISTS {self._prefix}{cube.table} SYNC")
        await self._warehouse.command(f"DROP TABLE {blocks} SYNC")

    async def advance(self, loaded: int) -> bool:
        """Do one piece of the sealing of what is loaded; return whether there was any to do.

        A piece adds up one block by one cube, so that loading never waits for more than that.
        """
        block, below = self._next(loaded)
        if block is None:
            return False
        if self._filled == len(CUBES):
            values = f"({block.first}, {block.last}, '{block.zone}', '{_MADE}')"
            await self._warehouse.command(f"INSERT INTO {self._prefix}{BLOCKS} VALUES {values}")  # noqa: S608  # our own names
            self._sealed.add(block)
            self._filled = 0
            return True
        await self._make(CUBES[self._filled], block, below)
        self._filled += 1
        return True

    def _next(self, loaded: int) -> tuple[Block | None, int | None]:
        """Return the first block that is loaded whole and not sealed, and the level it is made of.

        Smaller ones come first; a block is made of its own smaller ones, of raw events if there are
        none.
        """
        for number, level in enumerate(self._levels):
            size = 1 << level
            for last in range(size, loaded + 1, size):
                block = Block(last - size + 1, last, self._zone)
                if block not in self._sealed:
                    return block, self._levels[number - 1] if number else None
        return None, None

    async def _make(self, cube: Cube, block: Block, below: int | None) -> None:
        table, this = self._prefix + cube.table, f"first = {block.first} AND last = {block.last}"
        left = await self._warehouse.query(f"SELECT count() FROM {table} WHERE {this}")  # noqa: S608  # our own names and numbers
        if left.rows[0][0]:  # of a crash
            await self._warehouse.command(
                f"ALTER TABLE {table} DELETE WHERE {this} SETTINGS mutations_sync = 2"
            )
        await self._warehouse.command(self._fill(cube, block, below))

    def _fill(self, cube: Cube, block: Block, below: int | None) -> str:
        table, keys = self._prefix + cube.table, ", ".join(["bucket", *cube.dimensions])
        named = ", ".join(["first", "last", "timestamp", *cube.dimensions, *cube.measures])
        if below is None:
            parts = [MEASURES[name].part for name in cube.measures]
            source = f"{self._prefix}events"
            bucket = cube.bucket(self._zone)
            where = f"offset >= {block.first} AND offset <= {block.last} AND {REPORTED}"
            if not self._prefix:  # a block that is made again may be old, and lie in the lake
                source, where = HISTORY, f"block_last >= {block.first} AND {where}"
        else:
            parts = [MEASURES[name].join.format(name) for name in cube.measures]
            source, bucket = table, "timestamp"
            where = (
                f"first >= {block.first} AND last <= {block.last}"
                f" AND last - first = {(1 << below) - 1}"
            )
        chosen = ", ".join([f"{bucket} AS bucket", *cube.dimensions, *parts])
        return (
            f"INSERT INTO {table} ({named}) SELECT {block.first}, {block.last}, {chosen}"  # noqa: S608  # our own names and numbers
            f" FROM {source} WHERE {where} GROUP BY {keys}"
            f" SETTINGS {_WITHIN}"
        )


async def sealed_blocks(warehouse: Warehouse, prefix: str = "") -> list[Block]:
    """Return the sealed blocks, in no order."""
    found = await warehouse.query(f"SELECT DISTINCT first, last, zone FROM {prefix}{BLOCKS}")  # noqa: S608  # our own names
    return [Block(*row) for row in found.rows]


def chain(blocks: Sequence[Block], as_of: int) -> list[Block]:
    """Return the fewest sealed blocks that hold offset 1 and all after it, none above ``as_of``."""
    longest: Mapping[int, Block] = {
        block.first: block
        for block in sorted(blocks, key=lambda one: one.last)
        if block.last <= as_of
    }
    found: list[Block] = []
    while (block := longest.get(found[-1].last + 1 if found else 1)) is not None:
        found.append(block)
    return found
