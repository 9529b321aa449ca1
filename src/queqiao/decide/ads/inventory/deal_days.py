"""The moments between which the days of a deal lie, by the shop's clock."""

from datetime import date, timedelta

from queqiao.decide.ads.inventory.deal import Deal
from queqiao.decide.ads.targeting.index import FOREVER_US
from queqiao.kernel.clock import day_start_us


def window(deal: Deal, zone: str) -> tuple[int, int]:
    """Return the first moment and the one after the last; a bound that is not said is for ever.

    So is the last day that there is: some write it where they mean none.
    """
    starts_us, ends_us = -FOREVER_US, FOREVER_US
    if deal.from_day is not None:
        starts_us = day_start_us(deal.from_day, zone)
    if deal.to_day is not None and deal.to_day < date.max.isoformat():
        after = date.fromisoformat(deal.to_day) + timedelta(days=1)
        ends_us = day_start_us(after.isoformat(), zone)
    return starts_us, ends_us
