"""The two sides of a holdback, added up in the warehouse: one statement, exact integers."""

from queqiao.measure.people import person_id
from queqiao.measure.promotion_effect.lift import Side, Sides
from queqiao.measure.promotion_effect.relations import (
    END,
    START,
    Asked,
    exposed,
    numbers,
    of_promotion,
    rows_of,
    sales,
    uses,
)
from queqiao.ports.warehouse.base import Warehouse

_BOTH = "both"
"""The side of people who were told of in both."""
_NUMBERS = ("orders", "revenue", "margin", "full")


def _statement(asked: Asked) -> str:
    told = f"SELECT who, told, if(sides = 1, side, '{_BOTH}') AS on FROM ({exposed(asked)})"  # noqa: S608  # our own words; values are parameters
    person = person_id(stitched=asked.stitched)
    placed = (
        "SELECT order_id FROM order_lines WHERE kind = 'sale' AND offset <= {as_of:UInt64}"  # noqa: S608  # likewise
        f" AND time >= {START} AND time < {END} AND {person} IN"
        f" (SELECT {person} FROM promotion_exposures WHERE {of_promotion(asked)})"
    )
    bought = (
        "SELECT e.who AS person, toInt64(count()) AS orders,"  # noqa: S608  # likewise
        " sum(s.paid + s.credited) AS revenue, sum(s.known - s.cost) AS margin,"
        " sum(s.full) AS full,"
        f" sumIf(s.scoped, s.order_id IN ({numbers(asked)})) AS promoted,"
        " sum(s.known != 0) AS known"
        f" FROM ({sales(asked, placed)}) AS s INNER JOIN ({told}) AS e ON s.buyer = e.who"
        f" WHERE s.placed >= e.told AND s.placed >= {START} AND s.placed < {END} GROUP BY person"
    )
    given = f"SELECT who, sum(given - back) AS discount FROM ({uses(asked)}) GROUP BY who"  # noqa: S608  # likewise
    sums = ", ".join(
        f"sum(b.{name}), toString(sum(toInt128(b.{name}) * b.{name}))" for name in _NUMBERS
    )
    return (
        f"SELECT e.on, count(), countIf(b.orders > 0), {sums},"  # noqa: S608  # likewise
        " sum(b.promoted), sum(b.known),"
        f" sum(g.discount) FROM ({told}) AS e"
        f" LEFT JOIN ({bought}) AS b ON e.who = b.person"
        f" LEFT JOIN ({given}) AS g ON e.who = g.who GROUP BY e.on"
    )


async def sides(warehouse: Warehouse, asked: Asked) -> Sides:
    """Return both sides of the promotion asked for."""
    rows = await rows_of(warehouse, asked, _statement(asked))
    found = {row[0]: Side(*map(int, row[1:])) for row in rows}
    treated, holdback, both = (found.get(name, Side()) for name in ("treated", "holdback", _BOTH))
    return Sides(treated, holdback, both.customers)
