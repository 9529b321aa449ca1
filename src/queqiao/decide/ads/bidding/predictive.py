"""The model-predictive pacer: each tick it foresees the rest of the day and solves for a bid.

Second-price auctions are won best, under a budget and a bound on the mean cost of a value, by
bidding ``multiplier · value`` with one multiplier, the smaller of two: the one at which the money
lasts just until the end, and the one at which the bound is just kept (Aggarwal, Badanidiyuru and
Mehta, "Autobidding with Constraints", WINE 2019). What is not known is the rest of the day. Here
it is foreseen from usual days (``market.py``) and from how today differs (``drift.py``): this
daypart as it shows itself now, later ones at any of their likely levels (``reserve.py``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from queqiao.decide.ads.bidding.contracts import Budget, Floats, History, Target, Values
from queqiao.decide.ads.bidding.foresight import Foreseen, foresee, prices_seen
from queqiao.decide.ads.bidding.market import Market
from queqiao.decide.ads.bidding.reserve import kept

GRID = np.exp(np.linspace(np.log(0.03), np.log(30.0), 100))
"""Multipliers that are weighed, in medians of the price for a mean value."""
FIRST_SHARE = 0.5
"""What share of the target is bid while nothing at all is known of prices."""

COARSE = 0.01
"""Below this share of all value the curve has too few quantiles to tell what a value will cost."""


@dataclass(frozen=True)
class Predictive:
    """Solves for the multiplier in every tick.

    ``margin`` is how much of the target cost is aimed at, for what is foreseen comes otherwise;
    ``stretch`` is how far a single bid may exceed the target while the mean keeps it.
    """

    market: Market = field(default_factory=Market.unknown)
    margin: float = 0.98
    stretch: float = 1.3

    def bids(
        self, tick: int, values: Values, history: History, budget: Budget, target: Target
    ) -> Floats:
        """Return the bids of the tick."""
        if not values.expected.any() or budget.left <= 0:
            return np.zeros(len(values))
        prices = prices_seen(self.market, tick, history)
        if self.market.is_known or np.isfinite(prices).any():
            seen = foresee(self.market, tick, values, history, prices)
            multiplier = self._multiplier(tick, seen, history, budget, target)
        else:
            multiplier = self._first(tick, values, budget, target)
        return np.minimum(multiplier * values.expected, budget.left)

    def _first(self, tick: int, values: Values, budget: Budget, target: Target) -> float:
        """Return a careful multiplier: with it, even winning all spends no more than a share."""
        affordable = budget.left / (self.market.ticks_left(tick) * float(values.expected.sum()))
        if target.cost_per_value is None:
            return affordable
        return max(affordable, FIRST_SHARE * target.cost_per_value)

    def _multiplier(
        self, tick: int, seen: Foreseen, history: History, budget: Budget, target: Target
    ) -> float:
        """Return what to bid for a unit of value: the smaller of the two multipliers."""
        grid = self._grid(seen, target)
        rest = self.market.daypart_ticks - tick % self.market.daypart_ticks
        levels = np.full(len(seen.prices[:rest]), seen.level)
        cost, value = seen.curve.of(grid, seen.traffic[:rest], levels, seen.prices[:rest])
        keep = kept(grid, self._later(grid, seen, rest))
        by_budget = float(np.interp(budget.left, cost + keep, grid))
        if target.cost_per_value is None:
            return by_budget
        bound = target.cost_per_value * self.margin
        gained = sum(outcome.gain for outcome in history)
        above = budget.spent + cost - bound * (gained + value)
        above[(grid > bound) & (value < COARSE * seen.level * seen.traffic[:rest].sum())] = np.inf
        return min(by_budget, _highest_below_zero(grid, above))

    def _later(self, grid: Floats, seen: Foreseen, begin: int) -> Iterator[Floats]:
        """Return what later dayparts would spend at each multiplier, by level."""
        for first in range(begin, len(seen.prices), self.market.daypart_ticks):
            ticks = slice(first, first + self.market.daypart_ticks)
            yield seen.curve.spends(grid, seen.levels, seen.traffic[ticks], seen.prices[ticks])

    def _grid(self, seen: Foreseen, target: Target) -> Floats:
        """Return the multipliers that are weighed, up to the most that the target allows."""
        grid = GRID * (float(np.median(seen.prices)) / seen.level)
        if target.cost_per_value is None:
            return grid
        return grid * min(1.0, self.stretch * target.cost_per_value / float(grid[-1]))


def _highest_below_zero(grid: Floats, above: Floats) -> float:
    """Return the largest multiplier with which the mean cost of the day is not above its bound.

    Where none is, the one that comes nearest: what is cheaper than the bound still helps.
    """
    keeping = np.flatnonzero(above <= 0)
    return float(grid[keeping[-1] if len(keeping) else np.argmin(above)])
