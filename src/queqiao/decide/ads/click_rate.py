"""How likely a click is: counts smoothed towards a prior, in integers, so that replays are exact.

Two steps of the same kind. A placement's own rate starts from ``PRIOR_RATE`` (0.5 %, the order of
sponsored goods in a shop) with the weight of ``PLACEMENT_WEIGHT`` impressions; a campaign's rate in
it starts from the placement's rate with the weight of ``CAMPAIGN_WEIGHT`` impressions. So a new
campaign is taken for an average one of its place, and 400 impressions count as much as the prior.
"""

from collections.abc import Iterable

from msgspec import Struct

RATE_UNIT = 1_000_000_000
"""Click rates are integers in parts of this: 5,000,000 is 0.5 %."""

PRIOR_RATE = 5_000_000
PLACEMENT_WEIGHT = 2_000
CAMPAIGN_WEIGHT = 400


class Count(Struct, frozen=True, array_like=True):
    """What was seen of one campaign in one placement. Clicks beyond impressions do not count."""

    campaign_id: str
    placement_id: str
    impressions: int
    clicks: int


def smoothed(impressions: int, clicks: int, prior: int, weight: int) -> int:
    """Return a rate in parts of RATE_UNIT, from 1 to RATE_UNIT."""
    clicks = min(clicks, impressions)
    rate = (clicks * RATE_UNIT + prior * weight) // (impressions + weight)
    return max(1, min(RATE_UNIT, rate))


class ClickRates:
    """Predicted click rates by campaign and placement, from counts given as data."""

    def __init__(self, counts: Iterable[Count] = ()) -> None:
        self._counts: dict[tuple[str, str], Count] = {}
        seen: dict[str, tuple[int, int]] = {}
        for count in counts:
            self._counts[count.campaign_id, count.placement_id] = count
            impressions, clicks = seen.get(count.placement_id, (0, 0))
            seen[count.placement_id] = (impressions + count.impressions, clicks + count.clicks)
        self._of_placement = {
            placement_id: smoothed(impressions, clicks, PRIOR_RATE, PLACEMENT_WEIGHT)
            for placement_id, (impressions, clicks) in seen.items()
        }

    def of(self, campaign_id: str, placement_id: str) -> int:
        """Return the predicted click rate in parts of RATE_UNIT."""
        prior = self._of_placement.get(placement_id, PRIOR_RATE)
        count = self._counts.get((campaign_id, placement_id))
        if count is None:
            return prior
        return smoothed(count.impressions, count.clicks, prior, CAMPAIGN_WEIGHT)
