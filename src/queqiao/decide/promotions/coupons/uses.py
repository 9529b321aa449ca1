"""What a coupon costs in the ledger: its counters, its limits, and the keys of its steps.

One atomic step takes one use of every counter that bounds it. The order's own counter makes an
order use a code once, whatever is retried or runs side by side; the counters of a lot and of an
hour of expiry have no bound of their own: statistics read from them how many uses of a range of
numbers, or of what has expired, there were.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from queqiao.decide.promotions.coupons.code_book import Batch
from queqiao.decide.promotions.coupons.holdings import Holding
from queqiao.decide.promotions.offers import FOREVER_US, Offer
from queqiao.kernel.clock import MINUTE_US, SECOND_US
from queqiao.ports.ledger.base import Balance, Take

TRIES_MAX = 16
"""How often one order can lock or use one code in all: each time that came to nothing is one."""
OF_CODES = "coupon:"
"""Begins the names of the counters of codes and batches."""
LOT = 1_024
"""Numbers of a batch that share a counter."""


class Use(msgspec.Struct, frozen=True):
    """One use of a code: by whom, for which order, and what it unlocks."""

    code: str
    number: int
    batch: Batch
    holding: Holding | None
    offers: Sequence[Offer]
    customer_id: str
    order_id: str

    @property
    def order_counter(self) -> str:
        """The counter that is leased while the order holds the code and spent once it used it.

        Its amount is the second in which the lock ends, and so is its limit: a second lock never
        fits beside the first, and who asks again reads from the balance when the lock ends.
        """
        return order_counter(self.batch.id, self.code, self.order_id)

    @property
    def code_counter(self) -> str:
        """The counter of the code's own uses."""
        return code_counter(self.batch.id, self.code)

    def tries(self) -> list[str]:
        """Return the keys under which the order may have taken a use, first to last."""
        return [
            f"coupon-use:{self.batch.id}:{self.code}:{self.order_id}:{n}" for n in range(TRIES_MAX)
        ]

    def takes(self, lock_end_s: int) -> list[Take]:
        """Return one use of every counter: the order's own, then the narrowest first."""
        batch, prefix = self.batch, f"coupon:{self.batch.id}"
        takes = [
            Take(self.order_counter, lock_end_s, lock_end_s),
            Take(self.code_counter, 1, batch.uses_per_code),
        ]
        if batch.uses_per_customer is not None:
            counter = f"{prefix}:customer:{self.customer_id}"
            takes.append(Take(counter, 1, batch.uses_per_customer))
        takes.append(Take(total_counter(batch.id), 1, batch.uses_total))
        takes.append(Take(lot_counter(batch.id, self.number // LOT), 1, LOT * batch.uses_per_code))
        if self.holding is not None and self.holding.expires_at_us < FOREVER_US:
            counter = expiry_counter(batch.id, self.holding.expires_at_us)
            takes.append(Take(counter, 1, batch.count))
        for offer in self.offers:
            takes += self._takes_of(offer)
        return takes

    def _takes_of(self, offer: Offer) -> Iterator[Take]:
        """Yield the uses that the promotion itself limits."""
        if offer.limits.total is not None:
            yield Take(f"promotion:{offer.id}:total", 1, offer.limits.total)
        if offer.limits.per_customer is not None:
            counter = f"promotion:{offer.id}:customer:{self.customer_id}"
            yield Take(counter, 1, offer.limits.per_customer)

    def bounds(self) -> list[Take]:
        """Return what bounds the code whatever the order: its own uses, the customer's, all."""
        return [take for take in self.takes(0) if take.counter != self.order_counter]

    @property
    def needs_redemption(self) -> bool:
        """Whether a promotion is bounded by what only a redemption knows: day, device, money."""
        return any(_is_counted_by_order(offer) for offer in self.offers)

    def lock_end_s(self, now_us: int) -> int:
        """Return the second in which a lock taken now ends."""
        return (now_us + self.batch.lock_minutes * MINUTE_US) // SECOND_US + 1


def _is_counted_by_order(offer: Offer) -> bool:
    limits = offer.limits
    bounds = (limits.per_day, limits.per_customer_per_day, limits.per_device)
    has_budget = limits.budget is not None and limits.budget_end != "go_on"
    return has_budget or any(bound is not None for bound in bounds)


def order_counter(batch_id: str, code: str, order_id: str) -> str:
    """Return the name of an order's counter; see ``Use.order_counter``."""
    return f"coupon:{batch_id}:order:{code}:{order_id}"


def is_order_counter(counter: str) -> bool:
    """Say whether a counter is one of ``order_counter``: its amount is a second, not a count."""
    kind = counter.split(":", 3)
    return len(kind) == 4 and kind[0] == "coupon" and kind[2] == "order"


def total_counter(batch_id: str) -> str:
    """Return the name of the counter of all uses of a batch."""
    return f"coupon:{batch_id}:total"


def code_counter(batch_id: str, code: str) -> str:
    """Return the name of a code's counter."""
    return f"coupon:{batch_id}:code:{code}"


def lot_counter(batch_id: str, lot: int) -> str:
    """Return the name of the counter of the numbers from ``lot * LOT`` on."""
    return f"coupon:{batch_id}:lot:{lot}"


def expiry_counter(batch_id: str, expires_at_us: int) -> str:
    """Return the name of the counter of what expires at that moment."""
    return f"coupon:{batch_id}:until:{expires_at_us // SECOND_US}"


def exhausted(takes: Sequence[Take], balances: Mapping[str, Balance]) -> str | None:
    """Return the first counter without a free use; one that nobody opened yet has its limit."""
    for take in takes:
        balance = balances[take.counter]
        used = balance.leased + balance.spent
        if take.limit is not None and used + take.amount > take.limit:
            return take.counter
    return None


def reason_of(counter: str, use: Use) -> str:
    """Return the stable code for a counter that has no use left."""
    if counter.startswith("promotion:"):
        return "promotion_customer_limit" if ":customer:" in counter else "promotion_used_up"
    part = counter.removeprefix(f"coupon:{use.batch.id}:").partition(":")[0]
    by_part = {
        "order": "locked_or_used_by_order",
        "code": "code_used_up",
        "customer": "customer_limit",
    }
    return by_part.get(part, "batch_used_up")
