"""What a programme of store credit says of a question's customer: one read, where it pays."""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from queqiao.decide.promotions.customer_types import PRICE_MAX, StoreCredit
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.loyalty.names import Counters, Names
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import QueqiaoError


class CreditOfQuotes:
    """Fills in what is known of a customer's store credit; ``live`` is the programme of now."""

    def __init__(self, keeper: Keeper, names: Names, live: Callable[[], Programme | None]) -> None:
        self._keeper = keeper
        self._names = names
        self._live = live

    async def fill(
        self, question: QuoteRequest, now_us: int, waits_s: float | None = None
    ) -> QuoteRequest:
        """Return the question with the customer's store credit, whatever it said of that.

        None has a customer without a name, in another currency, or while no such programme is
        live. With ``waits_s`` there is nothing where the ledger does not answer in that time;
        without it raises Unavailable.
        """
        programme, customer = self._live(), question.customer
        credit = None
        if programme is not None and _is_of(programme, question):
            available = 0
            if question.cart.store_credit:
                account_id = self._names.account(programme.id, customer.id or "")
                wished = question.cart.store_credit
                available = await self._available_in_time(account_id, wished, now_us, waits_s)
            credit = StoreCredit(programme.id, min(available, PRICE_MAX))
        if customer.store_credit == credit:
            return question
        return replace(question, customer=replace(customer, store_credit=credit))

    async def _available_in_time(
        self, account_id: str, wished: int, now_us: int, waits_s: float | None
    ) -> int:
        if waits_s is None:
            available = await self._available(account_id, now_us, None)
            if available >= wished:
                return available
            await self._keeper.ledger.expire(now_us)  # an order that was never paid may hold it
            return await self._available(account_id, now_us, None)
        try:
            return await self._available(account_id, now_us, waits_s)
        except (QueqiaoError, OSError, TimeoutError):
            return 0

    async def _available(self, account_id: str, now_us: int, waits_s: float | None) -> int:
        counters = Counters(account_id)
        names = (counters.purse.counter, counters.due)
        async with asyncio.timeout(waits_s):
            found = await self._keeper.ledger.balances(names)
        due_s = found[counters.due].limit
        if due_s and now_us >= due_s * SECOND_US:
            await self._keeper.keep(account_id, now_us)
            found = await self._keeper.ledger.balances(names)
        return found[counters.purse.counter].free


def _is_of(programme: Programme, question: QuoteRequest) -> bool:
    same = programme.document.worth.currency == question.currency
    return bool(programme.is_live and same and question.customer.id)
