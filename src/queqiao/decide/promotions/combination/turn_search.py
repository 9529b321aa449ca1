"""The best of all turns: each gives in one of its ways or not at all, depth first at a real till.

A branch is left when what its turns to come give at most could not beat the best one found. When
the work is spent, each turn gives what gives most first and nothing else is tried.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from queqiao.decide.promotions.combination.allocating import Choice, Settled
from queqiao.decide.promotions.combination.outcomes import Outcome, Outcomes
from queqiao.decide.promotions.combination.proof import Effort
from queqiao.decide.promotions.combination.relaxed import Relaxed
from queqiao.decide.promotions.combination.turns import Turn
from queqiao.decide.promotions.pricing.outcomes import Applied
from queqiao.decide.promotions.pricing.till import Till

PARTS_A_UNIT = 16
"""To bound so many offers is as much work as to take one at a till."""

CLOSING = 1_500
"""Work beyond what a search may do, for bounds of what it leaves open; further ones are those of
what it came from."""

Share = Callable[[Till, int], Outcomes | None]
"""How the turn at a place may share units out at a till; None where the ways are too many."""

Rest = Callable[[Till, int, int], Settled]
"""The best choice of all turns from a place on, without the barred ones, by other means."""


class Ground(NamedTuple):
    """What a search goes over. ``forbidden``: by its bit, those that never give beside an offer."""

    turns: Sequence[Turn]
    relaxed: Relaxed
    forbidden: dict[int, int]
    share: Share
    rest: Rest


class _Node(NamedTuple):
    """A choice for the turns before ``place``. ``bound``: of what it was made from.

    ``chosen``: the choices, the last one first, as pairs of one and those before. ``is_first``: of
    all ways its turn gave in the one that gives most.
    """

    till: Till
    place: int
    gain: int
    barred: int
    chosen: "_Chosen"
    bound: int
    is_first: bool


_Chosen = tuple[Sequence[Choice], "_Chosen"] | None


def best_of_turns(ground: Ground, till: Till, effort: Effort, known: int) -> Settled:
    """Return the choice that gives the most from here on.

    ``known``: only what is above matters. The bound is above the gain where work ran out, or where
    not every way is tried.
    """
    search = _Search(ground, effort, known)
    search.go(till)
    return Settled(search.gain, tuple(_in_order(search.chosen)), max(search.gain, search.unseen))


class _Search:
    def __init__(self, ground: Ground, effort: Effort, known: int) -> None:
        self._ground = ground
        self._effort = effort
        self._known = known
        self.gain = 0
        self.chosen: _Chosen = None
        self.unseen = 0

    def go(self, till: Till) -> None:
        """Search all choices."""
        everything = sum(till.running)
        open_ = [_Node(till, 0, 0, 0, None, everything, is_first=True)]
        while open_:
            node = open_.pop()
            if node.gain > self.gain:
                self.gain, self.chosen = node.gain, node.chosen
            if node.place < len(self._ground.turns) and node.bound > self._enough:
                open_ += self._after(node)

    @property
    def _enough(self) -> int:
        return max(self.gain, self._known)

    def _after(self, node: _Node) -> Sequence[_Node]:
        """Return the nodes that follow, the most promising one last."""
        turn = self._ground.turns[node.place]
        is_spent = self._effort.is_spent
        is_known = is_spent and self._effort.left < -CLOSING
        bound = node.bound if is_known else self._bound(node)
        if bound <= self._enough:
            return ()
        if is_spent or not turn.is_whole:
            self.unseen = max(self.unseen, bound)
        if is_spent and not node.is_first:
            return ()
        ways = self._ways(turn, node, bound)
        if ways is None:
            self._settle_rest(node, bound)
            return ()
        skipped = node._replace(place=node.place + 1, bound=bound, is_first=False)
        given = [made for way in ways if (made := self._given(node, way, bound)) is not None]
        if not given:
            return (skipped._replace(is_first=node.is_first),)
        given[0] = given[0]._replace(is_first=node.is_first)
        return (skipped, *reversed(given))

    def _bound(self, node: _Node) -> int:
        self._effort.spend(1 + (len(self._ground.turns) - node.place) // PARTS_A_UNIT)
        to_come = self._ground.relaxed.bound(node.till, node.place, node.barred)
        return min(node.bound, node.gain + to_come)

    def _ways(self, turn: Turn, node: _Node, bound: int) -> Sequence[Outcome] | None:
        if not turn.shares:
            return (Outcome((Choice(turn.items[0]),), turn.bits[0], 0),)
        found = self._ground.share(node.till, node.place)
        if found is None:
            return None
        if not found.is_exact:
            self.unseen = max(self.unseen, bound)
        elif found.others:
            to_come = self._ground.relaxed.bound(node.till, node.place + 1, node.barred)
            self.unseen = max(self.unseen, min(bound, node.gain + found.others + to_come))
        return found.each

    def _given(self, node: _Node, way: Outcome, bound: int) -> _Node | None:
        """Return the node after a turn gave in a way; None where it may not, or gives nothing."""
        if way.bits & node.barred:
            return None
        self._effort.spend(len(way.choices))
        till, amount = node.till.copy(), 0
        for choice in way.choices:
            given = choice.take(till)
            amount += given.amount if isinstance(given, Applied) else 0
        if not amount:
            return None
        chosen = (way.choices, node.chosen)
        barred = node.barred | self._barred_by(way.bits)
        return _Node(
            till, node.place + 1, node.gain + amount, barred, chosen, bound, is_first=False
        )

    def _barred_by(self, bits: int) -> int:
        barred = 0
        for bit, rivals in self._ground.forbidden.items():
            if bits & bit:
                barred |= rivals
        return barred

    def _settle_rest(self, node: _Node, bound: int) -> None:
        settled = self._ground.rest(node.till, node.place, node.barred)
        if node.gain + settled.gain > self.gain:
            self.gain, self.chosen = node.gain + settled.gain, (settled.chosen, node.chosen)
        self.unseen = max(self.unseen, min(bound, node.gain + settled.bound))


def _in_order(chosen: _Chosen) -> Iterator[Choice]:
    steps = []
    while chosen is not None:
        some, chosen = chosen
        steps.append(some)
    for some in reversed(steps):
        yield from some
