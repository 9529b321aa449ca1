"""The cart as pricing sees it: parallel tuples in an order of its own, whatever the caller's."""

from collections.abc import Sequence

import msgspec

from queqiao.catalog.contracts import Facts


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line: ``quantity`` units at ``price`` each, never below ``minimum_price`` each.

    ``place`` is where it stands in the caller's cart.
    """

    place: int
    id: str
    sku: str
    quantity: int
    price: int
    minimum_price: int = 0
    facts: Facts = Facts()


class Basket:
    """Lines in canonical order: by id (shorter first), or by goods where lines have no ids.

    So a permutation of the cart gives every line the same discount, spare minor units included.
    """

    __slots__ = ("floors", "lines", "quantities", "subtotal", "totals")

    def __init__(self, lines: Sequence[Line]) -> None:
        key = _by_id if all(line.id for line in lines) else _by_goods
        self.lines = tuple(sorted(lines, key=key))
        self.totals = tuple([line.price * line.quantity for line in self.lines])
        self.floors: tuple[int, ...] | None = None
        if any(line.minimum_price for line in self.lines):
            self.floors = tuple([_floor(line) for line in self.lines])
        self.quantities = tuple([line.quantity for line in self.lines])
        self.subtotal = sum(self.totals)


def _floor(line: Line) -> int:
    return min(line.minimum_price, line.price) * line.quantity


def _by_id(line: Line) -> tuple[int, str]:
    return len(line.id), line.id


def _by_goods(line: Line) -> tuple[str, int, int, str]:
    return line.sku, line.price, line.quantity, line.id
