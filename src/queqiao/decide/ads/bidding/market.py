"""What a campaign knows of its market before the day begins: learned from days that are over.

A day is cut into ticks, and ticks into dayparts, through which the level of values stays much the
same: who is about changes between morning and evening more than within an hour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from queqiao.decide.ads.bidding.contracts import Floats, History, Outcome

QUANTILES = 25
"""By how many quantiles a distribution is kept."""
LEVELS = 11
"""By how many equally likely levels the value of a daypart is foreseen."""
MIDDLES = (np.arange(QUANTILES) + 0.5) / QUANTILES
"""The probabilities of the quantiles."""
PRICE_SPREAD, VALUE_SPREAD = 0.25, 0.5
"""How far prices and values of a tick lie apart (deviation of the logarithm) where unknown."""

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Market:
    """A usual day. Distributions are equally likely numbers, smallest first.

    ``traffic`` is impressions in each tick and ``prices`` the median least winning cost there;
    ``price_shape`` is the least winning cost as a multiple of that median. ``levels`` are the
    mean values of a daypart of ``daypart_ticks`` ticks, and ``value_shape`` is a value as a
    multiple of its tick's mean. ``weight_ticks`` is how many ticks of today count as much as all
    that is here, when traffic or prices are others than usual; ``weight_dayparts`` is the same
    for levels.
    """

    traffic: Numbers
    prices: Numbers
    price_shape: Numbers
    levels: Numbers
    value_shape: Numbers
    daypart_ticks: int = 8
    weight_ticks: float = 96.0
    weight_dayparts: float = 4.0

    @property
    def ticks(self) -> int:
        """How many ticks a day has."""
        return len(self.traffic)

    @property
    def is_known(self) -> bool:
        """Whether anything was learned from earlier days."""
        return self.weight_ticks > 0

    def ticks_left(self, tick: int) -> int:
        """Return how many ticks the day has from this one on, at least one."""
        return max(1, self.ticks - tick)

    @classmethod
    def unknown(cls, ticks: int = 48) -> "Market":
        """Return an even day of which nothing is known: today alone will tell."""
        even = (1.0,) * ticks
        price_shape, value_shape = _lognormal(PRICE_SPREAD), _lognormal(VALUE_SPREAD)
        return cls(even, even, price_shape, (1.0,), value_shape, ticks, 0.0, 0.0)


def learned(days: Sequence[History], daypart_ticks: int = 8) -> Market:
    """Return the market of past days, each of the same number of ticks.

    A day is as one campaign saw it, whether it won or not; the views of several campaigns of one
    market are welcome. Needs at least one day whose every tick had impressions and a price, and
    some impressions that were worth something.
    """
    outcomes = [outcome for day in days for outcome in day]
    shape = (len(days), len(days[0]))
    counts = np.array([len(outcome.values) for outcome in outcomes]).reshape(shape)
    prices = np.array([price_level(outcome) for outcome in outcomes]).reshape(shape)
    means = np.array([outcome.values.expected.mean() for outcome in outcomes]).reshape(shape)
    part = min(daypart_ticks, shape[1])
    levels = means[:, : shape[1] // part * part].reshape(-1, part).mean(axis=1)
    known = [outcome.market for outcome in outcomes if np.isfinite(outcome.market).all()]
    return Market(
        _numbers(counts.mean(axis=0)),
        _numbers(np.exp(np.log(prices).mean(axis=0))),
        _shape(row / np.median(row) for row in known) if known else _lognormal(PRICE_SPREAD),
        _numbers(np.quantile(levels[levels > 0], (np.arange(LEVELS) + 0.5) / LEVELS)),
        _numbers(np.nanmean([value_shape(one.values.expected) for one in outcomes], axis=0)),
        part,
    )


def value_shape(expected: Floats) -> Floats:
    """Return the quantiles of values as multiples of their mean; NaN without any value."""
    if not len(expected):
        return np.full(QUANTILES, np.nan)
    ranked = np.sort(expected)[(MIDDLES * len(expected)).astype(np.intp)]
    mean = ranked.mean()
    return ranked / mean if mean > 0 else np.full(QUANTILES, np.nan)


def price_level(outcome: Outcome, shape: Numbers = ()) -> float:
    """Return the median least winning cost of a tick; NaN where nothing tells it.

    Where losers are not told the price, it is known only to be above the bid: the distribution is
    then estimated by Kaplan and Meier (1958), and beyond the highest bid by ``shape``.
    """
    known = np.isfinite(outcome.market)
    if known.all():
        return _positive(float(np.median(outcome.market)) if len(known) else 0.0)
    seen = np.where(known, outcome.market, outcome.bids)
    order = np.lexsort((~known, seen))
    at_risk = np.arange(len(order), 0, -1)
    below = 1 - np.cumprod(1 - known[order] / at_risk)
    reached = int(np.searchsorted(below, 0.5))
    if reached < len(order):
        return _positive(float(seen[order[reached]]))
    return _beyond(float(seen.max()), float(below[-1]), shape or _lognormal(PRICE_SPREAD))


def _beyond(highest: float, below: float, shape: Numbers) -> float:
    """Return the median where only the share ``below`` of prices is under the highest bid."""
    return _positive(highest / float(np.interp(below, MIDDLES, shape)))


def _positive(price: float) -> float:
    return price if price > 0 else np.nan


def _shape(rows: Iterable[Floats]) -> Numbers:
    return _numbers(np.mean([np.quantile(row, MIDDLES) for row in rows], axis=0))


def _lognormal(spread: float) -> Numbers:
    normal = NormalDist()
    return tuple(float(np.exp(spread * normal.inv_cdf(float(at)))) for at in MIDDLES)


def _numbers(array: Floats) -> Numbers:
    return tuple(float(number) for number in array)
