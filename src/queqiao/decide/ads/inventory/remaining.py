"""What is left of a placement's supply: the rest of today, by the week's profile, and the days.

Today is what it looks like by now: where twice as many slots came as foreseen by this hour, the
rest is taken to be twice as much, within bounds.
"""

from collections.abc import Sequence

from queqiao.decide.ads.inventory.availability import Calendar
from queqiao.decide.ads.inventory.supply import Supplies, Supply
from queqiao.decide.ads.targeting.times import DAY_MINUTES, HALF_HOURS, moment

LIKE_TODAY = (0.5, 2.0)
"""A day is at most so far from what was foreseen of it, by what was seen so far."""

SLOTS_MIN = 100
"""With fewer slots foreseen by now a day does not tell what it is like."""


def remaining(
    counted: tuple[Supplies, Calendar],
    placement_id: str,
    days: Sequence[str],
    now_us: int,
    zone: str,
) -> float:
    """Return the slots that a placement will still have on days, of which the first is today."""
    supplies, calendar = counted
    supply = supplies.placements.get(placement_id)
    if supply is None or not days:
        return 0.0
    today = calendar.on(placement_id, days[0]).expected
    like = _like(supply, supplies.at_us, today, zone) if supplies.day == days[0] else 1.0
    rest = today * rest_of_day(supply, now_us, zone) * like
    return rest + sum(calendar.on(placement_id, day).expected for day in days[1:])


def rest_of_day(supply: Supply, now_us: int, zone: str) -> float:
    """Return which share of a day's slots comes after a moment; by the clock without a profile."""
    minute = moment(now_us, zone).minute
    start = minute // DAY_MINUTES * HALF_HOURS
    day = supply.week[start : start + HALF_HOURS]
    if not any(day):
        return 1 - minute % DAY_MINUTES / DAY_MINUTES
    half_hour, within = divmod(minute % DAY_MINUTES, 30)
    return (sum(day[half_hour + 1 :]) + day[half_hour] * (1 - within / 30)) / sum(day)


def _like(supply: Supply, at_us: int, expected: int, zone: str) -> float:
    """Return by how much today has more than was foreseen of it until it was counted."""
    foreseen = expected * (1 - rest_of_day(supply, at_us, zone))
    if foreseen < SLOTS_MIN:
        return 1.0
    low, high = LIKE_TODAY
    return max(low, min(high, supply.today / foreseen))
