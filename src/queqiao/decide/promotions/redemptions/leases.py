"""What an order holds in the ledger until it is paid: taken in one step, found again by its key."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from queqiao.decide.promotions.coupons.uses import is_order_counter
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.decide.promotions.redemptions.asking import redemption_id_of
from queqiao.decide.promotions.redemptions.claims import Claim, first_short, free_of
from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Conflict, Message, QueqiaoError, Unavailable
from queqiao.ports.ledger.base import Granted, Ledger, Take

KEYS_MAX = 64
"""How many keys one redemption may use up: each refusal and each crash can cost one."""

UNDER_WAY_US = 10 * SECOND_US
"""How long a lease that the log does not know is taken to be of a call that is still at work."""

QUOTE_WAITS_S = 0.1
"""How long a quote waits to learn what its order holds."""

OWN_KEYS_MAX = 4
"""Among how many keys a reservation is looked for that was made and whose answer was lost."""

_BUSY = Message("同时下单过多，请再试", "too many orders at once; try again")
_UNDER_WAY = Message("该订单的另一次调用尚未完成，请再试", "the order is being placed; try again")


class Short(NamedTuple):
    """A claim that cannot be met, and how much of its counter is left."""

    claim: Claim
    free: int


class Held(NamedTuple):
    """What a key holds in the ledger: amounts by counter."""

    key: str
    amounts: Mapping[str, int]


class Leases:
    """Takes what orders need."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def take(
        self, redemption_id: str, claims: Sequence[Claim], ends_us: int, now_us: int
    ) -> Held | Short:
        """Lease all claims; return what is held under which key, or what was short.

        What is short is seen before the ledger is asked to step, so that a rush on something that
        is used up costs it no writes. Where the order itself is held, it may be by a call of ours
        whose answer was lost: then its key tells.
        """
        takes = [claim.take for claim in claims]
        for number in range(KEYS_MAX):
            short = await self.shortage(claims, now_us)
            is_held = short is not None and short.claim is claims[0]
            if short is not None and (not is_held or number >= OWN_KEYS_MAX):
                return short
            key = _key(redemption_id, number)
            held = await self._lease(key, takes, ends_us, now_us)
            if held is not None:
                return held
        raise Unavailable(_BUSY)

    async def own(self, redemption_id: str, now_us: int) -> Mapping[str, int]:
        """Return what a call of this order holds, also one whose answer was lost; else nothing."""
        keys = [_key(redemption_id, number) for number in range(OWN_KEYS_MAX)]
        known = (await self._ledger.recall(keys)).values()
        still = (one for one in known if one.state == "open" and now_us < one.expires_at_us)
        held = next(still, None)
        return {} if held is None else held.asked

    async def of_quote(self, question: QuoteRequest, now_us: int) -> Mapping[str, int]:
        """Return what the order of a question holds; nothing while the ledger does not answer."""
        if not question.order_id:
            return {}
        redemption_id = redemption_id_of(question.order_id, question.request_id)
        try:
            async with asyncio.timeout(QUOTE_WAITS_S):
                return await self.own(redemption_id, now_us)
        except (QueqiaoError, OSError, TimeoutError):
            return {}

    async def _lease(
        self, key: str, takes: Sequence[Take], ends_us: int, now_us: int
    ) -> Held | None:
        """Return what the key holds: by this call, by one at its side, or by one that died."""
        try:
            answer = await self._ledger.reserve(key, takes, ends_us, now_us)
        except Conflict:
            return await self._adopted(key, takes, ends_us, now_us)
        if not isinstance(answer, Granted):
            return None
        order = takes[0].counter
        is_held = (await self._ledger.balances([order]))[order].leased > 0
        return Held(key, answer.amounts) if is_held else None

    async def _adopted(
        self, key: str, takes: Sequence[Take], ends_us: int, now_us: int
    ) -> Held | None:
        """Return what another call of this order holds under the key, None when it is free.

        The same uses and money are this call's too. What was taken for another price is of a call
        that died, unless it is young: then it may yet write it. Raises Unavailable.
        """
        known = (await self._ledger.recall([key])).get(key)
        if known is None or known.state != "open" or known.expires_at_us <= now_us:
            return None
        if _but_for_time(known.asked) == _but_for_time({one.counter: one.amount for one in takes}):
            return Held(key, known.asked)
        if abs(ends_us - known.expires_at_us) < UNDER_WAY_US:
            raise Unavailable(_UNDER_WAY)
        await self._ledger.release(key, now_us)
        return None

    async def shortage(self, claims: Sequence[Claim], now_us: int) -> Short | None:
        """Return the first claim that cannot be met, once everything due was freed."""
        counters = [claim.take.counter for claim in claims]
        balances = await self._ledger.balances(counters)
        if first_short(claims, balances) is None:
            return None
        await self._ledger.expire(now_us)
        balances = await self._ledger.balances(counters)
        claim = first_short(claims, balances)
        return claim and Short(claim, free_of(claim, balances[claim.take.counter]))


def _key(redemption_id: str, number: int) -> str:
    return f"redemption:{redemption_id}:{number}"


def _but_for_time(amounts: Mapping[str, int]) -> dict[str, int]:
    """Return amounts without those that are the second in which a coupon's hold ends."""
    return {name: 0 if is_order_counter(name) else amount for name, amount in amounts.items()}
