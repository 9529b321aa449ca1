"""Erasure of a person: ids and free text leave every row and file; numbers stay what they were.

A row of an erased person keeps what is counted (when, what, which goods, how much) under a number
that belongs to nobody any more, and loses who: ids, message id, address, place, and all free JSON.
So money, counts and past reports do not move, and nothing leads back to the person. Parts that held
the old rows are deleted by the engine minutes later; only then is an erasure done.
"""

import asyncio
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import structlog

from queqiao.ports.lake.base import Lake
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.ddl import EVENTS
from queqiao.process.erasure_book import Erasure, ErasureBook, Subject
from queqiao.process.loader import Loader

log = structlog.get_logger()

ERASED = "erased:"
"""What the person of an erased row begins with; their number follows."""

CLEARED = {
    "anonymous_id": "", "message_id": "", "ip": "", "region": "", "city": "",
    "click_id": "", "utm_term": "", "utm_content": "",
    "properties": "{}", "traits": "{}", "context": "{}",
}  # fmt: skip
"""Columns of events that say who, where from or in free words; and what is in them afterwards."""

_IDS = "erasing"
_CREATE_IDS = (
    f"CREATE TABLE IF NOT EXISTS {_IDS} (id String, number UInt64) ENGINE = MergeTree ORDER BY id"
)
_LISTED = f"(SELECT id FROM {_IDS})"  # noqa: S608  # our own words
_WHO = ("person_id", "user_id", "anonymous_id")
_NEW_ID = (
    f"transform(person_id, (SELECT groupArray(id) FROM {_IDS}),"  # noqa: S608  # our own words
    f" (SELECT groupArray(concat('{ERASED}', toString(number))) FROM {_IDS}), person_id)"
)
_LINKED = (
    "SELECT anonymous_id FROM identities WHERE user_id = {user:String}"
    " AND anonymous_id NOT IN (SELECT anonymous_id FROM identities WHERE user_id != {user:String})"
)
_OLD_PARTS = (
    "SELECT count() FROM system.parts WHERE database = currentDatabase() AND NOT active"
    " AND table IN ('events', 'order_lines', 'identities', 'stitches', 'sessions', 'unprocessed')"
)
_LAKE_TABLES = ("events", "profiles")


class Eraser:
    """Does what the book asks for, a phase at a time. Beside the loader, in its process.

    Each phase can be done again: after a crash it is.
    """

    def __init__(self, warehouse: Warehouse, lake: Lake, loader: Loader, book: ErasureBook) -> None:
        self._warehouse = warehouse
        self._lake = lake
        self._loader = loader
        self._book = book

    async def advance(self, now_us: int) -> bool:
        """Do the next phase of the oldest erasure; return whether there was anything to do."""
        found = self._book.unfinished()
        if found is None:
            return False
        if found.phase == "waiting":
            return await self._plan(found)
        if found.phase == "erasing":
            await self._erase(found)
            return True
        old = (await self._warehouse.query(_OLD_PARTS)).rows[0][0]
        if not old:
            self._book.done(found.id, now_us)
            log.info("a person was erased", erasure=found.id, events=found.events)
        return not old

    async def _plan(self, erasure: Erasure) -> bool:
        """Find all ids of the subject; from here on whatever is loaded is of somebody new."""
        subject = self._book.subject(erasure.id)
        ids = [one for one in (subject.user_id, subject.anonymous_id) if one]
        if subject.user_id:
            linked = await self._warehouse.query(_LINKED, {"user": subject.user_id})
            ids += [row[0] for row in linked.rows]
        async with self._loader.turn:
            subject.numbers = await self._loader.numbers_of(list(dict.fromkeys(ids)))
            self._book.plan(erasure.id, subject, self._loader.checkpoint.offset)
            await self._loader.forget_people(list(subject.numbers))
        return True

    async def _erase(self, erasure: Erasure) -> None:
        subject = self._book.subject(erasure.id)
        async with self._loader.turn:  # again, for a crash after the plan
            await self._loader.forget_people(list(subject.numbers))
        await self._list(subject)
        where = f"offset <= {erasure.cutoff} AND "
        mine = f"{where}({' OR '.join(f'{name} IN {_LISTED}' for name in _WHO)})"
        count = f"SELECT count() FROM events WHERE {mine}"  # noqa: S608  # our own words and a number
        events = (await self._warehouse.query(count)).rows[0][0]
        for statement in _statements(where, mine):
            await self._warehouse.command(f"{statement} SETTINGS mutations_sync = 2")
        await asyncio.to_thread(self._clean_lake, list(subject.numbers), erasure.cutoff)
        await self._warehouse.command(f"DROP TABLE {_IDS} SYNC")
        self._book.erased(erasure.id, events)

    async def _list(self, subject: Subject) -> None:
        """Put the ids into a table of their own: the text of a statement stays on disk."""
        await self._warehouse.command(f"DROP TABLE IF EXISTS {_IDS} SYNC")
        await self._warehouse.command(_CREATE_IDS)
        ids, numbers = list(subject.numbers), list(subject.numbers.values())
        rows = pa.table(
            {"id": pa.array(ids, pa.string()), "number": pa.array(numbers, pa.uint64())}
        )
        await self._warehouse.insert(_IDS, rows)

    def _clean_lake(self, ids: Sequence[str], cutoff: int) -> None:
        for table in _LAKE_TABLES:
            for partition in self._lake.partitions(table):
                rows = self._lake.read(table, partition)
                kept = without(rows, ids, cutoff)
                if kept is not rows:
                    self._lake.publish(table, partition, kept)


def _statements(where: str, mine: str) -> list[str]:
    cleared = {name: value for name, value in CLEARED.items() if name in EVENTS.columns}
    sets = ", ".join(f"{name} = '{value}'" for name, value in cleared.items())
    unprocessed = f"{where}offset IN (SELECT offset FROM events WHERE {mine})"  # noqa: S608  # our own words
    gone = f"{where}(user_id IN {_LISTED} OR anonymous_id IN {_LISTED})"
    person = f"{where}person_id IN {_LISTED}"
    # A device's rows of a user who was not erased stay the user's.
    user = f"user_id = if(user_id IN {_LISTED}, '', user_id)"
    lines = f"person_id = {_NEW_ID}, {user}, anonymous_id = ''"
    # Numbers stay, so that people are counted as before; who was stitched to them stands alone.
    alone = f"person_id = {_NEW_ID}, into_id = if(into_id IN {_LISTED}, '', into_id)"
    stitched = f"{where}(person_id IN {_LISTED} OR into_id IN {_LISTED})"
    number = f"concat('{ERASED}', toString(person))"
    sets = f"person_id = if(person_id IN {_LISTED}, {number}, person_id), {user}, {sets}"
    return [
        f"ALTER TABLE unprocessed UPDATE message_id = '' WHERE {unprocessed}",
        f"ALTER TABLE order_lines UPDATE {lines} WHERE {mine}",
        f"ALTER TABLE sessions UPDATE person_id = {_NEW_ID} WHERE {person}",
        f"ALTER TABLE events UPDATE {sets} WHERE {mine}",
        f"ALTER TABLE stitches UPDATE {alone} WHERE {stitched}",
        f"ALTER TABLE identities DELETE WHERE {gone}",
    ]


def without(rows: pa.Table, ids: Sequence[str], cutoff: int) -> pa.Table:
    """Return a lake table's rows without the person; the same object where they are not in it.

    Events stay, as in the warehouse, without who; rows about the person themselves go.
    """
    named = [name for name in _WHO if name in rows.column_names]
    mine = pa.array([False] * rows.num_rows, pa.bool_())  # a day without rows has a type too
    for name in named:
        mine = pc.or_(mine, pc.is_in(rows[name], pa.array(ids, pa.string())))
    if "person" not in rows.column_names:
        return rows.filter(pc.invert(mine)) if pc.any(mine).as_py() else rows
    mine = pc.and_(mine, pc.less_equal(rows["offset"], cutoff))
    if not pc.any(mine).as_py():
        return rows
    listed = pa.array(ids, pa.string())
    number = pc.binary_join_element_wise(ERASED, pc.cast(rows["person"], pa.string()), "")
    people = pc.if_else(pc.is_in(rows["person_id"], listed), number, rows["person_id"])
    users = pc.if_else(pc.is_in(rows["user_id"], listed), "", rows["user_id"])
    return _replaced(rows, mine, {"person_id": people, "user_id": users} | _blanks(rows))


def _blanks(rows: pa.Table) -> dict[str, pa.Scalar]:
    named = [name for name in CLEARED if name in rows.column_names]
    return {name: pa.scalar(CLEARED[name], rows.schema.field(name).type) for name in named}


def _replaced(rows: pa.Table, where: pa.Array, values: dict[str, object]) -> pa.Table:
    for name, value in values.items():
        at = rows.column_names.index(name)
        field = rows.schema.field(name)
        rows = rows.set_column(at, field, pc.if_else(where, value, rows[name]))
    return rows
