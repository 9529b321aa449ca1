"""Holds the ledger against the log: what each promotion gave, counted twice by different means.

The ledger counts at the step; the warehouse adds up the events. With no order under way both are
equal to the last minor unit; under load they differ by what is between the step and the warehouse.
Uses of a code without an order's redemption (``/api/v1/coupons``) are told by batch, and count in
the ledger of a promotion whose uses in all are limited. Where that was so for a part of its life
only, they count for some of them: then both counts agree within so many.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import Connection

from queqiao.decide.promotions.check_condition import named_batches
from queqiao.decide.promotions.contracts import PROMOTION
from queqiao.decide.promotions.redemptions.claims import budget_counter, total_counter
from queqiao.ports.ledger.base import NOTHING, Balance, Ledger
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.ports.warehouse.base import Warehouse

COUNTERS_A_CALL_MAX = 2_000

_SQL = """
select promotion_id, uniqExactIf(order_id, kind = 'applied'), sum(sign * uses),
       sum(sign * discount_minor), sum(sign * platform_minor), sum(sign * shop_minor),
       sum(sign * brand_minor),
       groupUniqArray(currency)
from (
    select *, if(kind = 'applied', 1, -1) as sign from promotion_uses
    where kind in ('applied', 'returned')
)
group by promotion_id
order by promotion_id
"""


_CODES_SQL = """
select batch_id, toInt64(countIf(kind = 'code')) - toInt64(countIf(kind = 'code_returned'))
from promotion_uses where kind in ('code', 'code_returned') and batch_id != ''
group by batch_id
"""


class PromotionBooks(Struct, frozen=True):
    """One promotion by both counts. Amounts are minor units, after what was given back.

    ``code_uses`` are those of its codes without an order's redemption: beside ``uses``, and in
    ``uses_in_ledger`` while its uses in all are limited.
    """

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
    code_uses: int = 0


class Reconciliation(Struct, frozen=True):
    """``agrees``: both counts of every promotion are equal."""

    agrees: bool
    promotions: list[PromotionBooks]


class _Coded(NamedTuple):
    """How a promotion's codes count: of which batches they ever were, and whether uses of them
    without a redemption are in the ledger (of both: for a part of its life)."""

    batches: frozenset[str] = frozenset()
    counts: frozenset[bool] = frozenset((False,))

    def agrees(self, told: int, codes: int, in_ledger: int) -> bool:
        """Say whether the uses told, by orders and by codes alone, are those in the ledger."""
        most = told + codes if True in self.counts else told
        least = told if False in self.counts else told + codes
        return least <= in_ledger <= most


class _Told(Struct, frozen=True):
    """What the events say of one promotion."""

    orders: int = 0
    uses: int = 0
    spent: int = 0
    platform: int = 0
    shop: int = 0
    brand: int = 0
    currencies: Sequence[str] = ()


async def reconcile(ledger: Ledger, warehouse: Warehouse, records: Records) -> Reconciliation:
    """Return both counts of every promotion that ever was used. Raises Unavailable."""
    known = await records.read(_every)
    rows = (await warehouse.query(_SQL)).rows
    told = {name: _Told(*numbers) for name, *numbers in rows}
    names = sorted(known | told.keys())
    uses_of_codes = dict((await warehouse.query(_CODES_SQL)).rows)
    money = {name: _money(name, told.get(name, _Told())) for name in names}
    totals = [total_counter(name) for name in names]
    balances = await _balances(ledger, [*totals, *(one for many in money.values() for one in many)])
    found = {
        name: (balances.get(total_counter(name), NOTHING), _sum(balances, money[name]))
        for name in names
    }
    odd = [name for name in names if found[name][0].spent != told.get(name, _Told()).uses]
    coded = await records.read(lambda conn: {name: _coded(conn, name) for name in odd})
    books = [
        _books(name, told.get(name, _Told()), found[name], coded.get(name, _Coded()), uses_of_codes)
        for name in names
    ]
    used = [one for one in books if one.uses or one.uses_in_ledger or one.spent_in_ledger]
    return Reconciliation(all(one.agrees for one in used), used)


def _every(conn: Connection) -> set[str]:
    """Return the ids of all promotions, archived ones too."""
    found = documents.find(conn, PROMOTION, limit=10**6)
    archived = documents.find(conn, PROMOTION, state="archived", limit=10**6)
    return {one.id for one in (*found, *archived)}


def _coded(conn: Connection, name: str) -> _Coded:
    """Return how the codes of a promotion counted through its life."""
    lives = [one.document for one in documents.history(conn, PROMOTION, name)]
    batches = {batch for one in lives for _, batch in named_batches(one.condition)}
    batches |= {one.code_batch for one in lives if one.code_batch is not None}
    counts = {one.limits.total is not None for one in lives}
    return _Coded(frozenset(batches), frozenset(counts)) if lives else _Coded()


def _money(name: str, told: _Told) -> list[str]:
    """Return the counters of a promotion's money: the shop's own, and one a currency."""
    return [budget_counter(name), *(budget_counter(name, one) for one in told.currencies if one)]


def _sum(balances: Mapping[str, Balance], counters: Sequence[str]) -> Balance:
    every = [balances.get(counter, NOTHING) for counter in counters]
    spent, leased = sum(one.spent for one in every), sum(one.leased for one in every)
    return Balance(limit=spent + leased, leased=leased, spent=spent, free=0)


async def _balances(ledger: Ledger, counters: Sequence[str]) -> dict[str, Balance]:
    found: dict[str, Balance] = {}
    for start in range(0, len(counters), COUNTERS_A_CALL_MAX):
        found |= await ledger.balances(counters[start : start + COUNTERS_A_CALL_MAX])
    return found


def _books(
    name: str,
    told: _Told,
    ledger: tuple[Balance, Balance],
    coded: _Coded,
    uses_of_codes: Mapping[str, int],
) -> PromotionBooks:
    """Return both counts; ``ledger`` is what it holds of uses and of money."""
    uses, money = ledger
    codes = sum(uses_of_codes.get(batch, 0) for batch in coded.batches)
    same_uses = coded.agrees(told.uses, codes, uses.spent)
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
        code_uses=codes,
    )
