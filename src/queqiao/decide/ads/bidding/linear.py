"""Linear bidding, the peer: the same price for every unit of what is expected."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from queqiao.decide.ads.bidding.contracts import Budget, Floats, History, Target, Values


@dataclass(frozen=True)
class Linear:
    """Bids ``per_value · value``, rounded down, until the money is gone.

    With what a click cost in training this is "Mcpc" of Cai et al. (WSDM 2017), section 4.
    """

    per_value: float
    price_max: int

    def bids(
        self,
        tick: int,  # noqa: ARG002
        values: Values,
        history: History,  # noqa: ARG002
        budget: Budget,
        target: Target,  # noqa: ARG002
    ) -> Floats:
        """Return the bids of the tick. A target is not looked at."""
        most = max(0.0, min(self.price_max, budget.left))
        return np.minimum(np.floor(self.per_value * values.expected), np.floor(most))

    def strategy(self, auctions: int, budget: float) -> Self:  # noqa: ARG002
        """Return itself."""
        return self

    def after(self, history: History) -> Self:  # noqa: ARG002
        """Return itself: nothing is learned."""
        return self
