"""The figures of a promotion held against the ledger, to the last minor unit.

The ledger counts at the step; the warehouse adds up what the log told. The ledger is read before
and after the log, so that orders paid meanwhile are never called differences: the figures agree
where they lie between the two readings. Where they do not, the ledger's memory of each order's key
says which orders differ.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import NotFound
from queqiao.measure.promotion_effect import notes
from queqiao.measure.promotion_effect.contracts import (
    Note,
    OrderDifference,
    Reconciliation,
    Side,
)
from queqiao.measure.promotion_effect.effect import EffectServices
from queqiao.measure.promotion_effect.known import Counted, Entry, Known, Told
from queqiao.measure.query import received
from queqiao.ports.ledger.base import SPENT_KEYS_KEPT_US
from queqiao.process.contracts import watermark

TRIES_MAX = 3
DIFFERENCES_MAX = 1_000

_TOLD = """
SELECT uniqExactIf(order_id, kind = 'applied'),
  sumIf(uses, kind = 'applied') - sumIf(uses, kind = 'returned'),
  sumIf(discount_minor, kind = 'applied') - sumIf(discount_minor, kind = 'returned'),
  arraySort(groupUniqArrayIf(toString(currency), kind = 'applied')), count(),
  uniqExactIf(order_id, startsWith(person_id, 'erased:'))
FROM promotion_uses
WHERE promotion_id = {promotion:String} AND offset <= {as_of:UInt64}
"""

_CODES = """
SELECT count(), countIf(back = 0), countIf(loose = 1 AND back = 0) FROM (
  SELECT order_id, coupon, min(kind IN ('code', 'code_returned')) AS loose,
    sumIf(uses, kind = 'returned') >= greatest(sumIf(uses, kind = 'applied'), 1)
      OR countIf(kind = 'code_returned') >= greatest(countIf(kind = 'code'), 1) AS back
  FROM promotion_uses
  WHERE offset <= {as_of:UInt64} AND coupon != ''
    AND (batch_id = {batch:String}
      OR (kind IN ('applied', 'returned') AND has({sharing:Array(String)}, promotion_id)))
  GROUP BY order_id, coupon
)
"""

_ORDERS = """
SELECT redemption_id, any(order_id), sumIf(uses, kind = 'applied'),
  sumIf(discount_minor, kind = 'applied'), max(time),
  countIf(startsWith(person_id, 'erased:')) > 0
FROM promotion_uses
WHERE promotion_id = {promotion:String} AND offset <= {as_of:UInt64}
  AND kind IN ('applied', 'returned')
GROUP BY redemption_id
"""


class _Warehouse(NamedTuple):
    """What the warehouse says, net of returns.

    ``codes_kept`` are of orders that are back and may stay used; ``codes_loose`` were used in no
    order's redemption.
    """

    side: Side
    currencies: list[str]
    rows: int
    erased: int
    codes_kept: int
    codes_loose: int


async def reconcile(services: EffectServices, promotion_id: str, now_us: int) -> Reconciliation:
    """Return the figures against the ledger. Raises NotFound, Unavailable where the ledger is."""
    known = await services.promotions.one(promotion_id)
    batch = known.code_batch if known is not None else None
    for attempt in range(TRIES_MAX):
        loaded = await watermark(services.warehouse)
        before = await _counted(services, promotion_id, batch)
        told = await _told(services, promotion_id, batch, loaded.offset)
        on_the_way = [
            one
            for one in await services.promotions.on_the_way(loaded.offset)
            if one.promotion_id == promotion_id
        ]
        after = await _counted(services, promotion_id, batch)
        book = _Book(known, told, _side(on_the_way), _loose(on_the_way), before, after)
        if book.agrees or attempt == TRIES_MAX - 1:
            break
    if known is None and not told.rows and after == _NOTHING:
        raise NotFound
    asked = _At(promotion_id, loaded.offset, now_us)
    differences = [] if book.agrees else await _differences(services, asked)
    return Reconciliation(
        promotion_id=promotion_id,
        agrees=book.agrees,
        currencies=told.currencies,
        told=told.side,
        on_the_way=book.coming,
        ledger_uses=after.uses,
        ledger_discount=after.discount,
        reserved_uses=after.uses_reserved,
        reserved_discount=after.discount_reserved,
        ledger_codes=after.codes,
        difference_uses=book.uses,
        difference_discount=book.discount,
        difference_codes=book.codes,
        differences=differences,
        notes=_notes(book, differences),
        watermark=await received(services.warehouse, loaded.offset, loaded),
        as_of=loaded.offset,
        asked_at=format_rfc3339(now_us),
    )


_NOTHING = Counted(0, 0, 0, 0, None)


class _Book(Struct, frozen=True):
    """Both counts of one promotion; ``before`` and ``after`` are the ledger's, around the log's."""

    known: Known | None
    told: _Warehouse
    coming: Side
    coming_loose: int
    before: Counted
    after: Counted

    @property
    def uses(self) -> int:
        """By how much the ledger is beside the log in uses; 0: it is not."""
        told = self.told.side.uses + self.coming.uses
        is_bound = self.known is not None and self.known.uses_total is not None
        loose = self.told.codes_loose + self.coming_loose if is_bound else 0
        return _beside(told, told + loose, self.before.uses, self.after.uses)

    @property
    def discount(self) -> int:
        """The same in money."""
        told = self.told.side.discount + self.coming.discount
        return _beside(told, told, self.before.discount, self.after.discount)

    @property
    def codes(self) -> int | None:
        """The same in uses of codes; None where none unlocks it."""
        if self.before.codes is None or self.after.codes is None:
            return None
        least = self.told.side.codes + self.coming.codes
        return _beside(least, least + self.told.codes_kept, self.before.codes, self.after.codes)

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not (self.uses or self.discount or self.codes)


def _beside(least: int, most: int, before: int, after: int) -> int:
    """Return by how much a counter lies above (below: negative) what was told, 0 where it agrees.

    The counter was read twice: anything between the two readings may be what the log shows.
    """
    low, high = min(before, after), max(before, after)
    if low > most:
        return low - most
    return high - least if high < least else 0


async def _counted(services: EffectServices, promotion_id: str, batch: str | None) -> Counted:
    return (await services.promotions.counted({promotion_id: batch}))[promotion_id]


async def _told(
    services: EffectServices, promotion_id: str, batch: str | None, as_of: int
) -> _Warehouse:
    asked = {"promotion": promotion_id, "as_of": as_of}
    (row,) = (await services.warehouse.query(_TOLD, asked)).rows
    orders, uses, discount, currencies, rows, erased = row
    used = kept = loose = 0
    if batch is not None:
        every = await services.promotions.every()
        sharing = [name for name, one in every.items() if one.code_batch == batch]
        asked_codes = {"as_of": as_of, "batch": batch, "sharing": sharing}
        ((whole, used, loose),) = (await services.warehouse.query(_CODES, asked_codes)).rows
        kept = whole - used
    return _Warehouse(Side(orders, uses, discount, used), currencies, rows, erased, kept, loose)


def _side(told: Iterable[Told]) -> Side:
    found = list(told)
    return Side(
        len({one.order_id for one in found if one.sign > 0}),
        sum(one.sign * one.uses for one in found),
        sum(one.sign * one.discount for one in found),
        sum(one.sign * one.codes for one in found),
    )


def _loose(told: Sequence[Told]) -> int:
    """Return how many codes were used in no order's redemption."""
    return sum(one.sign * one.codes for one in told if not one.uses)


class _At(NamedTuple):
    """Which promotion, up to which offset, and when it is asked."""

    promotion_id: str
    as_of: int
    now_us: int


class _Order(NamedTuple):
    """What the log told of one redemption, before anything came back."""

    order_id: str
    uses: int
    discount: int
    at_us: int
    is_erased: bool


async def _differences(services: EffectServices, asked: _At) -> list[OrderDifference]:
    """Return the orders of which the ledger remembers something else than the log told."""
    remembered = await services.promotions.entries(asked.promotion_id)
    entries = {one.redemption_id: one for one in remembered}
    parameters = {"promotion": asked.promotion_id, "as_of": asked.as_of}
    rows = (await services.warehouse.query(_ORDERS, parameters)).rows
    told = {name: _Order(*row) for name, *row in rows}
    ids = sorted(entries.keys() | told.keys())
    found = [_difference(one, told.get(one), entries.get(one), asked.now_us) for one in ids]
    return [one for one in found if one is not None][:DIFFERENCES_MAX]


def _difference(
    redemption_id: str, told: _Order | None, entry: Entry | None, now_us: int
) -> OrderDifference | None:
    """Return what differs of one redemption, None where nothing does or nothing is remembered."""
    order = told or _Order(entry.order_id if entry is not None else "", 0, 0, 0, is_erased=False)
    if entry is None or entry.forgotten:
        is_lost = told is not None and told.at_us > now_us - SPENT_KEYS_KEPT_US
        if not is_lost or order.is_erased:
            return None
        lost = notes.LOST
        return OrderDifference(
            order.order_id, redemption_id, order.uses, None, order.discount, None, lost
        )
    if (order.uses, order.discount) == (entry.uses, entry.discount):
        return None
    note = notes.OTHER_AMOUNT if told is not None else notes.NOT_TOLD_YET
    if told is not None and not (entry.uses or entry.discount):
        note = notes.NOT_SPENT
    return OrderDifference(
        order.order_id, redemption_id, order.uses, entry.uses, order.discount, entry.discount, note
    )


def _notes(book: _Book, differences: Sequence[OrderDifference]) -> list[Note]:
    found = []
    if book.coming != Side(0, 0, 0, 0):
        found.append(notes.ON_THE_WAY)
    if book.before != book.after:
        found.append(notes.MOVING)
    if len(book.told.currencies) > 1:
        found.append(notes.SEVERAL_CURRENCIES)
    if book.told.erased:
        found.append(notes.ERASED_COUNT)
    if book.told.codes_kept:
        found.append(notes.CODES_KEPT)
    explained = (
        sum((one.discount_in_ledger or 0) - one.discount for one in differences),
        sum((one.uses_in_ledger or 0) - one.uses for one in differences),
    )
    if not book.agrees and explained != (book.discount, book.uses):
        found.append(notes.OF_NO_ORDER)
    return found
