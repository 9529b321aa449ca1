"""Expressions as trees: whether one holds, and which clause decided."""

from typing import Any, Literal, NamedTuple

from msgspec import Struct

from queqiao.decide.ads.targeting.geography import Point
from queqiao.decide.ads.targeting.leaves import Question, seen
from queqiao.decide.ads.targeting.situation import Situation, shown
from queqiao.decide.ads.targeting.times import Moment

SEEN_MAX = 20
"""Of what a clause saw, so many values are told."""


class Junction(Struct, frozen=True):
    """All of its parts (``and``), any of them (``or``), or not the only one (``not``)."""

    path: str
    kind: Literal["and", "or", "not"]
    parts: tuple["Node", ...]


Node = Junction | Question


class Verdict(NamedTuple):
    """Whether an expression holds, where the clause stands that decided, and what it saw.

    ``seen`` is None where the clause is a junction whose parts decided together.
    """

    holds: bool
    path: str
    seen: Any

    def seen_as_json(self) -> Any:
        """Return what the clause saw as JSON shows it: at most ``SEEN_MAX`` values."""
        if isinstance(self.seen, Point | Moment):
            return self.seen._asdict()
        if isinstance(self.seen, tuple):
            return [shown(value) for value in self.seen[:SEEN_MAX]]
        return self.seen


def holds(node: Node, situation: Situation) -> bool:
    """Say whether an expression holds."""
    if isinstance(node, Question):
        return node.holds(situation)
    if node.kind == "and":
        return all(holds(part, situation) for part in node.parts)
    if node.kind == "or":
        return any(holds(part, situation) for part in node.parts)
    return not holds(node.parts[0], situation)


def judge(node: Node, situation: Situation) -> Verdict:
    """Return the verdict: of the first part that decides a junction, or of all together."""
    if isinstance(node, Question):
        return Verdict(node.holds(situation), node.path, seen(node, situation))
    verdicts = (judge(part, situation) for part in node.parts)
    if node.kind == "not":
        return _turned(next(verdicts))
    decides = node.kind == "or"
    told = []
    for verdict in verdicts:
        if verdict.holds == decides:
            return verdict
        told.append(verdict)
    return told[0] if len(told) == 1 else Verdict(not decides, node.path, None)


def _turned(verdict: Verdict) -> Verdict:
    return Verdict(not verdict.holds, verdict.path, verdict.seen)
