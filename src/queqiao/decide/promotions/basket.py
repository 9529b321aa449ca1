"""The cart as pricing sees it: parallel tuples in an order of its own, whatever the caller's."""

from collections.abc import Sequence

import msgspec

from queqiao.catalog.contracts import Facts
from queqiao.decide.promotions.documents.profile import Layer
from queqiao.decide.promotions.flash_sales.deals import Deal


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line: ``quantity`` units at ``price`` each, never below ``minimum_price`` each.

    ``place`` is where it stands in the caller's cart; ``deal`` the flash sale whose price it has.
    """

    place: int
    id: str
    sku: str
    quantity: int
    price: int
    minimum_price: int = 0
    facts: Facts = Facts()
    deal: Deal | None = None


class Basket:
    """Lines in canonical order: by id (shorter first), or by goods where lines have no ids.

    So a permutation of the cart gives every line the same discount, spare minor units included.
    ``has_tokens``: some line came with the token of a flash price.
    """

    __slots__ = ("floors", "has_tokens", "lines", "quantities", "subtotal", "totals")

    def __init__(self, lines: Sequence[Line], *, has_tokens: bool = False) -> None:
        self.has_tokens = has_tokens
        ids = [line.id for line in lines]
        key = _by_id if all(ids) else _by_goods
        self.lines = tuple(sorted(lines, key=key))
        self.totals = tuple([line.price * line.quantity for line in self.lines])
        self.floors: tuple[int, ...] | None = None
        minimums = [line.minimum_price for line in self.lines]
        if any(minimums):
            self.floors = tuple([_floor(line) for line in self.lines])
        self.quantities = tuple([line.quantity for line in self.lines])
        self.subtotal = sum(self.totals)

    def open_to(self, layer: Layer, places: Sequence[int]) -> Sequence[int]:
        """Return those of the lines on which promotions of a layer may give.

        A flash price is closed to the layers that its sale does not stack with.
        """
        if not self.has_tokens:
            return places
        deals = [(place, self.lines[place].deal) for place in places]
        return tuple([at for at, deal in deals if deal is None or layer in deal.stacks_with])


def _floor(line: Line) -> int:
    return min(line.minimum_price, line.price) * line.quantity


def _by_id(line: Line) -> tuple[int, str]:
    return len(line.id), line.id


def _by_goods(line: Line) -> tuple[str, int, int, str]:
    return line.sku, line.price, line.quantity, line.id
