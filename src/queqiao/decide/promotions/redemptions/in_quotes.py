"""What a quote promises, an order keeps: the ledger is asked of what bounds the answer.

Only where something that is given is bounded, by uses or money, one read is made: of the counters
of every bounded promotion that matches the cart. What has too little left gives nothing, or the
rest of its budget, and the cart is priced again, without asking anew. Most quotes read nothing.

Nothing is reserved, so between a quote and its order others may buy. While the ledger does not
answer, what was known a moment ago holds, and the answer says so. A customer or a device that the
question does not name is taken for one that has used nothing.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from msgspec import structs

from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.quote_types import CartLine, Quote, QuoteRequest
from queqiao.decide.promotions.quoting import Answered, Counter, write
from queqiao.decide.promotions.reasons import LimitsKnown
from queqiao.decide.promotions.redemptions.claims import (
    Bound,
    bounds_of_all,
    bounds_of_one,
    total_counter,
)
from queqiao.decide.promotions.restraints import Restraints
from queqiao.kernel.clock import business_day
from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.ledger.base import Balance, Ledger

WITHIN_S = 0.1
"""How long a quote waits for the ledger."""

ROUNDS_MAX = 64
"""How often a cart is priced anew; each time one promotion at least gives less or nothing."""


_LOCKED = frozenset(("promotion_used_up", "promotion_customer_limit"))
"""What locking a code takes of its promotions; the order that locked it has it already."""


class Kept(NamedTuple):
    """A cart priced such that an order would get it, and by which counter.

    ``uses_left`` is by promotion, of those whose uses are limited.
    """

    counter: Counter
    answered: Answered
    limits: LimitsKnown = "none"
    uses_left: Mapping[str, int] = {}


class Promises:
    """Asks the ledger for quotes; ``zone`` is that of the shop's days."""

    def __init__(self, ledger: Ledger, zone: str) -> None:
        self._ledger = ledger
        self._zone = zone

    async def price(
        self,
        counter: Counter,
        lines: Sequence[CartLine],
        now_us: int,
        own: Mapping[str, int] = MappingProxyType({}),
    ) -> Kept:
        """Price a cart such that an order would keep it. Drafts are bound by nothing.

        ``own`` is what its order holds already, by counter: that is not gone to it.
        """
        counter = counter.restrained(without_own(counter.restraints, own)) if own else counter
        answered = counter.answer(lines)
        if counter.promotions.inline or not any(offer.bounded for offer, _ in given(answered)):
            return Kept(counter, answered)
        bounds = self._bounds(counter, answered, now_us)
        try:
            async with asyncio.timeout(WITHIN_S):
                free = await self._free(bounds, own, now_us)
        except (QueqiaoError, OSError, TimeoutError):
            return Kept(counter, answered, "recent")
        return _repriced(counter, answered, lines, bounds, free)

    def _bounds(self, counter: Counter, answered: Answered, now_us: int) -> dict[str, list[Bound]]:
        """Return what bounds each promotion that matches, by its id."""
        day = business_day(now_us, self._zone)
        who = counter.customer_id, counter.device_id
        found: dict[str, list[Bound]] = {}
        for placed in answered.placed:
            offer, code = placed.offer, normal(placed.code or "")
            if offer.bounded:
                every = [*bounds_of_one(offer, day, *who), *bounds_of_all(offer, day)]
                own = code in counter.own_codes
                found[offer.id] = [one for one in every if not (own and one.reason in _LOCKED)]
        return found

    async def _free(
        self, bounds: Mapping[str, Sequence[Bound]], own: Mapping[str, int], now_us: int
    ) -> dict[str, int]:
        """Return what is left by counter; what has expired is freed where something is short."""
        every = [bound for many in bounds.values() for bound in many]
        names = list(dict.fromkeys(bound.counter for bound in every))
        free = _left(every, await self._ledger.balances(names), own)
        if min(free.values(), default=1) <= 0:
            await self._ledger.expire(now_us)
            free = _left(every, await self._ledger.balances(names), own)
        return free


def given(answered: Answered) -> Iterator[tuple[Offer, int]]:
    """Yield what gives, and how much money each costs the shop, in minor units."""
    for applied in answered.priced.applied:
        yield applied.placed.offer, applied.amount
    for rewarded in answered.rewards.given:
        yield rewarded.placed.offer, rewarded.off_shipping + rewarded.value


def written(question: QuoteRequest, kept: Kept) -> Quote:
    """Write the answer, with what is left of uses."""
    answer = write(question, kept.counter, kept.answered)
    if kept.limits == "none":
        return answer
    applied = [
        structs.replace(item, uses_left=kept.uses_left.get(item.promotion_id))
        for item in answer.applied
    ]
    return structs.replace(answer, applied=applied, limits=kept.limits)


def without_own(known: Restraints, own: Mapping[str, int]) -> Restraints:
    """Return the restraints without those of promotions that the order has a use of."""
    held = {name for name in (*known.refused, *known.rests) if total_counter(name) in own}
    return known._replace(
        refused={name: why for name, why in known.refused.items() if name not in held},
        rests={name: rest for name, rest in known.rests.items() if name not in held},
    )


def _left(
    bounds: Sequence[Bound], balances: Mapping[str, Balance], own: Mapping[str, int]
) -> dict[str, int]:
    found = {}
    for bound in bounds:
        has = balances[bound.counter]
        taken = has.leased + has.spent - own.get(bound.counter, 0)
        found[bound.counter] = bound.limit - taken
    return found


def _repriced(
    counter: Counter,
    answered: Answered,
    lines: Sequence[CartLine],
    bounds: Mapping[str, Sequence[Bound]],
    free: Mapping[str, int],
) -> Kept:
    """Price the cart until everything that gives has enough left."""
    for _ in range(ROUNDS_MAX):
        restraints = counter.restraints
        for offer, amount in given(answered):
            restraints = _held_to(offer, amount, bounds.get(offer.id, ()), free, restraints)
        if restraints is counter.restraints:
            break
        counter = counter.restrained(restraints)
        answered = counter.answer(lines)
    uses = {name: _uses_left(many, free) for name, many in bounds.items()}
    left = {name: number for name, number in uses.items() if number is not None}
    return Kept(counter, answered, "asked", left)


def _held_to(
    offer: Offer,
    amount: int,
    bounds: Sequence[Bound],
    free: Mapping[str, int],
    known: Restraints,
) -> Restraints:
    """Return the restraints with what a promotion has too little of; the same where it has not."""
    for bound in bounds:
        left = max(0, free[bound.counter])
        if (amount if bound.reason == "budget_used_up" else 1) <= left:
            continue
        is_new = left < known.rests.get(offer.id, amount)
        if bound.reason == "budget_used_up" and offer.reducible is not None and left and is_new:
            return known._replace(rests={**known.rests, offer.id: left})
        refused = {**known.refused, offer.id: bound.reason}
        return known._replace(refused=refused, left={**known.left, offer.id: left})
    return known


def _uses_left(bounds: Sequence[Bound], free: Mapping[str, int]) -> int | None:
    """Return the least uses left; None where none are limited."""
    uses = [free[bound.counter] for bound in bounds if bound.reason != "budget_used_up"]
    return max(0, min(uses)) if uses else None
