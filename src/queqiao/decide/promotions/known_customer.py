"""What the system knows of a question's customer, where the question is silent.

Segments are looked up in memory. Orders, money, goods bought before, tags, birthday and traits are
one read of the customer's live row, within the reader's deadline, and only where a live promotion
asks for any of them: most quotes read nothing. What cannot be read in time is not known, and then
satisfies no condition. The row is that of the customer's id, which the shop's server names, and
holds only what servers told: of a device a browser says which it is.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

from msgspec.structs import asdict, replace

from queqiao.decide.promotions.customer_types import BoughtGoods, Customer, CustomerHistory
from queqiao.decide.promotions.matching.asked import birthday_of
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.decide.promotions.snapshot import PromotionsSnapshot
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import InvalidInput
from queqiao.profile.contracts import Bought, Buyer

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
        customer, customer_id = question.customer, question.customer.id
        if customer_id is None:
            return question
        if customer.segments is None:
            customer = replace(customer, segments=tuple(self.segments_of(customer_id)))
        if question.promotions is not None or promotions.index.reads_customers:
            buyer = await self.buyer_of((customer_id,), now_us)
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
        history=history_of(customer.history, buyer, currency),
    )


def history_of(told: CustomerHistory, buyer: Buyer, currency: str) -> CustomerHistory:
    """Return what the question says that its customer bought, and else what is known."""
    known: dict[str, Any] = {
        "orders": buyer.orders,
        "spent_minor": max(0, buyer.spent.get(currency, 0)),
        "last_order_at": format_rfc3339(buyer.last_order_us) if buyer.last_order_us else None,
        "bought": tuple(
            BoughtGoods(
                line.sku,
                line.quantity,
                line.paid_minor,
                format_rfc3339(line.at_us),
                (line.category,) if line.category else (),
            )
            for line in _left(line for line in buyer.bought if line.currency == currency)
        ),
    }
    said = {name: value for name, value in asdict(told).items() if value is not None}
    return CustomerHistory(**{**known, **said})


def _left(lines: Iterable[Bought]) -> list[Bought]:
    """Return what is left of the goods bought, the newest first, after what came back of them.

    ``lines`` come with the newest first; those that came back have a quantity below 0, and are
    taken from the newest of their SKU before. What is not left at all is not there, so what a
    question was filled in with is a question that could have been asked.
    """
    left: list[Bought] = []
    for line in reversed(list(lines)):
        if line.quantity > 0:
            left.append(line)
        else:
            _take(left, line)
    return [line for line in reversed(left) if line.quantity > 0]


def _take(left: list[Bought], back: Bought) -> None:
    quantity, paid = -back.quantity, max(0, -back.paid_minor)
    for at in reversed(range(len(left))):
        line = left[at]
        if line.sku == back.sku and (quantity or paid):
            units, minor = min(quantity, line.quantity), min(paid, line.paid_minor)
            left[at] = replace(
                line, quantity=line.quantity - units, paid_minor=line.paid_minor - minor
            )
            quantity, paid = quantity - units, paid - minor


def _tags(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else ()


def _birthday(value: object) -> str | None:
    """Return a birthday that is a date; what else somebody said is none."""
    try:
        text = value[:10] if isinstance(value, str) else None
        return None if birthday_of(text) is None else text
    except InvalidInput:
        return None
