"""A small stand-in for the system, behind httpx: it counts what it is sent, and can be away."""

import asyncio
import re
from collections.abc import Callable

import httpx
import msgspec

REDEMPTIONS = "/api/v1/promotions/redemptions"
REFUND = "/api/v1/promotions/refund"


class FakeSystem:
    """Answers the calls that the store makes as the real routes do."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.events: list[dict] = []
        self.away: list[Callable[[], httpx.Response]] = []
        self.seen: set[str] = set()
        self.redemptions: dict[str, dict] = {}
        self.points: dict[str, int] = {}
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
            return self.get(request.url.path)
        body = msgspec.json.decode(request.content)
        return self.post(request.url.path, body)

    def get(self, path: str) -> httpx.Response:
        found = re.fullmatch("/api/v1/customers/(.+)/points", path)
        if found is None or found[1] not in self.points:
            return httpx.Response(404, json={})
        return httpx.Response(200, json={"balance": self.points[found[1]]})

    def post(self, path: str, body: dict) -> httpx.Response:
        if path == REFUND or path.startswith(REDEMPTIONS):
            return self.till(path, body)
        if path == "/v1/batch":
            fresh = [e for e in body["batch"] if e["messageId"] not in self.seen]
            self.seen |= {event["messageId"] for event in fresh}
            self.events += fresh
            self.told.set()
            return httpx.Response(200, json={"success": True})
        if path in ANSWERS:
            return httpx.Response(200, json=ANSWERS[path](body))
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

    def till(self, path: str, body: dict) -> httpx.Response:
        """Place an order, settle one that is reserved, or refund one that is paid."""
        if path == REDEMPTIONS:
            state = "committed" if body["commit"] else "reserved"
            made = {"id": f"r-{body['order_id']}", "state": state, "quote": quote(body["question"])}
            self.redemptions[made["id"]] = made
            return httpx.Response(200, json=made)
        if path == REFUND:
            known = self.redemptions[body["redemption_id"]]
            good = known["state"] == "committed"
            return httpx.Response(200 if good else 409, json=memo(known, body) if good else {})
        redemption_id, verb = path.rsplit("/", 2)[1:]
        known = self.redemptions[redemption_id]
        if known["state"] != "reserved":
            return httpx.Response(409, json={})
        known["state"] = {"commit": "committed", "release": "released"}[verb]
        return httpx.Response(200, json=known)


def memo(known: dict, body: dict) -> dict:
    """Return what goes back: a fen less than was paid, so that one sees whose sum is told."""
    asked = [item["line"] for item in body.get("items", ())]
    lines = [line for line in known["quote"]["lines"] if not asked or line["id"] in asked]
    return {"totals": {"total": sum(line["total"] for line in lines) - 1}}


def quote(body: dict) -> dict:
    lines = [
        {
            **line,
            "unit_price": 10_000,
            "discount": 1_000,
            "total": 10_000 * line["quantity"] - 1_000,
            "applied": [],
        }
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


ANSWERS = {
    "/api/v1/promotions/quote": quote,
    "/api/v1/decisions": decision,
}
