"""Settling a cart: priced as the profile's selection says, with the proof of how good it is.

The space of best combinations: every set of promotions that may stand together, and for those that
take units every way to share the units out. A choice is priced at a till like any other cart, so
an answer is never more than what pricing comes to.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.combination.allocating import (
    Choice,
    Settled,
    contest,
    settle_contest,
)
from queqiao.decide.promotions.combination.bounds import upper_bound
from queqiao.decide.promotions.combination.parts import independent_parts
from queqiao.decide.promotions.combination.proof import Effort, Proof
from queqiao.decide.promotions.combination.standing import (
    counts_offers,
    largest_sets,
    within_counts,
)
from queqiao.decide.promotions.combination.tails import Late, best_tail, chain, lates
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

SETS_MAX = 500
"""Largest sets that are looked at; what lies in further ones is only bounded."""


def settle(
    basket: Basket, placed: Sequence[Placed], profile: Profile, effort: int = EFFORT
) -> tuple[Priced, Proof]:
    """Price as the profile's selection says, and prove how good it is for the shopper.

    ``effort``: how much work a best combination may take, in offers taken at a till; when it is
    spent, the best choice found so far is the answer and the bound stays where it is.
    """
    priced = price(basket, placed, profile)
    bound = upper_bound(basket, placed)
    if profile.selection == "best_combination":
        best = _Best(basket, profile, Effort(effort), priced.discount)
        return best.answer(placed, priced)
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
        self._effort = effort
        self._known = known
        is_free = basket.floors is None and not Rooms(basket, profile).has_caps
        self._is_plain = is_free and profile.rounding != "none"

    def answer(self, placed: Sequence[Placed], sequence: Priced) -> tuple[Priced, Proof]:
        """Return the best choice priced, every other promotion with its reason, and the proof."""
        decided = {id(one.placed) for one in sequence.unmet if one.reason in DECIDED}
        settled = self.search([item for item in placed if id(item) not in decided])
        best = sequence
        if settled.gain > sequence.discount:
            best = self._priced(settled.chosen)
        bound = max(settled.bound, best.discount)
        left_out = list(self._left_out(placed, best))
        known = {id(one.placed): one for one in sequence.unmet if one.reason in DECIDED}
        left_out = [known.get(id(one.placed), one) for one in left_out]
        explained = best._replace(unmet=best.unmet + left_out)
        return explained, Proof(best.discount >= bound, bound)

    def search(self, placed: Sequence[Placed]) -> Settled:
        """Return the best choice found that gives more than is known, and a bound of all."""
        useful = [item for item in placed if self._may_give(item)]
        sets = self._promising(useful)
        best = Settled(self._known, (), self._known)
        for number, (bound, items) in enumerate(sets):
            if bound <= best.gain:
                break
            if self._effort.is_spent or number == SETS_MAX:
                return best._replace(bound=max(best.bound, bound))
            found = self._of_set(items)
            highest = max(best.bound, min(found.bound, bound))
            best = (found if found.gain > best.gain else best)._replace(bound=highest)
        return best

    def _may_give(self, item: Placed) -> bool:
        """Say whether an offer gives alone, or might on units other than its rule's choice."""
        return self._takes_units(item) or gives(item, self._basket, self._profile)

    def _promising(self, useful: Sequence[Placed]) -> list[tuple[int, list[Placed]]]:
        """Return the sets that may stand together with their bounds, the highest first."""
        sets = list(largest_sets(useful, self._profile))
        bounds = [upper_bound(self._basket, items) for items in sets]
        pairs = zip(bounds, sets, strict=True)
        return sorted(pairs, key=lambda pair: pair[0], reverse=True)

    def _of_set(self, items: Sequence[Placed]) -> Settled:
        """Return the best choice within one set: that of each independent part, together."""
        parts = [list(items)]
        if self._is_plain and not counts_offers(self._profile):
            parts = independent_parts(items, self._basket)
        gain, bound = 0, 0
        chosen: list[Choice] = []
        for part in parts:
            settled = self._of_part(Till(self._basket, self._profile), part)
            gain, bound = gain + settled.gain, bound + settled.bound
            chosen += settled.chosen
        order = {id(item): place for place, item in enumerate(items)}
        chosen.sort(key=lambda choice: order[id(choice.item)])
        return Settled(gain, tuple(chosen), bound)

    def _of_part(self, till: Till, items: Sequence[Placed]) -> Settled:
        if counts_offers(self._profile):
            return self._by_rule(till, items)
        taking = [place for place, item in enumerate(items) if self._takes_units(item)]
        if not taking:
            return self._by_sets(till, items)
        layer = items[taking[0]].offer.layer
        taking = [place for place in taking if items[place].offer.layer == layer]
        first, last = taking[0], taking[-1]
        if last - first >= len(taking):
            return self._by_rule(till, items)
        return self._by_units(till, items[:first], items[first : last + 1], items[last + 1 :])

    def _takes_units(self, item: Placed) -> bool:
        offer = item.offer
        return offer.benefit.takes_units or offer.layer in self._profile.one_per_unit

    def _by_sets(self, till: Till, items: Sequence[Placed]) -> Settled:
        """Return the best set; where promotions take units, each by its own rule."""
        may_join = partial(within_counts, self._profile)
        tail = best_tail(till, self._late(items), self._effort, 0, may_join)
        return Settled(tail.gain, tuple(Choice(item) for item in tail.chosen), tail.bound)

    def _by_rule(self, till: Till, items: Sequence[Placed]) -> Settled:
        """Return the best set where the search does not know how units may be shared out."""
        found = self._by_sets(till, items)
        if not any(self._takes_units(item) for item in items):
            return found
        return found._replace(bound=max(found.bound, chain(till, self._late(items))))

    def _late(self, items: Sequence[Placed]) -> list[Late]:
        plain = self._is_plain and not counts_offers(self._profile)
        return lates(items, self._basket, is_plain=plain)

    def _by_units(
        self,
        till: Till,
        early: Sequence[Placed],
        takers: Sequence[Placed],
        later: Sequence[Placed],
    ) -> Settled:
        """Return the best choice: each set of the early ones, then units, then the later ones."""
        if early:
            return self._with_early(till, early, takers, later)
        late = self._late(later)
        given = contest(
            till,
            self._basket,
            takers,
            late,
            self._profile,
            effort=self._effort,
            is_plain=self._is_plain,
        )
        if given is None or self._effort.is_spent:
            return self._by_rule(till, [*takers, *later])
        return settle_contest(given, self._effort)

    def _with_early(
        self,
        till: Till,
        early: Sequence[Placed],
        takers: Sequence[Placed],
        later: Sequence[Placed],
    ) -> Settled:
        if self._effort.is_spent:
            return self._by_rule(till, [*early, *takers, *later])
        first, *rest = early
        after = till.copy()
        self._effort.spend(1)
        given = after.take(first)
        if not isinstance(given, Applied):
            return self._by_units(till, rest, takers, later)
        found = self._by_units(after, rest, takers, later)
        without = self._by_units(till, rest, takers, later)
        chosen = (Choice(first), *found.chosen)
        with_it = Settled(found.gain + given.amount, chosen, found.bound + given.amount)
        better = max(without, with_it, key=lambda settled: settled.gain)
        return better._replace(bound=max(without.bound, with_it.bound))

    def _priced(self, chosen: Sequence[Choice]) -> Priced:
        """Price a choice at a till of its own."""
        till = Till(self._basket, self._profile)
        given = [choice.take(till) for choice in chosen]
        applied = [one for one in given if isinstance(one, Applied)]
        unmet = [one for one in given if isinstance(one, Unmet)]
        discount = self._basket.subtotal - sum(till.running)
        return Priced(discount, till.running, applied, unmet, till.pieces)

    def _left_out(self, placed: Sequence[Placed], best: Priced) -> Iterator[Unmet]:
        """Say of each offer that the best choice does not hold why it is not there."""
        known = {id(applied.placed) for applied in best.applied}
        known |= {id(unmet.placed) for unmet in best.unmet}
        for item in placed:
            if id(item) not in known:
                alone = Till(self._basket, self._profile).take(item)
                yield alone if isinstance(alone, Unmet) else Unmet(item, "better_without")
