"""What keeps a promotion from a customer beyond its own rules: used up, held back, or capped.

Applied between matching and pricing, so that prices never know of counters. A promotion that came
with the question is a draft: nothing restrains it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from msgspec import structs

from queqiao.decide.promotions.benefits.compiling import compile_benefit
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.pricing.outcomes import Placed, Unmet
from queqiao.decide.promotions.reasons import Reason
from queqiao.decide.promotions.totals.compiled import compile_reward

_NOBODY: Mapping[str, Reason] = MappingProxyType({})
_NOTHING: Mapping[str, int] = MappingProxyType({})


class Restraints(NamedTuple):
    """``refused``: promotions that give nothing now, and why; ``rests``: the most one may give."""

    refused: Mapping[str, Reason] = _NOBODY
    rests: Mapping[str, int] = _NOTHING


FREE = Restraints()
"""Nothing restrains."""


def restrain(placed: list[Placed], restraints: Restraints) -> tuple[list[Placed], list[Unmet]]:
    """Return the offers that may give, capped where little is left, and those that may not."""
    refused, rests = restraints
    if not refused and not rests:
        return placed, []
    kept: list[Placed] = []
    unmet: list[Unmet] = []
    for item in placed:
        reason = refused.get(item.offer.id)
        if reason is not None:
            unmet.append(Unmet(item, reason))
        elif item.offer.id in rests:
            kept.append(structs.replace(item, offer=capped(item.offer, rests[item.offer.id])))
        else:
            kept.append(item)
    return kept, unmet


def capped(offer: Offer, rest: int) -> Offer:
    """Return the offer such that it gives at most ``rest``; itself where it cannot be reduced."""
    if offer.reducible is None:
        return offer
    written = offer.reducible
    cap = rest if written.cap is None else min(written.cap, rest)
    reduced = structs.replace(written, cap=cap)
    if offer.reward is not None:
        return structs.replace(offer, reward=compile_reward(reduced))
    return structs.replace(offer, benefit=compile_benefit(reduced))
