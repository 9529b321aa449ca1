"""Daily budgets: each won ad leases the price of its click; the click spends it.

The counter of a campaign's business day is ``ads:budget:{campaign}:{day}``, opened with the
document's daily budget by the first decision of the day. The lease lasts ``LEASE_US``; a click in
that time spends it, otherwise it is free for the next ad. So what is spent never passes the budget.

A lease is short because most ads are never clicked: at a click rate of 1 %, leases of half an hour
would let a campaign spend at most half of its budget in a day. A click after the lease is counted
and takes its price if the budget of its decision's day still has it free, and nothing otherwise.

Without the ledger no ad is shown: an ad that nobody pays for would take a place from goods.
"""

import asyncio

from queqiao.kernel.clock import MINUTE_US, SECOND_US, business_day
from queqiao.kernel.errors import Gone, NotFound, Unavailable
from queqiao.ports.ledger.base import Granted, Ledger, Refused, Take

LEASE_US = 10 * MINUTE_US

RETRY_US = 5 * SECOND_US
"""A campaign that could not pay is left out so long before it is asked again."""

LEDGER_WAIT_S = 1.0
"""A page waits for its ads no longer than this; what was leased then expires by itself."""


def counter(campaign_id: str, day: str) -> str:
    """Return the name of the counter of a campaign's budget on a business day."""
    return f"ads:budget:{campaign_id}:{day}"


class Budgets:
    """Leases click prices for decisions, and remembers for a while who could not pay."""

    def __init__(self, ledger: Ledger, zone: str) -> None:
        self._ledger = ledger
        self._zone = zone
        self._short_until_us: dict[str, int] = {}

    def day(self, now_us: int) -> str:
        """Return the business day of a moment."""
        return business_day(now_us, self._zone)

    def short(self, now_us: int) -> frozenset[str]:
        """Return the campaigns that lately could not pay, each in the place of an auction."""
        if not self._short_until_us:
            return frozenset()
        self._short_until_us = {
            campaign_id: until_us
            for campaign_id, until_us in self._short_until_us.items()
            if now_us < until_us <= now_us + RETRY_US
        }
        return frozenset(self._short_until_us)

    async def lease(
        self, decision_id: str, campaign_id: str, price_minor: int, daily_minor: int, now_us: int
    ) -> bool:
        """Lease the price of one click; say False when the day's budget has too little free.

        Raises Unavailable when the ledger does not answer in time.
        """
        take = Take(counter(campaign_id, self.day(now_us)), price_minor, daily_minor)
        try:
            async with asyncio.timeout(LEDGER_WAIT_S):
                answer = await self._ledger.reserve(decision_id, [take], now_us + LEASE_US, now_us)
        except TimeoutError as error:
            raise Unavailable from error
        if isinstance(answer, Refused):
            self._short_until_us[campaign_id] = now_us + RETRY_US
        return isinstance(answer, Granted)


async def charge(
    ledger: Ledger, decision_id: str, counter_name: str, price_minor: int, now_us: int
) -> int:
    """Spend the price of a click, once however often it is told; return what it cost.

    Raises Unavailable when the ledger cannot be reached: the notice has to come again.
    """
    try:
        await ledger.commit(decision_id, now_us)
    except Gone:
        take = Take(counter_name, price_minor)
        answer = await ledger.spend(f"{decision_id}:late", [take], now_us)
        return price_minor if isinstance(answer, Granted) else 0
    except NotFound:
        return 0  # the ledger remembers nothing of so old a decision
    return price_minor
