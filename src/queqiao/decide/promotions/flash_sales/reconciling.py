"""The books of a sale beside what was told of it: the ledger, the event log, the orders.

The ledger is the truth of stock. Events say for which order each piece was sold, and orders what
was bought; both come to the warehouse a second or two later, so a sale under way may differ by what
is on its way.
"""

from collections.abc import Iterator, Mapping
from itertools import islice

import msgspec

from queqiao.decide.promotions.flash_sales.contracts import FLASH_SALE
from queqiao.decide.promotions.flash_sales.counters import stock_counter
from queqiao.decide.promotions.flash_sales.snapshot import Sale, compile_sale
from queqiao.decide.promotions.flash_sales.state import session_of
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean
from queqiao.ports.ledger.base import Balance, Ledger
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.ports.warehouse.base import Warehouse

ITEMS_MAX = 100_000
"""Items times sessions of one question."""
ASKED_AT_ONCE = 1_000

_TOLD = """
WITH told AS (
  SELECT event, JSONExtractString(properties, 'session') AS session, sku, order_id,
    sum(quantity) AS pieces
  FROM history
  WHERE source = 'queqiao' AND event IN ('Reservation Committed', 'Reservation Returned')
    AND JSONExtractString(properties, 'flash_sale_id') = {sale:String}
  GROUP BY event, session, sku, order_id),
bought AS (
  SELECT order_id, sku, sum(quantity) AS pieces FROM order_lines
  WHERE kind = 'sale' AND order_id IN (SELECT order_id FROM told WHERE order_id != '')
  GROUP BY order_id, sku)
SELECT told.session, told.sku,
  sumIf(told.pieces, told.event = 'Reservation Committed'),
  sumIf(told.pieces, told.event = 'Reservation Returned'),
  sumIf(least(told.pieces, bought.pieces), told.event = 'Reservation Committed')
FROM told LEFT JOIN bought ON told.order_id = bought.order_id AND told.sku = bought.sku
GROUP BY told.session, told.sku"""


class Reconciled(msgspec.Struct, frozen=True):
    """One item of one session, in pieces.

    ``limit`` = ``sold`` + ``reserved`` + ``left`` are the ledger's; ``committed`` and ``returned``
    the events'; ``ordered`` counts what of the committed stands in an order that was placed.
    ``agrees``: the books add up, and sold = committed - returned.
    """

    session: str
    sku: str
    limit: int
    sold: int
    reserved: int
    left: int
    committed: int
    returned: int
    ordered: int
    agrees: bool


class Reconciliation(msgspec.Struct, frozen=True):
    """A sale's books against its events. ``items`` are those that anybody asked for."""

    id: str
    agrees: bool
    sold: int
    committed: int
    returned: int
    ordered: int
    items: list[Reconciled]


class ReconcilingServices(msgspec.Struct, frozen=True):
    """What the endpoint needs."""

    records: Records
    ledger: Ledger
    warehouse: Warehouse


def handlers(services: ReconcilingServices) -> list[Route]:
    """Return the routes of the console role."""

    async def handle(request: Request) -> Response:
        sale_id = clean(request.params["id"], "id", 64)
        stored = await services.records.read(lambda conn: documents.get(conn, FLASH_SALE, sale_id))
        sale = compile_sale(sale_id, stored.document)
        named = request.query.get("session")
        return json_response(await reconcile(services, sale, named, request.now_us))

    summary = Message(
        "对账：账本、事件与订单里的秒杀件数", "Pieces of a sale in the ledger, events and orders"
    )
    path = "/api/v1/flash-sales/{id}/reconciliation"
    return [Route("GET", path, handle, summary, "read", None, Reconciliation, ("flash-sales",))]


async def reconcile(
    services: ReconcilingServices, sale: Sale, session: str | None, now_us: int
) -> Reconciliation:
    """Return the sessions that have begun, or the named one. Raises InvalidInput for too many."""
    if session is not None:
        sessions = [session_of(sale, session, now_us).id]
    else:
        sessions = [one.id for one in sale.sessions if one.starts_us <= now_us]
    if len(sessions) * len(sale.items) > ITEMS_MAX:
        message = Message("场次太多，请指定一个场次", "too many sessions; name one")
        raise InvalidInput(FieldError("session", message))
    rows = (await services.warehouse.query(_TOLD, {"sale": sale.id})).rows
    told = {(row[0], row[1]): tuple(map(int, row[2:])) for row in rows}
    places = {
        (id_, sku): stock_counter(sale.id, id_, sku) for id_ in sessions for sku in sale.items
    }
    found = await _balances(services.ledger, places)
    items = [
        _item(place, balance, told.get(place, (0, 0, 0)))
        for place, balance in found.items()
        if balance.limit or place in told
    ]
    return Reconciliation(
        sale.id,
        all(item.agrees for item in items),
        sum(item.sold for item in items),
        sum(item.committed for item in items),
        sum(item.returned for item in items),
        sum(item.ordered for item in items),
        items,
    )


async def _balances(
    ledger: Ledger, places: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], Balance]:
    found: dict[tuple[str, str], Balance] = {}
    for some in _some(places):
        balances = await ledger.balances(list(some.values()))
        found |= {place: balances[counter] for place, counter in some.items()}
    return found


def _some(places: Mapping[tuple[str, str], str]) -> Iterator[dict[tuple[str, str], str]]:
    rest = iter(places.items())
    while some := dict(islice(rest, ASKED_AT_ONCE)):
        yield some


def _item(place: tuple[str, str], balance: Balance, told: tuple[int, ...]) -> Reconciled:
    committed, returned, ordered = told
    adds_up = balance.limit == balance.spent + balance.leased + balance.free
    return Reconciled(
        *place,
        balance.limit,
        balance.spent,
        balance.leased,
        balance.free,
        committed,
        returned,
        ordered,
        adds_up and balance.spent == committed - returned,
    )
