"""What auctions cost: a distribution of market prices in few points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from queqiao.decide.ads.bidding.contracts import Floats
from queqiao.decide.ads.bidding.shading import rising


@dataclass(frozen=True)
class Prices:
    """Market prices in rising order, and the share of auctions at each. Shares sum to 1."""

    points: Floats
    shares: Floats

    @classmethod
    def of_counts(cls, counts: ArrayLike, points: int = 32) -> "Prices":
        """Return a histogram, whose index is the price, as points that weigh about the same.

        Needs at least one count above zero.
        """
        weights = np.asarray(counts, dtype=np.float64)
        middle = (np.cumsum(weights) - weights / 2) / weights.sum()
        part = np.minimum(middle * points, points - 1).astype(np.int64)
        mass = np.bincount(part, weights, points)
        moment = np.bincount(part, weights * np.arange(len(weights)), points)
        filled = mass > 0
        return cls(moment[filled] / mass[filled], mass[filled] / weights.sum())

    @property
    def typical(self) -> float:
        """The geometric mean; prices below 1 count as 1."""
        return float(np.exp(self.shares @ np.log(np.maximum(self.points, 1.0))))

    def chances(self, bids: Floats) -> Floats:
        """Return the share of auctions that each bid wins."""
        return np.interp(bids, self.points, np.cumsum(self.shares) - self.shares / 2)

    def paid_as_bid(self) -> "Prices":
        """Return prices that cost as much by second price as these do where bids are paid.

        To win at δ takes a bid for which the money is worth ``δ + F(δ) ÷ f(δ)``, and payments are
        the same on average (Myerson, "Optimal Auction Design", 1981, section 6): with these, the
        plan of a second-price auction is that of a first-price one. None is above the highest
        price, since no bid that is paid is.
        """
        paid = self.points * np.cumsum(self.shares)
        virtual = rising(np.diff(paid, prepend=0.0) / self.shares, self.shares)
        return Prices(np.minimum(virtual, self.points[-1]), self.shares)
