"""满赠: goods that the shop adds for nothing, by rule, by the shopper's choice, while they last."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.benefit import Gift, GiftBenefit

FindGoods = Callable[[str], Goods | None]
_ALL: Mapping[str, int] = MappingProxyType({})
"""All that the document says is left."""


class Given(NamedTuple):
    """A gift: ``value`` is what one unit costs at the shelf, 0 where the catalogue knows none."""

    sku: str
    quantity: int
    value: int


class Choice(NamedTuple):
    """What the shopper may still choose: so many of these, each with its quantity."""

    left: int
    of: list[Given]


class Gifts(NamedTuple):
    """What one offer gives: ``out_of_stock`` when nothing of it is left."""

    given: list[Given]
    choice: Choice | None = None
    out_of_stock: bool = False


class Shelf:
    """The gifts that are still there while one quote is answered."""

    __slots__ = ("_find", "_taken")

    def __init__(self, find: FindGoods, in_cart: Mapping[str, int]) -> None:
        self._find = find
        self._taken = Counter(in_cart)

    def copy(self) -> "Shelf":
        """Return a shelf of its own that holds the same."""
        return Shelf(self._find, self._taken)

    def left(self, sku: str) -> int | None:
        """Return how many units can still be given; None when the stock is not counted."""
        goods = self._find(sku)
        if goods is None or goods.stock is None:
            return None
        return max(0, goods.stock - self._taken[sku])

    def look(self, gift: Gift, times: int, most: int | None) -> Given:
        """Return what could be given of a gift, at most what is left, and ``most``."""
        goods, left = self._find(gift.sku), self.left(gift.sku)
        wanted = gift.quantity * times
        quantity = min(wanted if bound is None else bound for bound in (wanted, left, most))
        return Given(gift.sku, quantity, 0 if goods is None else goods.price_minor)

    def take(self, given: Given) -> Given:
        """Return what is given and count it as gone."""
        self._taken[given.sku] += given.quantity
        return given


class GiftRule:
    """A gift benefit ready to be used; ``left``: how much is left of gifts that are counted."""

    __slots__ = ("_left", "benefit")

    def __init__(self, benefit: GiftBenefit, left: Mapping[str, int] = _ALL) -> None:
        self.benefit = benefit
        self._left = left

    def times(self, amount: int, quantity: int) -> int:
        """Return how often goods that cost ``amount`` and are ``quantity`` units earn the gifts."""
        rule = self.benefit
        times = 1
        if rule.every_amount is not None:
            times = amount // rule.every_amount
        elif rule.every_quantity is not None:
            times = quantity // rule.every_quantity
        return times if rule.times_max is None else min(times, rule.times_max)

    def missing(self, amount: int, quantity: int) -> int:
        """Return how much more would earn the gifts once, in minor units or in units of goods."""
        rule = self.benefit
        if rule.every_amount is not None:
            return rule.every_amount - amount
        return (rule.every_quantity or 0) - quantity

    def give(self, times: int, chosen: Sequence[str], shelf: Shelf) -> Gifts:
        """Return the gifts, taken from the shelf: all of them, or those that were chosen."""
        gifts = self.benefit.gifts
        choose = self.benefit.choose
        gone: Counter[str] = Counter()
        if choose is None or choose >= len(gifts):
            return _of([self._take(gift, times, shelf, gone) for gift in gifts])
        return self._give_chosen(times, choose, chosen, shelf, gone)

    def _give_chosen(
        self, times: int, choose: int, chosen: Sequence[str], shelf: Shelf, gone: Counter[str]
    ) -> Gifts:
        by_sku = {gift.sku: gift for gift in self.benefit.gifts}
        wanted = [sku for sku in dict.fromkeys(chosen) if sku in by_sku][:choose]
        taken = [self._take(by_sku[sku], times, shelf, gone) for sku in wanted]
        given = [item for item in taken if item.quantity]
        others = [gift for sku, gift in by_sku.items() if sku not in wanted]
        offered = [
            item for gift in others if (item := self._look(gift, times, shelf, gone)).quantity
        ]
        left = min(choose - len(given), len(offered))
        return _of(given, Choice(left, offered) if left else None)

    def _look(self, gift: Gift, times: int, shelf: Shelf, gone: Counter[str]) -> Given:
        most = self._left.get(gift.sku, gift.stock)
        return shelf.look(gift, times, None if most is None else most - gone[gift.sku])

    def _take(self, gift: Gift, times: int, shelf: Shelf, gone: Counter[str]) -> Given:
        """Take a gift from the shelf, or in its place another one that is there whole."""
        first = self._look(gift, times, shelf, gone)
        given = first
        if first.quantity < gift.quantity * times:
            others = (
                found
                for other in self.benefit.instead
                if (found := self._look(other, times, shelf, gone)).quantity
                == other.quantity * times
            )
            given = next(others, first)
        gone[given.sku] += given.quantity
        return shelf.take(given)


def _of(taken: Sequence[Given], choice: Choice | None = None) -> Gifts:
    """Return what is given, each SKU once."""
    summed: dict[str, Given] = {}
    for item in taken:
        before = summed[item.sku].quantity if item.sku in summed else 0
        summed[item.sku] = item._replace(quantity=before + item.quantity)
    given = [item for item in summed.values() if item.quantity]
    return Gifts(given, choice, out_of_stock=not given and choice is None)
