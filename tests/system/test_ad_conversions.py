"""From a click to a conversion to a report, over HTTP: postbacks, partners' links, own orders."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from bench.harness import System
from tests.system.things import admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.system

AGENT = {"user-agent": "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0.0.0"}
CAMPAIGN = {
    "name": "转化", "advertiser": "转化茶庄", "placements": ["conversions"], "bid_minor": 50,
    "currency": "CNY", "daily_budget_minor": 100_000,
    "creatives": [{"id": "c", "title": "茶", "landing_url": "https://tea.example/?c={click_id}"}],
    "attribution": {"click_days": 7, "view_days": 1},
}  # fmt: skip
METRICS = ["viewable_impressions", "viewability_rate", "ad_conversions", "ad_view_conversions",
           "conversions", "view_conversions", "view_revenue", "video_starts",
           "video_completion_rate", "ad_closes"]  # fmt: skip


@pytest.fixture(scope="module")
def server(system: System) -> Iterator[httpx.Client]:
    """The advertiser's server; the campaign is live."""
    with admin(system) as client:
        place = {"name": "转化", "floor_minor": 5, "currency": "CNY"}
        for path, document in (("placements", place), ("campaigns", CAMPAIGN)):
            good(client.post(f"/api/v1/{path}", json={"id": "conversions", "document": document}))
            good(client.post(f"/api/v1/{path}/conversions/publish"))
    headers = {"authorization": f"Bearer {system.decide_key}", **AGENT}
    with httpx.Client(base_url=system.base_url, headers=headers, timeout=30) as asking:
        yield asking


def ad_for(server: httpx.Client, who: str) -> dict[str, Any]:
    asked = {"placements": [{"id": "conversions"}], "user": {"anonymous_id": who}}
    found: list[dict[str, Any]] = until(
        lambda: good(server.post("/api/v1/decisions", json=asked))["decisions"], 5
    )
    return found[0]


def order(system: System, who: str, order_id: str) -> None:
    products = [{"sku": "S1", "price_minor": 700, "quantity": 1}]
    said = {"order_id": order_id, "products": products, "currency": "CNY"}
    event = {"event": "Order Completed", "anonymousId": who, "properties": said}
    httpx.post(f"{system.base_url}/v1/track", json=event, auth=(system.intake_key, ""),
               timeout=30).raise_for_status()  # fmt: skip


def report(system: System) -> dict[str, Any]:
    asked = {
        "metrics": METRICS, "from": "2026-01-01", "to": "2100-01-01",
        "filters": [{"dimension": "campaign", "op": "eq", "value": "conversions"}],
    }  # fmt: skip
    with admin(system) as client:
        rows = good(client.post("/api/v1/reports/query", json=asked))["rows"]
    return dict(zip(METRICS, rows[0], strict=True)) if rows else {}


def test_what_ads_led_to_is_told_once_and_reported(system: System, server: httpx.Client) -> None:
    clicked, seen = ad_for(server, "buyer-1"), ad_for(server, "buyer-2")
    elsewhere = ad_for(server, "buyer-3")
    for ad in (clicked, seen, elsewhere):
        server.get(ad["tracking"]["view"]).raise_for_status()
    server.get(seen["tracking"]["step"].replace("{step}", "close")).raise_for_status()
    time.sleep(0.12)  # nobody clicks sooner
    for ad in (clicked, elsewhere):
        answer = server.get(ad["tracking"]["click"], follow_redirects=False)
        assert answer.headers["location"] == f"https://tea.example/?c={ad['decision_id']}"
    order(system, "buyer-1", "own-1")
    order(system, "buyer-2", "own-2")
    one = {"click_id": elsewhere["decision_id"], "order_id": "other-1", "value_minor": 900,
           "currency": "CNY"}  # fmt: skip
    told = good(server.post("/api/v1/ads/conversions", json={"conversions": [one, one]}))
    assert [result["status"] for result in told["results"]] == ["counted", "duplicate"]
    link = good(server.post("/api/v1/ads/conversion-links", json={"advertiser": "转化茶庄"}))["url"]
    path = link.replace("{click_id}", elsewhere["decision_id"]).replace("{order_id}", "other-2")
    assert good(httpx.get(httpx.URL(system.base_url).join(path)))["status"] == "counted"
    until(lambda: report(system).get("ad_conversions") == 4, 30, 0.2)
    found = report(system)
    assert found["viewable_impressions"] == 3
    assert found["viewability_rate"] == 1
    assert found["ad_view_conversions"] == 1
    assert (found["conversions"], found["view_conversions"], found["view_revenue"]) == (1, 1, 700)
    assert (found["ad_closes"], found["video_starts"], found["video_completion_rate"]) == (
        1,
        0,
        None,
    )
    again = {"click_id": clicked["decision_id"], "order_id": "own-1"}
    told = good(server.post("/api/v1/ads/conversions", json={"conversions": [again]}))
    assert told["results"][0]["status"] == "duplicate", "the order had told of itself"
