"""What a notice costs: taken once from the lease of its decision, or late from what is free.

A price is for one notice of the kind that its decision bills on, or for a thousand (``per``). Of a
price for a thousand, an impression costs a part of a minor unit. The parts of a campaign's day are
numbered by the ledger, one after the other; a minor unit is due where one is full. So all costs of
a day are exactly the sum of the prices, rounded down, in whatever order notices come and however
often they are told.

A notice that comes after its lease costs what the counters of its decision's day have free, and
nothing where they are short, nor more than ``LATE_US`` after the decision.
"""

from collections.abc import Mapping
from typing import Literal

import structlog
from msgspec import Struct

from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import Conflict, Gone, InvalidInput, NotFound
from queqiao.kernel.ids import time_of_uuid7
from queqiao.ports.ledger.base import Granted, Ledger, Take

log = structlog.get_logger()

LATE_US = DAY_US
"""How long after its decision a notice may still cost something; then a month's bill is closed."""

BillsOn = Literal["impression", "view", "click", "conversion"]
"""The kind of notice that costs something."""


class Bill(Struct, frozen=True):
    """What one decision may cost: ``price_minor`` for ``per`` notices, taken from counters alike.

    The first counter is the campaign's budget. ``lease`` is the ledger's key of the slice that
    holds the money, "" where the decision has a reservation of its own.
    """

    decision_id: str
    counters: tuple[str, ...]
    price_minor: int
    per: int = 1
    lease: str = ""

    @property
    def most_minor(self) -> int:
        """The most that it can cost, in whole minor units."""
        return most_minor(self.price_minor, self.per)

    def amounts(self, cost_minor: int) -> dict[str, int]:
        """Return a cost by counter."""
        return dict.fromkeys(self.counters, cost_minor)


def most_minor(price_minor: int, per: int) -> int:
    """Return the most that one notice costs at a price for so many."""
    return -(-price_minor // per)


def late_key_of(lease_key: str) -> str:
    """Return the key under which a notice spends that came after its lease, from the lease's."""
    return f"{lease_key}:late"


async def settle(ledger: Ledger, bill: Bill, now_us: int) -> int:
    """Spend what the billed notice costs, once however often it is told; return what it cost.

    Raises Unavailable when the ledger cannot be reached: the notice has to come again.
    """
    cost_minor = await _cost_minor(ledger, bill, now_us)
    amounts, key = bill.amounts(cost_minor), bill.decision_id
    if not bill.lease:
        return await charge(ledger, key, amounts, key, now_us)
    rest = bill.amounts(bill.most_minor - cost_minor)
    try:
        await ledger.part(key, bill.lease, amounts, now_us, rest)
    except Conflict:
        before = (await ledger.recall([key])).get(key)
        if before is not None and before.state == "spent":
            return _alike(before.spent)
    except (Gone, NotFound, InvalidInput):
        log.debug("a notice came after its lease", key=key)
    else:
        return cost_minor
    return await _charge_late(ledger, key, amounts, now_us, _age_us(key, now_us))


async def free(ledger: Ledger, bill: Bill, now_us: int) -> None:
    """Free what a decision holds, as its notice was invalid; what was spent stays spent.

    Raises Unavailable when the ledger cannot be reached: what is held then ends by itself.
    """
    try:
        if bill.lease:
            rest = bill.amounts(bill.most_minor)
            await ledger.part(bill.decision_id, bill.lease, bill.amounts(0), now_us, rest)
        else:
            await ledger.release(bill.decision_id, now_us)
    except (Gone, NotFound, Conflict, InvalidInput):
        log.debug("nothing is held any more", key=bill.decision_id)


async def charge(
    ledger: Ledger,
    key: str,
    amounts: Mapping[str, int],
    decision_id: str,
    now_us: int,
) -> int:
    """Spend what a notice costs from a reservation of its own; return what it cost.

    ``key`` is that of the reservation, ``amounts`` are by counter and all the same; the first
    notice counts, whatever amounts come later. Raises Unavailable as ``settle``.
    """
    try:
        granted = await ledger.commit(key, now_us, amounts)
    except Gone:
        return await _charge_late(ledger, key, amounts, now_us, _age_us(decision_id, now_us))
    except NotFound:
        return 0  # nothing was leased, or the ledger remembers nothing of so old a decision
    return _alike(granted.amounts)


async def _cost_minor(ledger: Ledger, bill: Bill, now_us: int) -> int:
    """Return the whole minor units that are due with this notice."""
    if bill.per == 1 or not bill.price_minor:
        return bill.price_minor
    counter, key = parts_counter(bill.counters[0]), f"{bill.decision_id}:parts"
    after = await ledger.draw(counter, bill.price_minor, 0, key, now_us)
    return after // bill.per - (after - bill.price_minor) // bill.per


def parts_counter(budget: str) -> str:
    """Return the counter that numbers the parts of minor units which a campaign's day costs."""
    return f"ads:parts:{budget.removeprefix('ads:budget:')}"


async def _charge_late(
    ledger: Ledger, key: str, amounts: Mapping[str, int], now_us: int, age_us: int
) -> int:
    late_key = late_key_of(key)
    if age_us <= LATE_US:
        takes = [Take(counter, amount) for counter, amount in amounts.items()]
        try:
            answer = await ledger.spend(late_key, takes, now_us)
        except Conflict:
            log.debug("a notice was told again at another price", key=key)
        else:
            return _alike(answer.amounts) if isinstance(answer, Granted) else 0
    before = (await ledger.recall([late_key])).get(late_key)
    return 0 if before is None else _alike(before.spent)


def _alike(amounts: Mapping[str, int]) -> int:
    """Return what was taken from each counter alike."""
    return max(amounts.values(), default=0)


def _age_us(decision_id: str, now_us: int) -> int:
    made_us = time_of_uuid7(decision_id)
    return LATE_US + 1 if made_us is None else now_us - made_us
