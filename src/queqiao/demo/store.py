"""The living store: its goods, shoppers and paper, all from one seed, and what it counts."""

from bisect import bisect
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate
from random import Random
from typing import Any

from queqiao.demo.documents import newcomer_codes
from queqiao.demo.goods import CATEGORIES, Good, make_goods
from queqiao.demo.shoppers import Shopper, make_shoppers
from queqiao.kernel.randomness import Randomness

SHOPPERS = 2_000
TRIES = 5


class Weighted:
    """Draws from weighted things quickly."""

    def __init__(self, things: Sequence[Any], weights: Sequence[float]) -> None:
        self._things = things
        self._sums = list(accumulate(weights))

    def draw(self, chance: Random) -> Any:
        """Return one thing with a chance in proportion to its weight."""
        return self._things[bisect(self._sums, chance.random() * self._sums[-1])]


class Store:
    """What does not change while the store lives, and the little that shoppers remember.

    ``redeems``: whether its orders use promotions in the system, their uses, budgets and codes;
    otherwise it only asks for prices, and redeems codes one by one.
    """

    def __init__(
        self,
        randomness: Randomness,
        born_us: int,
        shoppers: int = SHOPPERS,
        *,
        redeems: bool = False,
    ) -> None:
        self.randomness = randomness
        self.redeems = redeems
        self.goods = make_goods(randomness.stream("goods"))
        self.by_sku = {good.sku: good for good in self.goods}
        self.codes = newcomer_codes(shoppers, randomness.stream("codes"))
        self.shoppers = make_shoppers(self.codes, born_us, randomness.stream("shoppers"))
        self.logged_in: set[int] = set()
        self.counts: dict[str, int] = {}
        self._anyone = Weighted(self.shoppers, [one.activity for one in self.shoppers])
        self._of_category = {
            name: Weighted(found, [good.popularity for good in found])
            for name in CATEGORIES
            if (found := [good for good in self.goods if good.category == name])
        }

    def someone(self, chance: Random, here: AbstractSet[int] = frozenset()) -> Shopper | None:
        """Draw a shopper by how often she comes; None when those drawn are all ``here`` already."""
        for _ in range(TRIES):
            shopper: Shopper = self._anyone.draw(chance)
            if shopper.number not in here:
                return shopper
        return None

    def something(self, shopper: Shopper, before: Good | None, chance: Random) -> Good:
        """Draw what is viewed next: mostly of the category viewed before, else of a liked one."""
        if before is not None and chance.random() < 0.7:
            category = before.category
        else:
            category = chance.choices(CATEGORIES, shopper.likes)[0]
        good: Good = self._of_category[category].draw(chance)
        return good

    def count(self, name: str, more: int = 1) -> None:
        """Count something that happened, for the progress lines."""
        self.counts[name] = self.counts.get(name, 0) + more
