"""The relations that all answers are made of, as SQL: uses by order, sales, who came under it.

Names are ours, values travel as parameters. An order of the ledger has a number only, while sales
are known by source and number: where two sources have a sale of one number, it is that of the
buyer who used the promotion.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from queqiao.measure.people import person_id
from queqiao.measure.period import Period
from queqiao.measure.promotion_effect.known import Good
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import ANALYTICS

ALLOWED = f"bitAnd(consent, {ANALYTICS}) != 0"
"""Holds for rows of people that reports may count."""

_COST = "transform(sku, {skus:Array(String)}, {costs:Array(Int64)}, toInt64(-1))"
_SCOPED = "transform(sku, {skus:Array(String)}, {scoped:Array(Int64)}, toInt64(0)) = 1"


class Asked(Struct, frozen=True):
    """One question: which promotion (None: all), which period, what was known then, of which money.

    ``goods`` are the costs and scopes by SKU; ``stitched``: some people are counted as others.
    """

    promotion_id: str | None
    period: Period
    as_of: int
    currency: str
    stitched: bool
    zone: str
    goods: Mapping[str, Good]

    def parameters(self, statement: str) -> dict[str, Any]:
        """Return the values of everything that a statement names; lists of goods are long."""
        known = self.goods or {"": Good(None, in_scope=False)}
        costs = [-1 if one.cost is None else one.cost for one in known.values()]
        found: dict[str, Any] = {
            "as_of": self.as_of, "currency": self.currency, "zone": self.zone,
            "skus": list(known), "costs": costs,
            "scoped": [int(one.in_scope) for one in known.values()],
        }  # fmt: skip
        found |= {} if self.promotion_id is None else {"promotion": self.promotion_id}
        start, end = self.period.start_us, self.period.end_us
        found |= {"start": start or 0, "end": _LATEST_US if end is None else end}
        return {name: value for name, value in found.items() if f"{{{name}:" in statement}


_LATEST_US = 4_102_444_800_000_000
"""2100-01-01, where stored events end."""

START = "fromUnixTimestamp64Micro({start:Int64}, 'UTC')"
END = "fromUnixTimestamp64Micro({end:Int64}, 'UTC')"


async def rows_of(warehouse: Warehouse, asked: Asked, statement: str) -> list[list[Any]]:
    """Return the rows of a statement of these relations."""
    return (await warehouse.query(statement, asked.parameters(statement))).rows


def of_promotion(asked: Asked) -> str:
    """Return the condition that a row is of the promotion asked for."""
    return "1" if asked.promotion_id is None else "promotion_id = {promotion:String}"


def uses(asked: Asked) -> str:
    """Return the relation of orders by promotion: what was given, what came back, who pays.

    An order belongs to the period in which it was paid; what came back of it counts whenever it
    did, up to ``as_of``.
    """
    signed = "if(kind = 'applied', 1, -1)"
    sums = ", ".join(
        f"sum({signed} * {name}_minor) AS {name}" for name in ("platform", "shop", "brand")
    )
    return (
        "SELECT promotion_id, order_id, minIf(time, kind = 'applied') AS at,"  # noqa: S608  # our own words; values are parameters
        f" anyIf({person_id(stitched=asked.stitched)}, kind = 'applied') AS who,"
        " maxIf(is_named, kind = 'applied') AS named,"
        " sumIf(uses, kind = 'applied') AS used, sumIf(uses, kind = 'returned') AS used_back,"
        " sumIf(discount_minor, kind = 'applied') AS given,"
        f" sumIf(discount_minor, kind = 'returned') AS back, {sums}"
        " FROM promotion_uses WHERE offset <= {as_of:UInt64} AND kind IN ('applied', 'returned')"
        f" AND currency = {{currency:String}} AND {of_promotion(asked)} AND time >= {START}"
        " GROUP BY promotion_id, order_id"
        f" HAVING countIf(kind = 'applied') > 0 AND at >= {START} AND at < {END}"
    )


def numbers(asked: Asked) -> str:
    """Return a set of order numbers that holds those of ``uses``, and costs less than it."""
    return (
        "SELECT order_id FROM promotion_uses WHERE offset <= {as_of:UInt64} AND kind = 'applied'"  # noqa: S608  # likewise
        f" AND currency = {{currency:String}} AND {of_promotion(asked)}"
        f" AND time >= {START} AND time < {END}"
    )


def sales(asked: Asked, of_orders: str) -> str:
    """Return the relation of sales, one a source and order; ``of_orders`` is a set of numbers.

    ``credited`` holds credits of another source where only one source has a sale of that number.
    ``known`` is what of the net amount is of goods whose cost is known, ``cost`` what they cost;
    ``full`` was paid for goods in scope without any discount, ``scoped`` for goods in scope at all.
    """
    has_cost = "(each >= 0 OR (kind = 'credit' AND sku = ''))"
    valued = (
        f"SELECT order_id, source, {person_id(stitched=asked.stitched)} AS person, time, kind, sku,"  # noqa: S608  # likewise
        f" quantity, list_minor, discount_minor, amount_minor, {_COST} AS each, {_SCOPED} AS meant"
        " FROM order_lines WHERE offset <= {as_of:UInt64} AND kind IN ('sale', 'credit')"
        f" AND currency = {{currency:String}} AND order_id IN ({of_orders})"
    )
    lines = (
        "SELECT order_id, source, anyIf(person, kind = 'sale') AS buyer,"  # noqa: S608  # likewise
        " minIf(time, kind = 'sale') AS placed, countIf(kind = 'sale') > 0 AS is_sale,"
        " sumIf(list_minor, kind = 'sale') AS listed, sumIf(amount_minor, kind = 'sale') AS paid,"
        " sumIf(amount_minor, kind = 'credit') AS credits, sumIf(quantity, kind = 'sale') AS units,"
        f" sumIf(quantity * each, each >= 0) AS costs, sumIf(amount_minor, {has_cost}) AS knowns,"
        " sumIf(amount_minor, kind = 'sale' AND discount_minor <= 0 AND meant) AS full,"
        " sumIf(amount_minor, kind = 'sale' AND meant) AS scoped,"
        f" countIf(kind = 'sale' AND NOT {has_cost}) AS unknowns"
        f" FROM ({valued}) GROUP BY order_id, source"
    )
    within = "OVER (PARTITION BY order_id)"
    loose = ", ".join(
        f"{name} + if(sellers = 1, sumIf({name}, NOT is_sale) {within}, 0) AS {whole}"
        for name, whole in (("credits", "credited"), ("costs", "cost"), ("knowns", "known"))
    )
    counted = f"SELECT *, countIf(is_sale) {within} AS sellers FROM ({lines})"  # noqa: S608  # likewise
    every = (
        "SELECT order_id, source, buyer, placed, is_sale, listed, paid, units, full, scoped,"  # noqa: S608  # likewise
        f" unknowns, sellers, {loose} FROM ({counted})"
    )
    return f"SELECT * FROM ({every}) WHERE is_sale"  # noqa: S608  # likewise


def sold(asked: Asked) -> str:
    """Return the relation of ``uses`` with the sale of each order; ``is_sold`` 0 where none is."""
    matched = (
        "SELECT u.*, s.buyer AS buyer, s.placed AS placed, s.listed AS listed, s.paid AS paid,"  # noqa: S608  # likewise
        " s.credited AS credited, s.units AS units, s.cost AS cost, s.known AS known,"
        " s.unknowns AS unknowns, s.sellers AS sellers"
        f" FROM ({uses(asked)}) AS u LEFT JOIN"
        f" ({sales(asked, numbers(asked))}) AS s"
        " ON u.order_id = s.order_id"
        " ORDER BY promotion_id, order_id, buyer = who DESC, placed"
        " LIMIT 1 BY promotion_id, order_id"
    )
    return (
        f"SELECT *, sellers = 1 OR (sellers > 1 AND buyer = who) AS is_sold,"  # noqa: S608  # likewise
        f" multiIf(is_sold, buyer, named = 1, who, '') AS customer FROM ({matched})"
    )


def exposed(asked: Asked) -> str:
    """Return the relation of who came under which promotion before the end of the period.

    ``sides`` is 2 of people who were told of in both arms: two ids of theirs were joined later.
    """
    return (
        f"SELECT promotion_id, {person_id(stitched=asked.stitched)} AS who, argMin(arm, offset) AS"  # noqa: S608  # likewise
        " side, if(min(arm) = max(arm), 1, 2) AS sides, min(time) AS told"
        " FROM promotion_exposures WHERE offset <= {as_of:UInt64}"
        f" AND {ALLOWED} AND {of_promotion(asked)} AND time < {END}"
        " GROUP BY promotion_id, who"
    )
