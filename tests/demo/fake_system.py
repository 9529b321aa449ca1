"""A small stand-in for the system, behind httpx: it counts what it is sent, and can be away."""

import asyncio
from collections.abc import Callable

import httpx
import msgspec


class FakeSystem:
    """Answers the calls that the store makes as the real routes do."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.events: list[dict] = []
        self.away: list[Callable[[], httpx.Response]] = []
        self.seen: set[str] = set()
        self.told = asyncio.Event()

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.away:
            return self.away.pop(0)()
        if request.url.path.startswith("/t/"):
            return httpx.Response(302)
        if request.method == "GET":
            return httpx.Response(404, json={})
        body = msgspec.json.decode(request.content)
        return self.post(request.url.path, body)

    def post(self, path: str, body: dict) -> httpx.Response:
        if path == "/v1/batch":
            fresh = [e for e in body["batch"] if e["messageId"] not in self.seen]
            self.seen |= {event["messageId"] for event in fresh}
            self.events += fresh
            self.told.set()
            return httpx.Response(200, json={"success": True})
        if path == "/api/v1/promotions/quote":
            return httpx.Response(200, json=quote(body))
        if path == "/api/v1/decisions":
            return httpx.Response(200, json=decision(body))
        if path == "/api/v1/recommendations":
            item = {"sku": "P001-A", "score": 1, "reason": {"kind": "popular"}, "propensity": 1}
            return httpx.Response(200, json={"decision_id": "d", "items": [item], "model": "m"})
        if path == "/api/v1/reports/query":
            gross = sum(
                product["quantity"] * product["price_minor"] - product["discount_minor"]
                for event in self.events
                if event.get("event") == "Order Completed"
                for product in event["properties"]["products"]
            )
            return httpx.Response(200, json={"columns": [{"name": "gross"}], "rows": [[gross]]})
        return httpx.Response(201, json={})


def quote(body: dict) -> dict:
    lines = [
        {**line, "unit_price": 10_000, "discount": 1_000, "total": 9_000, "applied": []}
        for line in body["cart"]["lines"]
    ]
    items = sum(10_000 * line["quantity"] for line in lines)
    discount = 1_000 * len(lines)
    applied = [
        {"promotion_id": "newcomer-20", "code": code, "amount": 2_000}
        for code in body["codes"]
        if code.startswith("NEW")
    ]
    return {
        "totals": {
            "items": items,
            "discount": discount,
            "shipping": 0,
            "shipping_discount": 0,
            "total": items - discount,
        },
        "lines": lines,
        "applied": applied,
        "refused": [
            {"promotion_id": None, "reason": "unknown_code", "code": c} for c in body["codes"]
        ],
    }


def decision(body: dict) -> dict:
    one = {
        "decision_id": "d",
        "placement": body["placements"][0]["id"],
        "campaign_id": "c",
        "creative": {"id": "P001-A", "sku": "P001-A"},
        "tracking": {"impression": "/t/i", "click": "/t/c"},
    }
    return {"decisions": [one], "no_fill": []}
