"""Daily budgets and wallets: each won ad leases the price of its click; the click spends it.

The counter of a campaign's business day is ``ads:budget:{campaign}:{day}``, opened with the
document's daily budget by the first decision of the day. The lease lasts ``LEASE_US``; a click in
that time spends it, otherwise it is free for the next ad. So what is spent never passes the budget.

A lease is short because most ads are never clicked: at a click rate of 1 %, leases of half an hour
would let a campaign spend at most half of its budget in a day. A click after the lease is counted
and takes its price if the budget of its decision's day still has it free, and nothing otherwise,
nor when it comes more than ``LATE_US`` after the decision.

Where the advertiser has an account (``wallets/account.py``), the same step takes the price from the
wallet and puts it on the month's bill: neither pays without the other.

Without the ledger no ad is shown: an ad that nobody pays for would take a place from goods.
"""

import asyncio
from typing import Literal, NamedTuple, get_args

from queqiao.decide.ads.wallets.account import Account
from queqiao.kernel.clock import MINUTE_US, SECOND_US, business_day
from queqiao.kernel.errors import Unavailable
from queqiao.ports.ledger.base import Granted, Ledger, Take

LEASE_US = 10 * MINUTE_US

RETRY_US = 5 * SECOND_US
"""A campaign that could not pay is left out so long before it is asked again."""

LEDGER_WAIT_S = 1.0
"""A page waits for its ads no longer than this; what was leased then expires by itself."""


def counter(campaign_id: str, day: str) -> str:
    """Return the name of the counter of a campaign's budget on a business day."""
    return f"ads:budget:{campaign_id}:{day}"


Shortage = Literal["budget", "wallet"]
"""What has too little free: the campaign's day, or its advertiser's wallet or month's credit."""
SHORTAGES = frozenset(get_args(Shortage))


class Short(NamedTuple):
    """A campaign that could not pay, until it is asked again."""

    until_us: int
    what: Shortage


class Asked(NamedTuple):
    """What a won ad is to be paid from: the campaign's day, and its advertiser's account if any."""

    campaign_id: str
    price_minor: int
    daily_minor: int
    account: Account | None = None


class Budgets:
    """Leases click prices for decisions, and remembers for a while who could not pay."""

    def __init__(self, ledger: Ledger, zone: str) -> None:
        self._ledger = ledger
        self._zone = zone
        self._short: dict[str, Short] = {}

    def day(self, now_us: int) -> str:
        """Return the business day of a moment."""
        return business_day(now_us, self._zone)

    def short(self, now_us: int) -> dict[str, Shortage]:
        """Return the campaigns that lately could not pay, and what had too little for them."""
        if not self._short:
            return {}
        self._short = {
            campaign_id: short
            for campaign_id, short in self._short.items()
            if now_us < short.until_us <= now_us + RETRY_US
        }
        return {campaign_id: short.what for campaign_id, short in self._short.items()}

    async def lease(self, decision_id: str, asked: Asked, now_us: int) -> Shortage | None:
        """Lease the price of one click; return what has too little free, None when it is leased.

        Raises Unavailable when the ledger does not answer in time.
        """
        day = self.day(now_us)
        takes = [Take(counter(asked.campaign_id, day), asked.price_minor, asked.daily_minor)]
        if asked.account is not None:
            takes += asked.account.takes(asked.price_minor, day)
        try:
            async with asyncio.timeout(LEDGER_WAIT_S):
                answer = await self._ledger.reserve(decision_id, takes, now_us + LEASE_US, now_us)
        except TimeoutError as error:
            raise Unavailable from error
        if isinstance(answer, Granted):
            return None
        short: Shortage = "budget" if answer.counter == takes[0].counter else "wallet"
        self._short[asked.campaign_id] = Short(now_us + RETRY_US, short)
        return short
