"""买 X 送 Y: bought units make other units cheaper or free."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from queqiao.decide.promotions.benefits.compiled import Compiled, Goods, Missing, by_sku
from queqiao.decide.promotions.benefits.sums import Percent
from queqiao.decide.promotions.documents.benefit import BuyGetBenefit
from queqiao.decide.promotions.matching.goods_test import GoodsTest
from queqiao.decide.promotions.pricing.pieces import Group, Share, arranged
from queqiao.decide.promotions.rounding import Divide

Key = tuple[int, int, int]
"""A run of equal units, by its line, its piece and what a unit of it costs."""


class BuyGet(Compiled):
    """For so many bought units so many are given, as far as they are in the cart.

    First it is counted how often the cart allows it, then the given units are chosen, then the
    dearest of what is left are the bought ones. The last time may give fewer.
    """

    __slots__ = (
        "_buy",
        "_dearest_first",
        "_get",
        "_get_goods",
        "_percent",
        "_price",
        "_same_sku",
        "_times_max",
    )
    takes_units: ClassVar[bool] = True
    reads_quantity = True

    def __init__(self, benefit: BuyGetBenefit) -> None:
        self._buy, self._get = benefit.buy, benefit.get
        self._percent = Percent(benefit.percent)
        self._price = benefit.price
        get_goods = benefit.get_goods
        self._get_goods = None if get_goods is None else GoodsTest(get_goods)
        self._same_sku = benefit.same_sku
        self._dearest_first = benefit.choose == "dearest"
        self._times_max = benefit.times_max

    def allot(self, goods: Goods, divide: Divide) -> list[Group]:
        """Return a group for each run of given units, and those that were bought."""
        groups: list[Group] = []
        times_left = self._times_max
        for bought_from, given_from in self._pools(goods):
            times, given = self._counts(_Pools.of(bought_from, given_from), times_left)
            if given:
                groups += self._on_pools(bought_from, given_from, times * self._buy, given, divide)
                times_left = None if times_left is None else times_left - times
        return groups

    def _pools(self, goods: Goods) -> list[tuple[list[Share], list[Share]]]:
        """Return where units are bought from and given from: once, or for each SKU.

        SKUs stand by the unit that would be given first, so that ``times_max`` keeps to it.
        """
        if self._get_goods is not None:
            given = self._arranged(goods.others(self._get_goods.lines(goods.basket)))
            return [(arranged(goods.shares, dearest_first=True), given)]
        rows = by_sku(goods) if self._same_sku else [goods.shares]
        pools = [(arranged(row, dearest_first=True), self._arranged(row)) for row in rows if row]
        return sorted(pools, key=lambda pool: _unit(pool[1][0]), reverse=self._dearest_first)

    def _arranged(self, shares: Sequence[Share]) -> list[Share]:
        return arranged(shares, dearest_first=self._dearest_first)

    def _counts(self, pools: "_Pools", times_max: int | None) -> tuple[int, int]:
        """Return how often it is bought, and how many units are given."""
        buy, get = self._buy, self._get
        times = min(pools.bought // buy, pools.given // get, pools.together // (buy + get))
        given = times * get
        more = min(pools.given, pools.together - (times + 1) * buy) - given
        if more > 0 and (times + 1) * buy <= pools.bought:
            times, given = times + 1, given + min(more, get)
        if times_max is not None and times > times_max:
            times, given = times_max, min(given, times_max * get)
        return times, given

    def _on_pools(
        self,
        bought_from: Sequence[Share],
        given_from: Sequence[Share],
        bought: int,
        given: int,
        divide: Divide,
    ) -> Iterator[Group]:
        free = {_key(run): run.count for run in bought_from}
        spare = sum(free.values()) - bought
        for part in _chosen(given_from, given, free, spare):
            yield Group(self._off(part, divide), (part,))
        left = ((run, free[_key(run)]) for run in bought_from)
        for run, count in left:
            part = run.part(min(count, bought))
            bought -= part.count
            if part.count:
                yield Group(0, (part,))

    def _off(self, part: Share, divide: Divide) -> int:
        if self._price is not None:
            return max(0, part.cost - self._price * part.count)
        return self._percent.each(part.basis // part.count, part.count, divide)

    def missing(self, goods: Goods) -> Missing | None:
        """Return how many units more lead to one that is given."""
        lacking = [self._lacking(_Pools.of(*pool)) for pool in self._pools(goods)]
        least = min((units for units in lacking if units > 0), default=None)
        return None if least is None else Missing(least, "unit")

    def _lacking(self, pools: "_Pools") -> int:
        return max(self._buy - pools.bought, 1 - pools.given, self._buy + 1 - pools.together)


class _Pools(NamedTuple):
    """How many units can be bought, how many given, how many there are together."""

    bought: int
    given: int
    together: int

    @classmethod
    def of(cls, bought: Sequence[Share], given: Sequence[Share]) -> "_Pools":
        runs = {_key(run): run.count for run in (*bought, *given)}
        return cls(_quantity(bought), _quantity(given), sum(runs.values()))


def _chosen(runs: Sequence[Share], count: int, free: dict[Key, int], spare: int) -> Iterator[Share]:
    """Yield the first ``count`` units, and take them from ``free``, of which ``spare`` may go."""
    for run in runs:
        key = _key(run)
        most = min(count, run.count, spare) if key in free else min(count, run.count)
        if most <= 0:
            continue
        if key in free:
            free[key] -= most
            spare -= most
        count -= most
        yield run.part(most)


def _key(run: Share) -> Key:
    return run.line, run.piece, run.cost // run.count


def _unit(run: Share) -> int:
    return run.basis // run.count


def _quantity(runs: Sequence[Share]) -> int:
    return sum(run.count for run in runs)
