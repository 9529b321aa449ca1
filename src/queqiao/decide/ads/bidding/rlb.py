"""RLB, the peer: a dynamic program whose future auctions are all worth the average.

From the equations of Cai et al., "Real-Time Bidding by Reinforcement Learning in Display
Advertising" (WSDM 2017), section 3.2: with m(δ) the share of market prices δ and θ the average
rate, ``V(t, b) = max_a Σ_{δ≤a} m(δ)(θ + V(t-1, b-δ)) + Σ_{δ>a} m(δ) V(t-1, b)``, and the bid for
a prediction x is the highest δ with ``x + V(t-1, b-δ) ≥ V(t-1, b)``.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from queqiao.decide.ads.bidding.contracts import Budget, Floats, History, Target, Values


def solve(auctions: int, budget: int, shares: Floats, mean: float) -> Floats:
    """Return V by auctions that are left and money that is left. ``shares`` are by price."""
    worth = np.zeros((auctions + 1, budget + 1))
    for left in range(auctions):
        now, later = worth[left], worth[left + 1]
        later[:] = now
        for price, share in enumerate(shares[: budget + 1]):
            gain = mean + now[: budget + 1 - price] - now[price:]
            if gain.max() <= 0.0:
                break  # a higher price gains less at every budget
            later[price:] += share * np.maximum(gain, 0.0)
    return worth


@dataclass(frozen=True)
class Rlb:
    """Bids by V. It learns nothing: every day has the same strategy. One auction a tick."""

    worth: Floats
    price_max: int

    def bids(
        self,
        tick: int,
        values: Values,
        history: History,  # noqa: ARG002
        budget: Budget,
        target: Target,  # noqa: ARG002
    ) -> Floats:
        """Return the bids of the tick. A target is not looked at."""
        row = self.worth[max(0, len(self.worth) - 2 - tick)]
        left = int(budget.left)
        most = min(self.price_max, left)
        costs = row[left] - row[left - most : left + 1][::-1]
        return np.searchsorted(costs, values.expected, side="right").astype(np.float64) - 1.0

    def strategy(self, auctions: int, budget: float) -> Self:  # noqa: ARG002
        """Return itself, made for days of that many auctions and that much money."""
        return self

    def after(self, history: History) -> Self:  # noqa: ARG002
        """Return itself: nothing is learned."""
        return self
