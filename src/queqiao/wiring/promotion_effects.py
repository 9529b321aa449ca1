"""What the effect of promotions reads beside the warehouse: documents, goods, ledger, log."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from queqiao.catalog.contracts import PriceBook
from queqiao.catalog.products import costs, price_book
from queqiao.decide.promotions.contracts import PROMOTION, PromotionDocument
from queqiao.decide.promotions.holdback import percent_of
from queqiao.decide.promotions.matching.goods_test import has_lists
from queqiao.decide.promotions.redemptions.claims import budget_counter, total_counter
from queqiao.decide.promotions.rehearsal.shelf import is_meant
from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.kernel.errors import NotFound
from queqiao.kernel.http import Route
from queqiao.kernel.own_events import OWN_SOURCE
from queqiao.kernel.vocabulary import Coupon, GivenPromotion
from queqiao.measure.promotion_effect.contracts import Named
from queqiao.measure.promotion_effect.effect import EffectServices
from queqiao.measure.promotion_effect.endpoints import effect_routes
from queqiao.measure.promotion_effect.known import Counted, Entry, Good, Known, Told
from queqiao.ports.event_log.base import EventLogAccess
from queqiao.ports.ledger.base import NOTHING, Balance, Ledger, Remembered
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Stored
from queqiao.ports.warehouse.base import Warehouse
from queqiao.wiring import adapters
from queqiao.wiring.settings import Settings

_EVERY = 10**6
_COUNTERS_A_CALL = 2_000
_KEYS_A_CALL = 1_000
_EVENTS_A_READ = 5_000
_LATE = ":late"
"""What the key of a payment ends with that came after its reservation was over."""

_KEYS = """
SELECT redemption_id, any(key), any(order_id) FROM (
  SELECT JSONExtractString(properties, 'redemption_id') AS redemption_id, order_id,
    JSONExtractString(properties, 'ledger_key') AS key,
    JSONExtract(properties, 'promotions', 'Array(Tuple(promotion_id String))') AS given
  FROM history WHERE source = 'queqiao' AND event = 'Redemption Reserved'
)
WHERE arrayExists(one -> one.1 = {promotion:String}, given) AND key != ''
GROUP BY redemption_id ORDER BY redemption_id LIMIT {most:UInt32}
"""
_ORDERS_MAX = 100_000


def routes(settings: Settings, records: Records, warehouse: Warehouse) -> list[Route]:
    """Return the routes of the effect for the console role."""
    log, ledger = adapters.event_log(settings), adapters.ledger(settings)
    known = PromotionBooks(records, ledger, warehouse, log)
    shop = settings.shop
    return effect_routes(EffectServices(warehouse, known, shop.currency, shop.timezone))


class _Catalogue(NamedTuple):
    """The goods of the catalogue at one moment."""

    book: PriceBook
    costs: Mapping[str, int]


class PromotionBooks:
    """Knows promotions from the records, the catalogue, the ledger and the log."""

    def __init__(
        self, records: Records, ledger: Ledger, warehouse: Warehouse, log: EventLogAccess
    ) -> None:
        self._records = records
        self._ledger = ledger
        self._warehouse = warehouse
        self._log = log

    async def one(self, promotion_id: str) -> Known | None:
        """Return a promotion, None where there is no document. Raises Unavailable."""
        return await self._records.read(lambda conn: _one(conn, promotion_id))

    async def every(self) -> Mapping[str, Known]:
        """Return all promotions, archived ones too."""
        return await self._records.read(_every)

    async def goods(
        self, skus: Sequence[str], currency: str, promotion_id: str | None
    ) -> Mapping[str, Good]:
        """Return what is known of goods; a cost in another currency is not known."""
        if not skus:
            return {}
        catalogue, document = await self._catalogue(promotion_id)
        return {sku: _good(catalogue, document, sku, currency) for sku in skus}

    async def scope_size(self, promotion_id: str) -> int | None:
        """Return how many SKUs of the catalogue are in scope, None for all goods."""
        catalogue, document = await self._catalogue(promotion_id)
        if document is None or _is_of_all(document):
            return None
        goods = (catalogue.book.goods(sku) for sku in catalogue.book)
        return sum(one is not None and is_meant(document, one) for one in goods)

    async def counted(self, known: Mapping[str, str | None]) -> Mapping[str, Counted]:
        """Return the counters of promotions. Raises Unavailable where the ledger is away."""
        names = {
            name: (total_counter(name), budget_counter(name), _batch_counter(batch))
            for name, batch in known.items()
        }
        counters = sorted({one for found in names.values() for one in found if one})
        balances: dict[str, Balance] = {}
        for start in range(0, len(counters), _COUNTERS_A_CALL):
            balances |= await self._ledger.balances(counters[start : start + _COUNTERS_A_CALL])
        found = {}
        for name, (total, budget, batch) in names.items():
            uses, money = balances.get(total, NOTHING), balances.get(budget, NOTHING)
            codes = balances.get(batch, NOTHING).spent if batch else None
            found[name] = Counted(uses.spent, uses.leased, money.spent, money.leased, codes)
        return found

    async def entries(self, promotion_id: str) -> Sequence[Entry]:
        """Return what the ledger remembers of the orders of a promotion."""
        asked = {"promotion": promotion_id, "most": _ORDERS_MAX}
        rows = (await self._warehouse.query(_KEYS, asked)).rows
        found: list[Entry] = []
        for start in range(0, len(rows), _KEYS_A_CALL):
            found += await self._remembered(promotion_id, rows[start : start + _KEYS_A_CALL])
        return found

    async def _remembered(self, promotion_id: str, rows: Sequence[Sequence[str]]) -> list[Entry]:
        keys = [key for _, key, _ in rows]
        known = await self._ledger.recall([*keys, *(key + _LATE for key in keys)])
        return [
            _entry(promotion_id, redemption_id, order_id, (known.get(key), known.get(key + _LATE)))
            for redemption_id, key, order_id in rows
        ]

    async def on_the_way(self, after: int) -> Sequence[Told]:
        """Return what the log holds of promotions after an offset, in its order."""
        found: list[Told] = []
        while events := await self._log.range(after, _EVENTS_A_READ):
            for event in events:
                found += _told(decode_envelope(event.body))
            after = events[-1].offset
        return found

    async def _catalogue(
        self, promotion_id: str | None
    ) -> tuple[_Catalogue, PromotionDocument | None]:
        return await self._records.read(lambda conn: _goods(conn, promotion_id))


def _goods(
    conn: Connection, promotion_id: str | None
) -> tuple[_Catalogue, PromotionDocument | None]:
    catalogue = _Catalogue(price_book(conn), costs(conn))
    try:
        return catalogue, documents.get(conn, PROMOTION, promotion_id or "").document
    except NotFound:
        return catalogue, None


def _good(
    catalogue: _Catalogue, document: PromotionDocument | None, sku: str, currency: str
) -> Good:
    goods = catalogue.book.goods(sku)
    if goods is None:
        return Good(None, in_scope=document is None or _is_of_all(document))
    cost = catalogue.costs.get(sku) if goods.currency == currency else None
    if document is None:
        return Good(cost, in_scope=True)
    return Good(cost, is_meant(document, goods))


def _is_of_all(document: PromotionDocument) -> bool:
    """Say whether a promotion is of all goods, those that left the catalogue too."""
    scope = document.scope
    bounded = scope.price_at_least is not None or scope.price_at_most is not None
    return not has_lists(scope) and not bounded and scope.excluded is None


def _batch_counter(batch: str | None) -> str:
    return f"coupon:{batch}:total" if batch else ""


def _one(conn: Connection, promotion_id: str) -> Known | None:
    try:
        stored = documents.get(conn, PROMOTION, promotion_id)
    except NotFound:
        return None
    known = _known(stored)
    return msgspec.structs.replace(known, holdback_changed=_changed(conn, promotion_id))


def _changed(conn: Connection, promotion_id: str) -> bool:
    """Say whether live revisions of a promotion held back different shares."""
    revisions = documents.history(conn, PROMOTION, promotion_id)
    return len({_share(one.document) for one in revisions if one.state == "live"}) > 1


def _every(conn: Connection) -> Mapping[str, Known]:
    found = [
        *documents.find(conn, PROMOTION, limit=_EVERY),
        *documents.find(conn, PROMOTION, state="archived", limit=_EVERY),
    ]
    return {one.id: _known(one) for one in found}


def _known(stored: Stored) -> Known:
    document: PromotionDocument = stored.document
    return Known(
        named=Named(
            stored.id,
            document.name,
            stored.state,
            document.starts_at,
            document.ends_at,
            document.code_batch is not None,
        ),
        currency=document.currency,
        holdback_share=_share(document),
        holdback_changed=False,
        budget=document.limits.budget,
        uses_total=document.limits.total,
        code_batch=document.code_batch,
    )


def _share(document: PromotionDocument) -> float:
    return float(percent_of(document)) / 100


def _entry(
    promotion_id: str, redemption_id: str, order_id: str, known: Iterable[Remembered | None]
) -> Entry:
    """Return what an order's keys have spent: that of its reservation, or the late one."""
    remembered = [one for one in known if one is not None]
    spent = next((one.spent for one in remembered if one.state == "spent"), {})
    uses, discount = (
        spent.get(counter, 0)
        for counter in (total_counter(promotion_id), budget_counter(promotion_id))
    )
    return Entry(redemption_id, order_id, uses, discount, forgotten=not remembered)


_SIGNS = {"Promotion Applied": 1, "Promotion Returned": -1}
_CODE_SIGNS = {"Coupon Applied": 1, "Coupon Returned": -1}


def _told(envelope: Envelope) -> Iterator[Told]:
    """Yield what an event of our own says of a promotion's books."""
    if envelope.source != OWN_SOURCE:
        return
    if envelope.event in _SIGNS:
        given = msgspec.json.decode(envelope.properties, type=GivenPromotion)
        codes = given.uses if given.coupon else 0
        sign = _SIGNS[envelope.event]
        yield Told(
            given.promotion_id, given.order_id, sign, given.uses, given.discount_minor, codes
        )
    elif envelope.event in _CODE_SIGNS:
        used = msgspec.json.decode(envelope.properties, type=Coupon)
        if used.coupon_id and used.promotion_id:
            order_id = str(used.order_id or "")
            yield Told(used.promotion_id, order_id, _CODE_SIGNS[envelope.event], 0, 0, 1)
