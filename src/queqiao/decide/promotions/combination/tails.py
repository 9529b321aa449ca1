"""The best set of offers from a till on: each is taken in its turn or left out.

Depth first through a real till, so that every amount is what pricing comes to. A branch is left
when all that remains could not beat the best one found; when the work is spent, each offer that
gives is taken and nothing else is tried.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.benefits.sums import Fixed, Percent
from queqiao.decide.promotions.combination.bounds import most
from queqiao.decide.promotions.combination.proof import Effort
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed
from queqiao.decide.promotions.pricing.till import Till


class Late(NamedTuple):
    """An offer with what its bound needs: the units of its scope.

    ``is_smooth``: goods that cost less before it never cost more after it. ``skip_helps``: a later
    offer may give more without it.
    """

    item: Placed
    quantity: int
    is_smooth: bool
    skip_helps: bool


MayJoin = Callable[[Sequence[Placed], Placed], bool]


def always(before: Sequence[Placed], item: Placed) -> bool:  # noqa: ARG001
    """Say that any offer may give beside any others."""
    return True


class Tail(NamedTuple):
    """The best set found: what it gives, and a bound of all sets."""

    gain: int
    chosen: tuple[Placed, ...]
    bound: int


def lates(items: Sequence[Placed], basket: Basket, *, is_plain: bool) -> list[Late]:
    """Return offers in their order, ready to be searched.

    ``is_plain``: nothing bounds discounts (floors, caps), and amounts are rounded for themselves.
    """
    found: list[Late] = []
    helps = not is_plain or len({tuple(item.lines) for item in items}) > 1
    for item in reversed(items):
        quantity = sum([basket.quantities[line] for line in item.lines])
        smooth = is_smooth(item)
        found.append(Late(item, quantity, smooth, helps))
        helps = helps or not smooth
    return found[::-1]


def is_smooth(item: Placed) -> bool:
    """Say whether goods that cost less before an offer never cost more after it."""
    offer = item.offer
    asks = item.requirement is not None or offer.subtotal_at_least
    return isinstance(offer.benefit, Percent | Fixed) and not asks


def best_tail(
    till: Till, items: Sequence[Late], effort: Effort, known: int = 0, may_join: MayJoin = always
) -> Tail:
    """Return the set that gives the most from here on.

    ``known``: only what is above matters. ``may_join`` says whether an offer may give beside those
    before it. The bound is above the gain only when work ran out.
    """
    search = _Search(items, effort, known, may_join)
    search.go(till, 0, 0, ())
    return Tail(search.gain, search.chosen, max(search.gain, search.unseen))


class _Search:
    def __init__(
        self, items: Sequence[Late], effort: Effort, known: int, may_join: MayJoin
    ) -> None:
        self._items = items
        self._may_join = may_join
        self._effort = effort
        self._known = known
        self.gain = 0
        self.chosen: tuple[Placed, ...] = ()
        self.unseen = 0

    def go(self, till: Till, place: int, gain: int, chosen: tuple[Placed, ...]) -> None:
        """Search all sets that begin with ``chosen`` of the offers before ``place``."""
        if gain > self.gain:
            self.gain, self.chosen = gain, chosen
        if place == len(self._items):
            return
        bound = gain + chain(till, self._items[place:])
        if bound <= max(self.gain, self._known):
            return
        is_spent = self._effort.is_spent
        if is_spent:
            self.unseen = max(self.unseen, bound)
        late = self._items[place]
        if not self._may_join(chosen, late.item):
            self.go(till, place + 1, gain, chosen)
            return
        after = till.copy()
        self._effort.spend(1)
        given = after.take(late.item)
        if isinstance(given, Applied):
            self.go(after, place + 1, gain + given.amount, (*chosen, late.item))
        if not isinstance(given, Applied) or (late.skip_helps and not is_spent):
            self.go(till, place + 1, gain, chosen)


def chain(till: Till, items: Sequence[Late]) -> int:
    """Return a bound of what the offers give from here on.

    Smooth ones on what the others leave at least; one with steps on what is there now, since
    without the others it may reach a step that it does not reach after them.
    """
    total = left = sum(till.running)
    for late in items:
        offer, lines = late.item.offer, late.item.lines
        base = till.still_costs(lines)
        if base < offer.subtotal_at_least:
            continue
        if late.is_smooth:
            base = min(base, left)
        left = max(0, left - most(late.item, base, late.quantity, len(lines)))
    return total - left
