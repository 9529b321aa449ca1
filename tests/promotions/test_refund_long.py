"""Refunds of random orders in random parts: each ends at what was paid, none is below nothing."""

from random import Random

import msgspec
import pytest
from tests.promotions.random_shops import (
    random_documents,
    random_profile,
    random_question,
    shop_of,
)

from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.quoting import quote
from queqiao.decide.promotions.refunds.policy import RefundPolicy
from queqiao.decide.promotions.refunds.reckoning import refund
from queqiao.decide.promotions.refunds.refund_types import (
    Order,
    PaidQuote,
    RefundRequest,
    ReturnedItem,
)

NOW_US = 1_780_000_000_000_000
ORDERS_A_SHOP = 10
SAMPLE = 300
LONG = 20_000
"""Five such parts are a hundred thousand orders, each returned in up to four parts."""


@pytest.mark.parametrize(
    ("part", "orders"),
    [(0, SAMPLE), *(pytest.param(part, LONG, marks=pytest.mark.long) for part in range(1, 6))],
)
@pytest.mark.timeout(3_600)
def test_every_return_in_parts_ends_at_what_was_paid(part, orders, record_property):
    random = Random(1_000 + part)
    for _ in range(orders // ORDERS_A_SHOP):
        documents = random_documents(random)
        shop, _ = shop_of(random, documents)
        profile = random_profile(random)
        for _ in range(ORDERS_A_SHOP):
            question = random_question(random, profile)
            wire = msgspec.json.encode(quote(question, shop, NOW_US))
            paid = msgspec.json.decode(wire, type=PaidQuote)
            order = Order(paid, question, promotions=inline(documents))
            memos = in_parts(order, shop, policy(random), random)
            assert_ends_at(paid, memos)
    record_property("orders", orders)
    record_property("violations", 0)


def inline(documents):
    return tuple(
        InlinePromotion(**msgspec.structs.asdict(document), id=name) for name, document in documents
    )


def policy(random):
    return RefundPolicy(
        discounts=random.choice(["keep", "claw_back"]),
        shipping=random.choice(["on_full_return", "proportional"]),
        coupons=random.choice(["on_full_return", "when_unused"]),
        restocking_fee=random.choice([0, 0, 50]),
        payments=random.choice(["proportional", "cards_first", "cards_last"]),
    )


def in_parts(order, shop, rules, random):
    """Return everything, in up to four parts of any units."""
    units = [(line.id, place) for line in order.quote.lines for place in range(line.quantity)]
    random.shuffle(units)
    cuts = sorted(random.sample(range(1, len(units)), min(3, len(units) - 1)))
    memos = []
    for start, end in zip([0, *cuts], [*cuts, len(units)], strict=True):
        names = dict.fromkeys(line for line, _ in units[start:end])
        items = tuple(
            ReturnedItem(name, tuple(place for line, place in units[start:end] if line == name))
            for name in names
        )
        asked = RefundRequest(order, items=items, returned=tuple(memos), policy=rules)
        memos.append(refund(asked, shop, NOW_US))
    return memos


def assert_ends_at(paid, memos):
    totals = [memo.totals for memo in memos]
    assert min(part.total for part in totals) >= 0
    back = sum(part.total + part.restocking_fee for part in totals)
    assert back == paid.totals.total
    for memo in memos:
        assert sum(line.refund for line in memo.lines) + memo.totals.shipping == memo.totals.total
        assert sum(payment.amount for payment in memo.payments) == memo.totals.total
    assert sum(memo.points.returned for memo in memos) == paid.points.used
    assert sum(memo.points.taken_back for memo in memos) == paid.points.earned
    assert sum(memo.cashback_taken_back for memo in memos) == paid.cashback
    amounts = sum(promotion.amount for memo in memos for promotion in memo.promotions)
    assert amounts == sum(item.amount + item.value for item in paid.applied)
