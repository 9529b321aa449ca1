"""Contests: of the offers of one group or one layer, which one gives."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from queqiao.decide.promotions.documents.profile import Among, Profile
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.pricing.outcomes import Applied, Placed, Unmet

if TYPE_CHECKING:
    from queqiao.decide.promotions.pricing.stacking import Stack

ContestName = tuple[str, str | None]
"""The layer of a contest, and its group; None where the whole layer competes."""


def contests(placed: Sequence[Placed], profile: Profile) -> "Sequence[Placed | Contest]":
    """Return the offers in their order; those that compete, together at the place of the first."""
    turns: list[Placed | Contest] = []
    known: dict[ContestName, Contest] = {}
    for item in placed:
        name, among = contest_of(item.offer, profile)
        if among == "all":
            turns.append(item)
        elif name in known:
            known[name].items.append(item)
        else:
            known[name] = _contest(among, item, profile)
            turns.append(known[name])
    return turns


def may_compete(profile: Profile) -> bool:
    """Say whether offers may compete at all under a profile."""
    return bool(profile.selection != "sequence" or profile.layer_among or profile.group_among)


def contest_of(offer: Offer, profile: Profile) -> tuple[ContestName, Among]:
    """Return the contest that an offer takes part in: its layer's before its group's."""
    layer: Among = profile.layer_among.get(offer.layer, "all")
    if layer != "all":
        return (offer.layer, None), layer
    if offer.group is None:
        return (offer.layer, None), "all"
    usual: Among = "all" if profile.selection == "sequence" else "best"
    return (offer.layer, offer.group), profile.group_among.get(offer.group, usual)


class Contest:
    """Offers of which the first that gives anything is taken."""

    def __init__(self, item: Placed) -> None:
        self.items = [item]

    def hold(self, stack: "Stack") -> None:
        """Let the winner give, and say why the others do not."""
        winner: str | None = None
        for item in self.items:
            if winner is not None:
                stack.unmet.append(Unmet(item, "other_gave_first", other=winner))
            elif stack.let(item):
                winner = item.offer.id


class Best(Contest):
    """Offers of which the one that gives most is taken; of equal ones the first."""

    def hold(self, stack: "Stack") -> None:
        """Try each on what the lines cost now, and let the best give."""
        worse, winner = _let_best(self.items, stack)
        stack.unmet += [Unmet(item, "other_gives_more", other=winner) for item in worse]


class Least(Contest):
    """Offers of which the one that gives least, but something, is taken."""

    def hold(self, stack: "Stack") -> None:
        """Try each on what the lines cost now, and let the smallest give."""
        more, winner = _let_best(self.items, stack, sign=-1)
        stack.unmet += [Unmet(item, "other_gives_less", other=winner) for item in more]


class BestByUnit(Contest):
    """单品级: offers of a layer in which a unit takes part in one; each line takes its best.

    Offers that are reckoned on each line by itself compete for each line. The others then compete
    for the units that are left, the one that gives most first, until none gives.
    """

    def hold(self, stack: "Stack") -> None:
        """Let each line take its best, and the rest compete for what is left."""
        self._by_line([item for item in self.items if item.offer.benefit.is_by_line], stack)
        waiting: Sequence[Placed] = [i for i in self.items if not i.offer.benefit.is_by_line]
        while waiting:
            waiting, _ = _let_best(waiting, stack)

    def _by_line(self, items: Sequence[Placed], stack: "Stack") -> None:
        lines: dict[str, dict[int, int]] = {}
        winner: dict[int, str] = {}
        for line in sorted({line for item in items for line in item.lines}):
            best = self._best_on(line, items, stack)
            if best is not None:
                quantity = stack.till.quantity(line)
                lines.setdefault(best.offer.id, {})[line] = quantity
                winner[line] = best.offer.id
        for item in items:
            if item.offer.id in lines:
                stack.let(item, lines[item.offer.id])
            else:
                stack.unmet.append(self._why_not(item, winner, stack))

    def _best_on(self, line: int, items: Sequence[Placed], stack: "Stack") -> Placed | None:
        pool = {line: stack.till.quantity(line)}
        giving = [
            (given.amount, -place)
            for place, item in enumerate(items)
            if line in item.lines
            and not stack.in_the_way(item)
            and isinstance(given := stack.till.tried(item, pool), Applied)
        ]
        return items[-max(giving)[1]] if giving else None

    def _why_not(self, item: Placed, winner: dict[int, str], stack: "Stack") -> Unmet:
        given = stack.in_the_way(item) or stack.till.tried(item)
        if isinstance(given, Unmet) and given.reason != "nothing_left":
            return given
        other = next((winner[line] for line in item.lines if line in winner), None)
        return Unmet(item, "other_gives_more" if other else "nothing_left", other=other)


def _let_best(
    items: Sequence[Placed], stack: "Stack", sign: int = 1
) -> tuple[Sequence[Placed], str | None]:
    """Let the best of the offers give (or the least); return the others, and the winner's id."""
    tried = [(item, stack.in_the_way(item) or stack.till.tried(item)) for item in items]
    stack.unmet += [given for _, given in tried if isinstance(given, Unmet)]
    giving = [(item, given.amount) for item, given in tried if isinstance(given, Applied)]
    if not giving:
        return (), None
    best, _ = max(giving, key=lambda pair: sign * pair[1])
    stack.let(best)
    return [item for item, _ in giving if item is not best], best.offer.id


def _contest(among: Among, item: Placed, profile: Profile) -> Contest:
    if among == "first":
        return Contest(item)
    if among == "least":
        return Least(item)
    whole_layer = profile.layer_among.get(item.offer.layer) == "best"
    by_unit = whole_layer and item.offer.layer in profile.one_per_unit
    return BestByUnit(item) if by_unit else Best(item)
