"""The contract of profile rows: wide rows by key, read while somebody waits for an answer.

A row has a key (text) and columns, each a *cell*: bytes, and when the store took them. A column is
named ``family:name``; a family is declared when the store is opened, with how long its cells live.
The store is a cache in its nature: whoever writes to it can make it again from elsewhere.

Promises, of every adapter:

- **Row by row.** What one call writes to one row is there whole or not at all, also over a killed
  server; a read shows a row as it was at one moment. Several rows of a call are not one step: after
  an error some of them may be written. Calls on one row happen one after the other.
- **Acknowledged is durable** as far as the store says: on SQLite after ``fsync``, on Redis as its
  ``appendfsync`` says, on HBase when the logs of its replicas have it in memory (``hflush``).
- **Own writes are seen** by every later read, of any process.
- **Counters** are cells of eight bytes, big-endian, exact up to 2**53 - 1; ``add`` never loses one
  of many at once. With ``once`` an addition counts once however often it is sent, for two days at
  least: a call whose answer was lost may be retried. A column that is no counter raises Conflict.
- **Check and put** writes only when a column holds what was expected (None: nothing, or an empty
  cell), as one step.
- **Scans** give rows in the order of their keys' UTF-8 bytes, from after a cursor. A row that is
  there during the whole scan is given exactly once; one written meanwhile may be given or not.
- **Time to live.** A cell is not seen any more when so long has passed since it was written, by the
  clock of the store; it is removed for good later, by ``tidy`` at the latest (HBase: when it
  compacts). Writing a cell again begins its time anew.
- **Delete** takes the whole row, its counters and what ``once`` remembers: nothing of it is seen by
  any later read. Where bytes stay on a disk for longer, the adapter says how long.

Errors: InvalidInput for a key, column or amount out of bounds, Conflict as above, StorageFull when
there is no room, Unavailable when the store cannot be reached or is too slow (a write then may or
may not have been done). Each names the setting and the cure.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from queqiao.kernel.errors import Conflict, FieldError, InvalidInput, Message

SETTING = "ports.profile_rows"

KEY_BYTES_MAX = 2_000
COLUMN_BYTES_MAX = 300
VALUE_BYTES_MAX = 1 << 20
ROWS_AT_ONCE_MAX = 1_000
"""Of one read, one write or one page of a scan."""
AMOUNT_MAX = (1 << 53) - 1

ONCE = "_once"
"""The family of what ``add`` remembers; no caller's."""
ONCE_KEPT_S = 2 * 86_400
ONCE_BYTES_MAX = 300


class Family(NamedTuple):
    """Columns that live equally long: ``ttl_s`` seconds after they were written; None: for ever."""

    name: str
    ttl_s: int | None = None


class Cell(NamedTuple):
    """What a column holds, and when the store took it (µs UTC, exact to the millisecond)."""

    value: bytes
    written_us: int


Row = Mapping[str, Cell]
"""The cells of a row by column."""

Columns = Mapping[str, bytes]
"""What is to be written to a row."""


class Page(NamedTuple):
    """A part of a scan: rows in order of key, and where to go on; None when there are no more."""

    rows: list[tuple[str, Row]]
    cursor: str | None


class ProfileRows(Protocol):
    """Wide rows. See the module's docstring for what all adapters promise."""

    async def get(self, keys: Sequence[str]) -> dict[str, Row]:
        """Return the rows of up to ``ROWS_AT_ONCE_MAX`` keys; a key without a row is absent."""
        ...

    async def put(self, rows: Mapping[str, Columns]) -> None:
        """Write columns of up to ``ROWS_AT_ONCE_MAX`` rows; their other columns stay."""
        ...

    async def check_and_put(
        self, key: str, column: str, expected: bytes | None, columns: Columns
    ) -> bool:
        """Write columns when ``column`` holds ``expected``; say whether it did."""
        ...

    async def add(self, key: str, column: str, amount: int, once: str = "") -> int:
        """Add 1 to ``AMOUNT_MAX`` to a counter, which begins at 0; return what it is then.

        ``once`` names the addition in its row and column: said again, it returns what it did first.
        """
        ...

    async def scan(self, prefix: str, cursor: str | None = None, limit: int = 100) -> Page:
        """Return up to ``limit`` rows whose keys begin with ``prefix``, those after ``cursor``."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete whole rows; one that is not there is no error."""
        ...

    async def tidy(self) -> int:
        """Remove for good what has outlived its time, a bounded part; return how many cells."""
        ...

    async def close(self) -> None:
        """Let go of files, threads and connections."""
        ...


def counter(value: bytes) -> int:
    """Return the number that a counter's cell holds. Raises Conflict for another cell."""
    if len(value) != 8:
        raise Conflict(NO_COUNTER)
    return int.from_bytes(value, "big", signed=True)


def counted(number: int) -> bytes:
    """Return the cell of a counter."""
    return number.to_bytes(8, "big", signed=True)


NO_COUNTER = Message("这一列不是计数器", "this column is no counter")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Shape:
    """The families of a store, and the bounds of what is said to it."""

    def __init__(self, families: Sequence[Family]) -> None:
        names = [family.name for family in families]
        if not names or len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
            raise InvalidInput(FieldError("families", _FAMILIES))
        self.families = (*families, Family(ONCE, ONCE_KEPT_S))
        self.names = frozenset(names)
        self.ttl_us = {
            one.name: one.ttl_s * 1_000_000 for one in self.families if one.ttl_s is not None
        }

    def check_keys(self, keys: Collection[str]) -> None:
        """Raise InvalidInput for too many keys, or one out of bounds."""
        if len(keys) > ROWS_AT_ONCE_MAX:
            raise InvalidInput(FieldError("keys", _TOO_MANY))
        for key in keys:
            check_text(key, "key", KEY_BYTES_MAX)

    def check_columns(self, columns: Columns) -> None:
        """Raise InvalidInput for no columns, or for one that is no column of this store."""
        if not columns:
            raise InvalidInput(FieldError("columns", _NOTHING))
        for name, value in columns.items():
            self.check_column(name)
            if len(value) > VALUE_BYTES_MAX:
                raise InvalidInput(FieldError("columns", _TOO_LARGE))

    def check_column(self, name: str) -> None:
        """Raise InvalidInput for the name of a column that cannot be one."""
        check_text(name, "column", COLUMN_BYTES_MAX)
        family, colon, rest = name.partition(":")
        if not (colon and rest) or family not in self.names:
            known = ", ".join(sorted(self.names))
            words = Message(
                f"写成 族:名，族为 {known} 之一",
                f"write family:name, the family one of {known}",
            )
            raise InvalidInput(FieldError("column", words))

    def check_add(self, key: str, column: str, amount: int, once: str) -> None:
        """Raise InvalidInput for an addition out of bounds."""
        self.check_keys([key])
        self.check_column(column)
        if not 1 <= amount <= AMOUNT_MAX:
            raise InvalidInput(FieldError("amount", _AMOUNT))
        if once:
            check_text(once, "once", ONCE_BYTES_MAX)

    def check_scan(self, prefix: str, cursor: str | None, limit: int) -> None:
        """Raise InvalidInput for a scan out of bounds."""
        for text in (prefix, cursor):
            if text:
                check_text(text, "prefix", KEY_BYTES_MAX)
        if not 1 <= limit <= ROWS_AT_ONCE_MAX:
            raise InvalidInput(FieldError("limit", _TOO_MANY))

    def is_seen(self, column: str, written_us: int, now_us: int) -> bool:
        """Say whether a cell still lives, and is a caller's."""
        family = column.partition(":")[0]
        ttl_us = self.ttl_us.get(family)
        return family in self.names and (ttl_us is None or now_us < written_us + ttl_us)


def check_text(text: str, path: str, bytes_max: int) -> None:
    """Raise InvalidInput unless a text is 1 to ``bytes_max`` bytes of UTF-8 without a NUL."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        size = 0
    if not 1 <= size <= bytes_max or "\0" in text:
        words = Message(
            f"须为 1 到 {bytes_max} 字节的文本，不含 NUL",
            f"must be 1 to {bytes_max} bytes of text without NUL",
        )
        raise InvalidInput(FieldError(path, words))


_FAMILIES = Message(
    "列族须至少一个、名字各不相同，小写字母开头",
    "give one family at least, each by a name of its own in small letters",
)
_TOO_MANY = Message(f"一次 1 到 {ROWS_AT_ONCE_MAX} 行", f"1 to {ROWS_AT_ONCE_MAX} rows at a time")
_NOTHING = Message("至少写一列", "write one column at least")
_TOO_LARGE = Message("一格最多 1 MiB", "a cell is 1 MiB at most")
_AMOUNT = Message("须在 1 到 2^53 − 1 之间", "must be 1 to 2^53 - 1")
