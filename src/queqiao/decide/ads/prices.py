"""What an auction's price is for: which notice costs it, and how many of them."""

from collections.abc import Mapping

from queqiao.decide.ads.auction import THOUSAND, Pricing
from queqiao.decide.ads.charging import BillsOn, most_minor

BILLS_ON: Mapping[Pricing, BillsOn] = {
    "cpc": "click",
    "cpm": "impression",
    "cpa": "conversion",
    "ocpm": "impression",
}
"""Which notice costs the price."""

PER: Mapping[Pricing, int] = {"cpc": 1, "cpm": THOUSAND, "cpa": 1, "ocpm": THOUSAND}
"""For how many of them the price is."""


def dearest_minor(pricing: Pricing, bid_minor: int) -> int:
    """Return what one of what is bid for costs at the bid; a bid for impressions is for many."""
    return most_minor(bid_minor, THOUSAND if pricing == "cpm" else 1)
