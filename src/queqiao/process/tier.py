"""The old events in the lake: one Parquet file a block of offsets, and the book of these files.

The book is the table ``tier``; its last offset is the border. Events up to the border are read from
the files that the book names and later ones from the table ``events``, by one view, ``history``. So
a row that is in both is seen once, and a file that the book does not name is nobody's: it is of a
crash, or of a history that was made again, and is removed.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import structlog

from queqiao.kernel.errors import Broken, Message
from queqiao.ports.lake.base import Lake
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.ddl import EVENTS, HISTORY, TIER, history
from queqiao.process.tier_source import introductions, source

log = structlog.get_logger()

LAKE_TABLE = "events"
PROBE = ("tier_probe", "block=probe")
"""A table of its own, so that no catalogue learns its column."""

COLUMNS = ", ".join(EVENTS.columns)

_WRITTEN = (
    "output_format_parquet_compression_method = 'zstd',"
    " output_format_parquet_row_group_size = 65536,"
    " output_format_parquet_row_group_size_bytes = 16777216,"
    " output_format_parquet_max_dictionary_size = 65536,"
    " output_format_parquet_write_bloom_filter = 0,"
    " output_format_parquet_parallel_encoding = 0, max_threads = 1,"
    " input_format_parquet_preserve_order = 1, input_format_parquet_max_block_size = 8192,"
    " max_block_size = 8192, min_insert_block_size_rows = 8192, min_insert_block_size_bytes = 0"
)
"""Small blocks and groups of rows: with fifty columns the engine's own sizes take all the memory of
one role. A group is skipped by its least and greatest values. Numbers are not put into
dictionaries, which double them. One thread keeps the order, and leaves a core to questions."""


class TierFile(NamedTuple):
    """A line of the book: offsets from ``first`` to ``last``, all of them.

    ``digest`` is the sum, modulo 2**64, of a hash of each row: it does not depend on their order.
    """

    first: int
    last: int
    rows: int
    bytes: int
    digest: int

    @property
    def partition(self) -> str:
        """The name of its partition."""
        return partition(self.first, self.last)


def partition(first: int, last: int) -> str:
    """Return the name of a block's partition; names sort as offsets do."""
    return f"block={first:012d}-{last:012d}"


def offsets_of(name: str) -> tuple[int, int]:
    """Return the first and the last offset of a partition's name."""
    first, last = name.removeprefix("block=").split("-")
    return int(first), int(last)


class Tier:
    """Reads and writes the files and the book. Beside the loader, in its process."""

    def __init__(self, warehouse: Warehouse, lake: Lake) -> None:
        self._warehouse = warehouse
        self._lake = lake

    async def open(self) -> None:
        """Put everything in order after a start, before anything is read.

        Raises Broken when the lake lost a file: reports would be wrong, and nobody would see it.
        """
        await self.introduce()
        files = await self.files()
        if not files:
            await self.settle()  # asks no lake, which may be away
        held = await asyncio.to_thread(self._lake.partitions, LAKE_TABLE)
        lost = [one.partition for one in files if one.partition not in held]
        if lost:
            names = ", ".join(lost[:5])
            raise Broken(
                Message(
                    f"数据湖缺少旧事件文件：{names}；请从备份恢复，"
                    "或把 warehouse/ 与 process.sqlite 一起删掉，由日志重新装载",
                    f"the lake lost files of old events: {names}; restore them from a backup, or"
                    " delete warehouse/ and process.sqlite together: the log is loaded again",
                )
            )
        await self.sweep()
        await self.settle()

    async def introduce(self) -> None:
        """Tell the engine how to reach the lake. One that knows it by its own settings may refuse:
        the probe shows whether it does know."""
        try:
            for statement in introductions(self._lake.access()):
                await self._warehouse.command(statement)
        except Broken as error:
            log.warning("the engine takes no keys of the lake from us", error=str(error))

    async def probe(self) -> None:
        """Have the engine write a file and read it where it is published. Raises what fails."""
        structure = "one UInt8"
        try:
            staged = source(await asyncio.to_thread(self._lake.stage, *PROBE), structure)
            await self._warehouse.command(f"INSERT INTO FUNCTION {staged} SELECT 1")
            await asyncio.to_thread(self._lake.publish_staged, *PROBE)
            place = source(await asyncio.to_thread(self._lake.place, *PROBE), structure)
            await self._warehouse.query(f"SELECT one FROM {place}")  # noqa: S608  # a quoted place
        finally:
            await asyncio.to_thread(self._lake.remove, *PROBE)

    async def files(self) -> list[TierFile]:
        """Return the book, in the order of offsets."""
        sql = f"SELECT {', '.join(TierFile._fields)} FROM {TIER.name} ORDER BY first"  # noqa: S608  # our own names
        return [TierFile(*row) for row in (await self._warehouse.query(sql)).rows]

    async def sweep(self) -> None:
        """Remove the files that the book does not name."""
        named = {one.partition for one in await self.files()}
        await asyncio.to_thread(self._lake.forget_staged, LAKE_TABLE)
        for one in await asyncio.to_thread(self._lake.partitions, LAKE_TABLE):
            if one not in named:
                await asyncio.to_thread(self._lake.remove, LAKE_TABLE, one)

    async def settle(self) -> None:
        """Make the view say what the book says, while no query runs."""
        files = await self.files()
        known = (files[-1].last, await self.source(*files)) if files else ()
        statement, stamp = history(*known)
        sql = (
            "SELECT count() FROM system.tables WHERE database = currentDatabase()"
            " AND name = {name:String} AND comment = {stamp:String}"
        )
        same = await self._warehouse.query(sql, {"name": HISTORY, "stamp": stamp})
        if same.rows != [[1]]:
            await self._warehouse.exclusive([statement])

    async def write(self, first: int, last: int, rows: str) -> TierFile:
        """Stage the rows of a statement as the file of a block, and read the file back.

        Raises Broken when the file does not hold what the statement gives, row by row.
        """
        name = partition(first, last)
        staged = source(
            await asyncio.to_thread(self._lake.stage, LAKE_TABLE, name), EVENTS.structure
        )
        await self._warehouse.command(
            f"INSERT INTO FUNCTION {staged} SELECT {COLUMNS} FROM ({rows}) SETTINGS {_WRITTEN}"  # noqa: S608  # our own names
        )
        sums = f"SELECT count(), sum(cityHash64({COLUMNS}))"
        wanted = (await self._warehouse.query(f"{sums} FROM ({rows})")).rows
        found = await self._warehouse.query(f"{sums}, max(_size) FROM {staged}")
        ((count, digest, size),) = found.rows
        if wanted != [[count, digest]]:
            raise Broken(
                Message(f"写出的 {name} 与原数据不一致", f"{name} was not written as it is")
            )
        return TierFile(first, last, count, size, digest)

    async def publish(self, file: TierFile) -> None:
        """Make the staged file of a block its file, durably."""
        await asyncio.to_thread(self._lake.publish_staged, LAKE_TABLE, file.partition)

    async def rewrite(self, file: TierFile, where: str, columns: Mapping[str, str]) -> int:
        """Give columns of the rows ``where`` another value; return how many rows these are.

        The book is written before the file: after a kill between them doing it again mends it.
        """
        mine = await self.source(file)
        count = f"SELECT count() FROM {mine} WHERE {where}"  # noqa: S608  # our own words
        ((found,),) = (await self._warehouse.query(count)).rows
        if found:
            chosen = ", ".join(
                f"if(mine, {columns[name]}, {name}) AS {name}" if name in columns else name
                for name in EVENTS.columns
            )
            rows = f"SELECT {chosen} FROM (SELECT *, {where} AS mine FROM {mine})"  # noqa: S608  # our own words
            fresh = await self.write(file.first, file.last, rows)
            await self.change(fresh)
            await self.publish(fresh)
            await self.settle()  # in an object store the new file has another name
        return int(found)

    async def add(self, file: TierFile) -> None:
        """Put a line at the end of the book: from here on the border is its last offset."""
        columns, values = ", ".join(TierFile._fields), ", ".join(map(str, file))
        line = f"INSERT INTO {TIER.name} ({columns}) VALUES ({values})"  # noqa: S608  # our own names and numbers
        await self._warehouse.command(line)

    async def change(self, file: TierFile) -> None:
        """Write the line of a block anew."""
        sets = f"rows = {file.rows}, bytes = {file.bytes}, digest = {file.digest}"
        await self._warehouse.command(
            f"ALTER TABLE {TIER.name} UPDATE {sets} WHERE first = {file.first}"
            " SETTINGS mutations_sync = 2"
        )

    async def source(self, *files: TierFile) -> str:
        """Return the table function that reads the published files of blocks."""
        names = [one.partition for one in files]
        return source(
            await asyncio.to_thread(self._lake.place, LAKE_TABLE, *names), EVENTS.structure
        )
