"""Golden refunds: an order is quoted, parts of it come back, and each memo says what it must."""

import json
from pathlib import Path

import pytest
from tests.promotions.orders import SHOP, order_of

from queqiao.decide.promotions.quote_types import (
    AppliedPromotion,
    Quote,
    QuotedLine,
    QuoteRequest,
    Unit,
)
from queqiao.decide.promotions.refunds.reckoning import refund
from queqiao.decide.promotions.refunds.refund_types import (
    PaidLine,
    PaidPromotion,
    PaidQuote,
    PaidUnit,
    Payment,
    RefundRequest,
)
from queqiao.kernel import json as wire
from queqiao.kernel.errors import InvalidInput

FOLDER = Path(__file__).parents[1] / "cases/promotions/refunds"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FOLDER.glob("*.json"))
    for case in json.loads(path.read_text())
]
NOW_US = 1_780_000_000_000_000


def view(memo):
    return {
        "total": memo.totals.total,
        "items": memo.totals.items,
        "claw_back": memo.totals.claw_back,
        "charged": memo.totals.gifts_charged,
        "fee": memo.totals.restocking_fee,
        "shipping": memo.totals.shipping,
        "shipping_tax": memo.totals.shipping_tax,
        "tax": memo.totals.tax,
        "line_taxes": [line.tax for line in memo.lines],
        "units": [[unit.unit, unit.refund] for line in memo.lines for unit in line.units],
        "payments": [[payment.method, payment.amount] for payment in memo.payments],
        "coupons": [[coupon.code, coupon.returned] for coupon in memo.coupons],
        "points": [memo.points.returned, memo.points.taken_back],
        "cashback": memo.cashback_taken_back,
        "gifts": [[gift.sku, gift.due, gift.came_back] for gift in memo.gifts],
        "promotions": [[item.promotion_id, item.amount, item.use] for item in memo.promotions],
        "complete": memo.complete,
    }


@pytest.mark.parametrize("case", CASES)
def test_golden(case):
    payments = case.get("payments")
    question = wire.decode(wire.encode(case["question"]), QuoteRequest)
    order = order_of(question, payments and tuple(Payment(**means) for means in payments))
    memos = []
    for number, step in enumerate(case["steps"]):
        ask = {**step["ask"], "order": order, "returned": memos}
        asked, expected = wire.decode(wire.encode(ask), RefundRequest), step["expected"]
        if "error" in expected:
            with pytest.raises(InvalidInput) as refused:
                refund(asked, SHOP, NOW_US)
            assert [field.path for field in refused.value.fields] == expected["error"]
            assert all(field.message.zh and field.message.en for field in refused.value.fields)
            return
        memo = refund(asked, SHOP, NOW_US)
        found = view(memo)
        assert {name: found[name] for name in expected} == expected, f"step {number}"
        memos.append(memo)


def test_there_are_enough_cases():
    assert len(CASES) >= 60


@pytest.mark.parametrize(
    ("answered", "taken"),
    [
        (Quote, PaidQuote),
        (QuotedLine, PaidLine),
        (AppliedPromotion, PaidPromotion),
        (Unit, PaidUnit),
    ],
)
def test_a_quote_comes_back_whatever_it_holds(answered, taken):
    assert set(answered.__struct_fields__) <= set(taken.__struct_fields__)
