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
from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

import structlog

from queqiao.decide.ads.wallets.account import Account
from queqiao.kernel.clock import DAY_US, MINUTE_US, SECOND_US, business_day
from queqiao.kernel.errors import Conflict, Gone, NotFound, Unavailable
from queqiao.kernel.ids import time_of_uuid7
from queqiao.ports.ledger.base import Granted, Ledger, Take

log = structlog.get_logger()

LEASE_US = 10 * MINUTE_US

LATE_US = DAY_US
"""How long after its decision a notice may still cost something; then a month's bill is closed."""

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


def late_key_of(lease_key: str) -> str:
    """Return the key under which a notice spends that came after its lease, from the lease's."""
    return f"{lease_key}:late"


async def charge(
    ledger: Ledger,
    key: str,
    amounts: Mapping[str, int],
    decision_id: str,
    now_us: int,
) -> int:
    """Spend what a notice costs, once however often it is told; return what it cost.

    ``key`` is that of its lease, ``amounts`` are by counter and all the same; the first notice
    counts, whatever amounts come later. After the lease it costs what the counters have free, and
    nothing more than ``LATE_US`` after the decision.
    Raises Unavailable when the ledger cannot be reached: the notice has to come again.
    """
    try:
        granted = await ledger.commit(key, now_us, amounts)
    except Gone:
        return await _charge_late(ledger, key, amounts, now_us, _age_us(decision_id, now_us))
    except NotFound:
        return 0  # nothing was leased, or the ledger remembers nothing of so old a decision
    return _cost(granted.amounts)


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
            return _cost(answer.amounts) if isinstance(answer, Granted) else 0
    before = (await ledger.recall([late_key])).get(late_key)
    return 0 if before is None else _cost(before.spent)


def _cost(amounts: Mapping[str, int]) -> int:
    """Return what was taken from each counter alike."""
    return max(amounts.values(), default=0)


def _age_us(decision_id: str, now_us: int) -> int:
    made_us = time_of_uuid7(decision_id)
    return LATE_US + 1 if made_us is None else now_us - made_us
