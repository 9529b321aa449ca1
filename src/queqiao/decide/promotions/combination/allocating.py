"""Units to promotions, then the rest: the best of one set of promotions that may stand together.

The promotions that take units compete for them; what they leave is what later ones (满减, coupons)
read. Without steps among the later ones, whatever discounts most first discounts most in all. A
step can be worth more than the discount that breaks it, so for each step that the best allocation
misses, the best allocation that still reaches it is looked for.
"""

from collections.abc import Iterator, Sequence
from math import prod
from operator import attrgetter, itemgetter
from typing import NamedTuple

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.combination.allotments import pools_of
from queqiao.decide.promotions.combination.frontier import Found, Search
from queqiao.decide.promotions.combination.levels import Later, Level
from queqiao.decide.promotions.combination.proof import Effort
from queqiao.decide.promotions.combination.shapes import Chunks, Groups
from queqiao.decide.promotions.combination.sums import Sums
from queqiao.decide.promotions.combination.tails import Late, best_tail
from queqiao.decide.promotions.combination.takers import NEVER, SCALE, Run, Taker, Terms, taker
from queqiao.decide.promotions.combination.terms import Counter, terms_of
from queqiao.decide.promotions.combination.worths import Field, weigh
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed, Unmet
from queqiao.decide.promotions.pricing.pieces import equal_units
from queqiao.decide.promotions.pricing.till import Till, Units

NARROW, WIDE = 64, 16_384
"""Rows that are kept: in a first search that is quick, and in the one that leaves nothing out."""

WIDTHS = (128, 1_024, WIDE)
"""Rows that are kept in the searches for all sums, until one leaves nothing out."""


RUN_EFFORT = 1
"""Work for the worths of one run of equal units."""

KEYS_MAX = 1 << 62
"""The numbers of states multiply; the product stands in one integer."""

AGAIN_MAX = 4
"""Lower sums that are tried where a till does not come to the highest."""


class Choice(NamedTuple):
    """A promotion that is used, and the units it may use: None leaves that to its own rule."""

    item: Placed
    pools: Sequence[Units] | None = None

    def take(self, till: Till) -> Applied | Unmet:
        """Take what it gives at a till."""
        if self.pools is None:
            return till.take(self.item)
        return till.take_each(self.item, self.pools)


class Settled(NamedTuple):
    """The best choice found from a till on: what it gives, and a bound of all choices."""

    gain: int
    chosen: tuple[Choice, ...]
    bound: int


class Contest(NamedTuple):
    """A till at which promotions compete for units, and the offers that come after."""

    till: Till
    runs: Sequence[Run]
    takers: Sequence[Taker]
    late: Sequence[Late]
    later: Later


def contest(
    till: Till,
    basket: Basket,
    items: Sequence[Placed],
    late: Sequence[Late],
    profile: Profile,
    *,
    effort: Effort,
    is_plain: bool,
) -> Contest | None:
    """Return the contest of ``items`` for units; None where the search does not know one, or
    where its arrays would take more than the effort that is left.
    """
    runs = _runs(till, basket)
    stated = [item.offer.stated for item in items]
    effort.spend(RUN_EFFORT * len(runs))
    if effort.is_spent:
        return None
    counter = Counter(basket, runs, profile.rounding)
    terms = [terms_of(*pair, counter) for pair in zip(items, stated, strict=True)]
    if not runs or any(one is None for one in terms):
        return None
    known = [one for one in terms if one is not None]
    runs = _apart(runs, known)
    takers = _takers(items, known, runs, effort)
    if takers is None or not _can_be_told_apart(takers):
        return None
    later = Later(till, basket, late, profile, is_plain=is_plain)
    return Contest(till, runs, takers, late, later)


def _takers(
    items: Sequence[Placed], terms: Sequence[Terms], runs: Sequence[Run], effort: Effort
) -> list[Taker] | None:
    """Return the promotions ready to be searched; None where one is too large."""
    takers: list[Taker] = []
    by_rule = sum(goes_by_rule(one) for one in terms)
    for item, one in zip(items, terms, strict=True):
        others = by_rule - goes_by_rule(one)
        made = None if effort.is_spent else taker(item, one, runs, effort, must_give=others > 0)
        if made is None:
            return None
        takers.append(made)
    return None if effort.is_spent else takers


def goes_by_rule(terms: Terms) -> bool:
    """Say whether it matters to a promotion which units no other one takes."""
    return not isinstance(terms.shape, Groups | Chunks)


def _can_be_told_apart(takers: Sequence[Taker]) -> bool:
    """Say whether the states of all together, and their marks, stand in one integer each."""
    states = prod(made.states for made in takers)
    return states < KEYS_MAX and 2 * len(takers) < KEYS_MAX.bit_length()


def _runs(till: Till, basket: Basket) -> list[Run]:
    """Return the cart's units as runs of equal ones, dearest first."""
    counts: dict[tuple[int, int, int], int] = {}
    for share in equal_units(till.units()):
        key = share.line, share.cost // share.count, share.basis // share.count
        counts[key] = counts.get(key, 0) + share.count
    floors = basket.floors or (0,) * len(basket.lines)
    each = [floor // count for floor, count in zip(floors, basket.quantities, strict=True)]
    runs = [
        Run(line, count, cost, basis, max(0, cost - each[line]))
        for (line, cost, basis), count in counts.items()
    ]
    return sorted(runs, key=lambda run: -run.basis)


def _apart(runs: Sequence[Run], terms: Sequence[Terms]) -> list[Run]:
    """Return the runs so that those of promotions that share no goods do not mingle."""
    part_of = {run.line: run.line for run in runs}
    for one in terms:
        lines = frozenset().union(*one.reach)
        parts = {part_of[line] for line in lines if line in part_of}
        joined = min(parts, default=0)
        part_of = {line: joined if part in parts else part for line, part in part_of.items()}
    return sorted(runs, key=lambda run: part_of[run.line])


def settle_contest(given: Contest, effort: Effort) -> Settled:
    """Return the best allocation found, with the best set of later offers, and the bound."""
    return _Allocation(given, effort).settle()


class _Allocation:
    """The search over the allocations of one contest."""

    def __init__(self, given: Contest, effort: Effort) -> None:
        self._contest = given
        self._effort = effort
        self._counts = [run.units for run in given.runs]
        field = Field(given.takers, self._counts)
        self._search = Search(given.takers, field, weigh(field))
        self._is_exact = all(made.terms.is_exact and made.asks_nothing for made in given.takers)
        self._slack = sum(made.terms.slack for made in given.takers)
        self.gain = 0
        self.chosen: tuple[Choice, ...] = ()

    def settle(self) -> Settled:
        """Return the best allocation found and the bound of all."""
        most = (self._dearest() + self._slack) // SCALE
        later = self._contest.later
        levels = [(self._bound(level, most), level) for level in later.levels(later.total - most)]
        levels.sort(key=itemgetter(0), reverse=True)
        bounds = [bound for bound, _ in levels]
        for width in WIDTHS:
            open_ = [place for place, bound in enumerate(bounds) if bound > self.gain]
            if not open_ or self._effort.is_spent:
                break
            sums = self._sums([levels[place][1] for place in open_], most, width)
            if sums is None:
                break
            for place in open_:
                bounds[place] = self._settle_level(levels[place][1], bounds[place], most, sums)
        return Settled(self.gain, self.chosen, max(self.gain, *bounds))

    def _sums(self, levels: Sequence[Level], most: int, width: int) -> Sums | None:
        """Return all sums of allocations with which more than the best may be given in a level."""
        lowest = max(levels, key=attrgetter("bottom"))
        floor = self._least(lowest, self._roof(lowest, most) // SCALE)
        return self._search.sums(floor * SCALE, width, self._effort)

    def _roof(self, level: Level, most: int) -> int:
        return self._highest(min(most, self._contest.later.total - level.bottom))

    def _bound(self, level: Level, most: int) -> int:
        """Return what can be given at most when the total after the allocation is in a level."""
        later = self._contest.later
        roof = min(most, later.total - level.bottom)
        return roof + later.bound(later.total - roof, level)

    def _dearest(self) -> int:
        """Price the allocation that discounts most, and return a bound of all discounts."""
        nothing = Found(0, [[0] * len(self._contest.takers) for _ in self._counts])
        found, cut = nothing, 0
        for width in (NARROW, 1_024, 4_096, WIDE):
            if width > NARROW and self._effort.is_spent:
                break
            searched = self._search.best(found.gain, width, self._effort)
            found, cut = searched.found or found, searched.cut
            if cut <= found.gain:
                break
        self._price(found)
        return max(found.gain, cut)

    def _settle_level(self, level: Level, bound: int, most: int, sums: Sums) -> int:
        """Look for the best allocation that leaves a total within a level; return its bound.

        Where a till does not come to what the search reckons (a bundle that would cost more than
        its units is not made), the next lower sum is tried.
        """
        later = self._contest.later
        roof = self._roof(level, most)
        unsettled = self.gain
        for _ in range(AGAIN_MAX):
            if bound <= self.gain or self._effort.is_spent:
                return bound
            sum_ = sums.highest((later.total - level.end + 1) * SCALE, roof)
            reached = 0
            if sum_ is not None:
                nothing = [[0] * len(self._contest.takers) for _ in self._counts]
                found = Found(sum_, sums.way_to(sum_, nothing))
                reached = self._reaches(found, level)
                self._price(found)
            if sums.cut != NEVER or not (self._is_exact and later.whole):
                return bound
            if sum_ is None or reached <= self.gain:
                return max(unsettled, self.gain)
            unsettled, roof = max(unsettled, reached), sum_ - 1
        return bound

    def _highest(self, roof: int) -> int:
        """Return up to which gain an allocation may discount no more than ``roof``."""
        roundings = 0 if self._is_exact else sum(self._counts) + len(self._contest.takers)
        return (roof + roundings) * SCALE + self._slack

    def _reaches(self, found: Found, level: Level) -> int:
        """Return a bound of what an allocation comes to, with what is given after it."""
        later = self._contest.later
        discount = (found.gain + self._slack) // SCALE
        return discount + later.bound(later.total - discount, level)

    def _least(self, level: Level, roof: int) -> int:
        """Return the least discount in a level with which more than the best may be given."""
        later = self._contest.later
        low, high = max(0, later.total - level.end + 1), roof
        while low < high:
            middle = (low + high) // 2
            if middle + later.bound(later.total - middle, level) > self.gain:
                high = middle
            else:
                low = middle + 1
        return low

    def _price(self, found: Found) -> None:
        """Price an allocation with the best set of later offers, and keep it if it is the best.

        It is none where a promotion holds units for nothing that another one's rule reads.
        """
        till = self._contest.till.copy()
        gain = 0
        chosen: list[Choice] = []
        for made, choice in choices_of(self._contest, found.steps):
            self._effort.spend(1)
            given = choice.take(till)
            if isinstance(given, Applied):
                gain += given.amount
                chosen.append(choice)
            elif given.reason == "nothing_left" and made.must_give:
                return
        tail = best_tail(till, self._contest.late, self._effort, self.gain - gain)
        if gain + tail.gain > self.gain or not self.chosen:
            self.gain = gain + tail.gain
            self.chosen = (*chosen, *[Choice(item) for item in tail.chosen])


def choices_of(contest: Contest, steps: Sequence[Sequence[int]]) -> Iterator[tuple[Taker, Choice]]:
    """Yield the promotions that an allocation gives units, with those units."""
    takers, runs = contest.takers, contest.runs
    left = [
        run.units - sum(int(made.units[step]) for made, step in zip(takers, of_run, strict=True))
        for run, of_run in zip(runs, steps, strict=True)
    ]
    for place, made in enumerate(takers):
        pools = pools_of(made, place, steps, runs, left)
        if pools:
            yield made, Choice(made.item, pools)
