"""Orders for the tests of refunds: quoted by the real thing, sent back as a shop sends them."""

import msgspec

from queqiao.catalog.contracts import PriceBook
from queqiao.decide.promotions.quote_types import QuoteRequest
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.decide.promotions.refunds.reckoning import refund
from queqiao.decide.promotions.refunds.refund_types import Order, PaidQuote, Payment, RefundRequest
from queqiao.decide.promotions.snapshot import compile_snapshot

SHOP = Shop(compile_snapshot([], [], b"a key of the test"), PriceBook())
NOW_US = 1_780_000_000_000_000


def order_of(question: QuoteRequest, payments=None) -> Order:
    """Return the order of a question, by way of the wire."""
    answer = msgspec.json.encode(quote(question, SHOP, NOW_US))
    return Order(msgspec.json.decode(answer, type=PaidQuote), question, payments=payments)


def returned(order, steps):
    """Return the memos of one refund after the other, each told all before it, over the wire."""
    memos = []
    for step in steps:
        asked = RefundRequest(order, returned=tuple(memos), **step)
        memo = refund(
            msgspec.json.decode(msgspec.json.encode(asked), type=RefundRequest), SHOP, NOW_US
        )
        memos.append(memo)
    return memos


def by_card_and_bank(total):
    """Pay a third by a stored-value card, the rest by a bank."""
    return (Payment("card", total // 3, "c1"), Payment("bank", total - total // 3))
