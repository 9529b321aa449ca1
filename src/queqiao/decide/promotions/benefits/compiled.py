"""What every compiled benefit can do, and the goods it is asked about."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Literal, NamedTuple, Protocol

from queqiao.decide.promotions.basket import Basket
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.pricing.pieces import Group, Share
from queqiao.decide.promotions.rounding import Divide


class Goods(NamedTuple):
    """The goods in scope: their units that may take part, as shares of whole pieces.

    ``others`` finds units of the whole basket by a scope.
    """

    basket: Basket
    shares: Sequence[Share]
    others: Callable[[Scope], Sequence[Share]]

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
        return Goods(self.basket, shares, self.others)


class Missing(NamedTuple):
    """How much more goods lead to the next step, in minor units or in units of goods."""

    shortfall: int
    unit: Literal["minor", "unit"]


class Compiled(Protocol):
    """A benefit ready to be computed. Amounts are minor units."""

    takes_units: ClassVar[bool]
    """Its units are not free for another such promotion of the same layer."""

    reads_quantity: bool
    """Its next step depends on how many units there are."""

    cap: int | None
    """Bound of the discount in all."""

    def allot(self, goods: Goods, divide: Divide) -> list[Group]:
        """Return what to take off which units; nothing when it gives nothing on them."""
        ...

    def next_step(self, base: int, quantity: int) -> Missing | None:
        """Return what is missing to give more than on ``base``, where more goods lead there."""
        ...
