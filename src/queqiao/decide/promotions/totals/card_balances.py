"""What the cards of a question hold, where it does not say so: asked once, nothing is taken."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from queqiao.decide.promotions.cards.contracts import CardAsked, Cards
from queqiao.decide.promotions.quote_types import CartCard, Quote, QuoteRequest
from queqiao.kernel.errors import Refused


class KnownCards(NamedTuple):
    """The question with balances, and why cards are worth nothing, by their code."""

    question: QuoteRequest
    reasons: Mapping[str, str]


NO_REASONS: Mapping[str, str] = MappingProxyType({})


async def with_balances(question: QuoteRequest, cards: Cards | None, now_us: int) -> KnownCards:
    """Return the question with what each of its cards holds, and without their PINs.

    A wrong card is worth nothing and says one reason, whatever is wrong. Raises TooManyRequests
    when too many wrong ones were tried.
    """
    if not question.cart.cards:
        return KnownCards(question, NO_REASONS)
    known: list[CartCard] = []
    reasons: dict[str, str] = {}
    for card in question.cart.cards:
        balance, reason = card.balance, None
        if balance is None and cards is not None:
            balance, reason = await _balance(card, question, cards, now_us)
        if reason is not None:
            reasons[card.code] = reason
        known.append(replace(card, balance=balance, pin=""))
    cart = replace(question.cart, cards=tuple(known))
    return KnownCards(replace(question, cart=cart), reasons)


async def _balance(
    card: CartCard, question: QuoteRequest, cards: Cards, now_us: int
) -> tuple[int, str | None]:
    asked = CardAsked(card.code, card.pin, question.customer.id or "", "", now_us)
    try:
        found = await cards.balance(asked)
    except Refused as error:
        return 0, error.reason
    if found.currency != question.currency:
        return 0, "currency_differs"
    return found.balance, None


def with_reasons(answer: Quote, reasons: Mapping[str, str]) -> Quote:
    """Return the answer in which each card that is worth nothing says why."""
    payments = [
        replace(item, reason=reasons.get(item.id)) if item.method == "card" else item
        for item in answer.payments
    ]
    return replace(answer, payments=payments)
