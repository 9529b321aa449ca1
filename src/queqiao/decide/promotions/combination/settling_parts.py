"""The best choice of promotions that hang together, by goods or by what forbids what.

Turn by turn where each turn has few ways, whatever the turns after it read. Where a turn has many,
all that is left is settled at once: units to promotions by bounds and automata, then the rest.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import islice
from operator import itemgetter

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.benefits.sums import Sum
from queqiao.decide.promotions.combination.allocating import (
    Choice,
    Contest,
    Settled,
    contest,
    settle_contest,
)
from queqiao.decide.promotions.combination.bounds import upper_bound
from queqiao.decide.promotions.combination.outcomes import Outcomes, outcomes_of
from queqiao.decide.promotions.combination.parts import touched
from queqiao.decide.promotions.combination.proof import Effort
from queqiao.decide.promotions.combination.relaxed import How, Part, Relaxed, part_of
from queqiao.decide.promotions.combination.standing import (
    conflicts,
    counts_offers,
    largest_sets,
    rivalries,
    within_counts,
)
from queqiao.decide.promotions.combination.tails import Late, best_tail, chain, lates
from queqiao.decide.promotions.combination.turn_search import Ground, best_of_turns
from queqiao.decide.promotions.combination.turns import (
    WAYS_MAX,
    WAYS_MAX_OF_TOTALS,
    Touching,
    Turn,
    turns_of,
)
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed
from queqiao.decide.promotions.pricing.till import Till

SETS_MAX = 500
"""Largest sets that are looked at; what lies in further ones is only bounded."""


class Parts:
    """The search over one part of a cart's promotions after another."""

    def __init__(self, basket: Basket, profile: Profile, effort: Effort, *, is_plain: bool) -> None:
        self._basket = basket
        self._profile = profile
        self._effort = effort
        self._is_plain = is_plain
        self._counts = counts_offers(profile)

    def best(self, items: Sequence[Placed], known: int) -> Settled:
        """Return the best choice of these, in their order, and a bound of all.

        ``known``: only what is above matters.
        """
        till = Till(self._basket, self._profile)
        if self._counts:
            return self._of_sets(till, items)
        return best_of_turns(self._ground(till, items), till, self._effort, known)

    def takes_units(self, item: Placed) -> bool:
        """Say whether an offer takes units."""
        offer = item.offer
        return offer.benefit.takes_units or offer.layer in self._profile.one_per_unit

    def _ground(self, till: Till, items: Sequence[Placed]) -> Ground:
        forbidden = conflicts(items, self._profile)
        offers = [
            Touching(item, touched(item, self._basket), self.takes_units(item)) for item in items
        ]
        is_of_totals = self._is_plain and not any(forbidden) and all(map(self._is_of_total, offers))
        ways_max = WAYS_MAX_OF_TOTALS if is_of_totals else WAYS_MAX
        turns = turns_of(offers, self._basket, ways_max)
        share = _Sharing(self._contest, turns, offers, forbidden, self._effort)
        share.is_of_totals = is_of_totals
        parts = list(self._parts(till, turns, share, forbidden))
        relaxed = Relaxed(parts, is_plain=self._is_plain)
        by_bit = {1 << place: bits for place, bits in enumerate(forbidden) if bits}
        return Ground(turns, relaxed, by_bit, share, partial(self._rest, turns))

    def _is_of_total(self, offer: Touching) -> bool:
        """Say whether an offer takes units or reads but the total of the cart."""
        item = offer.item
        is_whole = len(item.lines) == len(self._basket.lines) and item.requirement is None
        return offer.takes or (is_whole and isinstance(item.offer.benefit, Sum))

    def _contest(self, till: Till, items: Sequence[Placed], late: Sequence[Late]) -> Contest | None:
        """Return the contest of some offers for units at a till."""
        return contest(
            till,
            self._basket,
            items,
            late,
            self._profile,
            effort=self._effort,
            is_plain=self._is_plain,
        )

    def _parts(
        self, till: Till, turns: Sequence[Turn], share: "_Sharing", forbidden: Sequence[int]
    ) -> Iterator[Sequence[Part]]:
        """Yield what is needed to bound each turn."""
        rivals = rivalries(forbidden)
        uneven: set[int] = set()
        for place, turn in enumerate(turns):
            lines = share.lines[place]
            found = share(till, place) if turn.shares else None
            if found is None:
                yield [
                    self._part(item, bit, rivals[bit.bit_length() - 1], uneven)
                    for item, bit in zip(turn.items, turn.bits, strict=True)
                ]
            else:
                one = lines if len(lines) == 1 else ()
                yield (Part(sum(turn.bits), -1 - place, one, most=found.most),)
            if any(self.takes_units(item) for item in turn.items):
                uneven.update(lines)

    def _part(self, item: Placed, bit: int, rivals: int, uneven: AbstractSet[int]) -> Part:
        spreads = isinstance(item.offer.benefit, Sum) and not self.takes_units(item)
        is_even = uneven.isdisjoint(item.lines)
        how = How(spreads, is_even, self._profile.rounding)
        return part_of(item, bit, rivals, self._basket, how)

    def _rest(self, turns: Sequence[Turn], till: Till, place: int, barred: int) -> Settled:
        """Return the best choice of all turns from a place on, without those barred."""
        items = [
            item
            for turn in turns[place:]
            for item, bit in zip(turn.items, turn.bits, strict=True)
            if not bit & barred
        ]
        return self._of_sets(till, items)

    def _of_sets(self, till: Till, items: Sequence[Placed]) -> Settled:
        """Return the best choice of one of the sets that may stand together."""
        sets = list(islice(largest_sets(items, self._profile), SETS_MAX + 1))
        if len(sets) == 1:
            return self._of_set(till, sets[0])
        bounds = [(self._bound(till, some), some) for some in sets[:SETS_MAX]]
        bounds.sort(key=itemgetter(0), reverse=True)
        unseen = 0 if len(sets) <= SETS_MAX else self._bound(till, items)
        best = Settled(0, (), unseen)
        for bound, some in bounds:
            if bound <= best.gain:
                break
            if self._effort.is_spent and best.chosen:
                return best._replace(bound=max(best.bound, bound))
            found = self._of_set(till, some)
            highest = max(best.bound, min(found.bound, bound))
            best = (found if found.gain > best.gain else best)._replace(bound=highest)
        return best

    def _bound(self, till: Till, items: Sequence[Placed]) -> int:
        return min(upper_bound(self._basket, items), sum(till.running))

    def _of_set(self, till: Till, items: Sequence[Placed]) -> Settled:
        """Return the best choice of promotions that may all stand together."""
        taking = [place for place, item in enumerate(items) if self.takes_units(item)]
        if not taking:
            return self._by_sets(till, items)
        layer, first = items[taking[0]].offer.layer, taking[0]
        taking = [place for place in taking if items[place].offer.layer == layer]
        if self._counts or first or taking[-1] >= len(taking):
            return self._by_rule(till, items)
        takers, later = items[: len(taking)], items[len(taking) :]
        given = self._contest(till, takers, self._late(later))
        if given is None or self._effort.is_spent:
            return self._by_rule(till, items)
        return settle_contest(given, self._effort)

    def _by_sets(self, till: Till, items: Sequence[Placed]) -> Settled:
        """Return the best set; where promotions take units, each by its own rule."""
        may_join = partial(within_counts, self._profile)
        begun = self._most_first(till, items) if self._counts else Settled(0, (), 0)
        tail = best_tail(till, self._late(items), self._effort, begun.gain, may_join)
        if tail.gain <= begun.gain:
            return begun._replace(bound=max(begun.gain, tail.bound))
        return Settled(tail.gain, tuple(Choice(item) for item in tail.chosen), tail.bound)

    def _most_first(self, till: Till, items: Sequence[Placed]) -> Settled:
        """Return what those give that give most alone, as many as may."""
        alone = [(given.amount, place) for place, item in enumerate(items)
                 if isinstance(given := till.tried(item), Applied)]  # fmt: skip
        self._effort.spend(len(items))
        chosen: list[Placed] = []
        for _, place in sorted(alone, key=lambda pair: (-pair[0], pair[1])):
            if within_counts(self._profile, chosen, items[place]):
                chosen.append(items[place])
        order = {id(item): place for place, item in enumerate(items)}
        chosen.sort(key=lambda item: order[id(item)])
        after = till.copy()
        gain = sum([one.amount for one in map(after.take, chosen) if isinstance(one, Applied)])
        return Settled(gain, tuple(Choice(item) for item in chosen), gain)

    def _by_rule(self, till: Till, items: Sequence[Placed]) -> Settled:
        """Return the best set where the search does not know how units may be shared out."""
        found = self._by_sets(till, items)
        if not any(self.takes_units(item) for item in items):
            return found
        return found._replace(bound=max(found.bound, chain(till, self._late(items))))

    def _late(self, items: Sequence[Placed]) -> list[Late]:
        return lates(items, self._basket, is_plain=self._is_plain and not self._counts)


class _Sharing:
    """The ways of turns to share units out, each reckoned once for what its goods cost.

    ``is_of_totals``: all that comes after units reads one total, so many ways are not tried one by
    one.
    """

    def __init__(
        self,
        contest_of: Callable[[Till, Sequence[Placed], Sequence[Late]], Contest | None],
        turns: Sequence[Turn],
        offers: Sequence[Touching],
        forbidden: Sequence[int],
        effort: Effort,
    ) -> None:
        self.is_of_totals = False
        self._effort = effort
        self._contest_of = contest_of
        self._turns = turns
        self._forbidden = forbidden
        self.lines = [_lines(turn, offers) for turn in turns]
        self._by_lines = [self._reads_lines(place, offers) for place in range(len(turns))]
        self._known: dict[Hashable, Outcomes | None] = {}

    def __call__(self, till: Till, place: int) -> Outcomes | None:
        """Return the ways of the turn at a place; None where they are too many."""
        state = [(till.running[line], *till.pieces.get(line, ())) for line in self.lines[place]]
        key = (place, *state)
        if key not in self._known:
            self._known[key] = self._reckoned(till, place)
        return self._known[key]

    def _reckoned(self, till: Till, place: int) -> Outcomes | None:
        turn = self._turns[place]
        if self.is_of_totals and not turn.is_few:
            return None
        given = self._contest_of(till, turn.items, ())
        if given is None:
            return None
        found = outcomes_of(
            given,
            self._among(turn),
            self._effort,
            by_lines=self._by_lines[place],
            is_few=turn.is_few,
        )
        if found is None:
            return None
        return found._replace(each=[way._replace(bits=_wide(way.bits, turn)) for way in found.each])

    def _among(self, turn: Turn) -> list[int]:
        """Return for each offer of a turn which others of it never give beside it."""
        return [
            sum(
                (self._forbidden[bit.bit_length() - 1] & other > 0) << place
                for place, other in enumerate(turn.bits)
            )
            for bit in turn.bits
        ]

    def _reads_lines(self, place: int, offers: Sequence[Touching]) -> bool:
        """Say whether all turns after one read what its lines cost, and not their units."""
        mine = set(self.lines[place])
        later = [turn for turn in self._turns[place + 1 :] if mine & set(_lines(turn, offers))]
        return not any(
            turn.shares or not isinstance(turn.items[0].offer.benefit, Sum) for turn in later
        )


def _lines(turn: Turn, offers: Sequence[Touching]) -> list[int]:
    """Return the lines that a turn touches or reads."""
    bits = 0
    for bit in turn.bits:
        bits |= offers[bit.bit_length() - 1].lines
    return [line for line in range(bits.bit_length()) if bits >> line & 1]


def _wide(bits: int, turn: Turn) -> int:
    """Return bits of places in a turn as bits of all offers."""
    return sum(bit for place, bit in enumerate(turn.bits) if bits >> place & 1)
