"""Which past days stand for the days to come."""

from datetime import date
from typing import NamedTuple

import numpy as np

from queqiao.decide.ads.forecast.opportunities import Ints
from queqiao.kernel.clock import DAY_US, HOUR_US, business_day, day_start_us

DAYS_OF_WEEKS = 21
"""With so many past days a weekday is forecast from its own kind; before, from all."""


class Past(NamedTuple):
    """Past business days, whole ones where there are any.

    ``starts_us`` has one more entry than days: where the last one ends. ``scale`` is by what a day
    is counted, more than 1 where only a part of one day was seen.
    """

    starts_us: Ints
    weekdays: list[int]
    scale: float

    def __len__(self) -> int:
        return len(self.weekdays)

    def day_of(self, at_us: Ints) -> Ints:
        """Return the number of the day of each moment: -1 before the first, ``len`` after all."""
        return np.searchsorted(self.starts_us, at_us, "right") - 1


class Ahead(NamedTuple):
    """A day to come, or the part of it that is asked for: its weekday, and which share of a day."""

    weekday: int
    from_us: int
    until_us: int
    whole_us: int
    start_us: int


def past(first_us: int, since_us: int, until_us: int, zone: str) -> Past:
    """Return the whole business days of a sample from its first opportunity on.

    Where there is none yet, what was seen so far stands for a day.
    """
    first_us = max(first_us, since_us)
    starts = [_day_start(first_us, zone)]
    while starts[-1] < until_us:
        starts.append(_next(starts[-1], zone))
    whole = [at for at in starts if first_us - DAY_US // 24 <= at <= until_us]
    if len(whole) < 2:
        seen_us = max(until_us - first_us, HOUR_US)  # less says nothing of a day
        return Past(np.array([first_us, until_us]), [_weekday(first_us, zone)], DAY_US / seen_us)
    weekdays = [_weekday(at, zone) for at in whole[:-1]]
    return Past(np.array(whole), weekdays, 1.0)


def ahead(from_us: int, until_us: int, zone: str) -> list[Ahead]:
    """Return the days of a range to come, its first and last cut where it begins and ends."""
    days, start = [], _day_start(from_us, zone)
    while start < until_us:
        end = _next(start, zone)
        part = (max(start, from_us), min(end, until_us))
        days.append(Ahead(_weekday(start, zone), *part, end - start, start))
        start = end
    return days


def standing_for(day: Ahead, known: Past) -> list[int]:
    """Return the past days that may stand for one to come."""
    alike = [at for at, weekday in enumerate(known.weekdays) if weekday == day.weekday]
    return alike if alike and len(known) >= DAYS_OF_WEEKS else list(range(len(known)))


def _day_start(at_us: int, zone: str) -> int:
    return day_start_us(business_day(at_us, zone), zone)


def _next(start_us: int, zone: str) -> int:
    return _day_start(start_us + DAY_US + DAY_US // 4, zone)


def _weekday(at_us: int, zone: str) -> int:
    return date.fromisoformat(business_day(at_us, zone)).weekday()
