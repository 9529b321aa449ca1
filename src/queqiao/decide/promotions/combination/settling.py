"""Settling a cart: priced as the profile's selection says, with the proof of how good it is.

The space of best combinations: every set of promotions that may stand together, and for those that
take units every way to share the units out. A choice is priced at a till like any other cart, so
an answer is never more than what pricing comes to.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.combination.allocating import Choice, Settled
from queqiao.decide.promotions.combination.bounds import upper_bound
from queqiao.decide.promotions.combination.fillable import is_fillable
from queqiao.decide.promotions.combination.parts import independent_parts
from queqiao.decide.promotions.combination.proof import Effort, Proof
from queqiao.decide.promotions.combination.settling_parts import Parts
from queqiao.decide.promotions.combination.standing import apart, conflicts, counts_offers
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed, Priced, Unmet
from queqiao.decide.promotions.pricing.rooms import Rooms
from queqiao.decide.promotions.pricing.stacking import gives, price
from queqiao.decide.promotions.pricing.till import Till
from queqiao.decide.promotions.reasons import Reason

PROOF_OFFERS_MAX = 6
"""A sequence of at most so many offers is held against the best combination; others to a bound."""

PROOF_EFFORT = 150
"""Work for the proof of a sequence: about as long as ten plain quotes."""

EFFORT = 6_000
"""Work for a best combination: about a quarter of a second of one core, where a cart of 12 offers
and 20 units needs a hundredth of it. A worker answers nobody else meanwhile."""


def settle(
    basket: Basket, placed: Sequence[Placed], profile: Profile, effort: int = EFFORT
) -> tuple[Priced, Proof]:
    """Price as the profile's selection says, and prove how good it is for the shopper.

    ``effort``: how much work a best combination may take, in offers taken at a till; when it is
    spent, the best choice found so far is the answer and the bound stays where it is.
    """
    priced = price(basket, placed, profile)
    if profile.selection == "best_combination":
        best = _Best(basket, profile, Effort(effort), priced.discount)
        return best.answer(placed, priced)
    bound = upper_bound(basket, placed, priced.applied)
    if priced.discount < bound and len(placed) <= PROOF_OFFERS_MAX:
        best = _Best(basket, profile, Effort(PROOF_EFFORT), priced.discount)
        bound = min(bound, best.search(placed).bound)
    return priced, Proof(priced.discount >= bound, max(bound, priced.discount))


DECIDED: frozenset[Reason] = frozenset({"other_gave_first", "other_gives_less"})
"""Contests that do not go by what is best for the shopper are decided as in a sequence."""


class _Best:
    """The search for the best combination of one cart. ``known``: what a sequence gives."""

    def __init__(self, basket: Basket, profile: Profile, effort: Effort, known: int) -> None:
        self._basket = basket
        self._profile = profile
        self._known = known
        is_free = basket.floors is None and not Rooms(basket, profile).has_caps
        self._may_part = is_free and profile.rounding != "none" and not counts_offers(profile)
        is_plain = is_free and profile.rounding != "none" and profile.base == "running"
        self._parts = Parts(basket, profile, effort, is_plain=is_plain)

    def answer(self, placed: Sequence[Placed], sequence: Priced) -> tuple[Priced, Proof]:
        """Return the best choice priced, every other promotion with its reason, and the proof."""
        decided = {id(one.placed) for one in sequence.unmet if one.reason in DECIDED}
        settled = self.search([item for item in placed if id(item) not in decided])
        best = sequence
        if settled.gain > sequence.discount:
            best = self._priced(settled.chosen)
        bound = max(settled.bound, best.discount)
        left_out = list(self._left_out(placed, best, sequence))
        known = {id(one.placed): one for one in sequence.unmet if one.reason in DECIDED}
        left_out = [known.get(id(one.placed), one) for one in left_out]
        explained = best._replace(unmet=best.unmet + left_out)
        return explained, Proof(best.discount >= bound, bound)

    def search(self, placed: Sequence[Placed]) -> Settled:
        """Return the best choice found that gives more than is known, and a bound of all."""
        useful = [item for item in placed if self._may_give(item)]
        best = Settled(self._known, (), self._known)
        for bound, items in self._by_bound(apart(useful, self._profile)):
            if bound <= best.gain:
                break
            found = self._of_all(items, best.gain)
            highest = max(best.bound, min(found.bound, bound))
            best = (found if found.gain > best.gain else best)._replace(bound=highest)
        return best

    def _may_give(self, item: Placed) -> bool:
        """Say whether an offer gives alone, or might on units other than its rule's choice, or once
        others gave before.
        """
        if self._parts.takes_units(item):
            return is_fillable(item, self._basket)
        return item.requirement is not None or gives(item, self._basket, self._profile)

    def _by_bound(self, sets: Iterable[list[Placed]]) -> list[tuple[int, list[Placed]]]:
        """Return sets with their bounds, the highest first."""
        pairs = [(upper_bound(self._basket, items), items) for items in sets]
        return sorted(pairs, key=itemgetter(0), reverse=True)

    def _of_all(self, items: Sequence[Placed], known: int) -> Settled:
        """Return the best choice of some promotions: that of each independent part, together."""
        if not self._may_part:
            return self._parts.best(items, known)
        parts = independent_parts(items, self._basket, conflicts(items, self._profile))
        gain, bound = 0, 0
        chosen: list[Choice] = []
        for part in parts:
            mine = [items[place] for place in part]
            settled = self._parts.best(mine, known if len(parts) == 1 else 0)
            gain, bound = gain + settled.gain, bound + settled.bound
            chosen += settled.chosen
        order = {id(item): place for place, item in enumerate(items)}
        chosen.sort(key=lambda choice: order[id(choice.item)])
        return Settled(gain, tuple(chosen), bound)

    def _priced(self, chosen: Sequence[Choice]) -> Priced:
        """Price a choice at a till of its own."""
        till = Till(self._basket, self._profile)
        given = [choice.take(till) for choice in chosen]
        applied = [one for one in given if isinstance(one, Applied)]
        unmet = [one for one in given if isinstance(one, Unmet)]
        discount = self._basket.subtotal - sum(till.running)
        return Priced(discount, till.running, applied, unmet, till.pieces)

    def _left_out(
        self, placed: Sequence[Placed], best: Priced, sequence: Priced
    ) -> Iterator[Unmet]:
        """Say of each offer that the best choice does not hold why it is not there.

        What gave after others would give alone.
        """
        told = {id(applied.placed) for applied in best.applied}
        told |= {id(unmet.placed) for unmet in best.unmet}
        gave = {id(applied.placed) for applied in sequence.applied}
        for item in placed:
            if id(item) in told:
                continue
            if id(item) in gave and item.requirement is None:
                yield Unmet(item, "better_without")
                continue
            alone = Till(self._basket, self._profile).take(item)
            yield alone if isinstance(alone, Unmet) else Unmet(item, "better_without")
