"""What operators ask of single codes and of batches: histories, voids, statistics."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons import holdings, voids
from queqiao.decide.promotions.coupons.code_book import Batch, CodeBook, compile_batch
from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.coupons.holdings import Holding
from queqiao.decide.promotions.coupons.known_batches import BatchShelf
from queqiao.decide.promotions.coupons.ranges import Range, Ranges
from queqiao.decide.promotions.coupons.statistics import BatchStatistics, Statistics
from queqiao.decide.promotions.coupons.uses import code_counter
from queqiao.decide.promotions.coupons.wallet import CodeStatus, status
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records import audit, changes, documents
from queqiao.ports.records.base import Records
from queqiao.ports.warehouse.base import Warehouse

HISTORY_MAX = 200
_HISTORY = f"""SELECT event, toUnixTimestamp64Micro(timestamp), user_id, order_id FROM history
WHERE source = 'queqiao' AND coupon = {{code:String}} AND startsWith(event, 'Coupon ')
ORDER BY timestamp, offset LIMIT {HISTORY_MAX}"""  # noqa: S608  # our own number


class CodeEvent(msgspec.Struct, frozen=True):
    """One thing that happened to a code, as the event log tells it."""

    event: str
    at: str
    customer_id: str
    order_id: str


class CodeView(msgspec.Struct, frozen=True):
    """A code as operators see it: its state, its uses by the ledger, its holder, its history.

    ``batch_state`` is that of the document; ``void_reason`` why the code is void.
    """

    code: str
    batch_id: str
    batch_name: str
    batch_state: str
    number: int
    state: CodeStatus
    uses: int
    redeemed: int
    locked: int
    customer_id: str | None
    origin: str | None
    issued_at: str | None
    expires_at: str | None
    void_reason: str | None
    history: list[CodeEvent]


class NewVoid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to make void, and why: ``codes``, the numbers from ``first`` to ``last``, or all."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    codes: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=10_000)] = ()
    first: Annotated[int, Meta(ge=0, le=100_000_000)] | None = None
    last: Annotated[int, Meta(ge=0, le=100_000_000)] | None = None
    all: Literal[True] | None = None


class VoidView(msgspec.Struct, frozen=True):
    """A range of void codes, by number."""

    id: int
    first: int
    last: int
    reason: str
    at: str
    by: str


class VoidList(msgspec.Struct, frozen=True):
    """What was made void of a batch, oldest first, and how many codes that is in all."""

    items: list[VoidView]
    codes: int
    next_cursor: str | None = None


class CouponOffice(msgspec.Struct, frozen=True):
    """Answers operators. Batches are read from the records, live or not."""

    records: Records
    ledger: Ledger
    warehouse: Warehouse
    secret: bytes
    shelf: BatchShelf

    async def code(self, said: str, now_us: int) -> CodeView:
        """Return everything about a code. Raises NotFound."""
        code = normal(said)
        found = await self.records.read(lambda conn: _located(conn, code, self.shelf))
        if found is None:
            raise NotFound
        state, batch, number, holding, reason = found
        name = batch.code(number)
        await self.ledger.expire(now_us)
        used = (await self.ledger.balances([code_counter(batch.id, name)])).popitem()[1]
        ends_us = batch.ends_us if holding is None else holding.expires_at_us
        return CodeView(
            code=name,
            batch_id=batch.id,
            batch_name=batch.name,
            batch_state=state,
            number=number,
            state=status(batch, number, ends_us, used, now_us, is_live=state == "live"),
            uses=batch.uses_per_code,
            redeemed=used.spent,
            locked=used.leased,
            customer_id=holding.customer_id if holding else None,
            origin=holding.origin if holding else None,
            issued_at=format_rfc3339(holding.issued_at_us) if holding else None,
            expires_at=format_rfc3339(ends_us) if ends_us < FOREVER_US else None,
            void_reason=reason,
            history=await self._history(name),
        )

    async def _history(self, code: str) -> list[CodeEvent]:
        rows = (await self.warehouse.query(_HISTORY, {"code": code})).rows
        return [
            CodeEvent(event, format_rfc3339(at_us), customer_id, order_id)
            for event, at_us, customer_id, order_id in rows
        ]

    async def statistics(self, batch_id: str, now_us: int) -> BatchStatistics:
        """Return what has become of a batch. Raises NotFound."""
        batch = await self.batch(batch_id)
        return await Statistics(self.ledger, self.records).of(batch, now_us)

    async def batch(self, batch_id: str) -> Batch:
        """Return a batch, live or not. Raises NotFound."""
        return await self.records.read(lambda conn: compiled(conn, batch_id, self.secret))

    async def voided(self, batch_id: str) -> VoidList:
        """Return what is void of a batch. Raises NotFound."""
        return await self.records.read(lambda conn: _void_list(conn, batch_id))

    async def void(
        self, batch_id: str, asked: NewVoid, actor: audit.Actor, now_us: int
    ) -> VoidList:
        """Make codes void, everywhere within a second. Raises NotFound and InvalidInput."""
        return await self.records.write(
            lambda conn: self._void(conn, batch_id, asked, actor, now_us)
        )

    def _void(
        self, conn: Connection, batch_id: str, asked: NewVoid, actor: audit.Actor, now_us: int
    ) -> VoidList:
        batch = compiled(conn, batch_id, self.secret)
        ranges = _without(_ranges(batch, asked, self.secret), batch.voids)
        if ranges:
            voiding = voids.Voiding(asked.reason, actor.id, now_us)
            voids.add(conn, batch_id, ranges, voiding)
            count = sum(end - first for first, end in ranges)
            summary = f"{count} codes: {asked.reason}"
            entry = audit.Entry("coupon_batch.void", COUPON_BATCH.name, batch_id, summary)
            audit.note(conn, actor, entry, now_us)
            changes.note(conn, COUPON_BATCH.name, batch_id)
        return _void_list(conn, batch_id)


def compiled(conn: Connection, batch_id: str, secret: bytes) -> Batch:
    """Return a batch of the records with its void numbers. Raises NotFound."""
    stored = documents.get(conn, COUPON_BATCH, batch_id)
    void = Ranges((one.first_number, one.end_number) for one in voids.of_batch(conn, batch_id))
    return compile_batch(batch_id, stored.document, secret, void)


Located = tuple[str, Batch, int, Holding | None, str | None]
"""The state of the batch's document, the batch, the code's number, its holder, why it is void."""


def _located(conn: Connection, code: str, shelf: BatchShelf) -> Located | None:
    """Return all that the records know of a code, of whatever batch and state."""
    known = shelf.known(conn)
    found = known.book.locate(code)
    if found is None:
        return None
    batch, number = found.batch, found.number
    reasons = [
        one.reason
        for one in voids.of_batch(conn, batch.id)
        if one.first_number <= number < one.end_number
    ]
    holding = holdings.find(conn, batch.id, number)
    return known.states[batch.id], batch, number, holding, reasons[0] if reasons else None


def _ranges(batch: Batch, asked: NewVoid, secret: bytes) -> list[Range]:
    """Return the numbers that are asked for. Raises InvalidInput."""
    ways = (bool(asked.codes), asked.first is not None or asked.last is not None, bool(asked.all))
    if sum(ways) != 1:
        message = Message(
            "codes、first 与 last、all 三选一", "give one of codes, first with last, all"
        )
        raise InvalidInput(FieldError("codes", message))
    if asked.codes:
        return _numbers(batch, asked.codes, secret)
    if asked.all:
        return [(0, batch.count)]
    first, last = asked.first, asked.last
    if first is None or last is None or first > last or last >= batch.count:
        message = Message(
            f"first 到 last 须在 0 到 {batch.count - 1} 之间",
            f"first to last must lie within 0 to {batch.count - 1}",
        )
        raise InvalidInput(FieldError("last", message))
    return [(first, last + 1)]


def _numbers(batch: Batch, codes: tuple[str, ...], secret: bytes) -> list[Range]:
    book, ranges, errors = CodeBook([batch], secret), [], []
    for place, code in enumerate(codes):
        found = book.locate(normal(code))
        if found is None:
            message = Message("不是该批次的券码", "not a code of this batch")
            errors.append(FieldError(f"codes[{place}]", message))
        else:
            ranges.append((found.number, found.number + 1))
    if errors:
        raise InvalidInput(*errors[:20])
    return ranges


def _without(ranges: list[Range], known: Ranges) -> list[Range]:
    """Return the parts of the ranges that are not void yet, so that a retry adds nothing."""
    left = Ranges(ranges).parts
    for first, end in known.parts:
        left = [
            part
            for start, stop in left
            for part in ((start, min(stop, first)), (max(start, end), stop))
            if part[0] < part[1]
        ]
    return left


def _void_list(conn: Connection, batch_id: str) -> VoidList:
    documents.get(conn, COUPON_BATCH, batch_id)
    found = voids.of_batch(conn, batch_id)
    items = [
        VoidView(
            one.id,
            one.first_number,
            one.end_number - 1,
            one.reason,
            format_rfc3339(one.at_us),
            one.by,
        )
        for one in found
    ]
    return VoidList(items, sum(one.end_number - one.first_number for one in found))
