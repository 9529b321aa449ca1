"""A daily count in the days to come: weekdays, a level, a trend that fades, and an interval.

Counts are taken as logarithms (of one more, so that a day without any is a number), since weekdays
and growth are shares. The effect of a weekday is the median of its distance from the week around
it; what is left is followed by exponential smoothing with a damped trend (Gardner and McKenzie,
"Forecasting trends in time series", Management Science 1985), whose two weights are those with the
least error on the past. The interval is what such forecasts missed by on this very past, from each
of its days and by how far ahead (in the way of conformal prediction: Lei et al., JASA 2018); it
assumes nothing about how the errors are distributed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WEEK = 7
CONFIDENCE = 0.9
"""Of the days to come, so many lie within the interval."""

DAYS_MIN = 14
"""With less of a past the interval is that of a stranger: from nothing to ``UNKNOWN_TIMES``."""

UNKNOWN_TIMES = 3.0
DAMPING = 0.9
"""What is left of a trend from one day to the next: in three weeks nearly nothing."""

LEVELS = (0.05, 0.1, 0.2, 0.4)
TRENDS = (0.0, 0.02, 0.1)
WARM_UP = 14
"""Days that the smoothing may take to settle, before its errors count."""

WEEKS_MAX = 4
"""Errors are looked at so far ahead; then the interval grows with the square root of the time."""

OUTLIER = 6.0
"""A day moves the level by at most so many usual steps from one day to the next."""

DAYS = range(WEEK)
LOG_MAX = 30.0
"""No day has more than e to this: ten trillions."""


class Outlook(NamedTuple):
    """What one day may bring."""

    low: int
    expected: int
    high: int


def forecast(counts: Sequence[int], weekday: int, days: int) -> list[Outlook]:
    """Return the outlook of the ``days`` after the last count.

    ``counts`` are of whole days in their order, ``weekday`` (0 to 6) is that of the first of them.
    Without counts nothing is expected.
    """
    if not counts or not any(counts):
        return [Outlook(0, 0, 0)] * days
    logs = np.log1p(np.asarray(counts, np.float64))
    effects = _weekdays(logs, weekday)
    order = (np.arange(len(logs) + days) + weekday) % WEEK
    plain = logs - effects[order[: len(logs)]]
    path = _fitted(plain)
    ahead = path.after_last(days) + effects[order[len(logs) :]]
    if len(counts) < DAYS_MIN:
        return [_stranger(one) for one in ahead]
    low, high = _errors(plain, path, days)
    return [_outlook(*each) for each in zip(ahead + low, ahead, ahead + high, strict=True)]


def _weekdays(logs: Floats, first: int) -> Floats:
    """Return the effect of each weekday: 0 until two weeks are known."""
    effects = np.zeros(WEEK)
    if len(logs) < 2 * WEEK:
        return effects
    around = np.convolve(logs, np.ones(WEEK) / WEEK, "valid")
    inner = logs[WEEK // 2 : len(logs) - WEEK // 2] - around
    weekdays = (np.arange(len(inner)) + first + WEEK // 2) % WEEK
    for weekday in range(WEEK):
        effects[weekday] = np.median(inner[weekdays == weekday])
    centred: Floats = effects - effects.mean()
    return centred


class _Path(NamedTuple):
    """The level and the trend after each day."""

    levels: Floats
    trends: Floats

    def after(self, day: int, days: int) -> Floats:
        """Return what is expected of the ``days`` after a day."""
        found: Floats = self.levels[day] + self.trends[day] * _faded(days)
        return found

    def after_last(self, days: int) -> Floats:
        return self.after(len(self.levels) - 1, days)


def _faded(days: int) -> Floats:
    """Return how much of a trend has come after each day."""
    return np.cumsum(DAMPING ** np.arange(1, days + 1))


def _fitted(plain: Floats) -> _Path:
    """Return the path with the least error a week ahead."""
    paths = [_smoothed(plain, level, trend) for level in LEVELS for trend in TRENDS]
    return min(paths, key=lambda path: _week_error(plain, path))


def _smoothed(plain: Floats, level_weight: float, trend_weight: float) -> _Path:
    """Follow the counts; a day unlike all others (a holiday, a failure) moves the level little."""
    level, trend = float(np.median(plain[:WEEK])), 0.0
    step_max = OUTLIER * float(np.median(np.abs(np.diff(plain)))) if len(plain) > 1 else 0.0
    levels, trends = np.empty(len(plain)), np.empty(len(plain))
    for day, value in enumerate(plain.tolist()):
        before = level
        foreseen = level + DAMPING * trend
        level = foreseen + level_weight * max(-step_max, min(step_max, value - foreseen))
        trend = trend_weight * (level - before) + (1 - trend_weight) * DAMPING * trend
        levels[day], trends[day] = level, trend
    return _Path(levels, trends)


def _week_error(plain: Floats, path: _Path) -> float:
    start = min(WARM_UP, len(plain) // 2)
    missed = [
        np.abs(plain[day + 1 : day + 1 + WEEK] - path.after(day, WEEK)[: len(plain) - day - 1])
        for day in range(start, len(plain) - 1)
    ]
    return float(np.concatenate(missed).mean()) if missed else 0.0


def _errors(plain: Floats, path: _Path, days: int) -> tuple[Floats, Floats]:
    """Return how far below and above the forecast of each day ahead may lie, by weeks ahead."""
    start = min(WARM_UP, len(plain) // 2)
    weeks = max(1, min(-(-days // WEEK), WEEKS_MAX, (len(plain) - start) // (2 * WEEK)))
    bounds = np.array([_missed(plain, path, start, week) for week in range(weeks)])
    bounds = np.maximum.accumulate(bounds, axis=0)  # what is further ahead is no surer
    week_of = np.arange(days) // WEEK
    beyond = np.sqrt(np.maximum(1.0, (week_of + 1) / weeks))
    spread = bounds[np.minimum(week_of, weeks - 1)] * beyond[:, None]
    return -spread[:, 0], spread[:, 1]


def _missed(plain: Floats, path: _Path, start: int, week: int) -> tuple[float, float]:
    """Return how far off forecasts of days so many weeks ahead were, below and above.

    Two quantiles, each one rank further out than the share: what was seen is a sample.
    """
    errors = np.sort(np.concatenate([_lead(plain, path, start, week * WEEK + d + 1) for d in DAYS]))
    rank = max(0, int((1 - CONFIDENCE) / 2 * (len(errors) + 1)) - 1)
    return max(0.0, -float(errors[rank])), max(0.0, float(errors[len(errors) - 1 - rank]))


def _lead(plain: Floats, path: _Path, start: int, ahead: int) -> Floats:
    last = max(start, len(plain) - ahead)
    foreseen = path.levels[start:last] + path.trends[start:last] * _faded(ahead)[-1]
    errors: Floats = plain[start + ahead : start + ahead + len(foreseen)] - foreseen
    return errors


def _outlook(low: float, expected: float, high: float) -> Outlook:
    return Outlook(
        *(max(0, round(float(np.expm1(min(each, 40.0))))) for each in (low, expected, high))
    )


def _stranger(expected: float) -> Outlook:
    middle = max(0.0, float(np.expm1(expected)))
    return Outlook(round(middle / UNKNOWN_TIMES), round(middle), round(middle * UNKNOWN_TIMES))
