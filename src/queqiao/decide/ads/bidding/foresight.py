"""The rest of a day as it is most likely to come: a usual day, corrected by how today goes."""

from dataclasses import dataclass

import numpy as np

from queqiao.decide.ads.bidding.contracts import Floats, History, Outcome, Values
from queqiao.decide.ads.bidding.drift import drift
from queqiao.decide.ads.bidding.market import Market, Numbers, price_level, value_shape
from queqiao.decide.ads.bidding.win_curve import WinCurve, win_curve

SHAPE_WEIGHT = 4
"""How many ticks of today tell as much about the shape of values as usual days do."""


@dataclass(frozen=True)
class Foreseen:
    """The day from the present tick on.

    ``traffic`` (impressions) and ``prices`` (medians) are by tick. ``level`` is the mean value in
    the present daypart, and ``levels`` are those that each later one may have, equally likely.
    """

    traffic: Floats
    prices: Floats
    level: float
    levels: Floats
    curve: WinCurve


def prices_seen(market: Market, tick: int, history: History) -> Floats:
    """Return the median price of each tick before this one; NaN where it is not known."""
    return _padded([_price(outcome, market.price_shape) for outcome in history], tick)


def foresee(market: Market, tick: int, values: Values, history: History, seen: Floats) -> Foreseen:
    """Return what is to be expected from ``tick`` on, whose ``values`` are known.

    ``history`` ends with the tick before; it may begin later than the day. ``seen`` is
    ``prices_seen`` of the same.
    """
    ticks = np.arange(max(market.ticks, tick + 1))
    usual = np.minimum(ticks, market.ticks - 1)
    ahead = (ticks[tick:] - tick).astype(np.float64)
    traffic, prices = np.array(market.traffic)[usual], np.array(market.prices)[usual]
    counts = _padded([len(outcome.values) for outcome in history], tick)
    busier = np.log(np.maximum([*counts, len(values)], 1) / traffic[: tick + 1])
    expected = traffic[tick:] * np.exp(drift(busier, ahead, market.weight_ticks))
    expected[0] = len(values)
    dearer = drift(np.log(seen / prices[:tick]), ahead + 1, market.weight_ticks)
    level, levels = _levels(market, tick, values, history)
    curve = _curve(market, values, history)
    return Foreseen(expected, prices[tick:] * np.exp(dearer), level, levels, curve)


def _levels(market: Market, tick: int, values: Values, history: History) -> tuple[float, Floats]:
    """Return the mean value in this daypart, and those that later ones may have."""
    means = np.array([*_padded([_mean(outcome) for outcome in history], tick), _average(values)])
    begins = range(0, tick + 1, market.daypart_ticks)
    parts = [means[at : at + market.daypart_ticks] for at in begins]
    dayparts = [float(np.nanmean(part)) for part in parts if np.isfinite(part).any()]
    usual = np.array(market.levels)
    higher = np.log(dayparts).mean() - np.log(usual).mean()
    trust = len(dayparts) / (len(dayparts) + market.weight_dayparts)
    return dayparts[-1], usual * np.exp(higher * trust)


def _curve(market: Market, values: Values, history: History) -> WinCurve:
    shapes = [*(_shape(outcome) for outcome in history), value_shape(values.expected)]
    known = [shape for shape in shapes if np.isfinite(shape[0])]
    told = np.sum([*known, SHAPE_WEIGHT * np.array(market.value_shape)], axis=0)
    return win_curve(told / (len(known) + SHAPE_WEIGHT), np.array(market.price_shape))


def _padded(numbers: list[float] | list[int], length: int) -> Floats:
    """Return the numbers as the last of so many, NaN before them."""
    missing = length - len(numbers)
    return np.array([np.nan] * missing + numbers[max(0, -missing) :], dtype=np.float64)


def _average(values: Values) -> float:
    mean = float(values.expected.mean()) if len(values) else 0.0
    return mean if mean > 0 else np.nan


def _price(outcome: Outcome, shape: Numbers) -> float:
    return float(outcome.derived(("price", shape), lambda: price_level(outcome, shape)))


def _mean(outcome: Outcome) -> float:
    return float(outcome.derived("mean", lambda: _average(outcome.values)))


def _shape(outcome: Outcome) -> Floats:
    found: Floats = outcome.derived("shape", lambda: value_shape(outcome.values.expected))
    return found
