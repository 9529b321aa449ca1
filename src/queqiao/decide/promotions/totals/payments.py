"""Stored-value cards pay a part of the total: they are money, no discount."""

from collections.abc import Sequence
from typing import NamedTuple

from queqiao.decide.promotions.quote_types import CartCard, QuotedPayment


class Payments(NamedTuple):
    """What the cards pay, each in its turn, and their sum."""

    cards: list[QuotedPayment]
    paid: int


NO_PAYMENTS = Payments([], 0)


def pay_by_cards(total: int, cards: Sequence[CartCard]) -> Payments:
    """Take the total from the cards in their order: at most what each holds, or may give."""
    if not cards:
        return NO_PAYMENTS
    payments: list[QuotedPayment] = []
    left = total
    for card in cards:
        holds = card.balance or 0
        amount = min(left, holds if card.amount is None else min(holds, card.amount))
        payments.append(QuotedPayment("card", card.code, amount))
        left -= amount
    return Payments(payments, total - left)
