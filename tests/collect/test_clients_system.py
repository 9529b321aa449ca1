"""All clients at once against a whole running system: nothing lost, nothing twice."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from ga4mp import GtagMP
from posthog import Posthog
from rudderstack.analytics.client import Client as Rudder
from segment.analytics.client import Client as Segment
from tests.collect import clients
from tests.system.waiting import until

pytestmark = pytest.mark.system

CALLS = 25
COUNTED_WITHIN_S = 15.0
KINDS = ("page", "track", "identify", "group", "alias")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running_system() as running:
        yield running


def segment(system: System, gzip: bool) -> None:
    client = Segment(system.intake_key, host=system.base_url, gzip=gzip, max_retries=3)
    for number in range(CALLS):
        client.track(f"u{number}", f"segment {gzip}")
    client.shutdown()


def rudder(system: System) -> None:
    client = Rudder(system.intake_key, host=system.base_url)
    for number in range(CALLS):
        client.track(f"u{number}", "rudder")
    client.flush()
    client.join()


def posthog(system: System, mode: str) -> None:
    client = Posthog(system.intake_key, host=system.base_url, capture_mode=mode)
    for number in range(CALLS):
        client.capture(f"posthog {mode}", distinct_id=f"u{number}")
    client.shutdown()


def ga4(system: System) -> None:
    client = GtagMP(api_secret=system.intake_key, measurement_id="G-1", client_id="1.2")
    client._base_domain = f"{system.base_url}/mp/collect"
    client.send([{"name": "ga4", "params": {"number": number}} for number in range(CALLS)])


def segment_next(system: System, folder: Path) -> int:
    """Make a call of each kind in Chromium, on a page of another origin; return the last status."""
    with clients.page_of_a_shop(folder) as address, clients.chromium() as browser:
        page = browser.new_page()
        page.goto(address)
        page.evaluate(clients.LOAD, [system.base_url, system.intake_key, {"strategy": "standard"}])
        with page.expect_response(
            lambda answer: answer.request.method == "POST" and answer.url.endswith("/a")
        ) as last:
            page.evaluate(clients.CALLS)
        return last.value.status


def test_all_clients_at_once(system: System, tmp_path: Path) -> None:
    url, key = system.base_url, system.intake_key
    work = [
        lambda: segment(system, gzip=False),
        lambda: segment(system, gzip=True),
        lambda: rudder(system),
        lambda: posthog(system, "v0"),
        lambda: posthog(system, "v1"),
        lambda: ga4(system),
        lambda: clients.run("segment_node.mjs", url, key),
        lambda: clients.run("snowplow_node.mjs", url, key, "post"),
        lambda: clients.run("snowplow_node.mjs", url, key, "get"),
        lambda: segment_next(system, tmp_path),
    ]
    with ThreadPoolExecutor(len(work)) as pool:
        done = [future.result() for future in [pool.submit(one) for one in work]]
    assert done[6:] == [[], [200], [200] * 5, 200]
    headers = {"authorization": f"Bearer {system.admin_key}"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        found = client.get("/api/v1/events", params={"after": 0, "limit": 500}).json()["items"]
        assert client.get("/api/v1/bad-rows").json()["items"] == []
    assert len({event["message_id"] for event in found}) == len(found)
    counts = Counter(event["event"] for event in found if event["source"] == "bench")
    every = {"segment False", "segment True", "rudder", "posthog v0", "posthog v1", "ga4"}
    assert {name: counts[name] for name in every} == dict.fromkeys(every, CALLS)
    assert counts["Order Completed"] == 3
    assert sum(counts.values()) == 6 * CALLS + 7 + 7 + 5 + 5
    on_pages = [event for event in found if in_browser(event)]
    assert Counter(event["type"] for event in on_pages) == dict.fromkeys(KINDS, 1)
    assert key not in json.dumps(found), "a write key is not kept with the events"


def in_browser(event: dict[str, Any]) -> bool:
    """Say whether an event is of the client for pages."""
    return event["context"].get("library", {}).get("name") == "analytics.js"


def ga4_order(name: str, **params: object) -> dict[str, object]:
    return {"client_id": "3.4", "events": [{"name": name, "params": {"currency": "EUR", **params}}]}


def test_orders_of_foreign_clients_are_counted_to_the_last_unit(system: System) -> None:
    """A GA4 purchase, a part of it refunded, and an order of a PostHog client."""
    cake = {"item_id": "SKU-1", "price": 18.90, "discount": 2.10, "quantity": 2}
    tea = {"item_id": "SKU-2", "price": 0.29, "quantity": 3}
    bought = ga4_order("purchase", transaction_id="G1", value=38.67, shipping=5, items=[cake, tea])
    back = ga4_order("refund", transaction_id="G1", value=18.9, items=[{**cake, "quantity": 1}])
    secret = {"api_secret": system.intake_key}
    for body in (bought, back):
        httpx.post(f"{system.base_url}/mp/collect", params=secret, json=body).raise_for_status()
    client = Posthog(system.intake_key, host=system.base_url)
    line = {"sku": "SKU-2", "price": 0.29, "quantity": 1}
    order = {"order_id": "P1", "currency": "EUR", "products": [line]}
    client.capture("Order Completed", distinct_id="u1", properties=order)
    client.shutdown()
    asked = {
        "metrics": ["gross", "credit_notes", "net", "orders", "units"],
        "dimensions": ["currency"],
        "filters": [{"dimension": "currency", "op": "in", "value": ["EUR"]}],
    }
    headers = {"authorization": f"Bearer {system.admin_key}"}
    with httpx.Client(base_url=system.base_url, headers=headers, timeout=30) as client:
        until(lambda: counted(client, asked) == ["EUR", 3896, -1890, 2006, 2, 6], COUNTED_WITHIN_S)


def counted(client: httpx.Client, asked: dict[str, object]) -> list[object] | None:
    answer = client.post("/api/v1/reports/query", json=asked).raise_for_status()
    return next(iter(answer.json()["rows"]), None)
