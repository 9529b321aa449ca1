"""Steps of later offers as levels: how much may be given before so that a step is still reached."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.combination.bounds import most
from queqiao.decide.promotions.combination.tails import Late
from queqiao.decide.promotions.combination.whole_cart import steps_of, whole_cart
from queqiao.decide.promotions.documents.benefit import ThresholdBenefit
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.pricing.till import Till


class Level(NamedTuple):
    """The totals from ``bottom`` to before ``end`` (minor units): the same steps are in reach."""

    bottom: int
    end: int


class Later:
    """Offers that come after the allocation, as functions of what it leaves of the total."""

    def __init__(
        self, till: Till, basket: Basket, items: Sequence[Late], profile: Profile, *, is_plain: bool
    ) -> None:
        self.total = sum(till.running)
        self._items = items
        self._costs = [till.reckoned_on(late.item.lines) for late in items]
        self._reads_running = till.reads_running
        self.whole = whole_cart(basket, items, profile) if is_plain else None

    def levels(self, lowest: int) -> list[Level]:
        """Return the levels from ``lowest`` up to the whole total, the lowest first.

        Within a level the more is given before, the more is given in all.
        """
        steps = self._all_steps(lowest)
        borders = [lowest, *sorted(step for step in steps if lowest < step <= self.total)]
        return [Level(*pair) for pair in pairwise([*borders, self.total + 1])]

    def _all_steps(self, lowest: int) -> set[int]:
        """Return the steps; where they are too many to be told apart, all are one level."""
        try:
            if self.whole is not None:
                return set(self.whole.steps(lowest, self.total))
            return set(self._steps(lowest))
        except OverflowError:
            self.whole = None
            return set()

    def _steps(self, lowest: int) -> Iterator[int]:
        for late, cost in zip(self._items, self._costs, strict=True):
            stated = late.item.offer.stated
            if late.item.offer.subtotal_at_least:
                yield late.item.offer.subtotal_at_least
            if isinstance(stated, ThresholdBenefit) and stated.measure == "amount":
                yield from (step.at_least for step in steps_of(stated, lowest, cost))

    def bound(self, left: int, level: Level) -> int:
        """Return what the offers give at most when the allocation leaves ``left`` of the total.

        Steps are judged at the top of the level; on the whole cart the bound is what they give.
        """
        if self.whole is not None:
            return self.whole.best(left)
        remaining = left
        for late, cost in zip(self._items, self._costs, strict=True):
            base = cost
            if self._reads_running:
                base = min(cost, remaining if late.is_smooth else level.end - 1)
            if base >= late.item.offer.subtotal_at_least:
                lines = len(late.item.lines)
                remaining = max(0, remaining - most(late.item, base, late.quantity, lines))
        return left - remaining
