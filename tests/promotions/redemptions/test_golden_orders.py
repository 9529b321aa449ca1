"""Golden orders: a promotion with limits, and what paid orders get one after another."""

import json
from pathlib import Path

import msgspec
import pytest
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.kernel.clock import HOUR_US
from queqiao.kernel.errors import Refused

FOLDER = Path(__file__).parents[2] / "cases/redemptions"
CASES = [
    pytest.param(case, id=case["name"])
    for path in sorted(FOLDER.glob("*.json"))
    for case in json.loads(path.read_text("utf-8"))
]


def asked(number, order):
    question = {"cart": {"lines": [{"sku": "A", "quantity": order["quantity"]}]}}
    if order["customer"]:
        question["customer"] = {"id": order["customer"]}
    return {
        "order_id": f"o{number}",
        "question": question,
        "device_id": order["device"],
        "when_used_up": "leave_out" if order["leave_out"] else "refuse",
        "commit": True,
    }


@pytest.mark.parametrize("case", CASES)
async def test_golden_orders(till, case):
    till.show({"p": msgspec.convert(case["promotion"], PromotionDocument)}, {})
    for number, order in enumerate(case["orders"]):
        now_us = NOW_US + order["after_hours"] * HOUR_US
        try:
            answer = await till.order(asked(number, order), now_us)
            found = answer["discount"]
            paid = 10_000 * order["quantity"] - answer["total"]
            assert paid == found, (case["name"], number)
        except Refused as refused:
            found = refused.reason
        assert found == order["expected"], (case["name"], number)


def test_there_are_enough_cases():
    assert len(CASES) >= 30
