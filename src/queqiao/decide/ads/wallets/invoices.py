"""What a month of an advertiser's ads cost: by campaign from the log, in sum from the ledger."""

import re
from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.charging import LATE_US
from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.wallets.account import bill_counter
from queqiao.decide.ads.wallets.contracts import Advertiser
from queqiao.decide.ads.wallets.payments import Payment
from queqiao.kernel.clock import business_day, day_start_us
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.warehouse.base import Warehouse

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
_LINES = """
select campaign_id,
       countIf(event = 'Ad Clicked') - countIf(event = 'Ad Click Refunded') as clicks,
       sum(cost_minor) as cost
from history
where source = {source:String} and event in ('Ad Clicked', 'Ad Click Refunded', 'Ad Billed')
  and JSONExtractString(properties, 'bill') in {bills:Array(String)}
  and timestamp >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
  and timestamp < fromUnixTimestamp64Micro({until:Int64}, 'UTC')
group by campaign_id
order by cost desc, campaign_id
"""
_WRITE_IT_SO = Message("须写成 2026-11 的样子", "must be written like 2026-11")


class InvoiceLine(Struct, frozen=True):
    """What one campaign cost, without the clicks that were paid back as invalid."""

    campaign_id: str
    clicks: int
    cost_minor: int


class InvoiceCredit(Struct, frozen=True):
    """What the cost guarantee gave back in the month, for a week (its Monday) of a campaign."""

    campaign_id: str
    window: str
    amount_minor: int


class Invoice(Struct, frozen=True):
    """A month's bill. ``total_minor`` is what the ledger took, and what is owed or was paid.

    ``due_minor`` = total - credited, which the cost guarantee gave back in the month.

    ``difference_minor`` = total - sum of the lines: 0 but for clicks that are not loaded yet.
    ``closed``: nothing can come any more.
    """

    advertiser_id: str
    name: str
    month: str
    currency: str
    from_wallet_minor: int
    on_credit_minor: int
    total_minor: int
    lines: list[InvoiceLine]
    difference_minor: int
    closed: bool
    credits: list[InvoiceCredit] = []
    credited_minor: int = 0
    due_minor: int = 0


class Month(Struct, frozen=True):
    """A business month: its name, its first microsecond in UTC, and that of the next month."""

    name: str
    since_us: int
    until_us: int


def month_of(name: str | None, now_us: int, zone: str) -> Month:
    """Return a month by its name, this one without. Raises InvalidInput: ``month``."""
    name = business_day(now_us, zone)[:7] if name is None else name
    found = _MONTH.fullmatch(name)
    if found is None:
        raise InvalidInput(FieldError("month", _WRITE_IT_SO))
    year, month = map(int, found.groups())
    after = f"{year + month // 12}-{month % 12 + 1:02}-01"
    return Month(name, day_start_us(f"{name}-01", zone), day_start_us(after, zone))


async def invoice(
    ledger: Ledger,
    warehouse: Warehouse,
    advertiser: tuple[str, Advertiser],
    month: Month,
    now_us: int,
) -> Invoice:
    """Return an advertiser's bill of a month."""
    advertiser_id, document = advertiser
    bills = [bill_counter(advertiser_id, month.name, prepaid=prepaid) for prepaid in (True, False)]
    taken = await ledger.balances(bills)
    wallet, credit = (taken[name].spent for name in bills)
    lines = await _lines(warehouse, bills, month)
    total = wallet + credit
    return Invoice(
        advertiser_id=advertiser_id,
        name=document.name,
        month=month.name,
        currency=document.currency,
        from_wallet_minor=wallet,
        on_credit_minor=credit,
        total_minor=total,
        lines=lines,
        difference_minor=total - sum(line.cost_minor for line in lines),
        closed=now_us >= month.until_us + LATE_US,
    )


def with_credits(bill: Invoice, given_back: Iterable[Payment]) -> Invoice:
    """Return a bill with what was given back in its month."""
    lines = [_credit(one) for one in given_back]
    credited = sum(line.amount_minor for line in lines)
    due = bill.total_minor - credited
    return replace(bill, credits=lines, credited_minor=credited, due_minor=due)


def _credit(payment: Payment) -> InvoiceCredit:
    campaign_id, window = payment.reference.rsplit(" ", 1)
    return InvoiceCredit(campaign_id, window, payment.amount)


async def _lines(warehouse: Warehouse, bills: list[str], month: Month) -> list[InvoiceLine]:
    until_us = month.until_us + LATE_US
    asked: dict[str, Any] = {
        "source": SOURCE, "bills": bills, "since": month.since_us, "until": until_us,
    }  # fmt: skip
    table = await warehouse.query(_LINES, asked)
    return [InvoiceLine(*row) for row in table.rows]
