"""What a promotion gives on a sum of money: one small class for each kind of benefit."""

from decimal import Decimal
from typing import Protocol

from queqiao.decide.promotions.documents.benefit import (
    Benefit,
    FixedBenefit,
    PercentBenefit,
    ThresholdBenefit,
)
from queqiao.decide.promotions.rounding import Divide


class Compiled(Protocol):
    """A benefit ready to be computed. Amounts are minor units.

    The discount never falls when the base grows; bounds of best combinations rest on that.
    """

    def discount(self, base: int, divide: Divide) -> int:
        """Return the discount on goods that cost ``base``; 0 when it gives nothing on them."""
        ...

    def next_step(self, base: int) -> int | None:
        """Return the least base above ``base`` that gives a higher tier; None without one."""
        ...


class Threshold:
    """满减 by tiers: the highest reached."""

    __slots__ = ("_cap", "_tiers")

    def __init__(self, tiers: tuple[tuple[int, int], ...], cap: int | None) -> None:
        self._tiers = tiers
        self._cap = cap

    def discount(self, base: int, divide: Divide) -> int:  # noqa: ARG002  # whole amounts only
        """Return the highest reached tier's discount."""
        reached = 0
        for at_least, discount in self._tiers:
            if base < at_least:
                break
            reached = discount
        return reached if self._cap is None or reached <= self._cap else self._cap

    def next_step(self, base: int) -> int | None:
        """Return the next tier's threshold."""
        return next((at_least for at_least, _ in self._tiers if at_least > base), None)


class Repeating:
    """每满减: one tier, as often as it fits."""

    __slots__ = ("_at_least", "_cap", "_discount")

    def __init__(self, at_least: int, discount: int, cap: int | None) -> None:
        self._at_least = at_least
        self._discount = discount
        self._cap = cap

    def discount(self, base: int, divide: Divide) -> int:  # noqa: ARG002  # whole amounts only
        """Return the tier's discount times how often the base holds the threshold."""
        reached = base // self._at_least * self._discount
        return reached if self._cap is None or reached <= self._cap else self._cap

    def next_step(self, base: int) -> int | None:
        """Return the next multiple of the threshold, None once the cap is reached."""
        times = base // self._at_least
        if self._cap is not None and times * self._discount >= self._cap:
            return None
        return (times + 1) * self._at_least


class Percent:
    """A share of the base, exact until it is rounded once."""

    __slots__ = ("_cap", "_denominator", "_numerator")

    def __init__(self, percent: Decimal, cap: int | None) -> None:
        self._numerator, self._denominator = (percent / 100).as_integer_ratio()
        self._cap = cap

    def discount(self, base: int, divide: Divide) -> int:
        """Return the rounded share of the base, at most the cap."""
        share = divide(base * self._numerator, self._denominator)
        return share if self._cap is None or share <= self._cap else self._cap

    def next_step(self, base: int) -> int | None:  # noqa: ARG002  # every base gives its share
        """Return None: a percentage has no steps."""
        return None


class Fixed:
    """An amount, at most the base."""

    __slots__ = ("_amount",)

    def __init__(self, amount: int) -> None:
        self._amount = amount

    def discount(self, base: int, divide: Divide) -> int:  # noqa: ARG002  # whole amounts only
        """Return the amount, at most the base."""
        return min(self._amount, base)

    def next_step(self, base: int) -> int | None:  # noqa: ARG002  # every base gives the amount
        """Return None: a fixed amount has no steps."""
        return None


def compile_benefit(benefit: Benefit) -> Compiled:
    """Return the computing form of a benefit document that has passed its check."""
    match benefit:
        case ThresholdBenefit(repeat=True):
            tier = benefit.tiers[0]
            return Repeating(tier.at_least, tier.discount or 0, benefit.cap)
        case ThresholdBenefit():
            tiers = tuple((tier.at_least, tier.discount or 0) for tier in benefit.tiers)
            return Threshold(tiers, benefit.cap)
        case PercentBenefit():
            return Percent(benefit.percent, benefit.cap)
        case FixedBenefit():
            return Fixed(benefit.amount)
        case _:
            raise TypeError(type(benefit).__name__)
