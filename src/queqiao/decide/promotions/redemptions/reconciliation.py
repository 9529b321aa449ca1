"""Holds the ledger against the log: what each promotion gave, counted twice by different means.

The ledger counts at the step; the warehouse adds up the events. With no order under way both are
equal to the last minor unit; under load they differ by what is between the step and the warehouse.
Uses of a code without an order's redemption (``/api/v1/coupons``) count in the ledger only.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from queqiao.decide.promotions.contracts import PROMOTION
from queqiao.decide.promotions.redemptions.claims import budget_counter, total_counter
from queqiao.ports.ledger.base import NOTHING, Balance, Ledger
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Stored
from queqiao.ports.warehouse.base import Warehouse

COUNTERS_A_CALL_MAX = 2_000

_SQL = """
select promotion_id, uniqExactIf(order_id, event = 'Promotion Applied'),
       sum(sign * JSONExtractInt(properties, 'uses')), sum(sign * discount_minor),
       sum(sign * JSONExtractInt(properties, 'platform_minor')),
       sum(sign * JSONExtractInt(properties, 'shop_minor')),
       sum(sign * JSONExtractInt(properties, 'brand_minor'))
from (
    select *, if(event = 'Promotion Applied', 1, -1) as sign from history
    where source = 'queqiao' and event in ('Promotion Applied', 'Promotion Returned')
)
group by promotion_id
order by promotion_id
"""


class PromotionBooks(Struct, frozen=True):
    """One promotion by both counts. Amounts are minor units, after what was given back."""

    promotion_id: str
    orders: int
    uses: int
    uses_in_ledger: int
    uses_reserved: int
    spent: int
    spent_in_ledger: int
    reserved: int
    platform: int
    shop: int
    brand: int
    agrees: bool


class Reconciliation(Struct, frozen=True):
    """``agrees``: both counts of every promotion are equal."""

    agrees: bool
    promotions: list[PromotionBooks]


class _Told(Struct, frozen=True):
    """What the events say of one promotion."""

    orders: int = 0
    uses: int = 0
    spent: int = 0
    platform: int = 0
    shop: int = 0
    brand: int = 0


async def reconcile(ledger: Ledger, warehouse: Warehouse, records: Records) -> Reconciliation:
    """Return both counts of every promotion that ever was used. Raises Unavailable."""
    stored = await records.read(lambda conn: _every(documents.find(conn, PROMOTION, limit=10**6)))
    archived = await records.read(
        lambda conn: _every(documents.find(conn, PROMOTION, state="archived", limit=10**6))
    )
    coded = {**stored, **archived}
    rows = (await warehouse.query(_SQL)).rows
    told = {name: _Told(*numbers) for name, *numbers in rows}
    names = sorted(coded.keys() | told.keys())
    balances = await _balances(ledger, names)
    books = [
        _books(name, told.get(name, _Told()), balances, coded=coded.get(name, False))
        for name in names
    ]
    used = [one for one in books if one.uses or one.uses_in_ledger or one.spent_in_ledger]
    return Reconciliation(all(one.agrees for one in used), used)


def _every(found: Sequence[Stored]) -> dict[str, bool]:
    """Return by id whether a promotion needs a code."""
    return {one.id: one.document.code_batch is not None for one in found}


async def _balances(ledger: Ledger, names: Sequence[str]) -> dict[str, Balance]:
    counters = [counter(name) for name in names for counter in (total_counter, budget_counter)]
    found: dict[str, Balance] = {}
    for start in range(0, len(counters), COUNTERS_A_CALL_MAX):
        found |= await ledger.balances(counters[start : start + COUNTERS_A_CALL_MAX])
    return found


def _books(
    name: str, told: _Told, balances: Mapping[str, Balance], *, coded: bool
) -> PromotionBooks:
    uses = balances.get(total_counter(name), NOTHING)
    money = balances.get(budget_counter(name), NOTHING)
    same_uses = told.uses == uses.spent or (coded and told.uses < uses.spent)
    return PromotionBooks(
        promotion_id=name,
        orders=told.orders,
        uses=told.uses,
        uses_in_ledger=uses.spent,
        uses_reserved=uses.leased,
        spent=told.spent,
        spent_in_ledger=money.spent,
        reserved=money.leased,
        platform=told.platform,
        shop=told.shop,
        brand=told.brand,
        agrees=same_uses and told.spent == money.spent,
    )
