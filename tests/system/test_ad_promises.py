"""On the whole system: an ad stops when what it promises is gone, and comes back by itself."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from bench.harness import System
from tests.system.things import FOR_ALL, admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.system
WAIT_S = 3
"""The promise is one second; a test on a busy machine waits longer."""


@pytest.fixture
def boss(system: System) -> Iterator[httpx.Client]:
    with admin(system) as client:
        yield client


@pytest.fixture
def page(system: System) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {system.decide_key}"}
    with httpx.Client(base_url=system.base_url, headers=headers, timeout=30) as client:
        yield client


def publish(boss: httpx.Client, path: str, name: str, document: dict[str, Any]) -> None:
    good(boss.post(f"/api/v1/{path}", json={"id": name, "document": document}))
    good(boss.post(f"/api/v1/{path}/{name}/publish"))


def advertise(boss: httpx.Client, name: str, **more: Any) -> None:
    publish(boss, "placements", name, {"name": name, "floor_minor": 1, "currency": "CNY"})
    campaign = {
        "name": name,
        "advertiser": name,
        "placements": [name],
        "bid_minor": 50,
        "currency": "CNY",
        "daily_budget_minor": 1_000_000,
        "creatives": [{"id": "c", "title": "茶", "landing_url": "/", "sku": more.pop("sku", None)}],
        **more,
    }
    publish(boss, "campaigns", name, campaign)


def fill(page: httpx.Client, place: str) -> str:
    """Return ``ad``, or why the place stays empty."""
    answer = good(page.post("/api/v1/decisions", json={"placements": [{"id": place}]}))
    return "ad" if answer["decisions"] else str(answer["no_fill"][0]["reason"])


def stock(boss: httpx.Client, pieces: int) -> None:
    sku = {"sku": "PROMISED", "price_minor": 9_900, "currency": "CNY", "stock": pieces}
    sku["cost_minor"] = 4_900
    product = {"product_id": "promised", "name": "茶", "category": ["茶叶"], "skus": [sku]}
    good(boss.post("/api/v1/products/bulk", json={"products": [product]}))


def test_stock_stops_and_resumes_an_ad(boss: httpx.Client, page: httpx.Client) -> None:
    stock(boss, 1)
    advertise(boss, "by-stock", sku="PROMISED")
    until(lambda: fill(page, "by-stock") == "ad", WAIT_S)
    stock(boss, 0)
    until(lambda: fill(page, "by-stock") == "promises", WAIT_S)
    stock(boss, 5)
    until(lambda: fill(page, "by-stock") == "ad", WAIT_S)


def test_the_last_use_of_a_promotion_stops_its_ad(boss: httpx.Client, page: httpx.Client) -> None:
    off = {
        "name": "减1",
        "benefit": {"type": "fixed", "amount": 100},
        "limits": {"total": 1},
        "scope": {"skus": ["ANY"]},
    }
    publish(boss, "promotions", "promised-off", off | FOR_ALL)
    advertise(boss, "by-promotion", promises={"promotions": ["promised-off"]})
    until(lambda: fill(page, "by-promotion") == "ad", WAIT_S)
    question = {
        "currency": "CNY",
        "cart": {"lines": [{"sku": "ANY", "quantity": 1}]},
        "catalog": [{"sku": "ANY", "price": 9_900}],
        "customer": {"id": "promised"},
    }
    order = {"order_id": "promised-1", "question": question}
    placed = good(page.post("/api/v1/promotions/redemptions", json=order))
    assert "promised-off" in str(placed)
    until(lambda: fill(page, "by-promotion") == "promises", WAIT_S)
    good(page.post(f"/api/v1/promotions/redemptions/{placed['id']}/release"))
    until(lambda: fill(page, "by-promotion") == "ad", WAIT_S)


def test_a_live_promotion_lowers_a_bid_that_follows_the_margin(
    boss: httpx.Client, page: httpx.Client
) -> None:
    stock(boss, 9)
    advertise(boss, "by-margin", sku="PROMISED", bid_follows_margin=True)
    rival = {"bid_minor": 40, "placements": ["by-margin"]}
    advertise(boss, "by-margin-rival", **rival)

    def price(wanted: str) -> int | None:
        answer = good(page.post("/api/v1/decisions", json={"placements": [{"id": "by-margin"}]}))
        ads = {ad["campaign_id"]: int(ad["price_minor"]) for ad in answer["decisions"]}
        return ads.get(wanted)

    until(lambda: price("by-margin") in {40, 41}, WAIT_S)
    off = {"name": "减20", "benefit": {"type": "fixed", "amount": 2_000}}
    publish(boss, "promotions", "by-margin-off", off | FOR_ALL | {"scope": {"skus": ["PROMISED"]}})
    until(lambda: price("by-margin-rival") in {30, 31}, WAIT_S)
    good(boss.post("/api/v1/promotions/by-margin-off/pause"))
    until(lambda: price("by-margin") in {40, 41}, WAIT_S)
