"""Writes the live rows: follows the warehouse, folds its events into rows, once each.

A batch: read the events after the checkpoint, read the rows of their people, write what changed,
then the checkpoint. A crash in between leaves rows ahead of it; they know by their own position
which events they hold. Rows are made anew in a generation of their own when what they are made of
has changed (a version, the settings of rows, history processed again), when the warehouse was
restored to an earlier day, and in a store that is new.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec
import structlog

from queqiao.kernel.clock import DAY_US, Clock
from queqiao.kernel.errors import Conflict, QueqiaoError, Refused
from queqiao.ports.profile_rows.base import KEY_BYTES_MAX, ROWS_AT_ONCE_MAX, ProfileRows
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import ERASED, PERSONALIZATION
from queqiao.profile import buyers, live_state
from queqiao.profile.buyers import Bought, Named, Sold
from queqiao.profile.live import (
    KEPT_DAYS,
    VERSION,
    Happening,
    Kind,
    Link,
    changed,
    decoded,
    folded,
)
from queqiao.profile.live_state import Building, LiveState, Stored, Trust, key_of

log = structlog.get_logger()

Fact = Sold | Named
EVENTS_AT_ONCE = 5_000
"""Offsets of one batch."""
OLD_AT_ONCE = 100_000
"""Offsets of one batch of events so old that only orders and traits of them are kept."""
_TOO_MUCH = frozenset(("query_too_many_rows", "query_too_much_memory", "query_too_slow"))
"""Why the warehouse refuses an answer that a shorter question would have."""
LOOK_EVERY_S = 0.25
RETRY_EVERY_S = 1.0
TIDY_EVERY_S = 60.0
_ID_BYTES_MAX = KEY_BYTES_MAX - 30

_KINDS: dict[str, Kind] = {
    "Product Viewed": "view",
    "Product Added": "cart",
    "Product Removed": "uncart",
}
_FIRST = """SELECT min(offset) FROM history
WHERE timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')"""
_EVENTS = """SELECT offset, person_id, anonymous_id, event, sku, toUnixTimestamp64Micro(timestamp),
  bitAnd(consent, {purpose:UInt8}) = {purpose:UInt8}
FROM source WHERE offset > {after:UInt64} AND offset <= {last:UInt64}
  AND timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
ORDER BY offset"""
_LINES = """SELECT offset, groupArray(sku) FROM (
  SELECT offset, sku FROM order_lines WHERE kind = 'sale' AND sku != ''
    AND offset > {after:UInt64} AND offset <= {last:UInt64} ORDER BY offset, line)
GROUP BY offset"""
_SOLD = """SELECT offset, if(user_id != '', user_id, anonymous_id),
  kind = 'sale' AND line = least_line, sku, category, quantity, amount_minor, currency,
  toUnixTimestamp64Micro(time) FROM (
  SELECT *, min(line) OVER (PARTITION BY offset) AS least_line FROM order_lines
  WHERE offset > {after:UInt64} AND offset <= {last:UInt64} AND person_id != ''
    AND source IN {trusted:Array(String)}
    AND bitAnd(consent, {purpose:UInt8}) = {purpose:UInt8})
ORDER BY offset, line"""
"""Buyers are who the source itself named: what browsers say of a device joins nobody here."""
_NAMED = """SELECT offset, if(user_id != '', user_id, anonymous_id),
  toUnixTimestamp64Micro(timestamp), traits
FROM history WHERE block_last > {after:UInt64} AND offset > {after:UInt64}
  AND offset <= {last:UInt64} AND type = 'identify' AND person_id != '' AND traits != ''
  AND source IN {trusted:Array(String)}
  AND bitAnd(consent, {purpose:UInt8}) = {purpose:UInt8}
ORDER BY offset"""
_DEVICES = """SELECT DISTINCT anonymous_id FROM identities
WHERE user_id IN {users:Array(String)} AND anonymous_id != ''"""
_NEWEST = _EVENTS.replace("FROM source WHERE", "FROM events WHERE")
_ANY_AGE = _EVENTS.replace(
    "FROM source WHERE", "FROM history WHERE block_last > {after:UInt64} AND"
)
"""Old events may lie in the lake; the newest never do, and their own table answers quicker."""


class LiveRows:
    """The one writer of a store. ``loaded`` says how far the warehouse is; ``made_by`` by what.

    ``behind`` says whether the loader has more to load: then it goes first, rows follow.

    ``trust`` says whose word counts for what somebody bought and is called.

    ``turn`` is held while rows are written, and by whoever deletes some.
    """

    def __init__(
        self,
        rows: ProfileRows,
        warehouse: Warehouse,
        clock: Clock,
        *,
        loaded: Callable[[], int],
        behind: Callable[[], bool],
        made_by: Callable[[], str],
        trust: Callable[[], Awaitable[Trust]],
        zone: str,
    ) -> None:
        self._rows = rows
        self._warehouse = warehouse
        self._clock = clock
        self._loaded = loaded
        self._behind = behind
        self._made_by = made_by
        self._trust = trust
        self._zone = zone
        self._stored: Stored | None = None
        self._is_near = False
        self._recent: tuple[int, int] | None = None
        self._tidied_us = 0
        self._shared: set[str] = set()
        self.turn = asyncio.Lock()

    async def run(self, stop: asyncio.Event) -> None:
        """Write until ``stop`` is set. A store that is away is tried again; nothing is skipped."""
        was_away = False
        while not stop.is_set():
            wait_s = LOOK_EVERY_S
            try:
                if not self._behind() and await self.advance():
                    wait_s = 0.0
                was_away = False
            except (QueqiaoError, OSError) as error:
                if not was_away:
                    log.warning("live rows wait for their store", reason=str(error))
                was_away, wait_s = True, RETRY_EVERY_S
            except Exception:  # a defect here must not take the loader and the reports with it
                log.exception("live rows have a defect, trying again")
                wait_s = RETRY_EVERY_S
            try:
                await asyncio.wait_for(stop.wait(), wait_s)
            except TimeoutError:
                continue

    async def advance(self) -> bool:
        """Write one batch, or delete some old rows; return whether there is more to do."""
        async with self.turn:
            stored, self._stored = self._stored, None  # until all of it has come to its end
            try:
                trust = await self._trust()
                stored = await self._planned(stored or await live_state.read(self._rows), trust)
                stored, is_more = await self._work(stored, trust)
            except Conflict:
                self._is_near = False
                raise
            self._stored = stored
        await self._tidy()
        return is_more

    async def forget(self, people: Sequence[str]) -> None:
        """Delete the rows of some ids: nothing of them is left in any generation.

        Devices of others, where one of them was the last to log in, lead to nobody afterwards. They
        are found while the warehouse knows them still, and kept in mind for the next call.
        """
        async with self.turn:
            if people:
                found = await self._warehouse.query(_DEVICES, {"users": list(people)})
                self._shared |= {row[0] for row in found.rows} - set(people)
            state = (await live_state.read(self._rows)).state
            for generation in state.generations:
                await self._delete(generation, people)
                await self._unlink(generation, set(people))

    async def close(self) -> None:
        """Let the store go; call after ``run`` has ended."""
        await self._rows.close()

    async def _delete(self, generation: int, people: Sequence[str]) -> None:
        keys = [key_of(generation, one) for one in people if _fits(one)]
        for start in range(0, len(keys), ROWS_AT_ONCE_MAX):
            await self._rows.delete(keys[start : start + ROWS_AT_ONCE_MAX])

    async def _unlink(self, generation: int, people: set[str]) -> None:
        for device in filter(_fits, self._shared):
            key = key_of(generation, device)
            before = decoded((await self._rows.get([key])).get(key))
            if before.link.user in people:
                after = msgspec.structs.replace(before, link=Link())
                await self._rows.put({key: changed(before, after)})

    async def _planned(self, stored: Stored, trust: Trust) -> Stored:
        """Begin a generation where the one that is read, or being made, is of another making."""
        made_by = f"{VERSION} {self._zone} {self._made_by()}"
        state, stamp = stored.state, f"{made_by} {trust.version}"
        newest = state.next or state.read
        if newest and newest.stamp == stamp and newest.offset <= self._loaded():
            if newest.trusts == trust.servers:
                return stored
            told = msgspec.structs.replace(newest, trusts=trust.servers)
            said = {"next" if state.next else "read": told}
            after = msgspec.structs.replace(state, **said)
            return await live_state.write(self._rows, stored, after)
        made = Building(max(state.generations, default=0) + 1, stamp, 0, trust.servers)
        old = [*state.old, state.next.generation] if state.next else state.old
        self._is_near = False
        log.info("live rows are made anew", generation=made.generation)
        return await live_state.write(self._rows, stored, LiveState(state.read, made, old))

    async def _recent_offset(self, generation: int) -> int:
        """Return the offset before the first event whose views and carts can still be told.

        Asked once a generation: it looks at the times of all of history.
        """
        if self._recent is None or self._recent[0] != generation:
            found = await self._warehouse.query(_FIRST, {"since": self._since_us()})
            first: int = found.rows[0][0]
            self._recent = generation, first - 1 if first else self._loaded()
        return self._recent[1]

    def _since_us(self) -> int:
        return self._clock.now_us() - KEPT_DAYS * DAY_US

    async def _work(self, stored: Stored, trust: Trust) -> tuple[Stored, bool]:
        state, end = stored.state, self._loaded()
        ahead = [one for one in (state.read, state.next) if one and one.offset < end]
        for one in ahead:
            stored = await self._batch(stored, one, end, trust)
        state = stored.state
        if state.next and state.next.offset >= end:
            old = [*state.old, state.read.generation] if state.read else state.old
            stored = await live_state.write(self._rows, stored, LiveState(state.next, None, old))
        elif state.old and not ahead:
            return await self._drop(stored), True
        newest = stored.state.next or stored.state.read
        self._is_near = newest is not None and newest.offset >= end
        return stored, not self._is_near or bool(stored.state.old)

    async def _batch(self, stored: Stored, one: Building, end: int, trust: Trust) -> Stored:
        old = 0
        if not self._is_near:
            recent = await self._recent_offset(one.generation)
            old = min(recent - one.offset, OLD_AT_ONCE)
        most = min(end, one.offset + max(EVENTS_AT_ONCE, old))
        last, by_key, facts = await self._told(one.offset, most, trust)
        keys = list(dict.fromkeys((*by_key, *facts)))
        for start in range(0, len(keys), ROWS_AT_ONCE_MAX):
            some = keys[start : start + ROWS_AT_ONCE_MAX]
            await self._fold(one.generation, by_key, facts, some)
        done = msgspec.structs.replace(one, offset=last)
        name = "read" if stored.state.read == one else "next"
        state = msgspec.structs.replace(stored.state, **{name: done})
        return await live_state.write(self._rows, stored, state)

    async def _told(
        self, after: int, last: int, trust: Trust
    ) -> tuple[int, dict[str, list[Happening]], dict[str, list[Fact]]]:
        """Return up to which offset it is told, and by key what events and orders tell.

        Of fewer offsets where an answer would pass the bounds of a query: orders have many lines.
        """
        while True:
            try:
                by_key = _by_key(await self._happenings(after, last))
                return last, by_key, _by_person(await self._facts(after, last, trust))
            except Refused as refusal:
                if refusal.reason not in _TOO_MUCH or last - after == 1:
                    raise
                last = after + (last - after) // 2

    async def _fold(
        self,
        generation: int,
        by_key: dict[str, list[Happening]],
        facts: dict[str, list[Fact]],
        keys: Sequence[str],
    ) -> None:
        known = await self._rows.get([key_of(generation, key) for key in keys])
        written = {}
        for key in keys:
            place = key_of(generation, key)
            before = decoded(known.get(place))
            columns = changed(before, folded(before, by_key.get(key, ()), self._zone))
            if key in facts:
                columns |= buyers.encoded(
                    buyers.folded(buyers.decoded(known.get(place)), facts[key])
                )
            if columns:
                written[place] = columns
        if written:
            await self._rows.put(written)

    async def _happenings(self, after: int, last: int) -> list[Happening]:
        asked = {"after": after, "last": last}
        more = {"purpose": PERSONALIZATION, "since": self._since_us()}
        sql = _NEWEST if self._is_near else _ANY_AGE
        events = await self._warehouse.query(sql, asked | more)
        lines = await self._warehouse.query(_LINES, asked)
        sold: dict[int, list[str]] = dict(lines.rows)
        return [one for row in events.rows for one in _meant(row, sold)]

    async def _facts(self, after: int, last: int, trust: Trust) -> list[Fact]:
        """Return the order lines and traits of some events, as far as servers told of them."""
        asked = {
            "after": after,
            "last": last,
            "purpose": PERSONALIZATION,
            "trusted": list(trust.sources),
        }
        sold = (await self._warehouse.query(_SOLD, asked)).rows
        named = (await self._warehouse.query(_NAMED, asked)).rows
        return [
            *(Sold(row[0], row[1], bool(row[2]), Bought(*row[3:])) for row in sold),
            *(Named(row[0], row[1], row[2], msgspec.json.decode(row[3])) for row in named),
        ]

    async def _drop(self, stored: Stored) -> Stored:
        """Delete a part of an old generation."""
        gone, *others = stored.state.old
        page = await self._rows.scan(key_of(gone, ""), None, ROWS_AT_ONCE_MAX)
        await self._rows.delete([key for key, _ in page.rows])
        if page.cursor is not None:
            return stored
        left = msgspec.structs.replace(stored.state, old=others)
        return await live_state.write(self._rows, stored, left)

    async def _tidy(self) -> None:
        now_us = self._clock.now_us()
        if now_us - self._tidied_us >= TIDY_EVERY_S * 1_000_000:
            self._tidied_us = now_us
            await self._rows.tidy()


def _meant(row: Sequence[Any], sold: dict[int, list[str]]) -> Iterable[Happening]:
    """Return what an event is to the row of its person, and to that of its device."""
    offset, person, device, event, sku, at_us, allowed = row
    if person.startswith(ERASED) or not (person and _fits(person) and _fits(device)):
        return
    is_linked = device and device != person
    if not allowed:
        for key in {person, device} - {""}:
            yield Happening(offset, key, "off", at_us)
        return
    if offset in sold:
        yield Happening(offset, person, "order", at_us, tuple(sold[offset]))
    elif event in _KINDS:
        yield Happening(offset, person, _KINDS[event], at_us, (sku,))
    if is_linked:
        yield Happening(offset, device, "link", at_us, (person,))


def _by_person(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = {}
    for fact in sorted(facts, key=lambda one: one.offset):
        if fact.person and _fits(fact.person) and not fact.person.startswith(ERASED):
            found.setdefault(fact.person, []).append(fact)
    return found


def _fits(one: str) -> bool:
    return len(one.encode()) <= _ID_BYTES_MAX and "\0" not in one


def _by_key(found: Iterable[Happening]) -> dict[str, list[Happening]]:
    ordered = sorted(found, key=lambda one: (one.key, one.offset))
    return {key: list(part) for key, part in groupby(ordered, key=lambda one: one.key)}
