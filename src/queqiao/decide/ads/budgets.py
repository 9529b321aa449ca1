"""Budgets and wallets as a worker has them: it promises the price of each ad from its slices.

The counter of a campaign's business day is ``ads:budget:{campaign}:{day}``, opened with the
document's daily budget by the first decision of the day. What a worker may promise of it is leased
to it in slices (``slices.py``), asked for ahead, so that a decision seldom waits for the ledger.
What is spent never passes the budget: a notice spends what its slice holds (``charging.py``).

A booked deal has a counter of its own, too, since what its days may cost is planned from counts
that may be late: so it never costs more than was promised.

A campaign with a budget for all its days has a second counter, ``ads:budget:{campaign}:total``,
which is taken from in the same step; it counts from when the document first says it.

Where the advertiser has an account (``wallets/account.py``), a slice holds the same of the wallet
and of the month's bill: neither pays without the others.

Without the ledger no more is promised than what is held. An ad that nobody pays for would take a
place from goods.

Where callers say the time (``[clock] accept_header``), visits of different hours come side by side.
None can use what was asked for at the time of another, and who came first would decide; so there
each price is a reservation ``alone``.
"""

import asyncio
from typing import Literal, NamedTuple, get_args

import structlog

from queqiao.decide.ads.inventory.booked import Booked
from queqiao.decide.ads.slices import LEASE_US, USE_US, Promise, Purse, Slice, Terms
from queqiao.decide.ads.wallets.account import Account
from queqiao.kernel.clock import DAY_US, SECOND_US, business_day, day_start_us
from queqiao.kernel.errors import Conflict, Gone, InvalidInput, NotFound, Unavailable
from queqiao.ports.ledger.base import Ask, Leased, Ledger, Refused, Take

log = structlog.get_logger()

RETRY_US = 5 * SECOND_US
"""A campaign that could not pay is left out so long before it is asked again."""

LEDGER_WAIT_S = 1.0
"""A page waits for its ads no longer than this; what was leased then expires by itself."""

ALONE_WAIT_S = 30.0
"""The same where callers say the time: there a busy machine is to change no answer."""

AT_ONCE = 200
"""Rests of slices given back at once."""


def counter(campaign_id: str, day: str) -> str:
    """Return the name of the counter of a campaign's budget on a business day."""
    return f"ads:budget:{campaign_id}:{day}"


def total_counter(campaign_id: str) -> str:
    """Return the name of the counter of a campaign's budget for all its days."""
    return counter(campaign_id, "total")


def promise_of(deal: Booked | None) -> Promise | None:
    """Return what a booked deal may cost on all its days; None where no deal says it."""
    if deal is None or deal.total_minor is None:
        return None
    return Promise(counter(deal.campaign_id, f"deal:{deal.deal_id}"), deal.total_minor)


Shortage = Literal["budget", "wallet"]
"""What has too little free: the campaign's day or total, or its advertiser's wallet or credit."""
SHORTAGES = frozenset(get_args(Shortage))


class Lease(NamedTuple):
    """A promised price: the slice that holds it, by its key, and the counters it is taken from."""

    key: str
    counters: tuple[str, ...]


class Asked(NamedTuple):
    """What an ad is to be paid from: the campaign's day, and its advertiser's account if any.

    ``price_minor`` is the most that it can cost; ``total_minor`` is for all days together, None
    where there is no such bound; ``promise`` is that of a booked deal.
    """

    campaign_id: str
    price_minor: int
    daily_minor: int
    account: Account | None = None
    total_minor: int | None = None
    promise: Promise | None = None

    @property
    def terms(self) -> Terms:
        """By what it is bound."""
        return Terms(self.daily_minor, self.total_minor, self.account, self.promise)

    def claims(self, amount_minor: int, day: str) -> tuple[dict[str, int], dict[str, int]]:
        """Return what an amount takes of each counter, the campaign's day first, and limits."""
        budget = counter(self.campaign_id, day)
        takes = [Take(budget, amount_minor, self.daily_minor)]
        if self.total_minor is not None:
            takes.append(Take(total_counter(self.campaign_id), amount_minor, self.total_minor))
        if self.promise is not None:
            takes.append(Take(self.promise.counter, amount_minor, self.promise.most_minor))
        if self.account is not None:
            takes += self.account.takes(amount_minor, day)
        amounts = {take.counter: take.amount for take in takes}
        return amounts, {take.counter: take.limit for take in takes if take.limit is not None}


class Short(NamedTuple):
    """A campaign that could not pay, until it is asked again."""

    until_us: int
    what: Shortage


class Shortages:
    """Campaigns that lately could not pay: they are left out for ``RETRY_US``."""

    def __init__(self) -> None:
        self._short: dict[str, Short] = {}

    def note(self, campaign_id: str, what: Shortage, now_us: int) -> None:
        """Remember that a campaign could not pay just now."""
        self._short[campaign_id] = Short(now_us + RETRY_US, what)

    def known(self, now_us: int) -> dict[str, Shortage]:
        """Return who could not pay, and what had too little for them."""
        if not self._short:
            return {}
        self._short = {
            campaign_id: short
            for campaign_id, short in self._short.items()
            if now_us < short.until_us <= now_us + RETRY_US
        }
        return {campaign_id: short.what for campaign_id, short in self._short.items()}


class Budgets:
    """Promises prices for decisions and bids, and remembers for a while who could not pay.

    ``worker`` names this process among all that ever are. One for a process, bound to its event
    loop; ``tidy`` is to be called every second or so, ``close`` at the end. ``alone``: nothing is
    asked for ahead, and what is promised hangs on the ledger only.
    """

    def __init__(self, ledger: Ledger, zone: str, worker: str, *, alone: bool = False) -> None:
        self._ledger = ledger
        self._alone = alone
        self._zone = zone
        self._worker = worker
        self._serial = 0
        self._purses: dict[tuple[str, str], Purse] = {}
        self._asking: dict[Purse, asyncio.Task[_Told]] = {}
        self._giving: set[asyncio.Task[None]] = set()
        self._shortages = Shortages()
        self._day = ("", 0, 0)

    def day(self, now_us: int) -> str:
        """Return the business day of a moment."""
        name, since_us, until_us = self._day
        if not since_us <= now_us < until_us:
            name = business_day(now_us, self._zone)
            since_us = day_start_us(name, self._zone)
            after = business_day(since_us + DAY_US + DAY_US // 2, self._zone)
            self._day = (name, since_us, day_start_us(after, self._zone))
        return name

    def short(self, now_us: int) -> dict[str, Shortage]:
        """Return the campaigns that lately could not pay, and what had too little for them."""
        return self._shortages.known(now_us)

    def take(self, asked: Asked, now_us: int) -> Lease | None:
        """Promise a price from what is held; None where that is too little: then ``lease``."""
        if self._alone:
            return None
        purse = self._purse(asked, now_us)
        found = purse.take(asked.price_minor, now_us)
        if found is None:
            return None
        if purse not in self._asking and purse.is_low(asked.price_minor, now_us):
            self._ask_for(purse, asked, now_us)
        return Lease(found.key, found.counters)

    async def lease(self, asked: Asked, now_us: int) -> Lease | Shortage:
        """Promise a price, asking the ledger where that is needed; or say what has too little.

        Raises Unavailable when the ledger does not answer in time.
        """
        if self._alone:
            return await self._lease_alone(asked, now_us)
        purse = self._purse(asked, now_us)
        purse.waiting_minor += asked.price_minor
        try:
            async with asyncio.timeout(LEDGER_WAIT_S):
                found = await self._wait(purse, asked, now_us)
        except TimeoutError as error:
            raise Unavailable from error
        finally:
            purse.waiting_minor -= asked.price_minor
        if not isinstance(found, Lease):
            self._shortages.note(asked.campaign_id, found, now_us)
        return found

    async def _lease_alone(self, asked: Asked, now_us: int) -> Lease | Shortage:
        one, ask = self._next(asked, asked.price_minor, now_us)
        try:
            async with asyncio.timeout(ALONE_WAIT_S):
                (outcome,) = await self._ledger.reserve_many([ask], now_us)
        except TimeoutError as error:
            raise Unavailable from error
        if isinstance(outcome, Leased):
            return Lease(one.key, one.counters)
        if not isinstance(outcome, Refused):
            raise Unavailable
        return _lacking(outcome, asked)

    async def tidy(self, now_us: int) -> None:
        """Give back what slices may promise no more, and forget campaigns that show nothing."""
        for key, purse in list(self._purses.items()):
            purse.retire(now_us)
            is_awaited = purse in self._asking or purse.waiting_minor
            if purse.is_idle(now_us) and not is_awaited:
                del self._purses[key]
        await self._give_back(self._spare(), now_us)

    async def close(self, now_us: int) -> None:
        """Give back everything that is not promised."""
        asking = [*self._asking.values(), *self._giving]
        await asyncio.gather(*asking, return_exceptions=True)
        for purse in self._purses.values():
            purse.retire_all()
        await self._give_back(self._spare(), now_us)

    def _purse(self, asked: Asked, now_us: int) -> Purse:
        """Return what is held for a campaign's day; anew when its budget or its payer changed."""
        key = (asked.campaign_id, self.day(now_us))
        purse = self._purses.get(key)
        if purse is None:
            purse = self._purses[key] = Purse(asked.terms, now_us)
        elif purse.terms != asked.terms:
            purse.retire_all()
            purse.terms = asked.terms
            self._give_soon(purse, now_us)
        return purse

    async def _wait(self, purse: Purse, asked: Asked, now_us: int) -> Lease | Shortage:
        while True:
            found = purse.take(asked.price_minor, now_us)
            if found is not None:
                return Lease(found.key, found.counters)
            asking = self._asking.get(purse)
            if asking is None or asking.done():
                asking = self._ask_for(purse, asked, now_us)
            told = await asyncio.shield(asking)
            if told.lacking is not None and told.price_minor <= asked.price_minor:
                return told.lacking

    def _ask_for(self, purse: Purse, asked: Asked, now_us: int) -> "asyncio.Task[_Told]":
        """Begin to ask for the next slice; all who need it wait for the same."""
        task = asyncio.create_task(self._ask(purse, asked, now_us))
        self._asking[purse] = task

        def done(task: "asyncio.Task[_Told]") -> None:
            if self._asking.get(purse) is task:
                del self._asking[purse]
            if not task.cancelled() and task.exception() is not None:
                log.debug("a slice could not be asked for", reason=repr(task.exception()))

        task.add_done_callback(done)
        return task

    async def _ask(self, purse: Purse, asked: Asked, now_us: int) -> "_Told":
        """Ask for a slice: where so much is not free, for half of what is, down to one price.

        Before that is said to be too little, what this worker holds and cannot promise goes back.
        """
        price_minor = asked.price_minor
        amount_minor = purse.wanted_minor(price_minor, now_us)
        purse.asked += 1
        while True:
            one, ask = self._next(asked, amount_minor, now_us)
            (outcome,) = await self._ledger.reserve_many([ask], now_us)
            if isinstance(outcome, Leased):
                if purse.terms == asked.terms:
                    purse.put(one)
                else:  # they changed meanwhile
                    purse.spare.append(one)
                return _Told(price_minor, None)
            if not isinstance(outcome, Refused):
                raise Unavailable
            free_minor = outcome.free
            if free_minor >= price_minor:
                amount_minor = max(price_minor, min(amount_minor - 1, free_minor // 2))
            elif purse.spare:
                await self._give_back(_taken(purse), now_us)
                amount_minor = price_minor
            else:
                return _Told(price_minor, _lacking(outcome, asked))

    def _next(self, asked: Asked, amount_minor: int, now_us: int) -> tuple[Slice, Ask]:
        """Return the next slice and how it is asked for."""
        self._serial += 1
        key, day = f"slice:{self._worker}:{self._serial}", self.day(now_us)
        amounts, limits = asked.claims(amount_minor, day)
        until_us = now_us + USE_US
        one = Slice(key, tuple(amounts), amount_minor, until_us)
        return one, Ask(key, amounts, limits, until_us + LEASE_US)

    def _spare(self) -> list[Slice]:
        return [one for purse in self._purses.values() for one in _taken(purse)]

    def _give_soon(self, purse: Purse, now_us: int) -> None:
        task = asyncio.create_task(self._give_back(_taken(purse), now_us))
        self._giving.add(task)
        task.add_done_callback(self._giving.discard)

    async def _give_back(self, rests: list[Slice], now_us: int) -> None:
        for first in range(0, len(rests), AT_ONCE):
            some = rests[first : first + AT_ONCE]
            await asyncio.gather(*(self._give_one(one, now_us) for one in some))

    async def _give_one(self, one: Slice, now_us: int) -> None:
        """Free what a slice did not promise; where that cannot be now, it ends by itself."""
        rest = dict.fromkeys(one.counters, one.left_minor)
        try:
            await self._ledger.part(f"{one.key}:rest", one.key, {}, now_us, rest)
        except (Unavailable, Gone, NotFound, Conflict, InvalidInput) as error:
            log.debug("the rest of a slice ends by itself", reason=repr(error))


class _Told(NamedTuple):
    """What the ledger said when it was asked for at least a price: None when it had it."""

    price_minor: int
    lacking: Shortage | None


def _lacking(refused: Refused, asked: Asked) -> Shortage:
    """Return whether the campaign or who pays has too little."""
    own = counter(asked.campaign_id, "")  # its days and its total
    return "budget" if refused.counter.startswith(own) else "wallet"


def _taken(purse: Purse) -> list[Slice]:
    """Return the spare slices of a purse, which it has no more."""
    spare, purse.spare = purse.spare, []
    return spare
