"""A sum reckoned on each line or each unit, and any benefit on only some units."""

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from queqiao.decide.promotions.benefits.compiled import Compiled, Goods, Missing, by_sku
from queqiao.decide.promotions.benefits.sums import Sum
from queqiao.decide.promotions.documents.benefit import Pick
from queqiao.decide.promotions.pricing.pieces import (
    Group,
    Share,
    arranged,
    by_line,
    equal_units,
    first_units,
)
from queqiao.decide.promotions.rounding import Divide


class OnEachLine(Compiled):
    """A sum on what each line costs."""

    __slots__ = ("_sum", "cap")
    is_by_line: ClassVar[bool] = True

    def __init__(self, each: Sum, cap: int | None) -> None:
        self._sum = each
        self.cap = cap

    def allot(self, goods: Goods, divide: Divide) -> list[Group]:
        """Return a group for each line."""
        lines = [(goods.only(shares), shares) for shares in by_line(goods.shares)]
        groups = [
            Group(self._sum.discount(line.base, line.quantity, divide), shares)
            for line, shares in lines
        ]
        return [group for group in groups if group.amount]


class OnEachUnit(Compiled):
    """A sum on what each unit costs, rounded unit by unit."""

    __slots__ = ("_sum", "cap")
    is_by_line: ClassVar[bool] = True

    def __init__(self, each: Sum, cap: int | None) -> None:
        self._sum = each
        self.cap = cap

    def allot(self, goods: Goods, divide: Divide) -> list[Group]:
        """Return a group for each piece."""
        groups = [Group(self._on(share, divide), (share,)) for share in goods.shares]
        return [group for group in groups if group.amount]

    def _on(self, share: Share, divide: Divide) -> int:
        return sum(
            self._sum.each(run.basis // run.count, run.count, divide)
            for run in equal_units((share,))
        )


class OnPicked(Compiled):
    """A benefit on the cheapest or the dearest units only."""

    __slots__ = ("_benefit", "_count", "_dearest_first", "_within", "cap")
    takes_units: ClassVar[bool] = True

    def __init__(self, benefit: Compiled, pick: Pick) -> None:
        self._benefit = benefit
        self._dearest_first = pick.units == "dearest"
        self._count = pick.count
        self._within = pick.within
        self.cap = benefit.cap

    def allot(self, goods: Goods, divide: Divide) -> list[Group]:
        """Return what the benefit gives on the picked units."""
        picked = [run for row in self._rows(goods) for run in self._picked(row)]
        return self._benefit.allot(goods.only(sorted(picked, key=_place)), divide)

    def _rows(self, goods: Goods) -> Iterable[Sequence[Share]]:
        """Return the units of which so many are picked each time."""
        if self._within == "scope":
            return (goods.shares,)
        return by_sku(goods) if self._within == "sku" else by_line(goods.shares)

    def _picked(self, row: Sequence[Share]) -> Iterator[Share]:
        return first_units(arranged(row, dearest_first=self._dearest_first), self._count)

    def next_step(self, base: int, quantity: int) -> Missing | None:
        """Return what is missing to the benefit's next step."""
        return self._benefit.next_step(base, quantity)


def _place(share: Share) -> tuple[int, int]:
    return share.line, share.piece
