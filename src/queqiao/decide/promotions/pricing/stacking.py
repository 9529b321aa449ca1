"""Stacking: offers are let through one after another, each unless another stands in its way."""

from collections.abc import Sequence
from typing import Any

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.pricing.contests import Contest, contests, may_compete
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed, Priced, Unmet
from queqiao.decide.promotions.pricing.till import Pool, Till, nothing


def price(basket: Basket, placed: Sequence[Placed], profile: Profile) -> Priced:
    """Apply the offers in the order given, as the profile says. Never below floors or 0."""
    stack = Stack(basket, profile)
    standing = _first_alone(basket, placed, profile, stack.unmet)
    if may_compete(profile):
        for turn in contests(standing, profile):
            if isinstance(turn, Contest):
                turn.hold(stack)
            else:
                stack.let(turn)
    else:
        stack.let_each(standing)
    till = stack.till
    discount = basket.subtotal - sum(till.running)
    return Priced(discount, till.running, stack.applied, stack.unmet, till.pieces)


class Stack:
    """The offers that gave, in their order, and those that did not."""

    __slots__ = ("_alone", "_asks", "_profile", "applied", "till", "unmet")

    def __init__(self, basket: Basket, profile: Profile) -> None:
        self.till = Till(basket, profile)
        self.applied: list[Applied] = []
        self.unmet: list[Unmet] = []
        self._alone: Offer | None = None
        self._profile = profile
        self._asks = bool(profile.at_most or profile.layer_at_most or profile.group_at_most)

    def let(self, item: Placed, pool: Pool | None = None) -> bool:
        """Let an offer give, unless another stands in its way. Say whether it gave."""
        offer = item.offer
        given: Applied | Unmet | None = None
        if self._asks or offer.asks:
            given = self.in_the_way(item)
        if given is None:
            given = self.till.take(item, pool)
        if isinstance(given, Unmet):
            self.unmet.append(given)
            return False
        self.applied.append(given)
        if offer.asks:
            self._asks = True
            self._alone = offer if offer.exclusive else None
        return True

    def let_each(self, items: Sequence[Placed]) -> None:
        """Let offers give in their order, those on the sum of their lines by a short way.

        Of many that hold for a cart nearly all are such, and each is looked at for every cart.
        """
        till = self.till
        running, pieces, divide = till.running, till.pieces, till.divide
        applied, unmet = self.applied.append, self.unmet.append
        for item in items if till.is_plain else ():
            offer, lines = item.offer, item.lines
            if (
                not offer.is_short
                or item.requirement is not None
                or self._asks
                or (pieces and not pieces.keys().isdisjoint(lines))
            ):
                self.let(item)
            elif len(lines) != 1:
                given = till.take_sum(item)
                applied(given) if isinstance(given, Applied) else unmet(given)
            elif (base := running[line := lines[0]]) < (at_least := offer.subtotal_at_least):
                unmet(Unmet(item, "subtotal_below", at_least - base, "minor"))
            else:
                benefit: Any = offer.benefit
                if amount := benefit.discount(base, 0, divide):
                    running[line] = base - amount
                    applied(Applied(item, base, amount, lines, (amount,)))
                else:
                    unmet(nothing(item, benefit.next_step(base, 0) if base else None))
        for item in () if till.is_plain else items:
            self.let(item)

    def in_the_way(self, item: Placed) -> Unmet | None:
        """Return why an offer may not stand beside those that gave; None when it may."""
        if self._alone is not None:
            return Unmet(item, "exclusive_alone", other=self._alone.id)
        return in_the_way(item, [applied.placed.offer for applied in self.applied], self._profile)


def in_the_way(item: Placed, beside: Sequence[Offer], profile: Profile) -> Unmet | None:
    """Return why an offer may not stand beside others that gave before; None when it may."""
    offer = item.offer
    for other in beside:
        if other.exclusive:
            return Unmet(item, "exclusive_alone", other=other.id)
        if offer.exclusive:
            return Unmet(item, "exclusive_after_others", other=other.id)
        if not stand_together(offer, other):
            return Unmet(item, "excluded_by", other=other.id)
    return Unmet(item, "enough_applied") if _are_enough(offer, beside, profile) else None


def _are_enough(offer: Offer, beside: Sequence[Offer], profile: Profile) -> bool:
    """Say whether as many as may gave already: in all, of the layer, or of the group."""
    in_layer = [other for other in beside if other.layer == offer.layer]
    in_group = [other for other in beside if other.group == offer.group]
    counted = (
        (profile.at_most, beside),
        (profile.layer_at_most.get(offer.layer), in_layer),
        (profile.group_at_most.get(offer.group or ""), in_group),
    )
    return any(most is not None and len(gave) >= most for most, gave in counted)


def stand_together(one: Offer, other: Offer) -> bool:
    """Say whether neither of two offers forbids the other, by its id or by its group."""
    return _bears(one, other) and _bears(other, one)


def _bears(one: Offer, other: Offer) -> bool:
    names = {other.id} if other.group is None else {other.id, other.group}
    if one.combines_with is not None and names.isdisjoint(one.combines_with):
        return False
    return names.isdisjoint(one.excludes)


def _first_alone(
    basket: Basket, placed: Sequence[Placed], profile: Profile, unmet: list[Unmet]
) -> Sequence[Placed]:
    """Return the first exclusive offer that gives something alone, if the profile says so."""
    if profile.exclusivity != "first_exclusive_wins":
        return placed
    for item in placed:
        if item.offer.exclusive and gives(item, basket, profile):
            alone = item.offer.id
            others = [other for other in placed if other is not item]
            unmet += [Unmet(other, "exclusive_alone", other=alone) for other in others]
            return (item,)
    return placed


def gives(item: Placed, basket: Basket, profile: Profile) -> bool:
    """Say whether an offer gives anything when it is applied first."""
    return isinstance(Till(basket, profile).take(item), Applied)
