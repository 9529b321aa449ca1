"""Throttling: a bid that stays as it is, made in a share of the auctions only.

For bids that an operator set: the plan is kept by taking part less often, not by bidding less. The
share is what the tick is to cost by the plan, over what it would cost to take part in all of it
(Agarwal, Ghosh, Wei and You, "Budget Pacing for Targeted Online Advertisements at LinkedIn", KDD
2014, who step towards it; here it is solved for, as in ``steady.py``).
"""

from dataclasses import dataclass

import numpy as np

from queqiao.decide.ads.bidding.contracts import Budget, Floats, History, Target, Values
from queqiao.decide.ads.bidding.steady import RECENT_TICKS, Curve, wanted_now

GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it, without their whole parts, spread over 0 to 1 more evenly than chance does."""


@dataclass(frozen=True)
class Throttled:
    """Bids ``per_value · value`` in a share of the auctions. A target is not looked at."""

    plan: tuple[float, ...]
    per_value: float

    def bids(
        self,
        tick: int,
        values: Values,
        history: History,
        budget: Budget,
        target: Target,  # noqa: ARG002  # the contract's
    ) -> Floats:
        """Return the bids of the tick; those that do not take part are 0."""
        share = self.share(tick, values, history, budget)
        takes_part = (np.arange(len(values)) * GOLDEN) % 1.0 < share
        bids = np.minimum(self.per_value * values.expected, max(budget.left, 0.0))
        return np.where(takes_part, bids, 0.0)

    def share(self, tick: int, values: Values, history: History, budget: Budget) -> float:
        """Return the share of the tick's auctions to take part in, from 0 to 1."""
        wanted = wanted_now(self.plan, tick, budget)
        mean = float(values.expected.mean()) if len(values) else 0.0
        if mean <= 0 or wanted <= 0:
            return 0.0
        curve = Curve.of(history.outcomes[-RECENT_TICKS:], mean, bid_only=True)
        # Unknown: nobody pays above the bid, or wins more than all.
        whole = len(values) * (
            curve.cost(self.per_value) if curve.is_known else self.per_value * mean
        )
        return min(1.0, wanted / whole) if whole > 0 else 1.0
