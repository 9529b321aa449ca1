"""The old events in the lake: one Parquet file a block of offsets, and the book of these files.

The book is the table ``tier``; its last offset is the border. Events up to the border are read from
the files that the book names and later ones from the table ``events``, by one view, ``history``. So
a row that is in both is seen once, and a file that the book does not name is nobody's: it is of a
crash, or of a history that was made again, and is removed.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from queqiao.kernel.errors import Broken, Message
from queqiao.ports.lake.base import Lake
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.ddl import EVENTS, HISTORY, TIER, history

LAKE_TABLE = "events"
PROBE = "block=probe"
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
        files = await self.files()
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

    async def probe(self) -> None:
        """Have the engine write a file and read it where it is published. Raises what fails."""
        try:
            staged = await asyncio.to_thread(self._lake.stage, LAKE_TABLE, PROBE)
            one = "INSERT INTO FUNCTION file({}, Parquet, 'one UInt8') SELECT 1"
            await self._warehouse.command(one.format(_quoted(staged)))
            await asyncio.to_thread(self._lake.publish_staged, LAKE_TABLE, PROBE)
            place = _quoted(self._lake.place(LAKE_TABLE, PROBE))
            await self._warehouse.query(f"SELECT one FROM file({place}, Parquet, 'one UInt8')")  # noqa: S608  # a quoted path
        finally:
            await asyncio.to_thread(self._lake.remove, LAKE_TABLE, PROBE)

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
        known = (files[-1].last, self.source(*files)) if files else ()
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
        staged = _function(await asyncio.to_thread(self._lake.stage, LAKE_TABLE, name))
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
        source = self.source(file)
        count = f"SELECT count() FROM {source} WHERE {where}"  # noqa: S608  # our own words
        ((found,),) = (await self._warehouse.query(count)).rows
        if found:
            chosen = ", ".join(
                f"if(mine, {columns[name]}, {name}) AS {name}" if name in columns else name
                for name in EVENTS.columns
            )
            rows = f"SELECT {chosen} FROM (SELECT *, {where} AS mine FROM {source})"  # noqa: S608  # our own words
            fresh = await self.write(file.first, file.last, rows)
            await self.change(fresh)
            await self.publish(fresh)
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

    def source(self, *files: TierFile) -> str:
        """Return the table function that reads the published files of blocks."""
        return _function(self._lake.place(LAKE_TABLE, *(one.partition for one in files)))


def _function(path: str) -> str:
    return f"file({_quoted(path)}, Parquet, {_quoted(EVENTS.structure)})"


def _quoted(text: str) -> str:
    """Return a text as a literal of the engine."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
