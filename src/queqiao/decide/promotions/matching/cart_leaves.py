"""Leaves that read the cart: amounts, units and kinds of goods. Asked when their turn comes."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from queqiao.decide.promotions.matching.goods_test import GoodsTest
from queqiao.decide.promotions.matching.tree import Asking, Node
from queqiao.decide.promotions.reasons import ConditionReason, ShortfallUnit
from queqiao.decide.promotions.requirement import Missing, Requirement, TillView

CartMeasure = Literal["subtotal", "quantity", "kinds"]
_REASONS: dict[CartMeasure, tuple[ConditionReason, ConditionReason, ShortfallUnit]] = {
    "subtotal": ("subtotal_below", "subtotal_above", "minor"),
    "quantity": ("quantity_below", "quantity_above", "unit"),
    "kinds": ("kinds_below", "kinds_above", "kind"),
}


class CartLeaf(Struct, frozen=True):
    """An amount or a count of some goods is at least, or (``over`` False) at most, ``bound``.

    ``goods`` None: those in the scope of the promotion. ``reads`` None: as the profile says.
    """

    measure: CartMeasure
    bound: int
    over: bool = True
    goods: GoodsTest | None = None
    reads: Literal["running", "original"] | None = None

    def bind(self, asking: Asking) -> Requirement | None:
        """Answer what counts cannot change; an amount that runs waits for its turn."""
        lines = asking.lines if self.goods is None else self.goods.lines(asking.basket)
        runs = asking.runs if self.reads is None else self.reads == "running"
        if self.measure == "subtotal" and runs:
            return _Running(self, lines)
        missing = self.missing(self._count(asking, lines))
        return None if missing is None else _Decided(missing)

    def missing(self, value: int) -> Missing | None:
        """Return how much is missing, or too much."""
        below, above, unit = _REASONS[self.measure]
        if self.over:
            return None if value >= self.bound else Missing(below, self.bound - value, unit)
        return None if value <= self.bound else Missing(above, value - self.bound, unit)

    def opposite(self) -> Node:
        """Return the other side of the bound."""
        bound = self.bound - 1 if self.over else self.bound + 1
        return CartLeaf(self.measure, bound, not self.over, self.goods, self.reads)

    def _count(self, asking: Asking, lines: Sequence[int]) -> int:
        basket = asking.basket
        if self.measure == "subtotal":
            return sum([basket.totals[place] for place in lines])
        if self.measure == "quantity":
            return sum([basket.quantities[place] for place in lines])
        return len({basket.lines[place].sku for place in lines})


class _Running:
    """A bound on what some lines still cost."""

    __slots__ = ("_leaf", "_lines")

    def __init__(self, leaf: CartLeaf, lines: Sequence[int]) -> None:
        self._leaf = leaf
        self._lines = lines

    def unmet(self, till: TillView) -> Missing | None:
        return self._leaf.missing(till.still_costs(self._lines))


class _Decided:
    """A requirement that this cart does not meet, whatever its prices."""

    __slots__ = ("_missing",)

    def __init__(self, missing: Missing) -> None:
        self._missing = missing

    def unmet(self, till: TillView) -> Missing:  # noqa: ARG002  # no price matters
        return self._missing
