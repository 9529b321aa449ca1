"""The dual-variable pacer: two multipliers that learn from what each tick cost and brought.

The budget's multiplier falls when a tick cost more than its share of the plan, and rises when it
cost less; the target's multiplier falls when values cost more than the target, and rises when
they cost less. The smaller of the two bids. Steps are exponential: mirror descent on the dual
variables of the two bounds (Balseiro and Gur, "Learning in Repeated Auctions with Budgets",
Management Science 2019; Feng, Padmanabhan and Wang, "Online Bidding Algorithms for
Return-on-Spend Constrained Advertisers", WWW 2023). Nothing of the market is assumed but the
plan, so it is what is left when there are no past days to learn from.
"""

from dataclasses import dataclass
from math import exp

import numpy as np

from queqiao.decide.ads.bidding.contracts import (
    Budget,
    Floats,
    History,
    Outcome,
    Target,
    Values,
)


@dataclass(frozen=True)
class Dual:
    """Bids ``min(budget's multiplier, target's multiplier) · value``.

    ``traffic`` is impressions by tick on a usual day, in any unit: the plan spends in proportion.
    ``base`` is what a value is worth to begin with where there is no target. ``step`` is how much
    a tick that costs nothing raises the logarithm of the budget's multiplier; ``range_log`` bounds
    how far a multiplier may go from where it began.
    """

    traffic: tuple[float, ...]
    base: float = 100.0
    step: float = 0.1
    range_log: float = 3.0

    def bids(
        self, tick: int, values: Values, history: History, budget: Budget, target: Target
    ) -> Floats:
        """Return the bids of the tick."""
        first = target.cost_per_value or self.base
        logs = 0.0, 0.0
        for past, outcome in zip(range(tick - len(history), tick), history, strict=True):
            logs = self._stepped(logs, outcome, self._planned(past, budget), target)
        log = logs[0] if target.cost_per_value is None else min(logs)
        return np.minimum(first * exp(log) * values.expected, max(budget.left, 0.0))

    def _stepped(
        self, logs: tuple[float, float], outcome: Outcome, planned: float, target: Target
    ) -> tuple[float, float]:
        """Return both logarithms after a tick."""
        budgeted = logs[0] + self.step * self._share(planned - outcome.cost, planned)
        allowed = (target.cost_per_value or 0.0) * outcome.gain
        targeted = logs[1] + self.step * self._share(allowed - outcome.cost, planned)
        return self._bounded(budgeted), self._bounded(targeted)

    def _planned(self, tick: int, budget: Budget) -> float:
        at = min(max(tick, 0), len(self.traffic) - 1)
        return budget.total * self.traffic[at] / sum(self.traffic)

    @staticmethod
    def _share(difference: float, planned: float) -> float:
        return max(-1.0, min(1.0, difference / planned)) if planned > 0 else 0.0

    def _bounded(self, log: float) -> float:
        return max(-self.range_log, min(self.range_log, log))
