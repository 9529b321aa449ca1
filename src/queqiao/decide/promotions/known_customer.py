"""What the system knows of a question's customer, where the question is silent.

Segments are looked up in memory. Orders, money, goods bought before, tags, birthday and traits are
one read of the customer's live row, within the reader's deadline, and only where a live promotion
asks for any of them: most quotes read nothing. What cannot be read in time is not known, and then
satisfies no condition.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, NamedTuple

from msgspec.structs import asdict, replace

from queqiao.decide.promotions.matching.asked import birthday_of
from queqiao.decide.promotions.quote_types import (
    BoughtGoods,
    Customer,
    CustomerHistory,
    QuoteRequest,
)
from queqiao.decide.promotions.snapshot import PromotionsSnapshot
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import InvalidInput
from queqiao.profile.contracts import Buyer

BuyerOf = Callable[[Sequence[str], int], Awaitable[Buyer | None]]
"""Returns what is known of one person by their ids at a moment; None where nothing can be told."""


Complete = Callable[[QuoteRequest, int], Awaitable[QuoteRequest]]
"""Returns a question with what is known at a moment of its customer."""


async def as_asked(question: QuoteRequest, _now_us: int) -> QuoteRequest:
    """Add nothing."""
    return question


async def nobody_known(_ids: Sequence[str], _now_us: int) -> Buyer | None:
    """Know nobody."""
    return None


class KnownCustomers(NamedTuple):
    """Who is in which segment, and who bought what."""

    segments_of: Callable[[str], Collection[str]]
    buyer_of: BuyerOf = nobody_known

    async def complete(
        self, question: QuoteRequest, promotions: PromotionsSnapshot, now_us: int
    ) -> QuoteRequest:
        """Return the question with what is known of its customer and not said in it."""
        customer = question.customer
        if customer.id is None:
            return question
        if customer.segments is None:
            customer = replace(customer, segments=tuple(self.segments_of(customer.id)))
        if question.promotions is not None or promotions.index.reads_customers:
            ids = filter(None, (customer.id, customer.device_id))
            buyer = await self.buyer_of(tuple(ids), now_us)
            if buyer is not None:
                customer = _filled(customer, buyer, question.currency)
        return replace(question, customer=customer)


def _filled(customer: Customer, buyer: Buyer, currency: str) -> Customer:
    """Return the customer as told, and else as known."""
    traits = {name: said.value for name, said in buyer.traits.items()}
    tags, born = traits.pop("tags", None), traits.pop("birthday", None)
    return replace(
        customer,
        tags=_tags(tags) if customer.tags is None else customer.tags,
        birthday=_birthday(born) if customer.birthday is None else customer.birthday,
        attributes={**traits, **customer.attributes},
        history=_history(customer.history, buyer, currency),
    )


def _history(told: CustomerHistory, buyer: Buyer, currency: str) -> CustomerHistory:
    known: dict[str, Any] = {
        "orders": buyer.orders,
        "spent_minor": buyer.spent.get(currency, 0),
        "last_order_at": format_rfc3339(buyer.last_order_us) if buyer.last_order_us else None,
        "bought": tuple(
            BoughtGoods(
                line.sku,
                line.quantity,
                line.paid_minor,
                format_rfc3339(line.at_us),
                (line.category,) if line.category else (),
            )
            for line in buyer.bought
            if line.currency == currency
        ),
    }
    said = {name: value for name, value in asdict(told).items() if value is not None}
    return CustomerHistory(**{**known, **said})


def _tags(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else ()


def _birthday(value: object) -> str | None:
    """Return a birthday that is a date; what else somebody said is none."""
    try:
        text = value[:10] if isinstance(value, str) else None
        return None if birthday_of(text) is None else text
    except InvalidInput:
        return None
