"""Trees of conditions: what holds, what waits for its turn, and else the nearest miss.

``not`` is not in a tree: it is pushed into the leaves when a condition is compiled. What is not
known of a customer satisfies neither a leaf nor its opposite.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, get_args

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.matching.situation import Situation
from queqiao.decide.promotions.reasons import ConditionReason
from queqiao.decide.promotions.requirement import Missing, Requirement, TillView

_DIFFICULTY = {reason: place for place, reason in enumerate(get_args(ConditionReason))}
"""How hard it is to mend: a shopper adds goods rather than changes the channel or the birthday."""


class Asking(NamedTuple):
    """What a tree is asked about: ``lines`` are those in the scope of its promotion.

    ``runs`` says that amounts are running ones where a condition does not say.
    """

    situation: Situation
    basket: Basket
    lines: Sequence[int]
    runs: bool


Bound = Missing | Requirement | None
"""A condition asked: it does not hold, what is still open, or it holds."""


class Node(Protocol):
    """A condition, or a tree of them."""

    def bind(self, asking: Asking) -> Bound:
        """Answer all that can be answered before prices run."""
        ...

    def opposite(self) -> "Node":
        """Return what holds where this is known not to hold."""
        ...


class AllOf:
    """All of its conditions must hold."""

    __slots__ = ("nodes",)

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self.nodes = nodes

    def bind(self, asking: Asking) -> Bound:
        """Answer as the hardest of those that do not hold."""
        missing: list[Missing] = []
        waiting: list[Requirement] = []
        for node in self.nodes:
            found = node.bind(asking)
            if isinstance(found, Missing):
                missing.append(found)
            elif found is not None:
                waiting.append(found)
        if missing:
            return hardest(missing)
        if len(waiting) > 1:
            return _Every(tuple(waiting))
        return waiting[0] if waiting else None

    def opposite(self) -> Node:
        """Return that any of them does not hold."""
        return any_of(node.opposite() for node in self.nodes)


class AnyOf:
    """One of its conditions must hold."""

    __slots__ = ("nodes",)

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self.nodes = nodes

    def bind(self, asking: Asking) -> Bound:
        """Answer as the nearest of them."""
        missing: list[Missing] = []
        waiting: list[Requirement] = []
        for node in self.nodes:
            found = node.bind(asking)
            if found is None:
                return None
            if isinstance(found, Missing):
                missing.append(found)
            else:
                waiting.append(found)
        return _Some(tuple(waiting), missing) if waiting else nearest(missing)

    def opposite(self) -> Node:
        """Return that none of them holds."""
        return all_of(node.opposite() for node in self.nodes)


class _Every:
    """Requirements that all must be met."""

    __slots__ = ("_parts",)

    def __init__(self, parts: tuple[Requirement, ...]) -> None:
        self._parts = parts

    def unmet(self, till: TillView) -> Missing | None:
        missing = [found for part in self._parts if (found := part.unmet(till)) is not None]
        return hardest(missing) if missing else None


class _Some:
    """Requirements one of which must be met, beside what cannot be met any more."""

    __slots__ = ("_missing", "_parts")

    def __init__(self, parts: tuple[Requirement, ...], missing: list[Missing]) -> None:
        self._parts = parts
        self._missing = missing

    def unmet(self, till: TillView) -> Missing | None:
        missing = list(self._missing)
        for part in self._parts:
            found = part.unmet(till)
            if found is None:
                return None
            missing.append(found)
        return nearest(missing)


def all_of(nodes: Iterable[Node]) -> Node:
    """Return the conjunction, flat: of one condition it is that condition."""
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, AllOf) else (node,))
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))


def any_of(nodes: Iterable[Node]) -> Node:
    """Return the disjunction, flat: of one condition it is that condition."""
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, AnyOf) else (node,))
    return flat[0] if len(flat) == 1 else AnyOf(tuple(flat))


def nearest(missing: Iterable[Missing]) -> Missing:
    """Return the miss that is mended most easily."""
    return min(missing, key=_effort)


def hardest(missing: Iterable[Missing]) -> Missing:
    """Return the miss without which mending the others is of no use."""
    return max(missing, key=_effort)


def _effort(missing: Missing) -> tuple[int, int]:
    return _DIFFICULTY[missing.reason], missing.shortfall or 0
