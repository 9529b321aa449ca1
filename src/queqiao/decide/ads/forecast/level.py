"""How well past days tell the level of days to come.

Three things are not known of it: the mean of the past days (there are few), what days drawn from
few do not show of how far days lie apart, and where the level drifts. The drift is measured: means
of neighbouring windows differ by more than their days' spread explains, and such steps add up until
the days to come (a random walk).
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from queqiao.decide.ads.forecast.opportunities import Floats

ONE_DAY_APART = 0.25
"""The relative spread between days, until two days have been seen."""

WEEK = 7
WEEKS_DAYS = 21
"""With so many days windows are weeks; before, a third of the days."""

WINDOWS_MIN = 6


class Draws(Protocol):
    """What of the draws decides the level."""

    @property
    def depth(self) -> Floats:
        """How far each draw is from the expected level, in standard deviations."""
        ...

    @property
    def people(self) -> float:
        """The relative error of the sample of people."""
        ...

    @property
    def options(self) -> Sequence[tuple[int, ...]]:
        """By day to come, the past days that may stand for it."""
        ...


def level(draws: Draws, by_day: Floats) -> Floats:
    """Return by what each draw scales the past; ``by_day`` is what the past days would have had."""
    spread = np.hypot(unknown(by_day, draws.options), draws.people)
    scaled: Floats = np.exp(draws.depth * spread - spread**2 / 2)
    return scaled


def unknown(by_day: Floats, options: Sequence[tuple[int, ...]]) -> float:
    """Return the relative error of the level."""
    spread, days = apart(by_day, options), max(1, len(options))
    fewness = sum(1 / len(option) for option in options) / days**2
    few = spread**2 * (1 / max(1, len(by_day)) + fewness)
    return float(np.sqrt(few + drift(by_day, days)))


def apart(by_day: Floats, options: Sequence[tuple[int, ...]]) -> float:
    """Return the relative spread of past days about the mean of those that stand together."""
    groups = {option for option in options if len(option) > 1}
    mean = by_day.mean() if len(by_day) else 0.0
    if not groups or mean == 0:
        return ONE_DAY_APART
    parts = [by_day[list(group)] for group in groups]
    squares = sum(float(((part - part.mean()) ** 2).sum()) for part in parts)
    freedom = sum(len(part) - 1 for part in parts)
    return float(np.sqrt(squares / freedom) / mean)


def drift(by_day: Floats, days: int) -> float:
    """Return the variance that drift adds until the middle of the days to come.

    How far two neighbouring days lie apart is luck; how much farther windows do, is drift.
    """
    count = len(by_day)
    if count < WINDOWS_MIN or by_day.mean() == 0:
        return 0.0
    window = WEEK if count >= WEEKS_DAYS else count // 3
    beyond = _steps(by_day, window) - _steps(by_day, 1) / window
    return max(0.0, beyond) * (count + days) / 2 / window


def _steps(by_day: Floats, window: int) -> float:
    """Return the mean square of the relative steps from one window to the next."""
    means = np.convolve(by_day, np.ones(window) / window, "valid") / by_day.mean()
    steps = np.log(np.maximum(means[window:], 1e-3) / np.maximum(means[:-window], 1e-3))
    return float((steps**2).mean())
