"""Stored-value cards and store credit pay a part of the total: they are money, no discount."""

from collections.abc import Sequence
from typing import NamedTuple

from queqiao.decide.promotions.customer_types import StoreCredit
from queqiao.decide.promotions.quote_types import Cart, CartCard, QuotedPayment

CREDIT_SHORT, NO_CREDIT = "store_credit_short", "no_store_credit"
"""Why store credit pays less than was asked for: the account has less, or there is none."""


class Payments(NamedTuple):
    """What each means pays, in its turn, and the sums by cards and by store credit."""

    by_means: list[QuotedPayment]
    cards: int
    store_credit: int


NO_PAYMENTS = Payments([], 0, 0)


def pay(total: int, cart: Cart, credit: StoreCredit | None) -> Payments:
    """Take the total from the cart's cards in their order, then from the customer's credit."""
    if not (cart.cards or cart.store_credit):
        return NO_PAYMENTS
    cards = _by_cards(total, cart.cards)
    by_cards = sum(one.amount for one in cards)
    by_credit = _by_credit(total - by_cards, cart.store_credit, credit)
    return Payments([*cards, *by_credit], by_cards, sum(one.amount for one in by_credit))


def _by_cards(total: int, cards: Sequence[CartCard]) -> list[QuotedPayment]:
    """Return at most what each card holds, or may give."""
    payments: list[QuotedPayment] = []
    left = total
    for card in cards:
        holds = card.balance or 0
        amount = min(left, holds if card.amount is None else min(holds, card.amount))
        payments.append(QuotedPayment("card", card.code, amount))
        left -= amount
    return payments


def _by_credit(left: int, wished: int, credit: StoreCredit | None) -> list[QuotedPayment]:
    if not wished:
        return []
    if credit is None or not credit.programme_id:
        return [QuotedPayment("store_credit", "", 0, NO_CREDIT)]
    needed = min(left, wished)
    amount = min(needed, credit.available)
    reason = CREDIT_SHORT if amount < needed else None
    return [QuotedPayment("store_credit", credit.programme_id, amount, reason)]
