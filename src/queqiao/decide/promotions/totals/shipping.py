"""Offers on delivery: 包邮, an amount or a share off, delivery at a price."""

from queqiao.decide.promotions.documents.benefit import ShippingBenefit
from queqiao.decide.promotions.rounding import Divide


class ShippingOff:
    """A shipping benefit ready to be computed. Amounts are minor units."""

    __slots__ = ("_amount", "_cap", "_ratio", "_to_price")

    def __init__(self, benefit: ShippingBenefit) -> None:
        self._ratio = None
        if benefit.percent is not None:
            self._ratio = (benefit.percent / 100).as_integer_ratio()
        self._amount, self._to_price, self._cap = benefit.amount, benefit.price, benefit.cap

    def discount(self, cost: int, divide: Divide) -> int:
        """Return what is taken off delivery that still costs ``cost``: from 0 to ``cost``."""
        if self._ratio is not None:
            off = divide(cost * self._ratio[0], self._ratio[1])
        elif self._amount is not None:
            off = self._amount
        else:
            off = max(0, cost - (self._to_price or 0))
        off = min(off, cost)
        return off if self._cap is None else min(off, self._cap)
