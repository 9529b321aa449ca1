"""Receipts on the whole system: where an event went, what it moved, and what was refused."""

from typing import Any

import httpx
import pytest
from bench.harness import System
from tests.system.things import admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.system

ORDER = {
    "type": "track",
    "event": "Order Completed",
    "messageId": "receipt-order",
    "userId": "receipt-user",
    "properties": {
        "order_id": "receipt-o1",
        "currency": "CNY",
        "products": [{"sku": "S1", "price_minor": 15_000, "quantity": 2}],
    },
}
LATE = {
    "type": "track",
    "event": "Product Viewed",
    "messageId": "receipt-late",
    "userId": "receipt-user",
    "timestamp": "2026-01-02T03:04:05Z",
    "properties": {"sku": "S1"},
}
REFUSED = {**LATE, "messageId": "receipt-refused", "properties": {"sku": [1]}}


def test_receipts_of_an_order_a_late_view_and_a_refusal(system: System) -> None:
    batch = {"batch": [ORDER, LATE, REFUSED]}
    good(httpx.post(f"{system.base_url}/v1/batch", auth=(system.intake_key, ""), json=batch))
    with admin(system) as client:

        def moved_by(message_id: str) -> Any:
            return good(client.get(f"/api/v1/receipts/{message_id}"))["warehouse"]["moved"]

        order = until(lambda: moved_by("receipt-order"), 10)
        assert order["event"]["person_id"] == "receipt-user"
        assert [line["amount_minor"] for line in order["order_lines"]] == [30_000]
        assert order["corrections"] == []
        (late,) = until(lambda: moved_by("receipt-late"), 10)["corrections"]
        assert late["moved"] == {"events": 1, "views": 1}
        assert [bucket["bucket"] for bucket in late["buckets"]] == [
            "2026-01-02T03:04:00Z",
            "2026-01-02T03:00:00Z",
            "2026-01-02",
        ]
        refused = good(client.get("/api/v1/receipts/receipt-refused"))
        assert refused["offset"] is None
        (row,) = refused["refused"]
        kept = good(client.get("/api/v1/bad-rows"))["items"]
        assert row["id"] in {each["id"] for each in kept}
        assert client.get("/api/v1/receipts/receipt-unknown").status_code == 404
