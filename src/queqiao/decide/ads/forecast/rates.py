"""What a new campaign's clicks and conversions may be: from past ones that are like it.

Past campaigns of the same places are weighed by likeness. Their rates differ from one another
by more than chance; by so much the new one may differ from their mean. That is a Beta distribution:
its mean theirs, its weight (in impressions) found by moments from how far they lie apart.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from msgspec import Struct

from queqiao.decide.ads.click_rate import CLICKS, CONVERSIONS, RATE_UNIT, ClickRates, Count
from queqiao.decide.ads.forecast.opportunities import Floats
from queqiao.decide.ads.forecast.results import Result

TRIALS_MIN, WEIGHT_MIN, WEIGHT_MAX = 200, 50.0, 20_000.0
"""Campaigns with fewer impressions say nothing of how campaigns differ; and bounds of the weight"""

ALIKE_MIN = 3
"""With fewer such campaigns the weight is that of the auction's own smoothing."""

Likeness = Callable[[str], float]
"""Says of a past campaign how much it is like the new one: from 0 (not at all) to 1."""


class Rate(Struct, frozen=True):
    """A Beta distribution of a rate: ``mean`` with the weight of so many trials."""

    mean: float
    weight: float

    def draw(self, chance: np.random.Generator, size: int) -> Floats:
        """Draw rates."""
        mean = min(max(self.mean, 1e-9), 1 - 1e-9)
        return chance.beta(mean * self.weight, (1 - mean) * self.weight, size)

    def after(self, trials: int, hits: int) -> "Rate":
        """Return the rate when these have been seen as well."""
        hits, weight = min(hits, trials), self.weight + trials
        return Rate((self.mean * self.weight + hits) / weight, weight)


class Source(Struct, frozen=True):
    """A past campaign of which the rate was taken."""

    campaign_id: str
    seen: int
    clicks: int
    likeness: float


def counts(results: Iterable[Result]) -> list[Count]:
    """Return the results as the auction counts them."""
    return [
        Count(one.campaign_id, one.place, one.seen, one.clicks, one.conversions) for one in results
    ]


def click_rate(results: Sequence[Result], place: str, like: Likeness, own: str | None) -> Rate:
    """Return the click rate of a campaign in a place; ``own`` is its id where it has a past."""
    others = [one for one in results if one.place == place and one.campaign_id != own]
    prior = ClickRates(counts(results)).of_placement(place) / RATE_UNIT
    pairs = [(one.seen, min(one.clicks, one.seen), like(one.campaign_id)) for one in others]
    rate = _pooled(pairs, prior, CLICKS.campaign_weight)
    for one in results:
        if one.place == place and one.campaign_id == own:
            rate = rate.after(one.seen, one.clicks)
    return rate


def conversion_rate(results: Sequence[Result], like: Likeness, own: str | None) -> Rate:
    """Return the conversions of a click, in whatever place."""
    pairs = [
        (one.clicks, min(one.conversions, one.clicks), like(one.campaign_id))
        for one in results
        if one.campaign_id != own
    ]
    rate = _pooled(pairs, CONVERSIONS.rate / RATE_UNIT, CONVERSIONS.campaign_weight)
    for one in results:
        if one.campaign_id == own:
            rate = rate.after(one.clicks, one.conversions)
    return rate


def seen_of_served(results: Sequence[Result], place: str) -> float:
    """Return which share of served ads is seen in a place, 1 where nothing is known."""
    here = [one for one in results if one.place == place]
    served, seen = sum(one.served for one in here), sum(min(one.seen, one.served) for one in here)
    return (seen + 1) / (served + 1)


def sources(results: Iterable[Result], places: Sequence[str], like: Likeness) -> list[Source]:
    """Return the past campaigns that a click rate comes from, the weightiest first."""
    found: dict[str, tuple[int, int]] = {}
    for one in results:
        if one.place in places and one.seen:
            seen, clicks = found.get(one.campaign_id, (0, 0))
            found[one.campaign_id] = (seen + one.seen, clicks + one.clicks)
    made = [Source(name, seen, clicks, like(name)) for name, (seen, clicks) in found.items()]
    return sorted(
        (one for one in made if one.likeness > 0), key=lambda one: -one.likeness * one.seen
    )


def _pooled(pairs: Sequence[tuple[int, int, float]], prior: float, weight: float) -> Rate:
    """Return the weighed mean of rates, smoothed to a prior, and how far they lie apart."""
    trials = sum(likeness * count for count, _, likeness in pairs)
    hits = sum(likeness * count for _, count, likeness in pairs)
    mean = (hits + prior * weight) / (trials + weight)
    return Rate(mean, _weight(pairs, weight))


def _weight(pairs: Sequence[tuple[int, int, float]], otherwise: float) -> float:
    """Return the weight of the Beta by moments: the variance of rates beyond that of chance."""
    known = [(count, hits) for count, hits, likeness in pairs if count >= TRIALS_MIN and likeness]
    if len(known) < ALIKE_MIN:
        return otherwise
    trials, hits = (np.array(column, float) for column in zip(*known, strict=True))
    mean = hits.sum() / trials.sum()
    chance = mean * (1 - mean)
    apart = float(np.average((hits / trials - mean) ** 2, weights=trials))
    between = apart - chance * len(known) / trials.sum()
    if between <= 0 or chance == 0:
        return WEIGHT_MAX
    return float(np.clip(chance / between - 1, WEIGHT_MIN, WEIGHT_MAX))
