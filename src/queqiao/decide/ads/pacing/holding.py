"""How much of the budget an ad holds that is spread over the day.

Most ads are never clicked. If each held the price of its click until it can come no more, a
campaign of which one ad in a hundred is clicked could spend at most a hundredth of what is free in
that time, and never end its day. One that is paced shows few ads at once, so each holds only what
it is expected to cost, some times over. A click takes its whole price from the slice or from what
is free, and where neither has it, nothing: the budget holds as ever.
"""

from queqiao.decide.ads.auction import Bid
from queqiao.decide.ads.click_rate import RATE_UNIT
from queqiao.decide.ads.prices import BILLS_ON

TIMES = 4
"""So many times what is expected is held: clicks come in clusters."""


def held_minor(most_minor: int, bid: Bid) -> int:
    """Return what an ad of a paced campaign holds, from 1 to ``most_minor``, its whole price."""
    bills_on = BILLS_ON[bid.pricing]
    if bills_on not in ("click", "conversion") or not most_minor:
        return most_minor
    rate = bid.click_rate
    if bills_on == "conversion":
        rate = rate * bid.conversion_rate // RATE_UNIT
    return min(most_minor, -(-most_minor * rate * TIMES // RATE_UNIT) or 1)
