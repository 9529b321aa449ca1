"""What an engagement is at a moment, and how much a cut takes: pure, by the rules of then."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal

from msgspec import Struct

from queqiao.decide.promotions.documents.mechanic import Bargain, GroupBuy, Mechanic, Presale
from queqiao.kernel.clock import parse_rfc3339

Stage = Literal["open", "full", "reached", "expired", "deposit_paid", "balance_due", "forfeited"]


class Step(Struct, frozen=True):
    """A seat taken, or a cut."""

    customer_id: str
    amount_minor: int
    at_us: int


class Engagement(Struct, frozen=True):
    """One group, one bargain or one deposit. Amounts are minor units.

    ``price_minor`` is what the unit costs before any cut, or the deposit that was paid.
    """

    id: str
    promotion_id: str
    customer_id: str
    rules: Mechanic
    price_minor: int
    seed: str
    started_at_us: int
    expires_at_us: int
    steps: Sequence[Step]

    def stage(self, now_us: int) -> Stage:
        """Return where it stands."""
        rules = self.rules
        if isinstance(rules, Presale):
            if now_us < parse_rfc3339(rules.balance_from):
                return "deposit_paid"
            return "balance_due" if now_us < parse_rfc3339(rules.balance_until) else "forfeited"
        if isinstance(rules, GroupBuy) and len(self.steps) >= rules.size:
            return "full"
        if now_us >= self.expires_at_us:
            return "expired"
        if isinstance(rules, Bargain) and len(self.steps) >= rules.helpers:
            return "reached"
        return "open"

    @property
    def now_costs(self) -> int:
        """What a bargain has come down to."""
        return self.price_minor - sum(step.amount_minor for step in self.steps)

    def has(self, customer_id: str) -> bool:
        """Say whether it is for this customer: who began it, or has a seat in the group.

        That of an erased customer is for nobody.
        """
        if not customer_id:
            return False
        if isinstance(self.rules, GroupBuy):
            return any(step.customer_id == customer_id for step in self.steps)
        return customer_id == self.customer_id


def cut_of(rules: Bargain, left: int, number: int, seed: str) -> int:
    """Return what the ``number``-th of the helpers cuts off what is ``left`` above the floor.

    The last takes all of it. Each other takes a share drawn by the seed, evenly between the two
    percentages of an even share, and never more than there is.
    """
    helpers_left = rules.helpers - number + 1
    if helpers_left <= 1:
        return left
    low, high = (
        int(left * percent / (100 * helpers_left))
        for percent in (rules.cut_percent_min, rules.cut_percent_max)
    )
    low, high = min(low, left), min(high, left)
    drawn = blake2b(f"{seed}\x1f{number}".encode(), digest_size=8, person=b"bargain").digest()
    return low + int.from_bytes(drawn) % (high - low + 1)
