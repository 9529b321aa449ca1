"""What the shop of these tests sells and does, through the public interfaces only."""

import time
from collections.abc import Callable
from typing import Any

import httpx
from bench.harness import System

from queqiao.kernel.clock import (
    DAY_US,
    SystemClock,
    business_day,
    day_start_us,
    format_rfc3339,
)

TEA = {"sku": "TEA-1", "price_minor": 15_000, "currency": "CNY", "stock": 100}
CUP = {"sku": "CUP-1", "price_minor": 8_000, "currency": "CNY", "stock": 100}
PRODUCTS = [
    {"product_id": "TEA", "name": "龙井茶", "category": ["茶叶"], "skus": [TEA]},
    {"product_id": "CUP", "name": "盖碗", "category": ["茶具"], "skus": [CUP]},
]
PLACEMENT = {"name": "首页横幅", "floor_minor": 5, "currency": "CNY"}
CAMPAIGN = {
    "name": "春茶上新",
    "advertiser": "茶庄",
    "placements": ["home"],
    "bid_minor": 120,
    "currency": "CNY",
    "daily_budget_minor": 20_000,
    "creatives": [{"id": "c1", "title": "明前龙井", "landing_url": "/tea"}],
}
SEGMENT = {"name": "买过茶的人", "expression": {"field": "orders", "op": ">=", "value": 1}}
DOCUMENTS = {"placements": PLACEMENT, "campaigns": CAMPAIGN, "segments": SEGMENT}
IDS = {"placements": "home", "campaigns": "spring-tea", "segments": "tea-buyers"}


def _client(system: System, key: str) -> httpx.Client:
    headers = {"authorization": f"Bearer {key}"}
    return httpx.Client(base_url=system.base_url, headers=headers, timeout=30)


def _once_known(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask until the role knows the fresh key: the change feed carries it within a second."""
    deadline = time.monotonic() + 5
    while (answer := ask()).status_code == httpx.codes.UNAUTHORIZED and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer.raise_for_status()


def stock(system: System) -> None:
    """Fill the shop: goods, one document of each kind, and one refused event."""
    with _client(system, system.admin_key) as client:
        _once_known(lambda: client.post("/api/v1/products/bulk", json={"products": PRODUCTS}))
        for path, document in DOCUMENTS.items():
            body = {"id": IDS[path], "document": document}
            client.post(f"/api/v1/{path}", json=body).raise_for_status()
            client.post(f"/api/v1/{path}/{IDS[path]}/publish").raise_for_status()
    send(system, {"type": "track", "event": "Product Viewed", "properties": {"sku": "TEA-1"}})
    send(system, {"type": "track", "event": 7, "messageId": "bad-1"})


def send(system: System, event: dict[str, Any], key: str = "") -> None:
    """Send one event as an SDK sends it, by the shop's own write key or another."""
    said = {"userId": "shopper-1", "context": {"channel": "web"}, **event}
    auth = (key or system.intake_key, "")
    url = f"{system.base_url}/v1/batch"
    _once_known(lambda: httpx.post(url, json={"batch": [said]}, auth=auth))


def quote(system: System) -> dict[str, Any]:
    """Price two teas as a shop's checkout does, by the live promotions."""
    question = {"currency": "CNY", "cart": {"lines": [{"sku": "TEA-1", "quantity": 2}]}}
    with _client(system, system.decide_key) as client:
        answer = _once_known(lambda: client.post("/api/v1/promotions/quote", json=question))
        priced: dict[str, Any] = answer.json()
        return priced


def publish(system: System, kind: str, document: dict[str, Any]) -> str:
    """Store a document, put it live, and return its id."""
    with _client(system, system.admin_key) as client:
        made = client.post(f"/api/v1/{kind}", json={"document": document}).raise_for_status()
        name = str(made.json()["id"])
        client.post(f"/api/v1/{kind}/{name}/publish", json={}).raise_for_status()
        return name


def gmv_today_minor(system: System) -> int:
    """Return what the reports have of today: the shop's tests share it."""
    begun_us = day_start_us(business_day(SystemClock().now_us()))
    span = {"from": format_rfc3339(begun_us), "to": format_rfc3339(begun_us + DAY_US)}
    with _client(system, system.admin_key) as client:
        asked = client.post("/api/v1/reports/query", json={"metrics": ["gmv"], **span})
        return int(asked.raise_for_status().json()["rows"][0][0])


def order(system: System, order_id: str, priced: dict[str, Any], **envelope: Any) -> None:
    """Place the order that was priced, naming the promotions that gave the discount."""
    line = {"sku": "TEA-1", "product_id": "TEA", "price_minor": 15_000, "quantity": 2}
    properties = {
        "order_id": order_id,
        "currency": "CNY",
        "total_minor": priced["totals"]["total"],
        "discount_minor": priced["totals"]["discount"],
        "promotion_ids": [one["promotion_id"] for one in priced["applied"]],
        "products": [line],
    }
    send(
        system, {"type": "track", "event": "Order Completed", "properties": properties, **envelope}
    )
