"""Prices in place of discounts: one for every unit, or one by SKU."""

from collections.abc import Mapping
from typing import ClassVar

from queqiao.decide.promotions.benefits.compiled import Compiled, Goods
from queqiao.decide.promotions.pricing.pieces import Group, Share, equal_units
from queqiao.decide.promotions.rounding import Divide


class UnitPrices(Compiled):
    """Units cost their price; one that already costs less stays as it is.

    It reads what units still cost also where discounts are reckoned on original prices: a price
    is what is paid, whatever was given before.
    """

    __slots__ = ("_price", "_prices")
    is_by_line: ClassVar[bool] = True

    def __init__(self, price: int | None, prices: Mapping[str, int]) -> None:
        self._price = price
        self._prices = prices

    def allot(self, goods: Goods, divide: Divide) -> list[Group]:  # noqa: ARG002  # whole amounts
        """Return a group for each piece with units above their price."""
        lines = goods.basket.lines
        groups = []
        for share in goods.shares:
            price = self._prices.get(lines[share.line].sku, self._price)
            if price is not None and (amount := _above(share, price)):
                groups.append(Group(amount, (share,)))
        return groups


def _above(share: Share, price: int) -> int:
    """Return how much the units cost above ``price`` each."""
    return sum(max(0, run.cost - price * run.count) for run in equal_units((share,)))
