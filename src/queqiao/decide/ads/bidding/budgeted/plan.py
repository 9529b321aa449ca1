"""The worth of money: what a budget will still bring in the auctions that are left.

The dynamic program of Cai et al., "Real-Time Bidding by Reinforcement Learning in Display
Advertising" (WSDM 2017), section 3, with two changes. Theirs takes each future auction to be worth
the average; here it is worth ``quality(price) · x``, where x has a distribution:

    V(t, b) = V(t-1, b) + Σ_δ m(δ) · E[(quality(δ)·x − (V(t-1, b) − V(t-1, b-δ)))⁺]

because the best answer to a price δ is to pay it exactly when it brings more than the money would
later. And V is kept on a grid of budgets, with steps of several auctions where it changes slowly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from queqiao.decide.ads.bidding.budgeted.prices import Prices
from queqiao.decide.ads.bidding.contracts import Floats

CELLS = 128
"""Budgets in the grid, beside 0."""
STEP_MAX = 8
STEP_SHARE = 25
"""A step is at most the auctions that are left, divided by this, and wins one of them or less:
longer ones made V swing, and bids with it."""
KNOTS = 256


@dataclass(frozen=True)
class Excess:
    """E[(x − c)⁺] of a distribution, and the share of it above c, for any c."""

    costs: Floats
    means: Floats
    shares: Floats

    @classmethod
    def of(cls, samples: Floats, weights: Floats) -> "Excess":
        """Return that of samples with their weights (any sum above zero)."""
        order = np.argsort(samples)
        x, share = samples[order], weights[order] / weights.sum()
        mass = np.append(np.cumsum(share[::-1])[::-1], 0.0)
        moment = np.append(np.cumsum((share * x)[::-1])[::-1], 0.0)
        costs = x[-1] * np.linspace(0.0, 1.0, KNOTS) ** 3
        above = np.searchsorted(x, costs)
        return cls(costs, moment[above] - costs * mass[above], mass[above])

    def __call__(self, costs: Floats) -> Floats:
        """Return the mean excess over each cost."""
        return np.interp(costs, self.costs, self.means)

    def share(self, costs: Floats) -> Floats:
        """Return the share of the distribution above each cost."""
        return np.interp(costs, self.costs, self.shares)


@dataclass(frozen=True)
class Plan:
    """``worth[i, j]``: what ``budgets[j]`` brings in ``auctions[i]`` auctions."""

    auctions: NDArray[np.int64]
    budgets: Floats
    worth: Floats

    @classmethod
    def solve(
        cls, auctions: int, budget: float, prices: Prices, quality: Floats, excess: Excess
    ) -> "Plan":
        """Return the plan for that many auctions and that much money.

        ``quality`` is by point of ``prices``, above zero.
        """
        budgets = np.linspace(0.0, max(budget, 1.0), CELLS + 1)
        after = budgets[:, None] - prices.points
        lower = np.clip(after / budgets[1], 0, CELLS - 1).astype(np.int64)
        part = np.maximum(after / budgets[1], 0.0) - lower
        shares = np.where(after >= 0, prices.shares, 0.0)
        times, rows = [0], [np.zeros(CELLS + 1)]
        while times[-1] < auctions:
            worth = rows[-1]
            left = worth[lower] + (worth[lower + 1] - worth[lower]) * part
            costs = np.maximum(worth[:, None] - left, 0.0) / quality
            wins = float(excess.share(costs[-1]) @ shares[-1])
            step = min(_step(times[-1], wins), auctions - times[-1])
            rows.append(worth + step * (excess(costs) * quality * shares).sum(axis=1))
            times.append(times[-1] + step)
        return cls(np.array(times), budgets, np.array(rows))

    def costs(self, auctions: int, left: float, prices: Floats) -> Floats:
        """Return what each price takes from the worth of the money that is left.

        ``auctions`` are those still to come; ``prices`` are at most ``left``.
        """
        row = self._row(auctions)
        now = np.interp(left, self.budgets, row)
        return np.asarray(now - np.interp(left - prices, self.budgets, row))

    def _row(self, auctions: int) -> Floats:
        above = int(np.searchsorted(self.auctions, auctions))
        if above == len(self.auctions) or self.auctions[above] == auctions:
            return np.asarray(self.worth[min(above, len(self.auctions) - 1)])
        low, high = self.auctions[above - 1], self.auctions[above]
        lower, upper = self.worth[above - 1], self.worth[above]
        return np.asarray(lower + (upper - lower) * ((auctions - low) / (high - low)))


def _step(auctions: int, wins: float) -> int:
    """Return how many auctions go in one step: ``wins`` is the share of them that is won."""
    most = min(STEP_MAX, auctions // STEP_SHARE)
    return max(1, min(most, int(1.0 / max(wins, 1e-9))))
