"""Strategies without a controller, and those that leave out a bound."""

from dataclasses import dataclass

import numpy as np

from queqiao.decide.ads.bidding.contracts import (
    Budget,
    Floats,
    History,
    Strategy,
    Target,
    Values,
)


@dataclass(frozen=True)
class Fixed:
    """Bids the target for each value, or ``base`` where there is none, until the money is gone."""

    base: float = 100.0

    def bids(
        self,
        tick: int,  # noqa: ARG002  # the contract's
        values: Values,
        history: History,  # noqa: ARG002
        budget: Budget,
        target: Target,
    ) -> Floats:
        """Return the bids of the tick."""
        multiplier = target.cost_per_value or self.base
        return np.minimum(multiplier * values.expected, max(budget.left, 0.0))


@dataclass(frozen=True)
class MaxDelivery:
    """Bids as ``strategy`` would without a target: the most value that the budget buys."""

    strategy: Strategy

    def bids(
        self,
        tick: int,
        values: Values,
        history: History,
        budget: Budget,
        target: Target,  # noqa: ARG002  # it is what is left out
    ) -> Floats:
        """Return the bids of the tick."""
        return self.strategy.bids(tick, values, history, budget, Target())
