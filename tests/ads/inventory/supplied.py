"""Supply that tests make up: with weekdays, hours, noise and growth, from a seed."""

from datetime import date, timedelta

import numpy as np

from queqiao.decide.ads.inventory.supply import Supplies, Supply

TODAY = "2026-06-18"
WEEKDAYS = np.array([1.0, 0.9, 0.95, 1.0, 1.2, 1.5, 1.4])
HOURS = np.concatenate([np.full(14, 0.2), np.full(20, 1.0), np.full(14, 1.6)])


def daily(random, mean, days, noise=0.15):
    """Counts of days before TODAY, the last of them yesterday."""
    first = date.fromisoformat(TODAY) - timedelta(days)
    weekdays = (first.weekday() + np.arange(days)) % 7
    wobble = np.exp(random.normal(0, noise, days))
    return random.poisson(mean * WEEKDAYS[weekdays] * wobble).tolist(), first.isoformat()


def supplies(random, means, days=91, at_us=0, today=0):
    found = {}
    for place, mean in means.items():
        counts, first = daily(random, mean, days)
        week = np.outer(WEEKDAYS, HOURS).ravel() * mean
        found[place] = Supply(first, counts, today, [int(each) for each in week])
    return Supplies(at_us, TODAY, found)
