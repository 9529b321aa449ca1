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

BOUNDED_A_UNIT = 16
"""To bound so many offers is as much work as to take one at a till."""


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
    search.go(till)
    return Tail(search.gain, search.chosen, max(search.gain, search.unseen))


class _Node(NamedTuple):
    """A choice for the offers before ``place``. ``bound``: of what it was made from.

    ``is_first``: each offer before that gives was taken.
    """

    till: Till
    place: int
    gain: int
    chosen: tuple[Placed, ...]
    bound: int
    is_first: bool


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

    def go(self, till: Till) -> None:
        """Search all sets, depth first."""
        open_ = [_Node(till, 0, 0, (), sum(till.running), is_first=True)]
        while open_:
            node = open_.pop()
            if node.gain > self.gain:
                self.gain, self.chosen = node.gain, node.chosen
            if node.place < len(self._items) and node.bound > max(self.gain, self._known):
                open_ += self._after(node)

    def _after(self, node: _Node) -> Sequence[_Node]:
        """Return the nodes that follow, that in which the next offer gives last."""
        is_spent, bound = self._effort.is_spent, node.bound
        if is_spent:
            self.unseen = max(self.unseen, bound)
            if not node.is_first:
                return ()
        else:
            rest = self._items[node.place :]
            self._effort.spend(len(rest) // BOUNDED_A_UNIT)
            bound = min(bound, node.gain + chain(node.till, rest))
            if bound <= max(self.gain, self._known):
                return ()
        late = self._items[node.place]
        skipped = node._replace(place=node.place + 1, bound=bound)
        if not self._may_join(node.chosen, late.item):
            return (skipped,)
        after = node.till.copy()
        self._effort.spend(1)
        given = after.take(late.item)
        if not isinstance(given, Applied):
            return (skipped,)
        chosen = (*node.chosen, late.item)
        taken = _Node(after, skipped.place, node.gain + given.amount, chosen, bound, node.is_first)
        if not late.skip_helps:
            return (taken,)
        return (skipped._replace(is_first=False), taken)


def chain(till: Till, items: Sequence[Late]) -> int:
    """Return a bound of what the offers give from here on.

    Smooth ones on what the others leave at least; one with steps on what is there now, since
    without the others it may reach a step that it does not reach after them. Where discounts are
    reckoned on original prices, what was given before takes nothing from them.
    """
    total = left = sum(till.running)
    for late in items:
        offer, lines = late.item.offer, late.item.lines
        base = till.reckoned_on(lines)
        if base < offer.subtotal_at_least:
            continue
        if late.is_smooth and till.reads_running:
            base = min(base, left)
        left = max(0, left - most(late.item, base, late.quantity, len(lines)))
    return total - left
