"""Coupons and cards on the whole system, as a shop's own server and its operators use them."""

import gzip
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from bench.harness import System
from tests.system.things import admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.system
COUNT = 200_000
OFF = {"type": "threshold", "tiers": [{"at_least": 9_000, "discount": 2_000}]}
"""Without the threshold so many codes would need a second person: the shop sells cheaper goods."""


@pytest.fixture
def boss(system: System) -> Iterator[httpx.Client]:
    with admin(system) as client:
        yield client


@pytest.fixture
def till(system: System) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {system.decide_key}"}
    with httpx.Client(base_url=system.base_url, headers=headers, timeout=30) as client:
        yield client


def known(till: httpx.Client, code: str, customer: str = "u1") -> dict[str, Any]:
    """Return what a code is worth, as soon as decide knows it."""
    path, body = f"/api/v1/coupons/{code}/validate", {"customer_id": customer}
    return until(lambda: found if (found := good(till.post(path, json=body)))["valid"] else None, 5)


def test_a_coupon_from_one_act_to_its_void(boss: httpx.Client, till: httpx.Client) -> None:
    coupon = {
        "id": "sys-coupon",
        "publish": True,
        "batch": {"name": "券", "prefix": "SYS-", "count": COUNT},
        "promotion": {"name": "减20", "benefit": OFF},
    }
    good(boss.post("/api/v1/coupons", json=coupon))
    path = "/api/v1/coupon-batches/sys-coupon"
    with boss.stream("GET", f"{path}/codes.csv") as answer:
        assert int(answer.headers["content-length"]) == len("code\r\n") + COUNT * 18
        codes = answer.read().decode().split()[1:]
    assert len(set(codes)) == COUNT
    assert gzip.decompress(boss.get(f"{path}/codes.csv.gz").content).decode().split()[1:] == codes
    assert known(till, codes[5])["promotions"] == [{"id": "sys-coupon", "name": "减20"}]
    question = {
        "currency": "CNY",
        "catalog": [{"sku": "S", "price": 9_900}],
        "cart": {"lines": [{"id": "1", "sku": "S", "quantity": 1}]},
        "codes": [codes[5]],
        "customer": {"id": "u1"},
    }
    assert good(till.post("/api/v1/promotions/quote", json=question))["totals"]["discount"] == 2_000
    order = {"customer_id": "u1", "order_id": "sys-o1"}
    for verb in ("lock", "redeem", "redeem"):
        good(till.post(f"/api/v1/coupons/{codes[5]}/{verb}", json=order))
    void = {"reason": "a box was lost", "first": 0, "last": 9_999}
    good(boss.post(f"{path}/voids", json=void))
    refused = f"/api/v1/coupons/{codes[6]}/validate"
    ask = {"customer_id": "u1"}
    until(lambda: good(till.post(refused, json=ask))["reason"] == "code_unknown", 2)
    counted = good(boss.get(f"{path}/statistics"))
    assert (counted["redeemed"], counted["void"]) == (1, 9_999)
    assert counted["available"] == COUNT - 10_000

    def history() -> list[str]:
        seen = good(boss.get(f"/api/v1/coupons/{codes[5]}"))
        return [one["event"] for one in seen["history"]]

    assert until(lambda: history() or None, 10) == ["Coupon Applied"]


def test_personal_coupons_are_claimed_and_given(
    system: System, boss: httpx.Client, till: httpx.Client
) -> None:
    document = {"name": "会员券", "count": 1_000, "personal": {"valid_days": 7}}
    good(boss.post("/api/v1/coupon-batches", json={"id": "sys-own", "document": document}))
    good(boss.post("/api/v1/coupon-batches/sys-own/publish"))
    wallet = "/api/v1/customers/sys-u1/coupons"
    wish = {"batch_id": "sys-own", "request_id": "click"}

    def claimed() -> httpx.Response | None:
        answer = till.post(wallet, json=wish)
        return answer if answer.status_code != 404 else None

    code = good(until(claimed, 5))["code"]
    assert [one["code"] for one in good(till.get(wallet))["items"]] == [code]
    other = {"customer_id": "sys-u2", "order_id": "o"}
    stolen = till.post(f"/api/v1/coupons/{code}/redeem", json=other)
    assert (stolen.status_code, stolen.json()["reason"]) == (422, "code_unknown")
    segment = {"name": "none", "expression": {"field": "orders", "op": ">=", "value": 10_000}}
    good(boss.post("/api/v1/segments", json={"id": "sys-none", "document": segment}))
    path = "/api/v1/coupon-batches/sys-own/gifts"
    gift = boss.post(path, json={"segment_id": "sys-none"})
    assert gift.status_code == 202
    with boss.stream("GET", f"{gift.headers['location']}/events") as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in events.iter_lines() if line.startswith("data: ")]
    assert '"state":"done"' in lines[-1]


def test_a_card_pays_an_order(boss: httpx.Client, till: httpx.Client) -> None:
    document = {"name": "礼品卡", "currency": "CNY", "count": 50, "value": 10_000}
    good(boss.post("/api/v1/card-products", json={"id": "sys-gift", "document": document}))
    good(boss.post("/api/v1/card-products/sys-gift/publish"))
    file = boss.get("/api/v1/card-products/sys-gift/cards.csv").text
    card, pin = file.split()[1].split(",")
    path, who = f"/api/v1/cards/{card}", {"customer_id": "sys-card-1", "pin": pin}
    sale = who | {"request_id": "sale"}

    def sold() -> dict[str, Any] | None:
        answer = boss.post(f"{path}/activate", json=sale)
        return None if answer.status_code == 422 else good(answer)

    assert until(sold, 5)["balance"] == 10_000
    for verb in ("activate", "top-up"):
        made = till.post(f"{path}/{verb}", json=sale | {"request_id": "more", "amount": 1})
        assert made.status_code == 403, "who prices orders makes no money"
    rows = good(boss.get("/api/v1/audit", params={"action": "card.activate"}))["items"]
    assert [(row["target_id"], row["summary"]) for row in rows][:1] == [
        ("sys-gift/0", "10000 CNY minor units")
    ]
    order = who | {"order_id": "sys-o2"}
    good(till.post(f"{path}/hold", json=order | {"amount": 4_000}))
    good(till.post(f"{path}/capture", json=order))
    good(till.post(f"{path}/refund", json=order | {"amount": 1_000, "request_id": "r"}))
    assert good(till.post(f"{path}/balance", json=who))["balance"] == 7_000
    wrong = till.post(f"{path}/balance", json=who | {"pin": "x"})
    assert (wrong.status_code, wrong.json()["reason"]) == (422, "card_unknown")
    money = good(boss.get("/api/v1/card-products/sys-gift/statistics"))
    assert (money["captured"], money["on_cards"], money["difference"]) == (3_000, 7_000, 0)
    good(boss.post(f"{path}/void", json={"reason": "stolen"}))
    trail = boss.get("/api/v1/audit", params={"limit": 50})
    rows = {(row["action"], row["target_id"]) for row in good(trail)["items"]}
    assert ("card.void", "sys-gift/0") in rows
    assert card not in trail.text
    lost = till.post(f"{path}/balance", json=who)
    assert lost.json()["reason"] == "card_unknown"
