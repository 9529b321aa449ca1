"""Erasure of a person: ids and free text leave every row and file; numbers stay what they were.

A row of an erased person keeps what is counted (when, what, which goods, how much) under a number
that belongs to nobody any more, and loses who: ids, message id, address, place, and all free JSON.
So money, counts and past reports do not move, and nothing leads back to the person. Before
its rows, a person's events are rewritten in the log (``erasure_log.py``), and what others keep of
them is cleared. Parts that held the old rows are deleted by the engine minutes later; only then is
an erasure done.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import structlog

from queqiao.kernel.own_events import KEPT_FIELDS
from queqiao.ports.lake.base import Lake
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.erased import CLEARED, ERASED
from queqiao.process.erasure_book import Erasure, ErasureBook, Subject
from queqiao.process.erasure_log import LogEraser
from queqiao.process.erasure_tail import tail_of
from queqiao.process.facts import FactReader
from queqiao.process.loader import Loader
from queqiao.process.tier import Tier
from queqiao.process.veil import Forgotten
from queqiao.process.veiled import Veiler

log = structlog.get_logger()

_IDS = "erasing"
_CREATE_IDS = (
    f"CREATE TABLE IF NOT EXISTS {_IDS} (id String, number UInt64) ENGINE = MergeTree ORDER BY id"
)
_LISTED = f"(SELECT id FROM {_IDS})"  # noqa: S608  # our own words
_WHO = ("person_id", "user_id", "anonymous_id")
# A device's rows of a user who was not erased stay the user's.
_USER = f"if(user_id IN {_LISTED}, '', user_id)"


def _kept(fields: Sequence[str]) -> str:
    """Return the SQL of properties that keep these fields, where they are there."""
    named = ", ".join(f"'{name}'" for name in fields)
    return (
        "concat('{', arrayStringConcat(arrayMap("
        "name -> concat('\"', name, '\":', JSONExtractRaw(properties, name)),"
        f" arrayFilter(name -> JSONHas(properties, name), [{named}])), ','), '}}')"
    )


_CASES = "".join(f"source = '{name}', {_kept(fields)}, " for name, fields in KEPT_FIELDS.items())
_OWN = f"multiIf({_CASES}'{CLEARED['properties']}')"
"""Of the system's own books the order stays."""
_NEW_WORDS = (
    {
        "person_id": f"if(person_id IN {_LISTED}, concat('{ERASED}', toString(person)), person_id)",
        "user_id": _USER,
    }
    | {name: f"'{value}'" for name, value in CLEARED.items()}
    | {"properties": _OWN}
)
"""What stands in an erased row of events, in SQL by column: in the table and in the lake."""
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
    " AND table IN ('events', 'order_lines', 'identities', 'stitches', 'sessions', 'unprocessed',"
    " 'promotion_uses', 'promotion_exposures')"
)
_PROFILES = "profiles"
"""The lake's other table of people. That of events is the tier's."""


class Elsewhere(Protocol):
    """Where else somebody's data lies: bad rows, bodies of webhooks."""

    async def clear(self, subject: Subject, offsets: Sequence[int]) -> None:
        """Clear what holds an id or an identifier of a person, or is of one of their events."""
        ...


class Eraser:
    """Does what the book asks for, a phase at a time. Beside the loader, in its process.

    Each phase can be done again: after a crash it is. ``facts`` reads events as the loader does.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        lake: Lake,
        loader: Loader,
        book: ErasureBook,
        *,
        event_log: LogEraser,
        facts: FactReader,
        elsewhere: Elsewhere,
    ) -> None:
        self._event_log = event_log
        self._facts = facts
        self._elsewhere = elsewhere
        self._warehouse = warehouse
        self._lake = lake
        self._tier = Tier(warehouse, lake)
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
            subject.identifiers = await self._loader.identifiers_of(list(subject.numbers))
            self._book.plan(erasure.id, subject, self._loader.checkpoint.offset)
            await self._loader.forget_people(_names(subject))
        return True

    async def recover(self, now_us: int) -> None:
        """Put right what a crash left, and what a restored backup brought back.

        To be called before anything is loaded.
        """
        await self._forget_planned()
        await self._ask_again(now_us)

    async def _ask_again(self, now_us: int) -> None:
        """Request the erasures of the book that these tables and this log have not seen.

        So whoever restores a backup and puts the newest book beside it has them made again.
        """
        loaded = self._loader.checkpoint.offset
        missed = self._book.missed(loaded)
        if not missed:
            return
        end = max(loaded, self._event_log.end())
        await self._erase_unloaded(loaded, end)
        async with self._loader.turn:
            users, others = await self._loader.known_ids()
        for ids, is_user in ((users, True), (others, False)):
            for one in sorted(ids):
                digest = self._book.digest(one)
                if digest in missed:
                    subject = Subject(user_id=one) if is_user else Subject(anonymous_id=one)
                    self._book.request(f"again-{digest.hex()}-{loaded}", subject, now_us)
                    log.warning("a person who was erased is here again, and is erased again")
        if self._book.cut(end):
            async with self._loader.turn:
                self._loader.use(self._book.veil())
                await self._loader.open()

    async def _erase_unloaded(self, loaded: int, end: int) -> None:
        """Erase from the log, and elsewhere, what its tables have not loaded yet.

        It is loaded as erased, so no row of it will ever tell whose it was. Done again it is
        harmless; the others are cleared of it first, since the log names nobody afterwards.
        """
        veil = self._book.veil()
        if veil.next_end(loaded) is None:
            return
        tail = await tail_of(self._event_log, self._facts, veil, loaded, end)
        if not tail.offsets:
            return
        veiler = Veiler(self._facts, veil, self._book.digest)
        await self._elsewhere.clear(tail.subject, tail.offsets)
        await self._event_log.rewrite(veiler, tail.theirs, tail.orders)
        await self._elsewhere.clear(tail.subject, tail.offsets)  # again, as in an erasure
        log.warning("people who were erased were in the log again", events=len(tail.offsets))

    async def _forget_planned(self) -> None:
        """Forget whom a crash left planned and not forgotten.

        Where the loader has gone on since, they were forgotten: whoever it met then is somebody
        new, and must not be forgotten again.
        """
        found = self._book.unfinished()
        if found is None or found.phase != "erasing":
            return
        async with self._loader.turn:
            if self._loader.checkpoint.offset == found.cutoff:
                await self._loader.forget_people(_names(self._book.subject(found.id)))

    async def _erase(self, erasure: Erasure) -> None:
        subject = self._book.subject(erasure.id)
        await self._list(subject)
        where = f"offset <= {erasure.cutoff} AND "
        mine = f"{where}({' OR '.join(f'{name} IN {_LISTED}' for name in _WHO)})"
        await self._tier.sweep()
        files = await self._tier.files()
        border = files[-1].last if files else 0
        offsets = await self._offsets(erasure, subject, mine)
        veiler = Veiler(self._facts, self._book.veil(), self._book.digest)
        await self._event_log.erase(veiler, offsets, erasure.cutoff)
        await self._elsewhere.clear(subject, offsets)
        count = f"SELECT count() FROM events WHERE offset > {border} AND {mine}"  # noqa: S608  # our own words and numbers
        events = (await self._warehouse.query(count)).rows[0][0]
        for statement in _statements(where, mine):
            await self._warehouse.command(f"{statement} SETTINGS mutations_sync = 2")
        for file in files:
            events += await self._tier.rewrite(file, mine, _NEW_WORDS)
        await self._tier.settle()  # again, for a failure after a rewritten file
        await asyncio.to_thread(self._clean_lake, list(subject.numbers))
        await self._warehouse.command(f"DROP TABLE {_IDS} SYNC")
        # Again: what read an event just before it was rewritten may have written it down since.
        await self._elsewhere.clear(subject, offsets)
        self._book.erased(erasure.id, events)

    async def _offsets(self, erasure: Erasure, subject: Subject, mine: str) -> list[int]:
        """Return where a person's events are: from the book, once rows were asked.

        After a crash in the middle, rows may not tell it any more.
        """
        if subject.offsets is None:
            subject.offsets = await self._event_log.offsets(mine)
            self._book.note(erasure.id, subject)
        return subject.offsets

    async def _list(self, subject: Subject) -> None:
        """Put the ids into a table of their own: the text of a statement stays on disk."""
        await self._warehouse.command(f"DROP TABLE IF EXISTS {_IDS} SYNC")
        await self._warehouse.command(_CREATE_IDS)
        ids, numbers = list(subject.numbers), list(subject.numbers.values())
        rows = pa.table(
            {"id": pa.array(ids, pa.string()), "number": pa.array(numbers, pa.uint64())}
        )
        await self._warehouse.insert(_IDS, rows)

    def _clean_lake(self, ids: Sequence[str]) -> None:
        for partition in self._lake.partitions(_PROFILES):
            rows = self._lake.read(_PROFILES, partition)
            kept = without(rows, ids)
            if kept is not rows:
                self._lake.publish(_PROFILES, partition, kept)


def _names(subject: Subject) -> Forgotten:
    return Forgotten(list(subject.numbers), subject.identifiers)


def _statements(where: str, mine: str) -> list[str]:
    sets = ", ".join(f"{name} = {value}" for name, value in _NEW_WORDS.items())
    unprocessed = f"{where}offset IN (SELECT offset FROM history WHERE {mine})"  # noqa: S608  # our own words
    gone = f"{where}(user_id IN {_LISTED} OR anonymous_id IN {_LISTED})"
    person = f"{where}person_id IN {_LISTED}"
    lines = f"person_id = {_NEW_ID}, user_id = {_USER}, anonymous_id = ''"
    # Numbers stay, so that people are counted as before; who was stitched to them stands alone.
    alone = f"person_id = {_NEW_ID}, into_id = if(into_id IN {_LISTED}, '', into_id)"
    stitched = f"{where}(person_id IN {_LISTED} OR into_id IN {_LISTED})"
    return [
        f"ALTER TABLE unprocessed UPDATE message_id = '' WHERE {unprocessed}",
        f"ALTER TABLE order_lines UPDATE {lines} WHERE {mine}",
        f"ALTER TABLE sessions UPDATE person_id = {_NEW_ID} WHERE {person}",
        f"ALTER TABLE promotion_uses UPDATE person_id = {_NEW_ID} WHERE {person}",
        f"ALTER TABLE promotion_exposures UPDATE person_id = {_NEW_ID} WHERE {person}",
        f"ALTER TABLE events UPDATE {sets} WHERE {mine}",
        f"ALTER TABLE stitches UPDATE {alone} WHERE {stitched}",
        f"ALTER TABLE identities DELETE WHERE {gone}",
    ]


def without(rows: pa.Table, ids: Sequence[str]) -> pa.Table:
    """Return a lake table's rows without the person's; the same object where there are none."""
    mine = pc.is_in(rows["person_id"], pa.array(ids, pa.string()))
    return rows.filter(pc.invert(mine)) if pc.any(mine).as_py() else rows
