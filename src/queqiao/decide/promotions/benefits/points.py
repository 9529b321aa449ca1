"""积分抵现: points that pay for a part of the goods."""

from queqiao.decide.promotions.benefits.sums import Sum
from queqiao.decide.promotions.documents.benefit import PointsPaymentBenefit
from queqiao.decide.promotions.rounding import Divide


class PointsPayment(Sum):
    """``points`` pay ``worth`` minor units, in whole steps of the points ``offered``.

    The one in a snapshot is offered no points; a quote takes ``with_points`` of it.
    """

    __slots__ = ("_benefit", "_ratio", "_steps_max")

    def __init__(self, benefit: PointsPaymentBenefit, offered: int = 0) -> None:
        self._benefit = benefit
        self._ratio = (benefit.percent_max / 100).as_integer_ratio()
        usable = offered if benefit.points_max is None else min(offered, benefit.points_max)
        self._steps_max = usable // benefit.points

    def with_points(self, offered: int) -> "PointsPayment":
        """Return the same benefit for a cart that offers so many points."""
        return PointsPayment(self._benefit, offered)

    def discount(self, base: int, quantity: int, divide: Divide) -> int:  # noqa: ARG002
        """Return what the points pay of goods that cost ``base``: whole steps only."""
        payable = base * self._ratio[0] // self._ratio[1]
        worth = self._benefit.worth
        return min(payable // worth, self._steps_max) * worth

    def points_for(self, amount: int) -> int:
        """Return the points that pay ``amount``, rounded up where it is no whole step."""
        return -(-amount * self._benefit.points // self._benefit.worth)
