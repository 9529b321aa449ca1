"""Points and cashback that an order earns."""

from queqiao.decide.promotions.documents.benefit import (
    CashbackBenefit,
    PointsBenefit,
)
from queqiao.decide.promotions.rounding import Divide


class PointsEarned:
    """送积分: so many points once, or for each whole ``every_amount`` that is paid."""

    __slots__ = ("_cap", "_every", "_points")

    def __init__(self, benefit: PointsBenefit) -> None:
        self._points, self._every, self._cap = benefit.points, benefit.every_amount, benefit.cap

    def earned(self, paid: int) -> int:
        """Return the points earned by paying ``paid`` minor units for the goods in scope."""
        points = self._points if self._every is None else paid // self._every * self._points
        return points if self._cap is None else min(points, self._cap)


class Cashback:
    """返现: a share of what is paid, or an amount once; never more than what is paid."""

    __slots__ = ("_amount", "_cap", "_ratio")

    def __init__(self, benefit: CashbackBenefit) -> None:
        self._ratio = None
        if benefit.percent is not None:
            self._ratio = (benefit.percent / 100).as_integer_ratio()
        self._amount, self._cap = benefit.amount, benefit.cap

    def back(self, paid: int, divide: Divide) -> int:
        """Return the minor units that are paid back later for goods that cost ``paid``."""
        if self._ratio is not None:
            amount = divide(paid * self._ratio[0], self._ratio[1])
        else:
            amount = self._amount or 0
        amount = min(amount, paid)
        return amount if self._cap is None else min(amount, self._cap)
