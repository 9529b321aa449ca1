"""Every batch of the records, live or not, compiled once and kept until one of them changes."""

from threading import Lock

import msgspec
from sqlalchemy import Connection, func, select

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons import voids
from queqiao.decide.promotions.coupons.code_book import Batch, CodeBook, compile_batch
from queqiao.decide.promotions.coupons.ranges import NO_RANGES, Ranges
from queqiao.decide.promotions.coupons.tables import voids as void_ranges
from queqiao.ports.records import documents
from queqiao.ports.records.tables import documents as stored_documents

LISTED_MAX = 1_000_000
"""Listed codes that are kept; a shop with more of them has its batches compiled at each question.
Batches whose codes are made take no room."""
_READ_AT_ONCE = 500


Version = tuple[int, int, int]


class KnownBatches(msgspec.Struct, frozen=True):
    """All batches at one moment; ``states`` are those of their documents, by id."""

    book: CodeBook
    states: dict[str, str]


class BatchShelf:
    """Keeps the compiled batches, by the version of the records at which they were read."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._version: Version | None = None
        self._kept = KnownBatches(CodeBook([], secret), {})
        self._compiled: dict[str, tuple[int, Batch]] = {}
        self._lock = Lock()

    def known(self, conn: Connection) -> KnownBatches:
        """Return all batches as they are in this transaction."""
        version = _version(conn)
        with self._lock:
            if version == self._version:
                return self._kept
            stored = _all_batches(conn)
            batches = self._batches(stored, voids.load(conn))
            states = {one.id: one.state for one in stored}
            found = KnownBatches(CodeBook(batches, self._secret), states)
            if sum(len(batch.codes) for batch in batches) <= LISTED_MAX:
                self._version, self._kept = version, found
            else:
                self._compiled.clear()
            return found

    def _batches(self, stored: list[documents.Stored], void: dict[str, Ranges]) -> list[Batch]:
        """Return the batches in their order; one whose document is the same is not made anew."""
        earlier, self._compiled = self._compiled, {}
        for one in stored:
            revision, batch = earlier.get(one.id, (0, None))
            if batch is None or revision != one.revision:
                batch = compile_batch(one.id, one.document, self._secret)
            batch = msgspec.structs.replace(batch, voids=void.get(one.id, NO_RANGES))
            self._compiled[one.id] = one.revision, batch
        return [batch for _, batch in self._compiled.values()]


def _version(conn: Connection) -> Version:
    """Return what changes with every edit, publish, pause or archiving of a batch and every void.

    Not the change feed's number: old changes are forgotten there.
    """
    d = stored_documents.c
    batches = select(func.count(), func.sum(d.revision)).where(d.kind == COUPON_BATCH.name)
    count, revisions = conn.execute(batches).one()
    newest_void = conn.execute(select(func.max(void_ranges.c.id))).scalar()
    return int(count), int(revisions or 0), int(newest_void or 0)


def _all_batches(conn: Connection) -> list[documents.Stored]:
    """Return every batch, archived ones first: a listed code is that of the latest live batch."""
    found: list[documents.Stored] = []
    for state in ("archived", "draft", "paused", "live"):
        after = None
        while page := documents.find(
            conn, COUPON_BATCH, state=state, after=after, limit=_READ_AT_ONCE
        ):
            found += page
            after = documents.Place(page[-1].created_at_us, page[-1].id)
    return found
