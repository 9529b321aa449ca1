"""Which booked deal takes a slot before the auction: by the draw, in the order of the plan.

Each deal has a share of the slots it may stand in. One number of luck falls on a line on which the
shares of those deals lie one after the other: so each takes its share, and what they leave goes to
the auction (Chen et al., "Ad serving using a compact allocation plan", EC 2012).
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from queqiao.decide.ads.auction import Award, Bid, fortune
from queqiao.decide.ads.click_rate import RATE_UNIT

_LUCK = "\x1fdeals"


class Booked(Struct, frozen=True, array_like=True):
    """A deal in one placement: its share of the slots, in parts of RATE_UNIT.

    ``cpm_minor`` is what a thousand impressions cost, ``day_minor`` the most of this day's,
    ``total_minor`` of all days together (None in records of before it was known).
    """

    deal_id: str
    campaign_id: str
    share: int
    starts_us: int
    ends_us: int
    cpm_minor: int
    day_minor: int
    total_minor: int | None = None

    def runs(self, now_us: int) -> bool:
        """Say whether a moment is one of the deal's."""
        return self.starts_us <= now_us < self.ends_us


Bookings = Mapping[str, Sequence[Booked]]
"""The deals of each placement, in the order in which they are asked."""


def booked_award(bid: Bid, deal: Booked) -> Award:
    """Return the award of a deal: its price is fixed, for a thousand impressions."""
    own = Bid(bid.campaign_id, bid.revision, deal.cpm_minor, bid.click_rate, "cpm")
    return Award(own, deal.cpm_minor, deal.share / RATE_UNIT, None)


def taken(deals: Iterable[Booked], draw: int) -> Booked | None:
    """Return the deal whose share the luck of a draw falls on, None where it falls behind all."""
    luck = fortune(draw, _LUCK) * RATE_UNIT >> 64
    reached = 0
    for deal in deals:
        reached += deal.share
        if luck < reached:
            return deal
    return None
