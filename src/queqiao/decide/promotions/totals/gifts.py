"""满赠: goods that the shop adds for nothing, by rule, by the shopper's choice, while they last."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from queqiao.catalog.contracts import Goods
from queqiao.decide.promotions.documents.benefit import Gift, GiftBenefit

FindGoods = Callable[[str], Goods | None]


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

    def look(self, gift: Gift, times: int) -> Given:
        """Return what could be given of a gift, at most what is left."""
        goods, left = self._find(gift.sku), self.left(gift.sku)
        wanted = gift.quantity * times
        quantity = wanted if left is None else min(wanted, left)
        return Given(gift.sku, quantity, 0 if goods is None else goods.price_minor)

    def take(self, gift: Gift, times: int) -> Given:
        """Return the same and count it as gone."""
        given = self.look(gift, times)
        self._taken[gift.sku] += given.quantity
        return given


class GiftRule:
    """A gift benefit ready to be used."""

    __slots__ = ("benefit",)

    def __init__(self, benefit: GiftBenefit) -> None:
        self.benefit = benefit

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
        if choose is None or choose >= len(gifts):
            given = [shelf.take(gift, times) for gift in gifts]
            return _of([item for item in given if item.quantity])
        return self._give_chosen(times, choose, chosen, shelf)

    def _give_chosen(self, times: int, choose: int, chosen: Sequence[str], shelf: Shelf) -> Gifts:
        by_sku = {gift.sku: gift for gift in self.benefit.gifts}
        wanted = [sku for sku in dict.fromkeys(chosen) if sku in by_sku][:choose]
        taken = [shelf.take(by_sku[sku], times) for sku in wanted]
        given = [item for item in taken if item.quantity]
        others = [shelf.look(gift, times) for sku, gift in by_sku.items() if sku not in wanted]
        offered = [item for item in others if item.quantity]
        left = min(choose - len(given), len(offered))
        return _of(given, Choice(left, offered) if left else None)


def _of(given: list[Given], choice: Choice | None = None) -> Gifts:
    return Gifts(given, choice, out_of_stock=not given and choice is None)
