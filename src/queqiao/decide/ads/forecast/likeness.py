"""How much a past campaign is like a new one, to weigh what is learnt from it."""

from queqiao.decide.ads.contracts import Campaign, Targeting
from queqiao.decide.ads.forecast.messages import Draft

LEAST = 0.25
"""Whatever stands in the same place tells something."""

MOST_OF_STRANGERS = 0.75
"""Another advertiser's campaign at the same audience."""


def likeness(draft: Draft, past: Campaign | None) -> float:
    """Return the weight of a past campaign, from ``LEAST`` to 1.

    1 for the same advertiser or the same goods; else by how far what their targetings name is the
    same (the Jaccard index; both aim at anyone: the same).
    """
    if past is None:
        return LEAST
    goods = {one.sku for one in draft.creatives if one.sku}
    if past.advertiser == draft.advertiser or goods & {one.sku for one in past.creatives}:
        return 1.0
    ours, theirs = _named(draft.targeting), _named(past.targeting)
    alike = len(ours & theirs) / len(ours | theirs) if ours or theirs else 1.0
    return LEAST + (MOST_OF_STRANGERS - LEAST) * alike


def _named(targeting: Targeting) -> set[str]:
    """Return what a targeting names: segments, channels, and the fields that it asks."""
    fields = {str(name) for name in _fields(targeting.expression)}
    return {*targeting.segments_any, *targeting.channels_any, *fields}


def _fields(expression: object) -> list[object]:
    if isinstance(expression, list):
        return [name for part in expression for name in _fields(part)]
    if not isinstance(expression, dict):
        return []
    if "field" in expression:
        return [expression["field"]]
    return [name for part in expression.values() for name in _fields(part)]
