"""满减 and 满折: tiers of what the goods cost, or of how many they are."""

from collections.abc import Sequence

from queqiao.decide.promotions.benefits.compiled import Compiled, Goods, Missing
from queqiao.decide.promotions.benefits.sums import Percent, Sum
from queqiao.decide.promotions.benefits.unit_prices import UnitPrices
from queqiao.decide.promotions.documents.benefit import ThresholdBenefit
from queqiao.decide.promotions.pricing.pieces import Group
from queqiao.decide.promotions.rounding import Divide


class Threshold(Sum):
    """满减: the discount of the highest tier reached."""

    __slots__ = ("_tiers", "cap", "reads_quantity")

    def __init__(self, benefit: ThresholdBenefit) -> None:
        cap = benefit.cap
        self._tiers = tuple(
            [
                (tier.at_least, off if cap is None else min(off, cap))
                for tier in benefit.tiers
                if (off := tier.discount) is not None
            ]
        )
        self.cap = cap
        self.reads_quantity = benefit.measure == "quantity"

    def discount(self, base: int, quantity: int, divide: Divide) -> int:  # noqa: ARG002
        """Return the highest reached tier's discount, at most the base."""
        measured = quantity if self.reads_quantity else base
        reached = 0
        for at_least, off in self._tiers:
            if measured < at_least:
                break
            reached = off
        return reached if reached <= base else base  # noqa: FURB136  # four times quicker

    def next_step(self, base: int, quantity: int) -> Missing | None:
        """Return what is missing to the next tier."""
        return _next(self._tiers, quantity if self.reads_quantity else base, self.reads_quantity)


class PercentTiers(Sum):
    """满折: the percentage of the highest tier reached, at most the cap."""

    __slots__ = ("_tiers", "cap", "reads_quantity")

    def __init__(self, benefit: ThresholdBenefit) -> None:
        self._tiers = [
            (tier.at_least, Percent(tier.percent, benefit.cap))
            for tier in benefit.tiers
            if tier.percent is not None
        ]
        self.cap = benefit.cap
        self.reads_quantity = benefit.measure == "quantity"

    def discount(self, base: int, quantity: int, divide: Divide) -> int:
        """Return the highest reached tier's share of the base."""
        measured = quantity if self.reads_quantity else base
        reached = [percent for at_least, percent in self._tiers if at_least <= measured]
        return reached[-1].discount(base, quantity, divide) if reached else 0

    def rate_of(self, quantity: int) -> tuple[int, int] | None:
        """Return the share on so many units as a fraction; None where that depends on the base."""
        if not self.reads_quantity:
            return None
        reached = [percent.rate for at_least, percent in self._tiers if at_least <= quantity]
        return reached[-1] if reached else (0, 1)

    def next_step(self, base: int, quantity: int) -> Missing | None:
        """Return what is missing to the next tier."""
        return _next(self._tiers, quantity if self.reads_quantity else base, self.reads_quantity)


class PriceTiers(Compiled):
    """阶梯价: each unit costs the price of the highest tier reached."""

    __slots__ = ("_tiers", "reads_quantity")

    def __init__(self, benefit: ThresholdBenefit) -> None:
        self._tiers = [
            (tier.at_least, UnitPrices(tier.price, {}))
            for tier in benefit.tiers
            if tier.price is not None
        ]
        self.reads_quantity = benefit.measure == "quantity"

    def allot(self, goods: Goods, divide: Divide) -> list[Group]:
        """Return a group for each piece with units above the price of the tier."""
        measured = goods.quantity if self.reads_quantity else goods.base
        reached = [prices for at_least, prices in self._tiers if at_least <= measured]
        return reached[-1].allot(goods, divide) if reached else []

    def next_step(self, base: int, quantity: int) -> Missing | None:
        """Return what is missing to the next tier."""
        return _next(self._tiers, quantity if self.reads_quantity else base, self.reads_quantity)


class Repeating(Sum):
    """每满减: one tier, as often as it fits."""

    __slots__ = ("_at_least", "_discount", "cap", "reads_quantity")

    def __init__(self, benefit: ThresholdBenefit) -> None:
        tier = benefit.tiers[0]
        self._at_least, self._discount = tier.at_least, tier.discount or 0
        self.cap = benefit.cap
        self.reads_quantity = benefit.measure == "quantity"

    def discount(self, base: int, quantity: int, divide: Divide) -> int:  # noqa: ARG002
        """Return the tier's discount times how often the goods hold the threshold."""
        reached = (quantity if self.reads_quantity else base) // self._at_least * self._discount
        most = base if self.cap is None or self.cap > base else self.cap
        return min(most, reached)

    def next_step(self, base: int, quantity: int) -> Missing | None:
        """Return what is missing to the next multiple; None once the cap is reached."""
        measured = quantity if self.reads_quantity else base
        fits = measured // self._at_least
        if self.cap is not None and fits * self._discount >= self.cap:
            return None
        shortfall = (fits + 1) * self._at_least - measured
        return Missing(shortfall, "unit" if self.reads_quantity else "minor")


def _next(
    tiers: Sequence[tuple[int, object]],
    measured: int,
    in_units: bool,
) -> Missing | None:
    """Return what is missing from ``measured`` to the first tier above it."""
    for at_least, _ in tiers:
        if at_least > measured:
            return Missing(at_least - measured, "unit" if in_units else "minor")
    return None
