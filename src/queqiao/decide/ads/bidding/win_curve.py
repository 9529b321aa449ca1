"""What a multiplier costs and brings: the win curve of a tick, from shapes of values and prices."""

from dataclasses import dataclass

import numpy as np

from queqiao.decide.ads.bidding.contracts import Floats

LOG_RATIOS = np.linspace(np.log(0.01), np.log(100.0), 300)
"""Where the curve is known: the bid for a value of one mean, in medians of the price."""

KNOTS = 160
"""At how many multipliers the spending of a daypart is computed; between them it is a line."""


@dataclass(frozen=True)
class WinCurve:
    """Cost and value of an impression by bid, where the mean value and the median price are 1.

    ``cost`` and ``value`` stand at ``LOG_RATIOS``: the expected cost and the expected value won
    by one who bids ``exp(log_ratio)`` for a value of 1, and in proportion for others.
    """

    cost: Floats
    value: Floats

    def of(
        self, multipliers: Floats, traffic: Floats, means: Floats, prices: Floats
    ) -> tuple[Floats, Floats]:
        """Return what each multiplier costs and brings in all of some ticks together.

        ``traffic``, ``means`` (of values) and ``prices`` (medians) are by tick.
        """
        ratios = np.log(multipliers)[:, None] + np.log(means / prices)
        cost = np.interp(ratios, LOG_RATIOS, self.cost) @ (traffic * prices)
        value = np.interp(ratios, LOG_RATIOS, self.value) @ (traffic * means)
        return cost, value

    def spends(
        self, multipliers: Floats, levels: Floats, traffic: Floats, prices: Floats
    ) -> Floats:
        """Return what each multiplier spends in some ticks, a row for each level of values.

        What is spent goes by the product of multiplier and level, so one curve tells it all.
        """
        wanted = np.log(levels)[:, None] + np.log(multipliers)
        known = np.linspace(wanted.min(), wanted.max(), KNOTS)
        ratios = known[:, None] - np.log(prices)
        spent = np.interp(ratios, LOG_RATIOS, self.cost) @ (traffic * prices)
        found: Floats = np.interp(wanted, known, spent)
        return found


def win_curve(value_shape: Floats, price_shape: Floats) -> WinCurve:
    """Return the curve of values and prices that are independent within a tick."""
    needed = price_shape[:, None] / np.maximum(value_shape, 1e-9)
    order = np.argsort(needed, axis=None)
    won = np.searchsorted(needed.ravel()[order], np.exp(LOG_RATIOS), side="right")
    return WinCurve(
        _sums(np.broadcast_to(price_shape[:, None], needed.shape).ravel()[order])[won],
        _sums(np.broadcast_to(value_shape, needed.shape).ravel()[order])[won],
    )


def _sums(ranked: Floats) -> Floats:
    return np.concatenate(([0.0], np.cumsum(ranked))) / len(ranked)
