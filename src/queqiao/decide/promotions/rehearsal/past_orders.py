"""Past orders as the warehouse keeps them, read a piece at a time."""

from collections.abc import AsyncIterator, Callable, Collection
from typing import Any

from queqiao.decide.promotions.rehearsal.replay import PastLine, PastOrder
from queqiao.ports.warehouse.base import Warehouse

ORDERS_A_PIECE = 2_000

_ORDERS = (
    "SELECT order_id, any(person_id), any(user_id), any(channel), min(time), any(currency),"
    " groupArray(sku), groupArray(quantity), groupArray(list_minor), sum(amount_minor)"
    " FROM order_lines WHERE kind = 'sale' AND quantity > 0 AND currency = {currency:String}"
    " AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')"
    " AND time < fromUnixTimestamp64Micro({until:Int64}, 'UTC') AND order_id > {after:String}"
    " GROUP BY order_id ORDER BY order_id LIMIT {most:UInt32}"
)
_COUNT = (
    "SELECT uniqExact(order_id) FROM order_lines WHERE kind = 'sale' AND quantity > 0"
    " AND currency = {currency:String} AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')"
    " AND time < fromUnixTimestamp64Micro({until:Int64}, 'UTC')"
)

Span = tuple[int, int, str]
"""From, until before (UTC microseconds), and the currency."""


async def count(warehouse: Warehouse, span: Span) -> int:
    """Return how many orders were placed within the span."""
    return int((await warehouse.query(_COUNT, _asked(span))).rows[0][0])


async def read(
    warehouse: Warehouse, span: Span, segments_of: Callable[[str], Collection[str]]
) -> AsyncIterator[list[PastOrder]]:
    """Yield the orders of the span in pieces, each with its customer's segments of today."""
    after = ""
    while True:
        asked = _asked(span) | {"after": after, "most": ORDERS_A_PIECE}
        rows = (await warehouse.query(_ORDERS, asked)).rows
        if rows:
            yield [_order(row, segments_of) for row in rows]
        if len(rows) < ORDERS_A_PIECE:
            return
        after = rows[-1][0]


def _asked(span: Span) -> dict[str, Any]:
    from_us, until_us, currency = span
    return {"from": from_us, "until": until_us, "currency": currency}


def _order(row: list[Any], segments_of: Callable[[str], Collection[str]]) -> PastOrder:
    order_id, person, user, channel, placed_us, currency, skus, quantities, lists, paid = row
    lines = tuple(
        PastLine(sku, quantity, listed)
        for sku, quantity, listed in zip(skus, quantities, lists, strict=True)
    )
    segments = tuple(sorted(segments_of(user or person)))
    return PastOrder(order_id, person, segments, channel or None, placed_us, currency, lines, paid)
