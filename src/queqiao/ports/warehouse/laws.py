"""The laws of the warehouse: what every adapter promises, each as one check."""

import asyncio
from collections.abc import Awaitable, Callable

import pyarrow as pa

from queqiao.kernel.errors import Broken, Message, Refused
from queqiao.ports.laws import Law, equal, fails, hold
from queqiao.ports.warehouse.base import Warehouse

TABLE = "law_facts"
OTHER = "law_others"
"""The tables that the checks make for themselves, in whatever database they are given."""

_DDL = """CREATE TABLE {} (offset UInt64, word LowCardinality(String),
 at DateTime64(6, 'UTC'), tags Array(String)) ENGINE = MergeTree ORDER BY offset
 SETTINGS fsync_after_insert = 1"""
_TEXTS = ("it's", 'say "no"', "back\\slash", "line\nbreak\ttab", "'; DROP TABLE x; --", "鹊", "")


def laws(warehouse: Warehouse) -> list[Law]:
    """Return the laws bound to a warehouse whose database is the checks' own."""

    def law(zh: str, en: str, check: Callable[[Warehouse], Awaitable[None]]) -> Law:
        return Law(Message(zh, en), lambda: _on_a_fresh_table(warehouse, check))

    return [
        law("写入即可见，值原样返回", "rows are seen when the insert returns", seen_at_once),
        law("合并写入的行返回时同样可见", "gathered rows are seen likewise", gathered_too),
        law("写两次就存两次", "inserting twice stores twice", twice),
        law("两表一步互换名字", "tables exchange names in one step", exchanged),
        law("修改可查询另一张表，返回时已完成", "a change may ask another table", changed),
        law("单元格为朴素值", "cells are plain values", plain_cells),
        law("参数永远是值，不是 SQL", "a parameter is a value and never SQL", never_sql),
        law("查询不能写入", "a query cannot write", cannot_write),
        law("查询有行数上限", "a query is bounded in rows", bounded),
        law("看不懂的语句是我们的缺陷", "a senseless statement is our defect", senseless),
        law("并发调用各得其答", "calls overlap and get their own answers", overlapping),
    ]


async def _on_a_fresh_table(
    warehouse: Warehouse, check: Callable[[Warehouse], Awaitable[None]]
) -> None:
    for table in (TABLE, OTHER):
        await warehouse.command(_DDL.format(table))
    try:
        await check(warehouse)
    finally:
        for table in (TABLE, OTHER):
            await warehouse.command(f"DROP TABLE {table} SYNC")


def facts(*rows: tuple[int, str, int, list[str]]) -> pa.Table:
    """Return rows of the checks' table, as an insert takes them."""
    offsets, words, times, tags = zip(*rows, strict=True)
    return pa.table(
        {
            "offset": pa.array(offsets, pa.uint64()),
            "word": pa.array(words),
            "at": pa.array(times, pa.timestamp("us", tz="UTC")),
            "tags": pa.array(tags, pa.list_(pa.string())),
        }
    )


async def seen_at_once(warehouse: Warehouse) -> None:
    """Insert and read back: text of any script, microseconds, lists."""
    await warehouse.insert(
        TABLE, facts((1, "鹊桥", 1_700_000_000_123_456, ["a", "b"]), (2, "", 0, []))
    )
    table = await warehouse.query("SELECT * FROM law_facts ORDER BY offset")
    equal(table.columns, ["offset", "word", "at", "tags"], "the columns")
    wanted = [[1, "鹊桥", 1_700_000_000_123_456, ["a", "b"]], [2, "", 0, []]]
    equal(table.rows, wanted, "the rows")


async def gathered_too(warehouse: Warehouse) -> None:
    """Insert twenty rows by as many calls at once, and read each when its call returns."""

    async def one(offset: int) -> int:
        await warehouse.insert(TABLE, facts((offset, "", 0, [])), gathered=True)
        sql = "SELECT count() FROM law_facts WHERE offset = {offset:UInt64}"
        return int((await warehouse.query(sql, {"offset": offset})).rows[0][0])

    seen = await asyncio.gather(*[one(offset) for offset in range(20)])
    equal(seen, [1] * 20, "the rows")


async def twice(warehouse: Warehouse) -> None:
    """Insert the same rows twice, from outside and from another table."""
    for _ in range(2):
        await warehouse.insert(OTHER, facts((1, "twice", 0, [])))
    for _ in range(2):
        await warehouse.command("INSERT INTO law_facts SELECT * FROM law_others ORDER BY offset")
    rows = await warehouse.query(
        "SELECT (SELECT count() FROM law_others), (SELECT count() FROM law_facts)"
    )
    equal(rows.rows, [[2, 4]], "the rows")


async def exchanged(warehouse: Warehouse) -> None:
    """Exchange the names of two tables."""
    await warehouse.insert(TABLE, facts((1, "one", 0, [])))
    await warehouse.insert(OTHER, facts((2, "other", 0, [])))
    await warehouse.exclusive(["EXCHANGE TABLES law_facts AND law_others"])
    rows = await warehouse.query(
        "SELECT (SELECT any(word) FROM law_facts), (SELECT any(word) FROM law_others)"
    )
    equal(rows.rows, [["other", "one"]], "the words")


async def changed(warehouse: Warehouse) -> None:
    """Change and delete rows of one table that another one lists."""
    await warehouse.insert(TABLE, facts((1, "a", 0, []), (2, "b", 0, []), (3, "c", 0, [])))
    await warehouse.insert(OTHER, facts((1, "", 0, [])))
    listed = "WHERE offset IN (SELECT offset FROM law_others)"
    sync = "SETTINGS mutations_sync = 2"
    await warehouse.command(f"ALTER TABLE {TABLE} UPDATE word = 'gone' {listed} {sync}")
    words = (await warehouse.query("SELECT word FROM law_facts ORDER BY offset")).rows
    equal(words, [["gone"], ["b"], ["c"]], "the words")
    await warehouse.command(f"ALTER TABLE {TABLE} DELETE {listed} {sync}")
    words = (await warehouse.query("SELECT word FROM law_facts ORDER BY offset")).rows
    equal(words, [["b"], ["c"]], "the words")


async def plain_cells(warehouse: Warehouse) -> None:
    """Ask for one cell of each kind."""
    sql = """SELECT NULL, true, -1, 0.5, toDecimal64('1.10', 2), toDate('2026-06-18'),
        toDateTime(1, 'UTC')"""
    wanted = [[None, True, -1, 0.5, "1.10", "2026-06-18", 1_000_000]]
    equal((await warehouse.query(sql)).rows, wanted, "the cells")


async def never_sql(warehouse: Warehouse) -> None:
    """Give quotes, breaks and statements as values."""
    sql = "SELECT {text:String}, {texts:Array(String)}, {number:Int64}"
    for text in _TEXTS:
        values = {"text": text, "texts": [text, "x"], "number": -(2**53)}
        table = await warehouse.query(sql, values)
        equal(table.rows, [[text, [text, "x"], -(2**53)]], "the value")


async def cannot_write(warehouse: Warehouse) -> None:
    """Try to write through the reading door."""
    for sql in ("INSERT INTO law_facts (offset) VALUES (1)", "DROP TABLE law_facts"):
        await fails(Refused, warehouse.query(sql), "a query that writes")
    equal((await warehouse.query("SELECT count() FROM law_facts")).rows, [[0]], "the rows")


async def bounded(warehouse: Warehouse) -> None:
    """Ask for more rows than any report may have."""
    sql = "SELECT number FROM numbers(100000000)"
    await fails(Refused, warehouse.query(sql), "a hundred million rows")
    equal((await warehouse.query("SELECT 1")).rows, [[1]], "the next query")


async def senseless(warehouse: Warehouse) -> None:
    """Ask what the engine cannot understand."""
    await fails(Broken, warehouse.query("SELECT nothing FROM nowhere_at_all"), "an unknown table")
    await fails(Broken, warehouse.command("CREATE NONSENSE"), "an unknown statement")


async def overlapping(warehouse: Warehouse) -> None:
    """Ask twenty questions at once."""
    calls = [warehouse.query("SELECT {n:Int64}", {"n": number}) for number in range(20)]
    answers = [table.rows[0][0] for table in await asyncio.gather(*calls)]
    hold(answers == list(range(20)), f"the answers came mixed: {answers}")
