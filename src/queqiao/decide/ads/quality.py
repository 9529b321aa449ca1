"""Quality: how much more or less an ad counts than its bid alone, between a half and twice.

A campaign's document may say it. Else, in a place that learns it, it is how well the campaign's
clicks convert beside those of all ads of that place: who sends shoppers away disappointed has to
bid more. Where conversions are bid for, they are in the score already, and quality is even.
"""

from queqiao.decide.ads.auction import QUALITY_UNIT
from queqiao.decide.ads.click_rate import ConversionRates

QUALITY_MIN, QUALITY_MAX = QUALITY_UNIT // 2, QUALITY_UNIT * 2
PERCENT = QUALITY_UNIT // 100


def learned(rates: ConversionRates, campaign_id: str, placement_id: str) -> int:
    """Return how well a campaign's clicks convert in a place, in parts of QUALITY_UNIT."""
    own, usual = rates.of(campaign_id, placement_id), rates.of_placement(placement_id)
    return max(QUALITY_MIN, min(QUALITY_MAX, own * QUALITY_UNIT // usual))
