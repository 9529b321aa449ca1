"""Benefits on a sum of money: reckoned once on all goods, or on each line or unit of them."""

from abc import abstractmethod
from decimal import Decimal

from queqiao.decide.promotions.benefits.compiled import Compiled, Goods
from queqiao.decide.promotions.pricing.pieces import Group
from queqiao.decide.promotions.rounding import Divide, times


class Sum(Compiled):
    """A discount that depends on what goods cost in all, and perhaps on how many they are.

    It never falls when the base grows; bounds of best combinations rest on that.
    """

    __slots__ = ()

    @abstractmethod
    def discount(self, base: int, quantity: int, divide: Divide) -> int:
        """Return the discount on goods that cost ``base``; 0 when it gives nothing on them."""

    def each(self, unit: int, count: int, divide: Divide) -> int:
        """Return the discounts on ``count`` units of ``unit`` each, reckoned one by one."""
        return self.discount(unit, 1, divide) * count

    def allot(self, goods: Goods, divide: Divide) -> list[Group]:
        """Return one group: all goods together."""
        quantity = goods.quantity if self.reads_quantity else 0
        amount = self.discount(goods.base, quantity, divide)
        return [Group(amount, goods.shares)] if amount else []


class Percent(Sum):
    """A share of the base, exact until it is rounded once."""

    __slots__ = ("_denominator", "_numerator", "cap")

    def __init__(self, percent: Decimal, cap: int | None = None) -> None:
        self._numerator, self._denominator = (percent / 100).as_integer_ratio()
        self.cap = cap

    @property
    def rate(self) -> tuple[int, int]:
        """Return the share as a fraction: its numerator and denominator."""
        return self._numerator, self._denominator

    def discount(self, base: int, quantity: int, divide: Divide) -> int:  # noqa: ARG002
        """Return the rounded share of the base, at most the cap."""
        share = divide(base * self._numerator, self._denominator)
        return share if self.cap is None or share <= self.cap else self.cap

    def each(self, unit: int, count: int, divide: Divide) -> int:
        """Return the shares of ``count`` units, each rounded by itself."""
        return times(divide, unit * self._numerator, self._denominator, count)


class Fixed(Sum):
    """An amount, at most the base."""

    __slots__ = ("_most", "cap")

    def __init__(self, amount: int, cap: int | None = None) -> None:
        self._most = amount if cap is None else min(amount, cap)
        self.cap = cap

    def discount(self, base: int, quantity: int, divide: Divide) -> int:  # noqa: ARG002
        """Return the amount, at most the base and the cap."""
        most = self._most
        return most if most <= base else base  # noqa: FURB136  # min() takes four times as long


class Nothing(Sum):
    """Takes nothing off the goods: what the promotion gives is reckoned after them."""

    __slots__ = ()

    def discount(self, base: int, quantity: int, divide: Divide) -> int:  # noqa: ARG002
        """Return 0."""
        return 0
