"""The figures of promotions: one statement for many as for one, and the series of one."""

from typing import NamedTuple

from msgspec.structs import replace

from queqiao.measure.people import person_id
from queqiao.measure.period import bucket_sql
from queqiao.measure.promotion_effect import notes
from queqiao.measure.promotion_effect.contracts import (
    Customers,
    Figures,
    Funding,
    Margin,
    Point,
    Shown,
    Step,
)
from queqiao.measure.promotion_effect.relations import (
    START,
    Asked,
    exposed,
    numbers,
    rows_of,
    sold,
    uses,
)
from queqiao.ports.warehouse.base import Warehouse

NOTHING_SOLD = Figures(
    orders=0, orders_returned=0, orders_without_sale=0, uses=0, discount=0, discount_returned=0,
    discount_net=0, listed=0, gmv=0, credited=0, net=0, units=0, credit_memos=0,
    credit_memo_total=0, margin=Margin(0, 0, 0, 0, None), customers=Customers(0, 0, 0, 0),
    funding=Funding(0, 0, 0),
)  # fmt: skip
"""The figures of a promotion that nobody used."""


class _Row(NamedTuple):
    """One row of the statement, in its order."""

    promotion_id: str
    orders: int
    orders_returned: int
    orders_without_sale: int
    uses: int
    given: int
    back: int
    platform: int
    shop: int
    brand: int
    listed: int
    paid: int
    credited: int
    units: int
    cost: int
    known: int
    unknowns: int
    customers: int
    newcomers: int
    unknown: int
    memos: int
    memo_total: int


def _statement(asked: Asked) -> str:
    person = person_id(stitched=asked.stitched)
    buyers = (
        f"SELECT {person} FROM order_lines WHERE kind = 'sale' AND offset <= {{as_of:UInt64}}"  # noqa: S608  # our own words; values are parameters
        f" AND order_id IN ({numbers(asked)})"
        f" UNION ALL SELECT {person} FROM promotion_uses WHERE order_id IN ({numbers(asked)})"
    )
    firsts = (
        f"SELECT {person} AS buyer, min(time) AS first FROM order_lines WHERE kind = 'sale'"  # noqa: S608  # likewise
        f" AND offset <= {{as_of:UInt64}} AND {person} IN ({buyers}) GROUP BY buyer"
    )
    memos = (
        "SELECT order_id, count() AS memos, sum(value_minor) AS memo_total FROM history"  # noqa: S608  # likewise
        " WHERE event = 'Credit Memo Issued' AND source = 'queqiao' AND offset <= {as_of:UInt64}"
        f" AND currency = {{currency:String}} AND order_id IN ({numbers(asked)}) GROUP BY order_id"
    )
    sums = ", ".join(
        f"sumIf({name}, is_sold)"
        for name in ("listed", "paid", "credited", "units", "cost", "known", "unknowns")
    )
    return (
        "SELECT promotion_id, uniqExact(order_id), countIf(used > 0 AND used_back >= used),"  # noqa: S608  # likewise
        " countIf(NOT is_sold), sum(used - used_back), sum(given), sum(back), sum(platform),"
        f" sum(shop), sum(brand), {sums}, uniqExactIf(customer, customer != ''),"
        " uniqExactIf(customer, customer != '' AND is_new), countIf(customer = ''),"
        " sum(m.memos), sum(m.memo_total) FROM"
        " (SELECT o.*, if(is_sold, placed, at) <= first OR first = toDateTime64(0, 6, 'UTC') AS"
        f" is_new FROM ({sold(asked)}) AS o LEFT JOIN ({firsts}) AS f ON o.customer = f.buyer) AS o"
        f" LEFT JOIN ({memos}) AS m ON o.order_id = m.order_id GROUP BY promotion_id"
    )


async def figures(warehouse: Warehouse, asked: Asked) -> dict[str, Figures]:
    """Return the figures of each promotion that was used in the period."""
    rows = await rows_of(warehouse, asked, _statement(asked))
    return {row[0]: _figures(_Row(*row)) for row in rows}


def _figures(row: _Row) -> Figures:
    net = row.paid + row.credited
    return Figures(
        orders=row.orders,
        orders_returned=row.orders_returned,
        orders_without_sale=row.orders_without_sale,
        uses=row.uses,
        discount=row.given,
        discount_returned=row.back,
        discount_net=row.given - row.back,
        listed=row.listed,
        gmv=row.paid,
        credited=row.credited,
        net=net,
        units=row.units,
        credit_memos=row.memos,
        credit_memo_total=row.memo_total,
        margin=margin_of(net, row.known, row.cost, row.unknowns),
        customers=Customers(
            row.customers, row.newcomers, row.customers - row.newcomers, row.unknown
        ),
        funding=Funding(row.platform, row.shop, row.brand),
    )


def margin_of(net: int, known: int, cost: int, unknowns: int) -> Margin:
    """Return the margin of goods of which ``unknowns`` lines have no cost."""
    share = known / net if net else None
    if unknowns:
        return Margin(None, None, known - cost, cost, share, notes.COST_UNKNOWN)
    return Margin(net - cost, cost, known - cost, cost, share)


async def shown(warehouse: Warehouse, asked: Asked) -> dict[str, tuple[Shown, int, int]]:
    """Return by promotion how many of those told within the period used it, and both sides."""
    users = (
        f"SELECT promotion_id, who, max(at) AS last FROM ({uses(asked)}) WHERE named = 1"  # noqa: S608  # likewise
        " GROUP BY promotion_id, who"
    )
    is_shown = f"side = 'treated' AND sides = 1 AND told >= {START}"
    statement = (
        f"SELECT promotion_id, countIf({is_shown}), countIf({is_shown} AND u.last >= told),"  # noqa: S608  # likewise
        " countIf(sides = 1 AND side = 'treated'), countIf(sides = 1 AND side = 'holdback')"
        f" FROM ({exposed(asked)}) AS e LEFT JOIN ({users}) AS u"
        " ON e.promotion_id = u.promotion_id AND e.who = u.who GROUP BY promotion_id"
    )
    rows = await rows_of(warehouse, asked, statement)
    return {
        name: (Shown(seen, used, used / seen if seen else None), treated, held)
        for name, seen, used, treated, held in rows
    }


NEVER_SHOWN = Shown(None, None, None, notes.NOT_TOLD)
"""Of a promotion of which quotes tell nobody."""


async def series(warehouse: Warehouse, asked: Asked, step: Step) -> list[Point]:
    """Return the buckets of the period that have orders, in order."""
    bare = replace(asked, goods={})  # no cost is asked for
    statement = (
        f"SELECT {bucket_sql(step, 'at', shifted=False)} AS bucket, count(), sum(given - back),"  # noqa: S608  # likewise
        f" sumIf(paid, is_sold) FROM ({sold(bare)}) GROUP BY bucket ORDER BY bucket"
    )
    return [Point(*row) for row in await rows_of(warehouse, bare, statement)]


async def currencies(warehouse: Warehouse, asked: Asked) -> list[str]:
    """Return the currencies in which promotions were used in the period, the most used first."""
    one = "" if asked.promotion_id is None else " AND promotion_id = {promotion:String}"
    statement = (
        "SELECT currency, count() AS n FROM promotion_uses WHERE kind = 'applied'"  # noqa: S608  # likewise
        f" AND offset <= {{as_of:UInt64}}{one} AND time >= {START}"
        " AND time < fromUnixTimestamp64Micro({end:Int64}, 'UTC')"
        " GROUP BY currency ORDER BY n DESC, currency"
    )
    return [row[0] for row in await rows_of(warehouse, asked, statement)]
