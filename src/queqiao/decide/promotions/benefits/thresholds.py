"""满减 and 满折: tiers of what the goods cost, or of how many they are."""

from queqiao.decide.promotions.benefits.compiled import Missing
from queqiao.decide.promotions.benefits.sums import Percent, Sum
from queqiao.decide.promotions.documents.benefit import ThresholdBenefit, Tier
from queqiao.decide.promotions.rounding import Divide


class Threshold(Sum):
    """The highest tier reached."""

    __slots__ = ("_tiers", "cap", "reads_quantity")

    def __init__(self, benefit: ThresholdBenefit) -> None:
        self._tiers = tuple(
            (tier.at_least, tier.discount, _percent(tier)) for tier in benefit.tiers
        )
        self.cap = benefit.cap
        self.reads_quantity = benefit.measure == "quantity"

    def discount(self, base: int, quantity: int, divide: Divide) -> int:
        """Return what the highest reached tier gives, at most the base and the cap."""
        measured = quantity if self.reads_quantity else base
        reached = None
        for tier in self._tiers:
            if measured < tier[0]:
                break
            reached = tier
        if reached is None:
            return 0
        _, amount, percent = reached
        if amount is None:
            amount = percent.discount(base, quantity, divide) if percent else 0
        most = base if self.cap is None or self.cap > base else self.cap
        return min(most, amount)

    def next_step(self, base: int, quantity: int) -> Missing | None:
        """Return what is missing to the next tier."""
        measured = quantity if self.reads_quantity else base
        step = next((tier[0] for tier in self._tiers if tier[0] > measured), None)
        return None if step is None else _missing(step - measured, self.reads_quantity)


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
        return _missing((fits + 1) * self._at_least - measured, self.reads_quantity)


def _percent(tier: Tier) -> Percent | None:
    return None if tier.percent is None else Percent(tier.percent)


def _missing(shortfall: int, in_units: bool) -> Missing:  # one use
    return Missing(shortfall, "unit" if in_units else "minor")
