"""A cache over profile rows for readers: bounded, and never older than its lease.

An entry, a row or that there is none, is given for ``lease_s`` from the moment at which its reading
was *begun*; then it is read again. So what another process writes is seen here within the lease,
whatever the store: no message between processes can be lost or late, since there is none. Its own
writes are seen at once. Callers who want the same row at the same time share one reading.

A feed of changes would let entries live longer, but a person's row changes with each page that they
look at, and is asked for just then: what a longer life would add is little (``bench/rows.py``).
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import msgspec

from queqiao.ports.profile_rows.base import Columns, Page, ProfileRows, Row

LEASE_S = 0.9
ROWS_MAX = 20_000
"""A full row of a person has 1.4 KB of values."""

_Entry = tuple[float, Row | None]


class Counts(msgspec.Struct):
    """How often a row was asked for, and how often it was here."""

    hits: int = 0
    misses: int = 0


class CachedRows:
    """ProfileRows over others. ``monotonic`` counts seconds; one event loop's own."""

    def __init__(
        self,
        rows: ProfileRows,
        lease_s: float = LEASE_S,
        rows_max: int = ROWS_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rows = rows
        self._lease_s = lease_s
        self._rows_max = rows_max
        self._monotonic = monotonic
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._readings: dict[str, asyncio.Task[dict[str, Row]]] = {}
        self.counts = Counts()

    async def get(self, keys: Sequence[str]) -> dict[str, Row]:
        """Return the rows of some keys, each at most a lease old."""
        oldest = self._monotonic() - self._lease_s
        found: dict[str, Row | None] = {}
        wanted: list[str] = []
        for key in dict.fromkeys(keys):
            entry = self._entries.get(key)
            if entry is not None and entry[0] > oldest:
                found[key] = entry[1]
            else:
                wanted.append(key)
        self.counts.hits += len(found)
        self.counts.misses += len(wanted)
        if wanted:
            found |= await self._read(wanted)
        return {key: row for key, row in found.items() if row is not None}

    async def _read(self, keys: Sequence[str]) -> dict[str, Row | None]:
        """Read what nobody is reading already, and wait for all of it."""
        alone = [key for key in keys if key not in self._readings]
        if alone:
            reading = asyncio.create_task(self._fetch(alone))
            reading.add_done_callback(_seen)
            self._readings |= dict.fromkeys(alone, reading)
        readings = {key: self._readings[key] for key in keys}
        # Shielded: one caller's deadline must not end what others wait for.
        for reading in dict.fromkeys(readings.values()):
            await asyncio.shield(reading)
        return {key: reading.result().get(key) for key, reading in readings.items()}

    async def _fetch(self, keys: Sequence[str]) -> dict[str, Row]:
        begun = self._monotonic()
        me = asyncio.current_task()
        try:
            found = await self._rows.get(keys)
            for key in keys:
                if self._readings.get(key) is me:  # nobody here has written it meanwhile
                    self._keep(key, (begun, found.get(key)))
            return found
        finally:
            for key in keys:
                if self._readings.get(key) is me:
                    del self._readings[key]

    def _keep(self, key: str, entry: _Entry) -> None:
        self._entries[key] = entry
        self._entries.move_to_end(key)
        if len(self._entries) > self._rows_max:
            self._entries.popitem(last=False)

    def _drop(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._entries.pop(key, None)
            self._readings.pop(key, None)

    async def put(self, rows: Mapping[str, Columns]) -> None:
        """Write, and forget what was known of these rows."""
        try:
            await self._rows.put(rows)
        finally:
            self._drop(list(rows))

    async def check_and_put(
        self, key: str, column: str, expected: bytes | None, columns: Columns
    ) -> bool:
        """Write on a check, and forget what was known of the row."""
        try:
            return await self._rows.check_and_put(key, column, expected, columns)
        finally:
            self._drop([key])

    async def add(self, key: str, column: str, amount: int, once: str = "") -> int:
        """Add, and forget what was known of the row."""
        try:
            return await self._rows.add(key, column, amount, once)
        finally:
            self._drop([key])

    async def scan(self, prefix: str, cursor: str | None = None, limit: int = 100) -> Page:
        """Scan the store itself."""
        return await self._rows.scan(prefix, cursor, limit)

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete, and forget what was known of these rows."""
        try:
            await self._rows.delete(keys)
        finally:
            self._drop(keys)

    async def tidy(self) -> int:
        """Tidy the store."""
        return await self._rows.tidy()

    async def close(self) -> None:
        """Close the store."""
        await self._rows.close()


def _seen(reading: asyncio.Task[dict[str, Row]]) -> None:
    """Look at how a reading ended, where every caller's deadline was before that."""
    if not reading.cancelled():
        reading.exception()
