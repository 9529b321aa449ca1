"""What of a condition is asked only when a promotion's turn comes: what the lines still cost then.

Matching answers everything else. It hands a ``Placed`` offer its requirement, bound to the cart and
the customer of the question; pricing asks it before the benefit, each time it tries the offer.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from queqiao.decide.promotions.reasons import ConditionReason, ShortfallUnit


class Missing(NamedTuple):
    """Why a condition does not hold, and how much is missing (or too much) where that is known."""

    reason: ConditionReason
    shortfall: int | None = None
    unit: ShortfallUnit | None = None


class TillView(Protocol):
    """What a requirement may read while a cart is priced."""

    def still_costs(self, lines: Sequence[int]) -> int:
        """Return what these lines (places in the basket) cost in all just now, in minor units."""
        ...


class Requirement(Protocol):
    """A condition, or a tree of them, of which only running amounts are still open."""

    def unmet(self, till: TillView) -> Missing | None:
        """Return the nearest miss; None when it holds."""
        ...
