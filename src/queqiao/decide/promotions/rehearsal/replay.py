"""Past orders priced again under a draft: what it costs, whom it touches, what is left."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from queqiao.decide.promotions.customer_types import Customer
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.quote_types import Cart, CartLine, Options, Quote, QuoteRequest
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook
from queqiao.kernel.errors import InvalidInput

EXAMPLES_MAX = 20
"""Orders that change most, shown one by one."""


class PastLine(NamedTuple):
    """One line of a past order: ``list_minor`` is its price before promotions, for all units."""

    sku: str
    quantity: int
    list_minor: int


class PastOrder(NamedTuple):
    """An order as it was placed, UTC microseconds; ``paid_minor`` is what its goods cost then."""

    order_id: str
    person_id: str
    segments: tuple[str, ...]
    channel: str | None
    placed_us: int
    currency: str
    lines: tuple[PastLine, ...]
    paid_minor: int


class Sums(msgspec.Struct):
    """Sums over orders, in minor units. ``margin`` is over the goods whose cost is known."""

    orders: int = 0
    customers: int = 0
    items: int = 0
    discount: int = 0
    paid: int = 0
    margin: int = 0


class Changed(msgspec.Struct, frozen=True):
    """One order whose price the draft changes."""

    order_id: str
    paid_then: int
    paid_live: int
    paid_draft: int
    promotion_ids: list[str]


class Replayed(msgspec.Struct):
    """What became of the orders.

    ``live`` is by today's live rules, ``draft`` with the draft beside them, ``then`` as it was
    paid. ``touched`` sums the orders that the draft makes cheaper or dearer, as ``draft`` has them.
    ``unpriced`` orders hold goods that cannot be priced any more.
    """

    then: Sums
    live: Sums
    draft: Sums
    touched: Sums
    unpriced: int = 0
    margin_known_share: float = 0.0
    examples: list[Changed] = []


class Replay:
    """Prices orders one after the other; ``result`` is of those so far."""

    def __init__(
        self,
        live: Shop,
        draft: Rulebook,
        profile: Profile | str | None,
        at_us: Callable[[PastOrder], int],
    ) -> None:
        self._live, self._draft, self._at_us = live, draft, at_us
        self._profile = profile
        self.result = Replayed(Sums(), Sums(), Sums(), Sums())
        self._people: tuple[set[str], set[str]] = (set(), set())
        self._units = [0, 0]

    def take(self, orders: Iterable[PastOrder]) -> None:
        """Price some more orders."""
        for order in orders:
            self._take(order)
        result = self.result
        result.then.customers = result.live.customers = result.draft.customers = len(
            self._people[0]
        )
        result.touched.customers = len(self._people[1])
        known, every = self._units
        result.margin_known_share = known / every if every else 0.0

    def _take(self, order: PastOrder) -> None:
        asked = self._question(order)
        at_us = self._at_us(order)
        try:
            live = quote(asked, self._live, at_us)
            draft = quote(asked, self._draft.shop, at_us)
        except InvalidInput:
            self.result.unpriced += 1
            return
        self._add(order, live, draft)

    def _question(self, order: PastOrder) -> QuoteRequest:
        lines = tuple(
            CartLine(line.sku, line.quantity, str(place), line.list_minor // line.quantity)
            for place, line in enumerate(order.lines)
        )
        return QuoteRequest(
            Cart(lines),
            currency=order.currency,
            profile=self._profile,
            customer=Customer(segments=order.segments),
            channel=order.channel,
            options=Options(explain=False),
        )

    def _add(self, order: PastOrder, live: Quote, draft: Quote) -> None:
        result = self.result
        items, cost = live.totals.items, self._cost(order)
        paid_live, paid_draft = items - live.totals.discount, items - draft.totals.discount
        for sums, paid in (
            (result.then, order.paid_minor),
            (result.live, paid_live),
            (result.draft, paid_draft),
        ):
            _sum(sums, items, paid, cost)
        self._people[0].add(order.person_id)
        if paid_live != paid_draft:
            _sum(result.touched, items, paid_draft, cost)
            self._people[1].add(order.person_id)
            self._keep(order, paid_live, paid_draft, draft)

    def _cost(self, order: PastOrder) -> int:
        """Return the cost of the goods; those of unknown cost count with their price."""
        costs: Mapping[str, int] = self._draft.costs
        total = 0
        for line in order.lines:
            cost = costs.get(line.sku)
            self._units[0] += line.quantity if cost is not None else 0
            self._units[1] += line.quantity
            total += line.list_minor if cost is None else cost * line.quantity
        return total

    def _keep(self, order: PastOrder, paid_live: int, paid_draft: int, draft: Quote) -> None:
        ids = [applied.promotion_id for applied in draft.applied]
        kept = [
            *self.result.examples,
            Changed(order.order_id, order.paid_minor, paid_live, paid_draft, ids),
        ]
        kept.sort(key=lambda one: (-abs(one.paid_live - one.paid_draft), one.order_id))
        self.result.examples = kept[:EXAMPLES_MAX]


def _sum(sums: Sums, items: int, paid: int, cost: int) -> None:
    sums.orders += 1
    sums.items += items
    sums.paid += paid
    sums.discount += items - paid
    sums.margin += paid - cost
