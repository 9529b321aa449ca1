"""What a coupon costs in the ledger: its counters, its limits, and the keys of its steps.

One atomic step takes one use of every counter that bounds it. The counter of the order itself has
a limit of one, so an order never uses a code twice, whatever is retried or runs side by side.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b

import msgspec

from queqiao.decide.promotions.coupons.code_book import Batch
from queqiao.decide.promotions.offers import Offer
from queqiao.kernel.clock import MINUTE_US
from queqiao.ports.ledger.base import Balance, Take

LOCK_US = 15 * MINUTE_US
"""A lock holds at least so long, and at most twice as long: locks end on whole quarters."""
LOCKS_A_QUARTER_MAX = 8
"""How often one order can lock a code anew within a quarter of an hour after releasing it."""


class Use(msgspec.Struct, frozen=True):
    """One use of a code: by whom, for which order, and what it unlocks."""

    code: str
    batch: Batch
    offers: Sequence[Offer]
    customer_id: str
    order_id: str

    @property
    def order_counter(self) -> str:
        """The counter that is leased while the order holds the code and spent once it used it."""
        return f"coupon:{self.batch.id}:order:{self.code}:{self.order_id}"

    def takes(self) -> list[Take]:
        """Return one use of every counter: the order's own, then the narrowest first."""
        batch = self.batch
        prefix = f"coupon:{batch.id}"
        takes = [
            Take(self.order_counter, 1, 1),
            Take(f"{prefix}:code:{self.code}", 1, batch.uses_per_code),
        ]
        if batch.uses_per_customer is not None:
            counter = f"{prefix}:customer:{self.customer_id}"
            takes.append(Take(counter, 1, batch.uses_per_customer))
        takes.append(Take(f"{prefix}:total", 1, batch.uses_total))
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

    def lock_keys(self, now_us: int) -> Iterator[list[str]]:
        """Yield the keys under which a lock of now, then of the quarter before, may stand."""
        quarter = now_us // LOCK_US
        for when in (quarter, quarter - 1):
            yield [
                f"coupon-lock:{self.code}:{self.order_id}:{when}:{attempt}"
                for attempt in range(LOCKS_A_QUARTER_MAX)
            ]

    def redeem_key(self, now_us: int) -> str:
        """Return the key of a redemption without a lock; each try has its own.

        So a refusal is never remembered for a later try. The digest tells apart tries of one
        moment under different rules.
        """
        rules = blake2b(msgspec.json.encode(self.takes()), digest_size=6).hexdigest()
        return f"coupon-redeem:{self.code}:{self.order_id}:{now_us}:{rules}"


def lock_end_us(now_us: int) -> int:
    """Return when a lock taken now ends."""
    return (now_us // LOCK_US + 2) * LOCK_US


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
    by_part = {
        "order": "locked_or_used_by_order",
        "total": "batch_used_up",
        "code": "code_used_up",
        "customer": "customer_limit",
    }
    kind, _, rest = counter.partition(":")
    name = use.batch.id if kind == "coupon" else ""
    part = rest.removeprefix(f"{name}:").partition(":")[0] if name else ""
    if kind == "promotion":
        return "promotion_customer_limit" if ":customer:" in counter else "promotion_used_up"
    return by_part[part]
