"""Profile rows in an HBase table, over its second Thrift interface.

The first interface, which happybase speaks, checks and puts one column only (decision 0030); this
one writes a whole row on a check. What this adapter says beyond the port's contract:

- **Durable** is HBase's: a write is in the logs of its replicas' memory (``hflush``) before it is
  answered. A killed region server loses nothing answered; its regions are away until another has
  them, and callers get Unavailable meanwhile.
- **Time** is the region server's, in milliseconds.
- **Deleted cells** and those whose time is over are unseen at once; their bytes leave the disks at
  the next major compaction (by default within a week: ``hbase.hregion.majorcompaction``).
- **An addition with a name** is a check and put of the counter beside its mark, tried again when
  another came between; without a name it is HBase's own increment.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, TypeVar

from queqiao.kernel.errors import Unavailable
from queqiao.ports.profile_rows.base import (
    ONCE,
    Cell,
    Columns,
    Family,
    Page,
    Row,
    Shape,
    counted,
    counter,
)
from queqiao.ports.profile_rows.hbase_server import IDL, MAKE_MS, Place, Sessions, open_table

T = TypeVar("T")

THREADS = 4
"""Calls under way at once, each on a connection of its own."""


class HbaseRows:
    """ProfileRows in a table, made when it is first used and missing. Open it after a fork."""

    def __init__(self, url: str, families: Sequence[Family]) -> None:
        self._place = Place.of(url)
        self._shape = Shape(families)
        self._table = self._place.table.encode()
        self._read = [IDL.TColumn(family=name.encode()) for name in sorted(self._shape.names)]
        self._sessions = Sessions(self._place)
        self._threads = ThreadPoolExecutor(THREADS, "rows-hbase")
        self._opening, self._is_open = Lock(), False

    async def get(self, keys: Sequence[str]) -> dict[str, Row]:
        """Return the rows of some keys."""
        self._shape.check_keys(keys)
        if not keys:
            return {}
        gets = [IDL.TGet(row=key.encode(), columns=self._read) for key in dict.fromkeys(keys)]
        found = await self._ask(lambda client: client.getMultiple(self._table, gets))
        return dict(_rows(found))

    async def put(self, rows: Mapping[str, Columns]) -> None:
        """Write columns of some rows, each row whole."""
        self._shape.check_keys(rows)
        for columns in rows.values():
            self._shape.check_columns(columns)
        puts = [_put(key, columns) for key, columns in rows.items()]
        if puts:
            await self._ask(lambda client: client.putMultiple(self._table, puts))

    async def check_and_put(
        self, key: str, column: str, expected: bytes | None, columns: Columns
    ) -> bool:
        """Write columns when one holds what is expected."""
        self._shape.check_keys([key])
        self._shape.check_column(column)
        self._shape.check_columns(columns)
        return await self._check_and_put(key, column, expected, columns)

    async def _check_and_put(
        self, key: str, column: str, expected: bytes | None, columns: Columns
    ) -> bool:
        asked = (self._table, key.encode(), *_named(column), expected or None, _put(key, columns))
        did = await self._ask(lambda client: client.checkAndPut(*asked), again=False)
        return bool(did)

    async def add(self, key: str, column: str, amount: int, once: str = "") -> int:
        """Add to a counter; return what it is then."""
        self._shape.check_add(key, column, amount, once)
        if once:
            return await self._add_once(key, column, amount, f"{ONCE}:{column}/{once}")
        family, name = _named(column)
        one = IDL.TColumnIncrement(family=family, qualifier=name, amount=amount)
        asked = IDL.TIncrement(row=key.encode(), columns=[one])
        found = await self._ask(lambda client: client.increment(self._table, asked), again=False)
        return counter(found.columnValues[0].value)

    async def _add_once(self, key: str, column: str, amount: int, mark: str) -> int:
        named = [IDL.TColumn(*_named(name)) for name in (column, mark)]
        get = IDL.TGet(row=key.encode(), columns=named)
        while True:
            (found,) = await self._ask(lambda client: client.getMultiple(self._table, [get]))
            row = _cells(found)
            if mark in row:
                return counter(row[mark].value)
            known = row[column].value if column in row else None
            cell = counted((counter(known) if known else 0) + amount)
            if await self._check_and_put(key, column, known, {column: cell, mark: cell}):
                return counter(cell)

    async def scan(self, prefix: str, cursor: str | None = None, limit: int = 100) -> Page:
        """Return rows by prefix, in order of key."""
        self._shape.check_scan(prefix, cursor, limit)
        begin = prefix.encode()
        if cursor is not None and cursor.encode() >= begin:
            begin = cursor.encode() + b"\0"
        scan = IDL.TScan(
            startRow=begin,
            stopRow=prefix.encode() + b"\xff",
            columns=self._read,
            caching=limit + 1,
            limit=limit + 1,
        )
        found = await self._ask(
            lambda client: client.getScannerResults(self._table, scan, limit + 1)
        )
        rows = list(_rows(found))
        return Page(rows[:limit], rows[limit - 1][0] if len(rows) > limit else None)

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete whole rows."""
        self._shape.check_keys(keys)
        gone = [IDL.TDelete(row=key.encode()) for key in keys]
        if gone:
            await self._ask(lambda client: client.deleteMultiple(self._table, gone))

    async def tidy(self) -> int:
        """Leave it to HBase, which takes out dead cells when it compacts."""
        return 0

    async def erase(self) -> None:
        """Drop the table: for a place that was made to be tried."""
        name = self._place.name()
        await self._ask(lambda client: client.disableTable(name), within_ms=MAKE_MS)
        await self._ask(lambda client: client.deleteTable(name), within_ms=MAKE_MS)
        self._is_open = False

    async def close(self) -> None:
        """Drop the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self._sessions.close()

    async def _ask(self, work: Callable[[Any], T], *, again: bool = True, within_ms: int = 0) -> T:
        def whole() -> T:
            self._open()
            try:
                return self._sessions.ask(work, again=again, within_ms=within_ms)
            except Unavailable:
                self._is_open = False  # the table may be gone: it is looked at again
                raise

        return await asyncio.get_running_loop().run_in_executor(self._threads, whole)

    def _open(self) -> None:
        if self._is_open:
            return
        with self._opening:
            if not self._is_open:
                open_table(self._sessions, self._place, self._shape)
                self._is_open = True


def _named(column: str) -> tuple[bytes, bytes]:
    family, _, name = column.partition(":")
    return family.encode(), name.encode()


def _put(key: str, columns: Columns) -> Any:
    values = [
        IDL.TColumnValue(family=family, qualifier=name, value=value)
        for (family, name), value in ((_named(one), value) for one, value in columns.items())
    ]
    return IDL.TPut(row=key.encode(), columnValues=values)


def _rows(found: Iterable[Any]) -> Iterable[tuple[str, Row]]:
    for one in found:
        if one.columnValues:
            yield one.row.decode(), _cells(one)


def _cells(found: Any) -> dict[str, Cell]:
    return {
        f"{one.family.decode()}:{one.qualifier.decode()}": Cell(one.value, one.timestamp * 1_000)
        for one in found.columnValues
    }
