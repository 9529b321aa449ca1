"""Is there a better combination? Upper bounds, and an exact search where offers are few.

The space: every set of placed offers that exclusivity allows (one exclusive offer alone, or any of
the others together), each set applied in the profile's order.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import msgspec

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.benefits.sums import Sum
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.pricing.outcomes import Placed, Priced, Unmet
from queqiao.decide.promotions.pricing.stacking import gives, price
from queqiao.decide.promotions.rounding import up

PROOF_OFFERS_MAX = 6
"""A sequence is proven by trying every set of at most so many offers (64 prices, about 1 ms)."""

SEARCH_OFFERS_MAX = 8
"""A best combination is searched by trying every set of at most so many offers."""


class Proof(msgspec.Struct, frozen=True):
    """``upper_bound``: no allowed set discounts more. ``optimal``: this one reaches it."""

    optimal: bool
    upper_bound: int


def settle(basket: Basket, placed: Sequence[Placed], profile: Profile) -> tuple[Priced, Proof]:
    """Price as the profile's selection says, and prove how good it is for the shopper."""
    if profile.selection == "best_combination":
        return _best(basket, placed, profile)
    priced = price(basket, placed, profile)
    bound = upper_bound(basket, placed)
    if priced.discount < bound and len(placed) <= PROOF_OFFERS_MAX:
        bound = max(other.discount for other in _outcomes(basket, placed, profile))
    return priced, Proof(priced.discount >= bound, bound)


def upper_bound(basket: Basket, placed: Sequence[Placed]) -> int:
    """Return a discount that no allowed set of offers exceeds.

    Benefits never fall when their base grows, so none gives more than on the original prices.
    """
    room = basket.subtotal - sum(basket.floors or ())
    together = alone = 0
    totals = basket.totals
    for item in placed:
        offer, lines = item.offer, item.lines
        if len(lines) == 1:
            base = totals[lines[0]]
        elif len(lines) == len(totals):
            base = basket.subtotal
        else:
            base = sum([totals[index] for index in lines])
        if base < offer.subtotal_at_least:
            continue
        most = _most(item, basket, base)
        if offer.exclusive:
            alone = max(alone, most)
        else:
            together += most
    return min(room, max(together, alone))


def _most(item: Placed, basket: Basket, base: int) -> int:
    """Return a bound of what an offer gives: on units it may be all that its goods cost."""
    benefit = item.offer.benefit
    if not isinstance(benefit, Sum):
        return base
    quantity = 0
    if benefit.reads_quantity:
        quantity = sum([basket.quantities[index] for index in item.lines])
    return benefit.discount(base, quantity, up)


def _best(basket: Basket, placed: Sequence[Placed], profile: Profile) -> tuple[Priced, Proof]:
    useful = [item for item in placed if gives(item, basket, profile)]
    few = len(useful) <= SEARCH_OFFERS_MAX
    outcomes = (
        _outcomes(basket, useful, profile) if few else _simple_outcomes(basket, useful, profile)
    )
    best = max(outcomes, key=lambda priced: (priced.discount, -len(priced.applied)))
    bound = best.discount if few else upper_bound(basket, placed)
    explained = best._replace(unmet=best.unmet + _left_out(basket, placed, best, profile))
    return explained, Proof(best.discount >= bound, bound)


def _left_out(
    basket: Basket, placed: Sequence[Placed], best: Priced, profile: Profile
) -> list[Unmet]:
    """Say of each offer that the best set does not hold why it is not there."""
    known = {id(item.placed) for item in best.applied}
    known |= {id(item.placed) for item in best.unmet}
    reasons: list[Unmet] = []
    for item in placed:
        if id(item) not in known:
            refused = price(basket, [item], profile).unmet
            reasons += refused or [Unmet(item, "better_without")]
    return reasons


def _outcomes(basket: Basket, placed: Sequence[Placed], profile: Profile) -> Iterator[Priced]:
    """Price every allowed set, small ones first."""
    stackable = [item for item in placed if not item.offer.exclusive]
    for size in range(len(stackable) + 1):
        for chosen in combinations(stackable, size):
            yield price(basket, chosen, profile)
    yield from _exclusive_outcomes(basket, placed, profile)


def _exclusive_outcomes(
    basket: Basket, placed: Sequence[Placed], profile: Profile
) -> Iterator[Priced]:
    return (price(basket, [item], profile) for item in placed if item.offer.exclusive)


def _simple_outcomes(
    basket: Basket, placed: Sequence[Placed], profile: Profile
) -> Iterator[Priced]:
    """Price all stackable offers together, each offer alone, and none."""
    yield price(basket, (), profile)
    yield price(basket, [item for item in placed if not item.offer.exclusive], profile)
    for item in placed:
        yield price(basket, [item], profile)
