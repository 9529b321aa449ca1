"""What the effect needs to know of promotions from elsewhere: documents, goods, the ledger.

``measure`` knows the warehouse only; whoever puts the system together gives the rest behind this
port, as plain numbers and names.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from queqiao.measure.promotion_effect.contracts import Named


class Known(Struct, frozen=True):
    """A promotion's document as far as its effect goes. ``holdback_share`` is that of now.

    ``holdback_changed``: it was another at some time since it first was live.
    """

    named: Named
    currency: str | None
    holdback_share: float
    holdback_changed: bool
    budget: int | None
    uses_total: int | None
    code_batch: str | None


class Counted(Struct, frozen=True):
    """The ledger's counters of a promotion: uses and money, and the uses of its batch's codes."""

    uses: int
    uses_reserved: int
    discount: int
    discount_reserved: int
    codes: int | None


class Good(Struct, frozen=True):
    """What the catalogue knows of a SKU: its cost if any, and whether a promotion's scope has it.

    Of a SKU that is not in the catalogue any more nothing is known.
    """

    cost: int | None
    in_scope: bool


class Entry(Struct, frozen=True):
    """A redemption as the ledger remembers it: uses and money that it still holds spent.

    ``forgotten``: the ledger does not remember its key any more, and says nothing.
    """

    redemption_id: str
    order_id: str
    uses: int
    discount: int
    forgotten: bool


class KnownPromotions(Protocol):
    """Who knows promotions."""

    async def one(self, promotion_id: str) -> Known | None:
        """Return a promotion, None where there is no document. Raises Unavailable."""
        ...

    async def every(self) -> Mapping[str, Known]:
        """Return all promotions, archived ones too; changes of the holdback are not looked up."""
        ...

    async def goods(
        self, skus: Sequence[str], currency: str, promotion_id: str | None
    ) -> Mapping[str, Good]:
        """Return what is known of goods; without a promotion all are in scope.

        A cost in another currency is not known.
        """
        ...

    async def scope_size(self, promotion_id: str) -> int | None:
        """Return how many SKUs of the catalogue are in scope, None for all goods."""
        ...

    async def counted(self, known: Mapping[str, str | None]) -> Mapping[str, Counted]:
        """Return the counters of promotions, by id with the batch of codes of each.

        Raises Unavailable where the ledger is away.
        """
        ...

    async def entries(self, promotion_id: str) -> Sequence[Entry]:
        """Return what the ledger remembers of the orders of a promotion, by the log's keys."""
        ...

    async def on_the_way(self, after: int) -> "Sequence[Told]":
        """Return what the log holds of promotions after an offset, in its order."""
        ...


class Told(Struct, frozen=True):
    """One event of the log that no table holds yet; ``sign`` is -1 of what came back."""

    promotion_id: str
    order_id: str
    sign: int
    uses: int
    discount: int
    codes: int
