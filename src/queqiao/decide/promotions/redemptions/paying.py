"""Under which keys an order spends: that of its reservation, or one of a payment that came late."""

from queqiao.decide.promotions.redemptions.claims import order_counter
from queqiao.decide.promotions.redemptions.redemption_types import Record
from queqiao.kernel.errors import Conflict, NotFound
from queqiao.ports.ledger.base import Ledger, Take


def late_key(record: Record) -> str:
    """Return the key of a payment that came after the reservation had expired."""
    return f"{record.ledger_key}:late"


def takes_of(record: Record) -> list[Take]:
    """Return everything that a redemption takes; the counters keep the limits that they have."""
    takes = [Take(order_counter(record.order_id), 1)]
    for item in record.promotions:
        takes += [Take(counter, amount) for counter, amount in item.takes.items()]
    return [*takes, *(Take(counter, amount) for counter, amount in record.takes.items())]


async def committed_key(ledger: Ledger, record: Record, now_us: int) -> str | None:
    """Return the key under which the order has spent, None when it has not: then it holds nothing.

    The reservation is given up, which is refused once it was committed.
    """
    try:
        await ledger.release(record.ledger_key, now_us)
    except Conflict:
        return record.ledger_key
    order = order_counter(record.order_id)
    if not (await ledger.balances([order]))[order].spent:
        return None
    late = late_key(record)
    try:  # nothing is given back: only a key that has spent takes this
        await ledger.refund(f"{late}:probe", late, {}, now_us)
    except NotFound:
        return None
    return late
