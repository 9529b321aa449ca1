"""Bid shading: what to bid where the winner pays his own bid, learned from notices.

In a first-price auction a bid of the full value wins nothing but the chance to pay it. The best bid
for a value v is ``argmax (v − b) · P(win | b)`` (Zhang, Yuan and Wang, "Optimal Real-Time Bidding",
KDD 2014, and Pan et al., "Bid Shading by Win-Rate Estimation and Surplus Maximization", AdKDD
2020). P is learned without a model, on a geometric grid of bids:

- an exchange that tells the minimum bid to win tells one point of the distribution;
- one that tells nothing else than won or lost tells whether the market was at most the bid or above
  it. The likeliest rising curve of such notices is the isotonic regression of wins on bids (Ayer et
  al., "An Empirical Distribution Function for Sampling with Incomplete Information", 1955).

Both kinds may come mixed. Older notices fade, so the curve follows the market.
"""

from collections.abc import Callable
from math import log
from typing import Self

import numpy as np
from msgspec import Struct

from queqiao.decide.ads.bidding.contracts import Floats

RATIO = 1.03
"""From one bid of the grid to the next: how exactly a bid is chosen."""
REFRESH = 128
"""Notices between two fits of the curve. A fit takes what 100 notices take."""
FADE = 0.995
"""What a fit leaves of the weight of the notices before: half is gone after 18,000."""
PRIOR = 2.0
"""Notices that the curve at first is worth, at each bid."""
EXPLORED = 0.02
"""The share of draws that try another bid."""
EXPLORED_AT_FIRST = 200.0
"""Notices after which half of the draws do; all do before the first."""


class ShadingState(Struct, frozen=True, array_like=True):
    """What a curve has learned, to be kept: weights by bid of its grid, and notices in all."""

    notices: int
    told: float
    tries: list[float]
    wins: list[float]
    minimums: list[float]


Curve = Callable[[Floats], Floats]
"""Chances to win, from 0 to 1 and rising, by bid."""


def half_at(typical: float) -> Curve:
    """Return a curve for a market of which no more is known than the bid that wins every second."""
    return lambda bids: bids / (bids + typical)


class Shading:
    """The win curve of one seller, and the best bid by it. One thread at a time.

    Amounts are in any one unit, of which ``lowest`` is the least bid and ``highest`` the greatest.
    ``at_first`` gives the chances to win of bids, as they are believed before any notice.
    """

    def __init__(self, lowest: float, highest: float, at_first: Curve) -> None:
        if not 0 < lowest < highest:
            raise ValueError("lowest must be above 0 and below highest")
        self._scale, self._lowest, self._highest = log(RATIO), lowest, highest
        count = 1 + int(np.ceil(log(highest / lowest) / self._scale))
        self._bids: Floats = np.minimum(lowest * RATIO ** np.arange(count), highest)
        self._grid: list[float] = self._bids.tolist()
        self._at_first = at_first(self._bids)
        self._tries, self._wins, self._minimums = np.zeros((3, count))
        self._told = 0.0
        self._notices = 0
        self._chances: Floats = self._bids
        self._costs: Floats = self._bids
        self._fit()

    @property
    def bids(self) -> Floats:
        """The bids that are chosen from."""
        return self._bids

    @property
    def chances(self) -> Floats:
        """The chance to win with each of them."""
        return self._chances

    def price(self, value: float, draw: float = 1.0) -> float:
        """Return the bid for what is worth ``value``: at most that, 0 where no bid is worth it.

        ``draw`` is from 0 to 1, uniform. Small ones try a bid between the least and the value,
        so that the curve is learned where it is not used; without one nothing is tried.
        """
        if value <= self._lowest:
            return 0.0
        explored = max(EXPLORED, EXPLORED_AT_FIRST / (EXPLORED_AT_FIRST + self._notices))
        if draw < explored:
            return self._lowest + (value - self._lowest) * draw / explored
        best = int((value * self._chances - self._costs).argmax())
        return min(self._grid[best], value)

    def notice(self, bid: float, won: bool, minimum: float | None = None) -> None:
        """Take note of what came of a bid. ``minimum`` is the least that would have won.

        Without it, a win tells that the market was at most the bid, a loss that it was above.
        """
        if minimum is None:
            at = max(0, self._first(bid * RATIO) - 1)
            self._tries[at] += 1.0
            self._wins[at] += won
        else:
            self._told += 1.0
            at = self._first(minimum)
            if at < len(self._bids):  # beyond them it is a loss at every bid
                self._minimums[at] += 1.0
        self._notices += 1
        if self._notices % REFRESH == 0:
            self._fit()

    def state(self) -> ShadingState:
        """Return what was learned so far."""
        weights = (self._tries, self._wins, self._minimums)
        return ShadingState(self._notices, self._told, *(each.tolist() for each in weights))

    def restored(self, state: ShadingState) -> Self:
        """Take over what a curve of the same grid has learned, and return itself."""
        self._notices, self._told = state.notices, state.told
        weights = np.array([state.tries, state.wins, state.minimums])
        self._tries, self._wins, self._minimums = weights
        self._fit(fades=False)
        return self

    def _first(self, amount: float) -> int:
        """Return the first bid that is at least the amount; the count of bids if there is none."""
        if amount <= self._lowest:
            return 0
        if amount > self._highest:
            return len(self._bids)
        near = int(log(amount / self._lowest) / self._scale)
        return near if self._grid[near] >= amount else near + 1

    def _fit(self, *, fades: bool = True) -> None:
        tries = self._tries + self._told + PRIOR
        wins = self._wins + np.cumsum(self._minimums) + PRIOR * self._at_first
        self._chances = rising(wins / tries, tries)
        self._costs = self._bids * self._chances
        if not fades:
            return
        self._tries *= FADE
        self._wins *= FADE
        self._minimums *= FADE
        self._told *= FADE


def rising(rates: Floats, weights: Floats) -> Floats:
    """Return rates that never fall, near those given by weighted squares.

    Neighbours that fall are pooled until none do (Ayer et al., 1955); between the middles of two
    pools it is a line, since a step would make the lowest bid of a pool look best.
    """
    pools: list[tuple[float, float, float]] = []
    for at, (rate, weight) in enumerate(zip(rates.tolist(), weights.tolist(), strict=True)):
        mean, mass, middle = rate, weight, float(at)
        while pools and pools[-1][0] >= mean:
            below, under, centre = pools.pop()
            total = mass + under
            mean = (below * under + mean * mass) / total
            middle = (centre * under + middle * mass) / total
            mass = total
        pools.append((mean, mass, middle))
    means, _, middles = zip(*pools, strict=True)
    return np.asarray(np.interp(np.arange(len(rates)), middles, means))
