"""Referrals on the whole system: a code, a newcomer, a first order, and the member's reward."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from bench.harness import System
from tests.system.things import FOR_ALL, PRODUCT, admin, good, set_aside
from tests.system.waiting import until

pytestmark = pytest.mark.system
WALLET = {"name": "余额", "holds": "money", "worth": {"currency": "CNY"}}
OFFER = {"name": "首单减十", "benefit": {"type": "fixed", "amount": 1_000}, **FOR_ALL}
PERSONAL = {"name": "新人券", "count": 100, "personal": {"claimable": False}}
FRIENDS = {
    "name": "老带新",
    "newcomer_batch": "ref-hello",
    "reward": {"type": "store_credit", "amount": 2_000},
    "return_days": 0,
}


@pytest.fixture
def boss(system: System) -> Iterator[httpx.Client]:
    with admin(system) as client:
        yield client


@pytest.fixture
def shop(system: System) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {system.decide_key}"}
    with httpx.Client(base_url=system.base_url, headers=headers, timeout=30) as client:
        yield client


def publish(boss: httpx.Client) -> None:
    good(boss.post("/api/v1/products/bulk", json={"products": [PRODUCT]}))
    for path in ("points-programmes", "referral-programmes"):
        set_aside(boss, path)
    coupon = {"id": "ref-hello", "batch": PERSONAL, "promotion": OFFER, "publish": True}
    good(boss.post("/api/v1/coupons", json=coupon))
    for path, name, document in (
        ("points-programmes", "ref-wallet", WALLET),
        ("referral-programmes", "ref-friends", FRIENDS),
    ):
        good(boss.post(f"/api/v1/{path}", json={"id": name, "document": document}))
        good(boss.post(f"/api/v1/{path}/{name}/publish"))


def code_of(shop: httpx.Client, path: str) -> str | None:
    """Return a member's code; None while decide goes by the programme that was live before."""
    answer = shop.post(path, json={})
    return answer.json()["code"] if answer.json().get("programme_id") == "ref-friends" else None


def entered(shop: httpx.Client, body: dict[str, str]) -> dict[str, Any] | None:
    """Return how a newcomer came; None while decide does not yet know the batch of its coupons."""
    answer = shop.post("/api/v1/referrals", json=body)
    return good(answer) if answer.status_code != 422 else None


def test_a_newcomer_orders_and_the_member_is_rewarded(
    boss: httpx.Client, shop: httpx.Client
) -> None:
    publish(boss)
    path = "/api/v1/customers/ref-old/referral-code"
    code = until(lambda: code_of(shop, path), 5)
    body = {"code": code, "customer_id": "ref-new", "device_id": "d"}
    came = until(lambda: entered(shop, body), 5)
    refused = shop.post("/api/v1/referrals", json={**body, "customer_id": "ref-old"})
    assert (refused.status_code, refused.json()["reason"]) == (422, "referral_refused")
    lines = [{"id": "1", "sku": "S1", "quantity": 1}]
    codes = [came["coupon"]["code"]]
    question = {"cart": {"lines": lines}, "customer": {"id": "ref-new"}, "codes": codes}
    order = {"order_id": "ref-o1", "question": question, "commit": True}
    placed = good(shop.post("/api/v1/promotions/redemptions", json=order))
    assert placed["discount"] >= 1_000

    def rewarded() -> dict[str, Any] | None:
        shown: dict[str, Any] = good(shop.get(path))
        return shown if shown["newcomers"]["rewarded"] else None

    assert until(rewarded, 20)["rewards_left"] == 99
    assert good(shop.get("/api/v1/customers/ref-old/store-credit"))["balance"] == 2_000
    figures = good(boss.get("/api/v1/referral-programmes/ref-friends/statistics"))
    assert figures["rewards"] == [{"type": "store_credit", "count": 1, "amount": 2_000}]
    back = {"redemption_id": placed["id"], "request_id": "r", "everything": True}
    good(shop.post("/api/v1/promotions/refund", json=back))
    assert good(shop.get(path))["newcomers"]["reversed"] == 1
    assert good(shop.get("/api/v1/customers/ref-old/store-credit"))["balance"] == 0
    assert good(boss.get("/api/v1/points-programmes/ref-wallet/proof"))["agrees"]
    for one in ("referral-programmes/ref-friends", "points-programmes/ref-wallet"):
        good(boss.post(f"/api/v1/{one}/archive"))
