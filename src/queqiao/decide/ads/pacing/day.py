"""A business day in ticks, and the plan of a campaign for it: spend in proportion to traffic.

The traffic is what the places of the campaign had by half hour on past days (``supply.py``). The
plan covers the part of the day in which the campaign is live, from when it was first seen.
"""

from collections.abc import Sequence

from msgspec import Struct

from queqiao.decide.ads.bidding.steady import plan_of
from queqiao.kernel.clock import DAY_US, MINUTE_US, business_day, day_start_us

TICK_US = 10 * MINUTE_US
"""How often what is bid is reckoned anew: often enough to keep a plan, seldom enough to see what
came of it."""

HALF_HOUR_US = 30 * MINUTE_US
HALF_HOURS = 48
TICKS_OF_A_HALF_HOUR = HALF_HOUR_US // TICK_US

EVENNESS = 0.05
"""How much of the traffic is taken to be even, whatever past days had: no half hour is dead."""


class Day(Struct, frozen=True):
    """A business day: its name, its first microsecond, and that of the next one."""

    name: str
    begins_us: int
    ends_us: int

    @property
    def ticks(self) -> int:
        """How many ticks it has; one of 25 hours has more."""
        return -(-(self.ends_us - self.begins_us) // TICK_US)

    def tick(self, now_us: int) -> int:
        """Return the tick of a moment."""
        return (now_us - self.begins_us) // TICK_US

    def at_us(self, tick: int) -> int:
        """Return when a tick begins."""
        return min(self.begins_us + tick * TICK_US, self.ends_us)


def day_of(now_us: int, zone: str) -> Day:
    """Return the business day of a moment."""
    name = business_day(now_us, zone)
    begins_us = day_start_us(name, zone)
    after = business_day(begins_us + DAY_US + DAY_US // 4, zone)
    return Day(name, begins_us, day_start_us(after, zone))


def traffic_of(day: Day, half_hours: Sequence[float], begins_us: int, ends_us: int) -> list[float]:
    """Return the auctions that each tick is expected to have; none outside the two moments.

    ``half_hours`` is a past day by half hour of the local clock; all zeros are an even day.
    """
    mean = sum(half_hours) / HALF_HOURS
    even = mean * EVENNESS if mean > 0 else 1.0
    found = []
    for tick in range(day.ticks):
        usual = half_hours[min(tick // TICKS_OF_A_HALF_HOUR, HALF_HOURS - 1)]
        open_us = min(day.at_us(tick + 1), ends_us) - max(day.at_us(tick), begins_us)
        share = max(0.0, open_us / TICK_US)
        found.append((usual + even) / TICKS_OF_A_HALF_HOUR * share)
    return found


def planned(traffic: Sequence[float]) -> tuple[float, ...]:
    """Return the plan, the share of the budget to be spent by the end of each tick.

    It is done a tick before the day is: what ads hold of the budget that nobody clicked is free
    only then, and is the last to be spent. Without any traffic there is no plan.
    """
    live = [tick for tick, auctions in enumerate(traffic) if auctions > 0]
    if not live:
        return ()
    last = live[-1] if len(live) > 1 else len(traffic)
    return plan_of([0.0 if tick >= last else each for tick, each in enumerate(traffic)])
