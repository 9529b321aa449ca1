"""Tells the log, once a customer, who came under a promotion: who got it, and who is held back.

The effect of a promotion is the difference between the two, so both are told by the same rule: the
promotion gives something to this cart, with everything else as it is for this customer. For those
held back that is asked by pricing the cart again with this one promotion let through, once.

Telling never keeps a quote waiting: events are gathered and written a moment later. What is lost
with a process is told by the customer's next quote; the log keeps each pair once.
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Literal

from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.decide.promotions.quoting import Answered, Counter
from queqiao.kernel.vocabulary import Exposure
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.event_log.own import own_event

FLUSH_EVERY_S = 0.5
CUSTOMERS_MAX = 50_000
"""Of how many customers a process remembers what it has told."""
WAITING_MAX = 20_000
"""Events that wait to be written; beyond, pairs are told at the customer's next quote."""
AT_ONCE_MAX = 2_000
ASKED_MAX = 4
"""Promotions held back that one quote asks about; the others are asked by the next."""

Arm = Literal["treated", "holdback"]


class Exposures:
    """Remembers what was told, and writes what was not.

    ``at_once``: a quote waits until its events are written, for histories that must be repeatable.
    """

    def __init__(self, event_log: EventLog, *, at_once: bool = False) -> None:
        self._log = event_log
        self._at_once = at_once
        self._told: dict[str, set[str]] = {}
        self._waiting: list[NewEvent] = []

    async def note(
        self, request: QuoteRequest, counter: Counter, answered: Answered, now_us: int
    ) -> None:
        """Take in a quote as it was answered. Drafts, what-ifs and anonymous carts tell nothing."""
        customer_id = request.customer.id
        if not customer_id or request.now is not None or counter.promotions.inline:
            return
        told = self._told_to(customer_id)
        for offer, arm in _exposed(counter, answered, request, told):
            if len(self._waiting) >= WAITING_MAX:
                return
            told.add(offer.id)
            self._waiting.append(_event(offer.id, customer_id, arm, now_us))
        if self._at_once:
            await self.flush()

    async def flush(self) -> None:
        """Write what waits. Raises Unavailable, and then keeps it."""
        while self._waiting:
            first = self._waiting[:AT_ONCE_MAX]
            await self._log.append(first)
            del self._waiting[: len(first)]

    def _told_to(self, customer_id: str) -> set[str]:
        """Return what was told of a customer; who was asked for last is forgotten last."""
        told = self._told.pop(customer_id, None) or set()
        self._told[customer_id] = told
        if len(self._told) > CUSTOMERS_MAX:
            del self._told[next(iter(self._told))]
        return told


def _exposed(
    counter: Counter, answered: Answered, request: QuoteRequest, told: set[str]
) -> Iterator[tuple[Offer, Arm]]:
    """Yield the promotions that are to be told."""
    for offer in _given(answered):
        if offer.holdback_below and offer.id not in told:
            yield offer, "treated"
    held = [item.placed.offer for item in answered.priced.unmet if item.reason == "holdback"]
    for offer in [offer for offer in held if offer.id not in told][:ASKED_MAX]:
        through = counter.lifting(offer.id).answer(request.cart.lines)
        if any(other.id == offer.id for other in _given(through)):
            yield offer, "holdback"


def _given(answered: Answered) -> Iterator[Offer]:
    for applied in answered.priced.applied:
        yield applied.placed.offer
    for rewarded in answered.rewards.given:
        yield rewarded.placed.offer


def _event(promotion_id: str, customer_id: str, arm: Arm, now_us: int) -> NewEvent:
    pair = f"{promotion_id}\x1f{customer_id}".encode()
    message_id = f"exposed-{blake2b(pair, digest_size=16).hexdigest()}"
    told = Exposure(promotion_id, arm)
    return own_event(message_id, "Promotion Exposed", told, now_us, user_id=customer_id)
