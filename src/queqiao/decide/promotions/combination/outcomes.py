"""Every way to share few units out among their competitors, tried one by one.

Where offers after them read only a part of the cart, what they leave is not one sum but one of each
line; so of ways with the same future not only the best stays. What each comes to is priced at a
till, and of those that leave the same one stays.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from queqiao.decide.promotions.combination.allocating import Choice, Contest, choices_of
from queqiao.decide.promotions.combination.proof import Effort
from queqiao.decide.promotions.combination.takers import NEVER, SCALE, Taker
from queqiao.decide.promotions.combination.worths import Field, weigh
from queqiao.decide.promotions.pricing.outcomes import Applied
from queqiao.decide.promotions.pricing.till import Till

VISITS_MAX = 10_000
"""Steps that are tried; with more, only ways that give nearly the most are looked for, ..."""

VISITS_A_UNIT = 32
"""So many steps are as much work as an offer taken at a till."""

WAYS_MAX, WAYS_ENOUGH = 500, 100
"""... and where there are more ways than can be priced. So many of the best are enough."""

DEPTH_MAX = 400
"""Takers times runs; with more, a contest is not searched way by way."""

WITHIN = (32, 16, 8, 4, 2)
"""The best ways are those within such a part of what units may give at most."""

Steps = list[list[int]]
"""Of each taker in each run."""

Way = tuple[int, int, Steps]
"""The bits of the takers that are used, what they give (thousandths, rounded up), their steps."""


class Outcome(NamedTuple):
    """What some offers take, ``bits`` of those, and what that gives (minor units)."""

    choices: tuple[Choice, ...]
    bits: int
    gain: int


class Outcomes(NamedTuple):
    """The outcomes, the one that gives most first. ``most``: no other gives more.

    ``is_exact``: a till comes to the same amounts. ``others``: what those that are not here give at
    most.
    """

    each: Sequence[Outcome]
    most: int
    is_exact: bool
    others: int


class _Moves(NamedTuple):
    """A taker's arrays as lists, which are quicker to read one by one.

    ``gives``: in which runs a unit brings something. ``rivals``: those that may not be used beside.
    """

    taker: Taker
    units: list[int]
    after: list[list[int]]
    gains: list[list[list[int]]]
    ends: list[bool]
    gives: list[bool]
    rivals: int

    @classmethod
    def of(cls, taker: Taker, rivals: int) -> "_Moves":
        gives = (taker.gains.max(axis=(1, 2)) > 0).tolist()
        after, gains = taker.after.tolist(), taker.gains.tolist()
        ends = taker.tables.ends.tolist()
        return cls(taker, taker.units.tolist(), after, gains, ends, gives, rivals)

    def at_end(self, state: int, run: int, *, stays_out: bool) -> int:
        """Return the state at the end of a run, below 0 where it may not be."""
        taker = self.taker
        if taker.leave is not None and stays_out:
            state = int(taker.leave[state])
        if state >= 0 and taker.lower is not None and taker.descends[run]:
            state = int(taker.lower[state])
        return state


class _Limit:
    """A bound of every way begun, by what units are worth; ways below ``floor`` are left."""

    def __init__(self, contest: Contest) -> None:
        field = Field(contest.takers, [run.units for run in contest.runs])
        worths = weigh(field)
        self.lost: list[list[list[list[int]]]] = field.lost(worths).tolist()
        self.of_unit: list[int] = worths.of_unit.tolist()
        self.before: list[list[list[int]]] = worths.at_end.tolist()
        self.then: list[list[list[int]]] = worths.to_come[1:].tolist()
        self.bound = worths.bound
        self.floor = 0


class _Ways:
    """The search: depth first over runs, and in each over the takers.

    Marks are bits: which takers are used, and above those which had to take a unit that stays out.
    """

    def __init__(
        self, contest: Contest, forbidden: Sequence[int], limit: _Limit | None = None
    ) -> None:
        self._limit = limit
        self._most = 0 if limit is None else limit.bound
        self._counts = [run.units for run in contest.runs]
        self._reached = _reached(contest)
        self._moves = [_Moves.of(*pair) for pair in zip(contest.takers, forbidden, strict=True)]
        self._size = len(self._moves)
        self._steps = [[0] * self._size for _ in contest.runs]
        self._gains = [0] * len(contest.runs)
        self.visits = 0
        self.found: list[Way] = []

    @property
    def are_too_many(self) -> bool:
        """Say whether the search was given up."""
        return self.visits > VISITS_MAX or len(self.found) > WAYS_MAX

    def all_ways(self) -> None:
        """Find them all, or stop where they are too many."""
        self._over_run(0, [0] * self._size, 0)

    def _over_run(self, number: int, states: list[int], marks: int) -> None:
        """Go over the runs that are reached, from the one of that number on."""
        if number < len(self._reached):
            run = self._reached[number]
            self._take(run, 0, states, self._counts[run], marks)
        elif all(move.ends[state] for move, state in zip(self._moves, states, strict=True)):
            used, gain = marks & (1 << self._size) - 1, sum(self._gains)
            if gain > 0:
                self.found.append((used, gain, [list(steps) for steps in self._steps]))

    def _take(self, run: int, place: int, states: list[int], left: int, marks: int) -> None:
        if place == self._size:
            self._end(run, states, left, marks)
            return
        move = self._moves[place]
        if not move.taker.reaches[run]:
            self._take(run, place + 1, states, left, marks)
            return
        state, before = states[place], self._gains[run]
        may_use = not move.rivals & marks and not marks >> self._size + place & 1
        for step in range(move.taker.steps[run]):
            units, gain = move.units[step], move.gains[run][step][state]
            if gain == NEVER or units > left or (units and not may_use):
                continue
            self.visits += 1
            if self.are_too_many:
                return
            most = self._most
            if self._limit is not None:
                self._most -= self._limit.lost[run][place][step][state]
                if self._most < self._limit.floor:
                    self._most = most
                    continue
            self._steps[run][place], self._gains[run] = step, before + gain
            states[place] = move.after[step][state]
            used = marks | 1 << place if units else marks
            self._take(run, place + 1, states, left - units, used)
            self._most = most
        states[place], self._steps[run][place], self._gains[run] = state, 0, before

    def _end(self, run: int, states: list[int], left: int, marks: int) -> None:
        """Go on after a run, of which units that are left stay out of all offers."""
        after = list(states)
        for place, move in enumerate(self._moves):
            if not move.taker.reaches[run]:
                continue
            after[place] = move.at_end(states[place], run, stays_out=left > 0)
            if after[place] < 0:
                return
            if left and move.taker.terms.must_take and move.gives[run]:
                marks |= 1 << self._size + place
        most = self._most
        if not marks & marks >> self._size and self._may_go_on(run, states, after, left):
            self._over_run(self._reached.index(run) + 1, after, marks)
        self._most = most

    def _may_go_on(self, run: int, states: Sequence[int], after: Sequence[int], left: int) -> bool:
        """Bound the way after a run, and say whether it may still give enough."""
        limit = self._limit
        if limit is None:
            return True
        self._most -= left * limit.of_unit[run]
        for place, (state, then) in enumerate(zip(states, after, strict=True)):
            self._most -= limit.before[run][place][state] - limit.then[run][place][then]
        return self._most >= limit.floor


def outcomes_of(
    contest: Contest, forbidden: Sequence[int], effort: Effort, *, by_lines: bool, is_few: bool
) -> Outcomes | None:
    """Return the outcomes of a contest, at least those that give most; None where even those are
    too many to be tried.

    Bits are of its takers by their places; ``forbidden``: of those that never give beside each.
    ``by_lines``: all that matters afterwards is what each line costs, not which of its units.
    ``is_few``: it is worth trying whether they are few.
    """
    if _is_deep(contest):
        return None
    slack = sum(taker.terms.slack for taker in contest.takers)
    is_exact = all(taker.terms.is_exact and taker.asks_nothing for taker in contest.takers)
    ways, floor = _all_or_best(contest, forbidden, effort, is_few=is_few)
    if ways is None:
        return None
    effort.spend(len(ways) * len(contest.takers) // 2)
    found: dict[Hashable, Outcome] = {}
    for used, _, steps in ways:
        priced = _priced(contest, steps, used)
        if priced is not None:
            till, outcome = priced
            pieces = () if by_lines else tuple((n, *some) for n, some in till.pieces.items())
            found.setdefault((used, tuple(till.running), pieces), outcome)
    most = max((gain + slack for _, gain, _ in ways), default=0) // SCALE
    each = sorted(found.values(), key=lambda outcome: -outcome.gain)
    return Outcomes(each, most, is_exact, (floor + slack) // SCALE if floor else 0)


def _reached(contest: Contest) -> list[int]:
    """Return the runs of which some taker may take units."""
    each = [taker.reaches for taker in contest.takers]
    return [run for run in range(len(contest.runs)) if any(reaches[run] for reaches in each)]


def _is_deep(contest: Contest) -> bool:
    """Say whether a search that calls itself for each taker of each run would go too deep."""
    return (len(contest.takers) + 2) * len(_reached(contest)) > DEPTH_MAX


def _all_or_best(
    contest: Contest, forbidden: Sequence[int], effort: Effort, *, is_few: bool
) -> tuple[list[Way] | None, int]:
    """Return all ways, or those of the best above what all others give at most, which is told."""
    if is_few:
        every = _tried(_Ways(contest, forbidden), effort)
        if every is not None:
            return every, 0
    limit = _Limit(contest)
    effort.spend(len(contest.runs))
    best: list[Way] | None = None
    floor = 0
    for part in WITHIN:
        limit.floor = limit.bound - limit.bound // part
        found = _tried(_Ways(contest, forbidden, limit), effort)
        if found is None:
            break
        if found:
            best, floor = found, limit.floor
        if len(found) >= WAYS_ENOUGH:
            break
    return best, floor


def _tried(ways: _Ways, effort: Effort) -> list[Way] | None:
    ways.all_ways()
    effort.spend(1 + ways.visits // VISITS_A_UNIT)
    return None if ways.are_too_many else ways.found


def _priced(contest: Contest, steps: Steps, used: int) -> tuple[Till, Outcome] | None:
    """Return the till after a way, and its outcome; None where it gives nothing, or one of it that
    may not hold units for nothing does.
    """
    till, gain = contest.till.copy(), 0
    chosen: list[Choice] = []
    for made, choice in choices_of(contest, steps):
        given = choice.take(till)
        if isinstance(given, Applied):
            gain += given.amount
            chosen.append(choice)
        elif made.must_give:
            return None
    return (till, Outcome(tuple(chosen), used, gain)) if gain else None
