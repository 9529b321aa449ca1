"""How likely a click is, and then a conversion: counts smoothed towards a prior, in integers.

Two steps of the same kind. A placement's own rate starts from a prior with the weight of so many
trials; a campaign's rate in it starts from the placement's rate with a smaller weight. So a new
campaign is taken for an average one of its place. ``CLICKS`` starts from 0.5 % of impressions, the
order of sponsored goods in a shop, ``CONVERSIONS`` from 2 % of clicks. A conversion beyond the
clicks, as a click beyond the impressions, does not count.
"""

from collections.abc import Iterable

from msgspec import Struct

RATE_UNIT = 1_000_000_000
"""Rates are integers in parts of this: 5,000,000 is 0.5 %."""


class Prior(Struct, frozen=True):
    """The rate of a place of which nothing is known, and the trials that count as much as it."""

    rate: int
    placement_weight: int
    campaign_weight: int


CLICKS = Prior(5_000_000, 2_000, 400)
CONVERSIONS = Prior(20_000_000, 200, 40)


class Count(Struct, frozen=True, array_like=True):
    """What was seen of one campaign in one placement."""

    campaign_id: str
    placement_id: str
    impressions: int
    clicks: int
    conversions: int = 0


def smoothed(trials: int, hits: int, prior: int, weight: int) -> int:
    """Return a rate in parts of RATE_UNIT, from 1 to RATE_UNIT."""
    hits = min(hits, trials)
    rate = (hits * RATE_UNIT + prior * weight) // (trials + weight)
    return max(1, min(RATE_UNIT, rate))


class _Rates:
    """Rates by campaign and placement, from (campaign, placement, trials, hits)."""

    def __init__(self, counts: Iterable[tuple[str, str, int, int]], prior: Prior) -> None:
        self._prior = prior
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}
        seen: dict[str, tuple[int, int]] = {}
        for campaign_id, placement_id, trials, hits in counts:
            self._counts[campaign_id, placement_id] = trials, hits
            all_trials, all_hits = seen.get(placement_id, (0, 0))
            seen[placement_id] = (all_trials + trials, all_hits + hits)
        self._of_placement = {
            placement_id: smoothed(trials, hits, prior.rate, prior.placement_weight)
            for placement_id, (trials, hits) in seen.items()
        }

    def of_placement(self, placement_id: str) -> int:
        """Return the rate of a place over all campaigns, in parts of RATE_UNIT."""
        return self._of_placement.get(placement_id, self._prior.rate)

    def of(self, campaign_id: str, placement_id: str) -> int:
        """Return the predicted rate in parts of RATE_UNIT."""
        prior = self.of_placement(placement_id)
        count = self._counts.get((campaign_id, placement_id))
        if count is None:
            return prior
        return smoothed(*count, prior, self._prior.campaign_weight)


class ClickRates(_Rates):
    """Predicted clicks of an impression by campaign and placement, from counts given as data."""

    def __init__(self, counts: Iterable[Count] = ()) -> None:
        super().__init__(
            ((c.campaign_id, c.placement_id, c.impressions, c.clicks) for c in counts), CLICKS
        )


class ConversionRates(_Rates):
    """Predicted conversions of a click by campaign and placement."""

    def __init__(self, counts: Iterable[Count] = ()) -> None:
        super().__init__(
            ((c.campaign_id, c.placement_id, c.clicks, c.conversions) for c in counts), CONVERSIONS
        )
