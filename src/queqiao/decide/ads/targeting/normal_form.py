"""Expressions as conjunctions, which an index can find: a disjunctive normal form, bounded.

A conjunction is a list of needs (of each, one predicate has to be true) and bars (none may be).
An expression holds where any of its conjunctions does. Conjunctions are what S. E. Whang et al.
index ("Indexing Boolean Expressions", VLDB 2009, section 3); theirs hold one attribute a clause,
while a need here may mix attributes, so that an ``or`` of plain questions stays one clause.

Multiplying out is exponential. Where it would give more than ``CONJUNCTIONS_MAX``, parts are left
out and the conjunction is not ``sure``: it is true too often, and who finds it asks the expression.
"""

from typing import NamedTuple

from queqiao.decide.ads.targeting.leaves import Lowered, NoneOf, Predicate, Question
from queqiao.decide.ads.targeting.tree import Node

CONJUNCTIONS_MAX = 16

Need = tuple[Predicate, ...]


class Conjunction(NamedTuple):
    """Every need has a true predicate, and no bar is true."""

    needs: tuple[Need, ...] = ()
    bars: tuple[Predicate, ...] = ()
    sure: bool = True


def conjunctions(node: Node) -> tuple[Conjunction, ...]:
    """Return conjunctions of which one holds where the expression does; at least one."""
    return tuple(_of(node, wanted=True))


def _of(node: Node, *, wanted: bool) -> list[Conjunction]:
    if isinstance(node, Question):
        return _yes(node.lowered()) if wanted else _no(node)
    if node.kind == "not":
        return _of(node.parts[0], wanted=not wanted)
    parts = [_of(part, wanted=wanted) for part in node.parts]
    return _all(parts) if (node.kind == "and") == wanted else _any(parts)


def _yes(lowered: Lowered) -> list[Conjunction]:
    return [Conjunction(*lowered)]


def _no(question: Question) -> list[Conjunction]:
    """A question is denied where a need has no true predicate or a bar is true."""
    needs, bars, sure = question.lowered()
    if not sure:
        return [Conjunction(sure=False)]
    denied = [Conjunction((), need) for need in needs]
    if isinstance(question, NoneOf):
        return [Conjunction((bars,)), *denied]
    denied += [Conjunction(((bar,),)) for bar in bars]
    return denied if len(denied) <= CONJUNCTIONS_MAX else [Conjunction(sure=False)]


def _all(parts: list[list[Conjunction]]) -> list[Conjunction]:
    """Multiply out, the short ones first; what would be too many is left to be asked."""
    product = [Conjunction()]
    sure = True
    for part in sorted(parts, key=len):
        if len(product) * len(part) > CONJUNCTIONS_MAX:
            sure = False
            continue
        product = [_joined(left, right) for left in product for right in part]
    return product if sure else [each._replace(sure=False) for each in product]


def _any(parts: list[list[Conjunction]]) -> list[Conjunction]:
    """Put side by side; conjunctions of one need each are one need together."""
    together = [each for part in parts for each in part]
    plain = [each for each in together if len(each.needs) == 1 and not each.bars and each.sure]
    if len(plain) > 1:
        merged = tuple(dict.fromkeys(p for each in plain for p in each.needs[0]))
        together = [Conjunction((merged,)), *(each for each in together if each not in plain)]
    return together if len(together) <= CONJUNCTIONS_MAX else [Conjunction(sure=False)]


def _joined(left: Conjunction, right: Conjunction) -> Conjunction:
    needs = tuple(dict.fromkeys(left.needs + right.needs))
    return Conjunction(needs, left.bars + right.bars, left.sure and right.sure)
