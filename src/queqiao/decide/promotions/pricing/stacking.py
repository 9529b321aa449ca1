"""Stacking: which offers stand together, in which order they are taken."""

from collections.abc import Sequence

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed, Priced, Unmet
from queqiao.decide.promotions.pricing.till import Till


def price(basket: Basket, placed: Sequence[Placed], profile: Profile) -> Priced:
    """Apply the offers in the order given, as the profile says. Never below floors or 0."""
    unmet: list[Unmet] = []
    applied: list[Applied] = []
    till = Till(basket, profile)
    alone = False
    for item in _first_alone(basket, placed, profile, unmet):
        if alone:
            unmet.append(Unmet(item, "exclusive_alone"))
            continue
        exclusive = item.offer.exclusive
        if exclusive and applied:
            unmet.append(Unmet(item, "exclusive_after_others"))
            continue
        given = till.take(item)
        if isinstance(given, Applied):
            applied.append(given)
            alone = exclusive
        else:
            unmet.append(given)
    discount = basket.subtotal - sum(till.running)
    return Priced(discount, till.running, applied, unmet, till.pieces)


def _first_alone(
    basket: Basket, placed: Sequence[Placed], profile: Profile, unmet: list[Unmet]
) -> Sequence[Placed]:
    """Return the first exclusive offer that gives something alone, if the profile says so."""
    if profile.exclusivity != "first_exclusive_wins":
        return placed
    for item in placed:
        if item.offer.exclusive and gives(item, basket, profile):
            unmet += [Unmet(other, "exclusive_alone") for other in placed if other is not item]
            return (item,)
    return placed


def gives(item: Placed, basket: Basket, profile: Profile) -> bool:
    """Say whether an offer gives anything when it is applied first."""
    return isinstance(Till(basket, profile).take(item), Applied)
