"""What every compiled benefit can do, and the goods it is asked about."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Literal, NamedTuple

from msgspec import Struct

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.pricing.pieces import Group, Share
from queqiao.decide.promotions.rounding import Divide


class Goods(NamedTuple):
    """The goods in scope: their units that may take part, as shares of whole pieces.

    ``others`` finds those of any lines of the basket.
    """

    basket: Basket
    shares: Sequence[Share]
    others: Callable[[Sequence[int]], Sequence[Share]]

    @property
    def quantity(self) -> int:
        """Return how many units they are."""
        return sum([share.count for share in self.shares])

    @property
    def base(self) -> int:
        """Return what discounts on them are reckoned on."""
        return sum([share.basis for share in self.shares])

    def only(self, shares: Sequence[Share]) -> "Goods":
        """Return the same question about some of the units."""
        return self._replace(shares=shares)


class Missing(Struct, frozen=True, gc=False):
    """How much more goods lead to the next step, in minor units or in units of goods."""

    shortfall: int
    unit: Literal["minor", "unit"]


class Compiled:
    """A benefit ready to be computed. Amounts are minor units."""

    __slots__ = ()

    takes_units: ClassVar[bool] = False
    """Its units are not free for another such promotion of the same layer."""

    is_by_line: ClassVar[bool] = False
    """What it gives on a line does not depend on other lines."""

    reads_quantity: bool = False
    """Its next step depends on how many units there are."""

    cap: int | None = None
    """Bound of the discount in all."""

    @abstractmethod
    def allot(self, goods: Goods, divide: Divide) -> list[Group]:
        """Return what to take off which units; nothing when it gives nothing on them."""

    def next_step(self, base: int, quantity: int) -> Missing | None:  # noqa: ARG002  # no steps
        """Return what is missing to give more than on ``base``; None where more goods do not help.

        ``quantity`` counts only where the benefit reads it.
        """
        return None

    def missing(self, goods: Goods) -> Missing | None:
        """Return what is missing to give anything at all on goods where it gives nothing."""
        return self.next_step(goods.base, goods.quantity)


def by_sku(goods: Goods) -> Iterator[list[Share]]:
    """Yield the units of each SKU together, in the order of the lines."""
    skus: dict[str, list[Share]] = {}
    for share in goods.shares:
        skus.setdefault(goods.basket.lines[share.line].sku, []).append(share)
    yield from skus.values()
