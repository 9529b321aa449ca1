"""Offers on the whole cart, one after the other: all that counts for them is one sum.

What the best set of them gives is then a function of the total, exact to the minor unit; and it is
known at which totals it jumps.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.benefits.points import PointsPayment
from queqiao.decide.promotions.benefits.sums import Sum
from queqiao.decide.promotions.combination.tails import Late
from queqiao.decide.promotions.documents.benefit import ThresholdBenefit
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.rounding import Divide, divider

OFFERS_MAX = 10
"""Of more offers the sets are too many to be reckoned for each sum."""

MULTIPLES_MAX = 200
"""Multiples of a 每满 that are told apart; a cart with more is not reckoned from its sum."""

BREAKS_MAX = 1_000
"""Totals at which something jumps; with more, a cart is not reckoned from its sum. Seven 满减 with
two tiers and a 每满 after each other have some 600."""


class Step(NamedTuple):
    """From ``at_least`` to before ``end`` an offer goes by one rule."""

    at_least: int
    end: int


FOREVER = 1 << 62


class Rule(NamedTuple):
    """From which total on an offer gives, and what, on so many units."""

    at_least: int
    discount: Callable[[int, int, Divide], int]
    quantity: int


def _rule_of(late: Late) -> Rule:
    offer, benefit = late.item.offer, late.item.offer.benefit
    assert isinstance(benefit, Sum)
    enough = late.quantity >= offer.quantity_at_least
    return Rule(offer.subtotal_at_least if enough else FOREVER, benefit.discount, late.quantity)


class WholeCart:
    """The offers in their order, with what they give on a sum."""

    def __init__(self, items: Sequence[Late], divide: Divide) -> None:
        self._items = items
        self._divide = divide
        self._known: dict[tuple[int, int], int] = {}
        self._rules_of = [_rule_of(late) for late in items]

    def best(self, left: int, place: int = 0) -> int:
        """Return what the best set of the offers from ``place`` on gives on a total."""
        if place == len(self._items):
            return 0
        known = self._known.get((place, left))
        if known is None:
            given = self._given(place, left)
            known = given + self.best(left - given, place + 1)
            if given and self._items[place].skip_helps:
                skipped = self.best(left, place + 1)
                known = max(known, skipped)
            self._known[place, left] = known
        return known

    def _given(self, place: int, left: int) -> int:
        at_least, discount, quantity = self._rules_of[place]
        if left < at_least:
            return 0
        given = discount(left, quantity, self._divide)
        return min(left, given)

    def steps(self, lowest: int, total: int) -> Iterator[int]:
        """Yield the totals from ``lowest`` to ``total`` at which a set may begin to give more."""
        breaks: set[int] = set()
        for place in range(len(self._items) - 1, -1, -1):
            breaks = set(self._before(place, breaks, total))
            if len(breaks) > BREAKS_MAX:
                raise OverflowError
        yield from (step for step in breaks if lowest < step <= total)

    def _before(self, place: int, breaks: set[int], total: int) -> Iterator[int]:
        """Yield the breaks of an offer, and the totals before it that lead to ``breaks`` after."""
        yield from breaks
        for step in self._rules(place, total):
            if step.at_least:
                yield step.at_least
            end = min(step.end, total + 1)
            for wanted in breaks:
                found = self._least(place, wanted, step.at_least, end)
                if found < end:
                    yield found

    def _least(self, place: int, wanted: int, low: int, high: int) -> int:
        """Return the least total from ``low`` to before ``high`` that leaves ``wanted``.

        By one rule an offer gives no less on more, so what it gives on too small a total is not
        too much: the total grows by that until it is enough.
        """
        low = max(low, wanted)
        while low < high:
            needed = wanted + self._given(place, low)
            if needed <= low:
                return low
            low = needed
        return high

    def _rules(self, place: int, total: int) -> Iterator[Step]:
        late = self._items[place]
        if isinstance(late.item.offer.benefit, PointsPayment):
            raise OverflowError  # a step of points can leave less of a dearer cart
        asked = late.item.offer.subtotal_at_least
        stated = late.item.offer.stated
        if isinstance(stated, ThresholdBenefit) and stated.measure == "amount":
            for step in steps_of(stated, 0, total):
                if step.end > asked:
                    yield Step(max(asked, step.at_least), step.end)
        else:
            yield Step(asked, FOREVER)


def steps_of(stated: ThresholdBenefit, lowest: int, highest: int) -> list[Step]:
    """Return the steps of 满减 that are within reach from ``lowest`` to ``highest``.

    Raises OverflowError for more multiples of a 每满 than are told apart.
    """
    starts = [tier.at_least for tier in stated.tiers]
    if stated.repeat:
        size = starts[0]
        first, last = lowest // size + 1, highest // size
        if last - first > MULTIPLES_MAX:
            raise OverflowError
        starts = [size * times for times in range(first, last + 1)]
    ends = [*starts[1:], FOREVER][: len(starts)]
    return [Step(*pair) for pair in zip(starts, ends, strict=True) if pair[0] <= highest]


def whole_cart(basket: Basket, items: Sequence[Late], profile: Profile) -> WholeCart | None:
    """Return the offers as functions of one sum; None where they are not."""
    if len(items) > OFFERS_MAX or profile.base != "running" or profile.rounding == "none":
        return None
    every = len(basket.lines)
    for late in items:
        item = late.item
        if item.requirement is not None or len(item.lines) != every:
            return None
        if not isinstance(item.offer.benefit, Sum):
            return None
    return WholeCart(items, divider(profile.rounding))
