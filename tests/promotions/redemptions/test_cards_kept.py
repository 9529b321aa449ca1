"""What an order keeps of the cards that pay it: enough for refunds, nothing to pay with."""

import pytest
from tests.promotions.redemptions.test_refunds import SIX_AT_HALF, placed, publish, refund

from queqiao.decide.promotions.redemptions.asking import masked_code
from queqiao.kernel.errors import Conflict

CODES = ("G-7Q2MXKA9T4WD", "G-93HBNC5YE8RF")
CARDS = [{"code": code, "pin": "482913", "balance": 10_000} for code in CODES]


def paid_by(cards):
    return {"cart": {"lines": [{"id": "1", "sku": "A", "quantity": 6}], "cards": cards}}


async def test_the_log_holds_no_code_and_no_pin_of_a_card(till):
    name = await placed(till, **paid_by(CARDS))
    logged = b"".join(
        path.read_bytes() for path in (till.folder / "log").rglob("*") if path.is_file()
    )
    assert name.encode() in logged
    for secret in (*CODES, *(code[2:] for code in CODES), "482913"):
        assert secret.encode() not in logged
    shown = await till.redemption("GET", "{id}", name=name)
    assert [(one["id"], one["amount"]) for one in shown["quote"]["payments"]] == [
        ("****T4WD", 10_000), ("****E8RF", 10_000),
    ]  # fmt: skip


@pytest.mark.parametrize("change", [{"pin": "000000"}, {"pin": ""}])
async def test_nothing_that_is_kept_tells_a_right_pin(till, change):
    publish(till, SIX_AT_HALF)
    body = {"order_id": "o1", "question": paid_by(CARDS)}
    first = await till.order(body)
    other = [{**card, **change} for card in CARDS]
    assert await till.order({**body, "question": paid_by(other)}) == first
    with pytest.raises(Conflict):
        await till.order({**body, "question": paid_by(CARDS[:1])})


async def test_a_refund_goes_back_to_each_card(till):
    name = await placed(till, **paid_by(CARDS))
    policy = {"payments": "cards_first"}
    first = await refund(till, name, {"request_id": "a", "everything": True, "policy": policy})
    assert [(one["method"], one["id"], one["amount"]) for one in first["payments"]] == [
        ("card", "****T4WD", 10_000), ("card", "****E8RF", 10_000), ("original", None, 10_000),
    ]  # fmt: skip


@pytest.mark.parametrize("code", ["", "7", "AB12", "G-7Q2MXKA9T4WD"])
async def test_of_a_short_code_no_more_than_half_is_kept(code):
    kept = masked_code(code)
    assert kept.startswith("****")
    assert code.endswith(kept[4:])
    assert len(kept) - 4 <= len(code) / 2
