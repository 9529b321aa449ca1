"""What of a tree bits can answer: clauses by slots, each an any-list of names.

A tree is brought into a conjunction of disjunctions while that stays small. A disjunction of names
is a *clause* and goes into a slot: that of its dimension, or the mixed one. What must not be there
is *blocked*. Whatever else there is, is left to the tree itself, which is then asked of the offers
whose bits hold.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Literal, NamedTuple

from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.matching.cart_leaves import CartLeaf
from queqiao.decide.promotions.matching.fact_leaves import (
    AtLeast,
    AtMost,
    AttributeBound,
    AttributeExists,
    AttributeLeaf,
    BirthdayLeaf,
    NamesLeaf,
    OrderNumber,
    WindowsLeaf,
)
from queqiao.decide.promotions.matching.goods_test import has_lists, listed
from queqiao.decide.promotions.matching.measures import BoughtQuantity
from queqiao.decide.promotions.matching.situation import Dimension
from queqiao.decide.promotions.matching.tree import AllOf, AnyOf, Node

CLAUSES_MAX = 16
"""A tree that would become more disjunctions is not brought into them."""

SLOTS_MAX = 3
"""How many clauses of one dimension a promotion may have; more are left to its tree."""

MIXED: Literal["*"] = "*"
"""The slot of clauses whose names are of several dimensions, each with its own before it."""

Slot = tuple[Dimension | Literal["*"], int]
"""A dimension, or ``MIXED``, and the how-manieth clause of it."""

Named = tuple[Dimension, frozenset[str]]
"""What one leaf of a clause asks for: any of these names."""


class Plan(NamedTuple):
    """How one promotion lies in the index.

    ``must_be_in_cart`` are goods one of which its condition needs. ``windows`` are those that its
    clauses name. ``asks``: the bits do not say all, so the tree is asked too.
    """

    clauses: Mapping[Slot, frozenset[str]]
    blocked: Mapping[Dimension, frozenset[str]]
    must_be_in_cart: Scope | None
    windows: tuple[WindowsLeaf, ...]
    asks: bool
    reads_customer: bool = False
    """Whether it asks for more of the customer than segments and tier."""
    reads_tier: bool = False


NO_PLAN = Plan({}, {}, None, (), asks=False)
_OF_CUSTOMERS = (
    AtLeast,
    AtMost,
    AttributeBound,
    AttributeExists,
    AttributeLeaf,
    BirthdayLeaf,
    OrderNumber,
)


def plan(tree: Node | None) -> Plan:
    """Return what of a tree the index holds."""
    return NO_PLAN if tree is None else _Planner(tree).plan()


class _Planner:
    """Sorts the conjuncts of one tree into slots."""

    def __init__(self, tree: Node) -> None:
        self._clauses: dict[Slot, frozenset[str]] = {}
        self._blocked: dict[Dimension, frozenset[str]] = {}
        self._in_cart: Scope | None = None
        self._windows: list[WindowsLeaf] = []
        self._asks = False
        self._tree = tree
        for conjunct in tree.nodes if isinstance(tree, AllOf) else (tree,):
            found = _disjunctions(conjunct)
            if found is None:
                self._asks = True
            for disjunction in found or ():
                self._sort(disjunction)

    def plan(self) -> Plan:
        return Plan(
            self._clauses,
            self._blocked,
            self._in_cart,
            tuple(self._windows),
            asks=self._asks,
            reads_customer=_reads_customer(self._tree),
            reads_tier=_reads_tier(self._tree),
        )

    def _sort(self, disjunction: tuple[Node, ...]) -> None:
        if len(disjunction) == 1 and self._is_special(disjunction[0]):
            return
        literals = [_named(leaf) for leaf in disjunction]
        if not all(literals) or not self._add([one for one in literals if one is not None]):
            self._asks = True
            return
        self._windows += [leaf for leaf in disjunction if isinstance(leaf, WindowsLeaf)]

    def _is_special(self, leaf: Node) -> bool:
        """Take in what stands alone: a block, or goods that must be there."""
        if isinstance(leaf, NamesLeaf) and leaf.none:
            known = self._blocked.get(leaf.dimension, frozenset())
            self._blocked[leaf.dimension] = known | leaf.names
            return True
        if isinstance(leaf, CartLeaf):
            self._asks = True
            if leaf.over and leaf.bound > 0 and leaf.goods is not None:
                self._in_cart = self._in_cart or leaf.goods.scope
            return True
        if isinstance(leaf, AtLeast) and isinstance(leaf.measure, BoughtQuantity):
            self._asks = True
            goods = leaf.measure.goods.scope
            if leaf.bound > 0 and has_lists(goods):
                self._add([("bought", frozenset(listed(goods)))])
            return True
        return False

    def _add(self, literals: list[Named]) -> bool:
        """Put a clause into a free slot; say whether there was one."""
        dimensions = {dimension for dimension, _ in literals}
        if len(dimensions) == 1:
            name: Dimension | Literal["*"] = literals[0][0]
            names = frozenset(one for _, names in literals for one in names)
        else:
            name = MIXED
            names = frozenset(mixed(kind, one) for kind, names in literals for one in names)
        for number in range(SLOTS_MAX):
            if (name, number) not in self._clauses:
                self._clauses[name, number] = names
                return True
        return False


def _reads_customer(node: Node) -> bool:
    if isinstance(node, AllOf | AnyOf):
        return any(map(_reads_customer, node.nodes))
    if isinstance(node, NamesLeaf):
        return node.dimension == "tag"
    return isinstance(node, _OF_CUSTOMERS)


def _reads_tier(node: Node) -> bool:
    if isinstance(node, AllOf | AnyOf):
        return any(map(_reads_tier, node.nodes))
    return isinstance(node, NamesLeaf) and node.dimension == "tier"


def mixed(dimension: str, name: str) -> str:
    """Return a name as the mixed slot holds it."""
    return f"{dimension}:{name}"


def _named(leaf: Node) -> Named | None:
    match leaf:
        case NamesLeaf(none=False):
            return leaf.dimension, leaf.names
        case AttributeLeaf(none=False):
            return "attribute", frozenset(f"{leaf.name}={key}" for key in leaf.keys)
        case OrderNumber(none=False, every=0):
            return "order_number", frozenset(map(str, leaf.numbers))
        case WindowsLeaf():
            return "window", frozenset((leaf.key,))
        case _:
            return None


def _disjunctions(node: Node) -> list[tuple[Node, ...]] | None:
    """Return the disjunctions of leaves whose conjunction a tree is; None where it has too many."""
    if isinstance(node, AllOf):
        return _bounded(_disjunctions(inner) for inner in node.nodes)
    if not isinstance(node, AnyOf):
        return [(node,)]
    parts = [_disjunctions(inner) for inner in node.nodes]
    known = [part for part in parts if part is not None]
    count = 1
    for part in known:
        count *= len(part)
    if len(known) < len(parts) or count > CLAUSES_MAX:
        return None
    return [tuple(leaf for part in chosen for leaf in part) for chosen in product(*known)]


def _bounded(parts: Iterable[list[tuple[Node, ...]] | None]) -> list[tuple[Node, ...]] | None:
    found: list[tuple[Node, ...]] = []
    for part in parts:
        if part is None or len(found) + len(part) > CLAUSES_MAX:
            return None
        found += part
    return found
