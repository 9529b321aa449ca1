"""Points on the whole system: earned and used by orders, adjusted by operators, proven."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from bench.harness import System
from tests.system.things import FOR_ALL, PRODUCT, admin, good, set_aside
from tests.system.waiting import until

pytestmark = pytest.mark.system
PROGRAMME = "/api/v1/points-programmes/sys-club"
EARN = {
    "name": "送积分",
    "benefit": {"type": "points", "points": 1, "every_amount": 100},
    **FOR_ALL,
}
PAY = {
    "name": "积分抵现",
    "benefit": {"type": "points_payment", "points": 100, "worth": 100},
    **FOR_ALL,
}


@pytest.fixture
def boss(system: System) -> Iterator[httpx.Client]:
    with admin(system) as client:
        yield client


@pytest.fixture
def till(system: System) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {system.decide_key}"}
    with httpx.Client(base_url=system.base_url, headers=headers, timeout=30) as client:
        yield client


def publish(boss: httpx.Client) -> None:
    """Make a programme live, and the promotions that give points and that points pay."""
    good(boss.post("/api/v1/products/bulk", json={"products": [PRODUCT]}))
    tiers = [{"name": "金卡", "at_least": 50, "earn_percent": 200}]
    set_aside(boss, "points-programmes")
    for path, document in (
        ("points-programmes/sys-club", {"name": "会员", "tiers": tiers}),
        ("promotions/sys-earn", EARN),
        ("promotions/sys-pay", PAY),
    ):
        kind, _, name = path.partition("/")
        good(boss.post(f"/api/v1/{kind}", json={"id": name, "document": document}))
        good(boss.post(f"/api/v1/{kind}/{name}/publish"))


def adjust(boss: httpx.Client, points: int, request_id: str) -> dict[str, Any]:
    body = {"customer_id": "sys-u", "points": points, "reason": "sorry", "request_id": request_id}
    answer: dict[str, Any] = good(boss.post(f"{PROGRAMME}/adjustments", json=body))
    return answer


def test_points_from_an_adjustment_to_a_refund(boss: httpx.Client, till: httpx.Client) -> None:
    publish(boss)
    second = {"id": "sys-club-2", "document": {"name": "第二个"}}
    good(boss.post("/api/v1/points-programmes", json=second))
    refused = boss.post("/api/v1/points-programmes/sys-club-2/publish")
    assert refused.status_code == 400
    assert "sys-club" in refused.text
    assert adjust(boss, 300, "a")["balance"] == adjust(boss, 300, "a")["balance"] == 300
    account = "/api/v1/customers/sys-u/points"
    until(lambda: till.get(account).is_success, 5)  # decide knows the programme
    lines = [{"id": "1", "sku": "S1", "quantity": 1}]
    question = {"cart": {"lines": lines, "points": 300}, "customer": {"id": "sys-u"}}

    def pays() -> dict[str, Any] | None:
        quote = good(till.post("/api/v1/promotions/quote", json=question))
        return quote if quote["points"]["used"] and quote["points"]["earned"] else None

    quote = until(pays, 5)
    assert quote["points"]["used"] == 300
    order = {"order_id": "sys-o1", "question": question, "commit": True}
    placed = [good(till.post("/api/v1/promotions/redemptions", json=order)) for _ in range(2)]
    assert placed[0] == placed[1]
    earned = quote["points"]["earned"]
    shown = good(till.get(account))
    assert shown["balance"] == earned
    assert shown["tier"]["name"] == ("金卡" if earned >= 50 else None)
    too_many = {"order_id": "sys-o2", "question": question, "commit": True}
    answer = till.post("/api/v1/promotions/redemptions", json=too_many)
    assert (answer.status_code, answer.json()["reason"]) == (422, "points_short")
    back = {"redemption_id": placed[0]["id"], "request_id": "r", "everything": True}
    memo = good(till.post("/api/v1/promotions/refund", json=back))
    assert memo["points"] == {"returned": 300, "taken_back": earned, "charged": 0}
    assert good(till.get(account))["balance"] == 300
    proof = good(boss.get(f"{PROGRAMME}/proof"))
    assert (proof["agrees"], proof["moved"], proof["held"]) == (True, 300, 300)
    figures = good(boss.get(f"{PROGRAMME}/statistics"))
    assert (figures["outstanding"], figures["liability_minor"]) == (300, 300)
    trail = good(boss.get("/api/v1/audit", params={"limit": 200}))["items"]
    assert [row["summary"] for row in trail if row["action"] == "points.adjust"] == [
        "+300 for sys-u: sorry"
    ]
    for kind, name in (("promotions", "sys-pay"), ("promotions", "sys-earn")):
        good(boss.post(f"/api/v1/{kind}/{name}/archive"))
    good(boss.post(f"{PROGRAMME}/archive"))


def test_store_credit_from_cashback_to_a_later_cart(boss: httpx.Client, till: httpx.Client) -> None:
    """What the question says of it is not believed."""
    good(boss.post("/api/v1/products/bulk", json={"products": [PRODUCT]}))
    wallet = {"name": "余额", "holds": "money", "worth": {"currency": "CNY"}}
    back = {"name": "返现", "benefit": {"type": "cashback", "percent": "50"}, **FOR_ALL}
    for kind, name, document in (
        ("points-programmes", "sys-wallet", wallet),
        ("promotions", "sys-back", back),
    ):
        good(boss.post(f"/api/v1/{kind}", json={"id": name, "document": document}))
        good(boss.post(f"/api/v1/{kind}/{name}/publish"))
    account = "/api/v1/customers/sys-w/store-credit"
    until(lambda: till.get(account).is_success, 5)
    lines = [{"id": "1", "sku": "S1", "quantity": 1}]
    said = {"id": "sys-w", "store_credit": {"programme_id": "sys-wallet", "available": 10**6}}
    question = {"cart": {"lines": lines, "store_credit": 100}, "customer": said}

    def asked() -> dict[str, Any] | None:
        quote = good(till.post("/api/v1/promotions/quote", json=question))
        return quote if quote["cashback"] else None

    quote = until(asked, 5)
    assert quote["payments"][0]["reason"] == "store_credit_short"
    first = {"cart": {"lines": lines}, "customer": {"id": "sys-w"}}
    order = {"order_id": "sys-w1", "question": first, "commit": True}
    good(till.post("/api/v1/promotions/redemptions", json=order))
    has = good(till.get(account))["balance"]
    assert has == quote["cashback"]
    order = {"order_id": "sys-w2", "question": question, "commit": True}
    paid = good(till.post("/api/v1/promotions/redemptions", json=order))
    assert paid["quote"]["totals"]["due"] == paid["quote"]["totals"]["total"] - 100
    proof = good(boss.get("/api/v1/points-programmes/sys-wallet/proof"))
    assert (proof["agrees"], proof["spent"]) == (True, 100)
    for kind, name in (("promotions", "sys-back"), ("points-programmes", "sys-wallet")):
        good(boss.post(f"/api/v1/{kind}/{name}/archive"))
