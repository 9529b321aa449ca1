"""What a points programme says of a question's customer: one read of the ledger, where it counts.

A quote does not wait for a ledger that is away: it then counts no points and no tier. Orders wait,
and are refused rather than placed without them.

It is read when the cart offers points, when a live promotion asks for a tier, and when the tier
changes how many points an order earns. Elsewhere the question only learns which programme is live.
"""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from queqiao.decide.promotions.customer_types import Loyalty
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.loyalty.names import Counters, Names
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.decide.promotions.snapshot import PromotionsSnapshot
from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import QueqiaoError

LIMIT_MAX = 10**12
"""More points than this no question offers."""
QUOTE_WAITS_S = 0.1
"""How long a quote waits for the ledger."""


class PointsOfQuotes:
    """Fills in what is known of a customer's points; ``live`` is the programme of this moment."""

    def __init__(self, keeper: Keeper, names: Names, live: Callable[[], Programme | None]) -> None:
        self._keeper = keeper
        self._names = names
        self._live = live

    async def fill(
        self,
        question: QuoteRequest,
        promotions: PromotionsSnapshot,
        now_us: int,
        waits_s: float | None = None,
    ) -> QuoteRequest:
        """Return the question with what the live programme says of its customer.

        Without a programme nobody uses points: what a question says of them would be money of
        nobody's. While it is paused nobody has points or tier, and a customer without a name has
        none at any time.
        Promotions that come with a question of nobody are tried out as it says.
        With ``waits_s`` a customer has nothing where the ledger does not answer in that time;
        without it raises Unavailable.
        """
        programme, customer = self._live(), question.customer
        is_trial = question.promotions is not None
        if is_trial and customer.id is None:
            return question
        if programme is None:
            return _without_points(question)
        loyalty = Loyalty(programme.id, points=0 if customer.id is None else None)
        if not programme.is_live:
            loyalty = Loyalty(points=0, is_live=False)
        elif customer.id and (is_trial or _is_read(programme, question, promotions)):
            loyalty = await self._read_in_time(programme, customer.id, now_us, waits_s)
        return replace(question, customer=replace(customer, loyalty=loyalty))

    async def _read_in_time(
        self, programme: Programme, customer_id: str, now_us: int, waits_s: float | None
    ) -> Loyalty:
        if waits_s is None:
            return await self._read(programme, customer_id, now_us, None)
        try:
            return await self._read(programme, customer_id, now_us, waits_s)
        except (QueqiaoError, OSError, TimeoutError):
            return Loyalty(programme.id, points=0)

    async def _read(
        self, programme: Programme, customer_id: str, now_us: int, waits_s: float | None
    ) -> Loyalty:
        account_id = self._names.account(programme.id, customer_id)
        counters = Counters(account_id)
        names = (counters.purse.counter, counters.due, counters.score)
        async with asyncio.timeout(waits_s):
            found = await self._keeper.ledger.balances(names)
        due_s = found[names[1]].limit
        if due_s and now_us >= due_s * SECOND_US:
            await self._keeper.keep(account_id, now_us)
            found = await self._keeper.ledger.balances(names)
        has, score = found[names[0]], found[names[2]].limit
        tier = programme.tier(score)
        return Loyalty(
            programme.id,
            None if tier is None else tier.name,
            min(has.free, LIMIT_MAX),
            programme.earn_percent(score),
        )


def _without_points(question: QuoteRequest) -> QuoteRequest:
    """Return the question such that nobody uses points; a tier is of a programme elsewhere."""
    customer = question.customer
    said = customer.loyalty
    if not question.cart.points and (said is None or not said.programme_id):
        return question
    loyalty = replace(said or Loyalty(), programme_id="", points=0, is_live=False)
    return replace(question, customer=replace(customer, loyalty=loyalty))


def _is_read(programme: Programme, question: QuoteRequest, promotions: PromotionsSnapshot) -> bool:
    if question.cart.points:
        return True
    if not programme.document.tiers:
        return False
    return promotions.index.reads_tiers or not promotions.only_on_goods
