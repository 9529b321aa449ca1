"""The moments between which the days of a deal lie, by the shop's clock."""

from queqiao.decide.ads.inventory.deal import Deal
from queqiao.decide.ads.targeting.index import FOREVER_US
from queqiao.kernel.clock import DAY_US, business_day, day_start_us


def window(deal: Deal, zone: str) -> tuple[int, int]:
    """Return the first moment and the one after the last; a bound that is not said is for ever."""
    starts_us, ends_us = -FOREVER_US, FOREVER_US
    if deal.from_day is not None:
        starts_us = day_start_us(deal.from_day, zone)
    if deal.to_day is not None:  # a day may have 23 or 25 hours
        in_the_next_us = day_start_us(deal.to_day, zone) + DAY_US + DAY_US // 4
        ends_us = day_start_us(business_day(in_the_next_us, zone), zone)
    return starts_us, ends_us
