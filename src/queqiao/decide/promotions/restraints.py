"""What keeps a promotion from a customer beyond its own rules: used up, held back, or capped.

Applied between matching and pricing, so that prices never know of counters. A promotion that came
with the question is a draft: nothing restrains it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from msgspec import structs

from queqiao.decide.promotions.benefits.compiling import compile_benefit
from queqiao.decide.promotions.holdback import Draws, draws_of
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.pricing.outcomes import Placed, Unmet
from queqiao.decide.promotions.reasons import Reason
from queqiao.decide.promotions.totals.compiled import compile_reward
from queqiao.decide.promotions.totals.gifts import GiftRule

_NOBODY: Mapping[str, Reason] = MappingProxyType({})
_NOTHING: Mapping[str, int] = MappingProxyType({})
_NO_GIFTS: Mapping[str, Mapping[str, int]] = MappingProxyType({})


class Restraints(NamedTuple):
    """What keeps promotions back just now.

    ``refused``: promotions that give nothing, and why; ``rests``: the most one may give; ``draws``:
    who is held back, None for nobody; ``lifted``: a promotion that nobody is held back from, to
    see what it would have given; ``gifts``: how much is left of gifts that are counted, by
    promotion and SKU. ``left``: of what is refused, how much of its
    bound is left; 0 where it does not say.
    """

    refused: Mapping[str, Reason] = _NOBODY
    rests: Mapping[str, int] = _NOTHING
    draws: Draws | None = None
    lifted: str | None = None
    gifts: Mapping[str, Mapping[str, int]] = _NO_GIFTS
    left: Mapping[str, int] = _NOTHING


FREE = Restraints()
"""Nothing restrains."""


def restrain(
    placed: list[Placed], restraints: Restraints, customer_id: str | None
) -> tuple[list[Placed], list[Unmet]]:
    """Return the offers that may give, capped where little is left, and those that may not."""
    held = _held(placed, restraints, customer_id) if restraints.draws and customer_id else {}
    if restraints.gifts:
        placed = [_with_gifts(item, restraints.gifts.get(item.offer.id)) for item in placed]
    if not held and not restraints.refused and not restraints.rests:
        return placed, []
    kept: list[Placed] = []
    unmet: list[Unmet] = []
    for item in placed:
        name = item.offer.id
        reason = held.get(name)
        if reason is not None:
            unmet.append(Unmet(item, reason))
        elif name in restraints.refused:
            left = restraints.left.get(name, 0)
            unmet.append(Unmet(item, restraints.refused[name], left=left))
        elif name in restraints.rests:
            kept.append(structs.replace(item, offer=capped(item.offer, restraints.rests[name])))
        else:
            kept.append(item)
    return kept, unmet


def _held(placed: list[Placed], restraints: Restraints, customer_id: str) -> Mapping[str, Reason]:
    """Return from which promotions the customer is held back."""
    draws = restraints.draws
    if draws is None:
        return _NOBODY
    customer = draws.customer(customer_id)
    if draws.is_held_out(customer):
        return {item.offer.id: "holdout" for item in placed if item.offer.code_batch is None}
    drawn = draws_of(customer, [item.offer.holdback_salt for item in placed])
    found: dict[str, Reason] = {
        item.offer.id: "holdback"
        for item, number in zip(placed, drawn, strict=True)
        if number < item.offer.holdback_below and item.offer.id != restraints.lifted
    }
    return found


def _with_gifts(item: Placed, left: Mapping[str, int] | None) -> Placed:
    """Return the offer as it gives what is left of its gifts."""
    reward = item.offer.reward
    if left is None or not isinstance(reward, GiftRule):
        return item
    return structs.replace(
        item, offer=structs.replace(item.offer, reward=GiftRule(reward.benefit, left))
    )


def capped(offer: Offer, rest: int) -> Offer:
    """Return the offer such that it gives at most ``rest``; itself where it cannot be reduced."""
    if offer.reducible is None:
        return offer
    written = offer.reducible
    cap = rest if written.cap is None else min(written.cap, rest)
    reduced = structs.replace(written, cap=cap)
    if offer.reward is not None:
        return structs.replace(offer, reward=compile_reward(reduced))
    return offer.giving(compile_benefit(reduced))
