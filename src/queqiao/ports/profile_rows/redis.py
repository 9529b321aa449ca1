"""Profile rows on a Redis or Valkey server: every write is one function call, whole or not at all.

A row is a hash; see ``redis_functions.lua``, whose functions are loaded under a name made of their
text. Time is the server's. What this adapter says beyond the port's contract:

- **Durable** is as the server's ``appendfsync`` says. A server that forgets its rows at a restart
  is allowed: whoever writes them makes them again.
- **One slot.** All rows of a store have one hash tag, since scans go by one list of names.
- **A read** of several rows is one flight; each row is as it was at one moment.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from hashlib import blake2b
from importlib.resources import files
from typing import Any

from redis.exceptions import RedisError, ResponseError

from queqiao.kernel.errors import Conflict
from queqiao.ports.profile_rows.base import (
    NO_COUNTER,
    ONCE,
    ROWS_AT_ONCE_MAX,
    Cell,
    Columns,
    Family,
    Page,
    Row,
    Shape,
)
from queqiao.ports.profile_rows.redis_server import Place

TIDIED_AT_ONCE = 500
"""Rows of one ``tidy``; the next one goes on after them."""
STAMP_BYTES = 8
_SOURCE = files("queqiao.ports.profile_rows").joinpath("redis_functions.lua").read_text("utf-8")
LIBRARY = "queqiao_rows_" + blake2b(_SOURCE.encode(), digest_size=4).hexdigest()
_CODE = f"#!lua name={LIBRARY}\n" + _SOURCE.replace("@", LIBRARY)
_UNKNOWN_FUNCTION = "Function not found"

Word = str | bytes | int
Command = tuple[Word, ...]


class RedisRows:
    """ProfileRows on a server. Bound to the event loop of its first call; open it after a fork."""

    def __init__(self, url: str, families: Sequence[Family]) -> None:
        self._place = Place.of(url)
        self._shape = Shape(families)
        self._client = self._place.client()
        self._names = f"{self._place.root}:names"
        self._tidied = ""

    async def get(self, keys: Sequence[str]) -> dict[str, Row]:
        """Return the rows of some keys."""
        self._shape.check_keys(keys)
        if not keys:
            return {}
        (seconds, micros), *hashes = await self._send(
            ("TIME",), *(("HGETALL", self._row(key)) for key in keys)
        )
        now_us = int(seconds) * 1_000_000 + int(micros)
        rows = {key: self._cells(found, now_us) for key, found in zip(keys, hashes, strict=True)}
        return {key: row for key, row in rows.items() if row}

    async def put(self, rows: Mapping[str, Columns]) -> None:
        """Write columns of some rows, each a step of its own, all in one flight."""
        self._shape.check_keys(rows)
        for columns in rows.values():
            self._shape.check_columns(columns)
        calls = [self._call("put", key, *self._cells_of(row)) for key, row in rows.items()]
        if calls:
            await self._functions(*calls)

    async def check_and_put(
        self, key: str, column: str, expected: bytes | None, columns: Columns
    ) -> bool:
        """Write columns when one holds what is expected."""
        self._shape.check_keys([key])
        self._shape.check_column(column)
        self._shape.check_columns(columns)
        asked = (column, self._ttl_us(column), int(bool(expected)), expected or b"")
        call = self._call("check_and_put", key, *asked, *self._cells_of(columns))
        (did,) = await self._functions(call)
        return bool(did)

    async def add(self, key: str, column: str, amount: int, once: str = "") -> int:
        """Add to a counter; return what it is then."""
        self._shape.check_add(key, column, amount, once)
        mark = f"{ONCE}:{column}/{once}" if once else ""
        asked = (column, self._ttl_us(column), amount, mark, self._ttl_us(ONCE))
        (total,) = await self._functions(self._call("add", key, *asked))
        return int(total)

    async def scan(self, prefix: str, cursor: str | None = None, limit: int = 100) -> Page:
        """Return rows by prefix, in order of key."""
        self._shape.check_scan(prefix, cursor, limit)
        found: list[tuple[str, Row]] = []
        after = cursor
        while True:
            wanted = min(limit + 1 - len(found), ROWS_AT_ONCE_MAX)
            names = await self._named(prefix, after, wanted)
            rows = await self.get(names)
            found += [(name, rows[name]) for name in names if name in rows]
            if len(found) > limit:
                return Page(found[:limit], found[limit - 1][0])
            if not names:
                return Page(found, None)
            after = names[-1]

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete whole rows. The append-only file holds them until it is next rewritten."""
        self._shape.check_keys(keys)
        if keys:
            await self._functions(*(self._call("delete", key) for key in keys))

    async def tidy(self) -> int:
        """Take dead cells out of the next rows, and the names of rows that are gone."""
        names = await self._named("", self._tidied or None, TIDIED_AT_ONCE)
        self._tidied = names[-1] if len(names) == TIDIED_AT_ONCE else ""
        ttls = [word for pair in self._shape.ttl_us.items() for word in pair]
        if not names:
            return 0
        return sum(await self._functions(*(self._call("tidy", name, *ttls) for name in names)))

    async def erase(self) -> None:
        """Remove all rows from the server: for a place that was made to be tried."""
        while names := await self._named("", None, TIDIED_AT_ONCE):
            await self.delete(names)

    async def close(self) -> None:
        """Drop the connections."""
        await self._client.aclose()
        await self._client.connection_pool.disconnect()

    def _row(self, key: str) -> str:
        return f"{self._place.root}:row:{key}"

    def _ttl_us(self, column: str) -> int:
        return self._shape.ttl_us.get(column.partition(":")[0], 0)

    def _cells_of(self, columns: Columns) -> list[Word]:
        cells: list[Word] = []
        for name, value in columns.items():
            cells += [name, self._ttl_us(name), value]
        return cells

    def _cells(self, found: Mapping[bytes, bytes], now_us: int) -> Row:
        row: dict[str, Cell] = {}
        for column, raw in found.items():
            name, written_us = column.decode(), int.from_bytes(raw[:STAMP_BYTES], "big")
            if self._shape.is_seen(name, written_us, now_us):
                row[name] = Cell(raw[STAMP_BYTES:], written_us)
        return row

    async def _named(self, prefix: str, after: str | None, count: int) -> list[str]:
        """Return the next names of a prefix, in the order of their bytes."""
        begin = b"[" + prefix.encode() if prefix else b"-"
        if after is not None and after.encode() >= prefix.encode():
            begin = b"(" + after.encode()
        end = b"[" + prefix.encode() + b"\xff" if prefix else b"+"
        asked = ("ZRANGEBYLEX", self._names, begin, end, "LIMIT", 0, count)
        (names,) = await self._send(asked)
        return [name.decode() for name in names]

    def _call(self, function: str, key: str, *words: Word) -> Command:
        return ("FCALL", f"{LIBRARY}_{function}", 2, self._row(key), self._names, key, *words)

    async def _functions(self, *calls: Command) -> list[Any]:
        """Call functions of ours; a server that does not know them yet is given them first."""
        try:
            return await self._send(*calls)
        except ResponseError:
            await self._load()
        return await self._send(*calls)

    async def _load(self) -> None:
        try:
            await self._client.function_load(_CODE)
        except ResponseError as error:
            if "already exists" not in str(error):  # another process was quicker
                raise self._place.fault_of(error) from error
        except (RedisError, OSError) as error:
            raise self._place.fault_of(error) from error

    async def _send(self, *commands: Command) -> list[Any]:
        """Send commands in one flight. Raises ResponseError for a function that is unknown."""
        _end_if_over()
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            answers: list[Any] = await _answers(pipeline.execute(raise_on_error=False))
        except (RedisError, OSError) as error:
            _end_if_over()
            raise self._place.fault_of(error) from error
        for answer in answers:
            if isinstance(answer, Exception):
                raise self._said(answer) from answer
        return answers

    def _said(self, error: Exception) -> Exception:
        if _UNKNOWN_FUNCTION in str(error):
            return error
        if str(error).startswith("NOCOUNTER"):
            return Conflict(NO_COUNTER)
        return self._place.fault_of(error)


async def _answers(flight: Awaitable[Any]) -> list[Any]:
    found: list[Any] = await flight
    return found


def _end_if_over() -> None:
    """End a caller who was cancelled: the client may tell them of a lost connection instead."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
