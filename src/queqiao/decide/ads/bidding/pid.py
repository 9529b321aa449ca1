"""The PID pacer: the multiplier follows spend against the plan, and nothing else. The baseline.

After Zhang et al., "Feedback Control of Real-Time Display Advertising" (WSDM 2016), section 3:
the multiplier is ``base · exp(control)``, and the control signal is a proportional, an integral
and a differential part of the error, which here is how far the spend is behind the plan, as a
share of the budget.
"""

from dataclasses import dataclass
from math import exp

import numpy as np

from queqiao.decide.ads.bidding.contracts import Budget, Floats, History, Target, Values


@dataclass(frozen=True)
class Pid:
    """Bids ``multiplier · value``.

    ``plan`` is the share of the day's budget that is to be spent by the end of each tick. ``base``
    is the multiplier to begin with where there is no target, in money per value; ``control_max``
    bounds the logarithm of how far the multiplier goes from where it began.
    """

    plan: tuple[float, ...]
    base: float = 100.0
    proportional: float = 2.0
    integral: float = 0.5
    differential: float = 0.5
    control_max: float = 3.0

    def bids(
        self, tick: int, values: Values, history: History, budget: Budget, target: Target
    ) -> Floats:
        """Return the bids of the tick."""
        base = target.cost_per_value or self.base
        multiplier = base * exp(self._control(tick, history, budget))
        return np.minimum(multiplier * values.expected, max(budget.left, 0.0))

    def _control(self, tick: int, history: History, budget: Budget) -> float:
        if not len(history) or budget.total <= 0:
            return 0.0
        spent = np.cumsum([outcome.cost for outcome in history]) / budget.total
        last = len(self.plan) - 1
        ticks = np.arange(tick - len(spent), tick)
        behind = np.asarray(self.plan)[np.clip(ticks, 0, last)] - spent
        change = behind[-1] - (behind[-2] if len(behind) > 1 else 0.0)
        control = (
            self.proportional * behind[-1]
            + self.integral * behind.sum()
            + self.differential * change
        )
        return float(np.clip(control, -self.control_max, self.control_max))
