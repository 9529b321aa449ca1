"""From a click to a report, from a change to its effect, from an event to a webhook: the whole."""

import hashlib
import hmac
import json
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System
from tests.system.commands import queqiao
from tests.system.things import FOR_ALL, PRODUCT, Things, admin, decide, good, make_documents
from tests.system.waiting import until

pytestmark = pytest.mark.system

WALKS = 20
CLICK_TO_REPORT_S = 10.0
CHANGE_TO_DECISION_S = 1.0
CHANGES = 5
REPORT = {"metrics": ["impressions", "clicks"], "from": "2026-01-01", "to": "2100-01-01"}


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95) - 1]


def counted(client: httpx.Client, metric: str, campaign: str) -> int:
    only = {"dimension": "campaign", "op": "in", "value": [campaign]}
    asked = {**REPORT, "metrics": [metric], "filters": [only]}
    report = good(client.post("/api/v1/reports/query", json=asked))
    names = [column["name"] for column in report["columns"]]
    return int(report["rows"][0][names.index(metric)]) if report["rows"] else 0


def test_a_click_is_in_the_report_within_ten_seconds(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    things = Things("walk")
    took, decided = [], []
    with admin(system) as client:
        good(client.post("/api/v1/products/bulk", json={"products": [PRODUCT]}))
        make_documents(client, things)
        for number in range(1, WALKS + 1):
            decision = decide(system, things)
            decided.append(decision["decision_id"])
            assert httpx.get(system.base_url + decision["tracking"]["impression"]).status_code < 400
            clicked_at = time.monotonic()
            assert httpx.get(system.base_url + decision["tracking"]["click"]).status_code < 400
            until(lambda n=number: counted(client, "clicks", "walk") == n, CLICK_TO_REPORT_S, 0.05)
            took.append(time.monotonic() - clicked_at)
        newest = good(client.get("/api/v1/events", params={"event": "Ad Clicked"}))["items"]
        told = {f"{decision_id}-clicked" for decision_id in decided}
        clicks = [click for click in newest if click["message_id"] in told]
        for click in clicks:
            receipt = good(client.get(f"/api/v1/receipts/{click['message_id']}"))
            assert receipt["warehouse"]["loaded"], receipt
        assert counted(client, "impressions", "walk") == WALKS
    assert len(clicks) == WALKS
    with capsys.disabled():
        print(f"\nclick → report: p95 {p95(took):.2f} s, longest {max(took):.2f} s")


def test_ad_events_of_another_source_count_nothing(system: System) -> None:
    """Impressions, clicks and cost are the ads' own: a write key can send the names, not the fact.

    The forged events are in the warehouse before a true click is counted behind them.
    """
    things = Things("forged")
    sent = [
        {
            "type": "track",
            "event": event,
            "messageId": f"forged-{event[3:]}-{number}",
            "anonymousId": "a",
            "context": {"source": "ads"},
            "properties": {
                "decision_id": f"d{number}",
                "campaign_id": "forged",
                "placement_id": "forged",
                "cost_minor": 50,
                "currency": "CNY",
            },
        }
        for event in ("Ad Served", "Ad Viewed", "Ad Clicked")
        for number in range(20)
    ]  # fmt: skip
    with admin(system) as client:
        make_documents(client, things)
        auth = (system.intake_key, "")
        good(httpx.post(f"{system.base_url}/v1/batch", auth=auth, json={"batch": sent}))
        decision = decide(system, things)
        httpx.get(system.base_url + decision["tracking"]["impression"])
        httpx.get(system.base_url + decision["tracking"]["click"])
        until(lambda: counted(client, "clicks", "forged"), CLICK_TO_REPORT_S)
        until(lambda: good(client.get("/api/v1/system"))["lag_events"] == 0, CLICK_TO_REPORT_S)
        kept = good(client.get("/api/v1/events", params={"event": "Ad Clicked", "limit": 500}))
        assert sum(e["message_id"].startswith("forged-") for e in kept["items"]) == 20
        assert counted(client, "impressions", "forged") == 1
        assert counted(client, "clicks", "forged") == 1
        assert counted(client, "cost", "forged") == decision["price_minor"]
    for source in ("ads", "queqiao"):
        refused = queqiao("keys", "create", "--scope", "intake", "--source", source,
                          home=system.home)  # fmt: skip
        assert refused.returncode == 1, refused


def test_a_notice_counts_once(system: System) -> None:
    things = Things("once")
    with admin(system) as client:
        make_documents(client, things)
        decision = decide(system, things)
        for _ in range(3):
            httpx.get(system.base_url + decision["tracking"]["click"])
        until(lambda: counted(client, "clicks", "once"), CLICK_TO_REPORT_S)
        until(lambda: good(client.get("/api/v1/system"))["lag_events"] == 0, CLICK_TO_REPORT_S)
        assert counted(client, "clicks", "once") == 1


def test_a_change_is_seen_by_decide_within_a_second(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    """Publish a threshold promotion and ask for the price until it applies; pause it likewise."""
    asked = {
        "currency": "CNY",
        "customer": {"id": "u"},
        "channel": "app",
        "catalog": [{"sku": "W", "price": 15_000, "categories": []}],
        "cart": {"lines": [{"id": "1", "sku": "W", "quantity": 2}]},
    }
    took = []
    with admin(system) as client:
        headers = {"authorization": f"Bearer {system.decide_key}"}

        def discount() -> int:
            answer = httpx.post(
                f"{system.base_url}/api/v1/promotions/quote", headers=headers, json=asked
            )
            return int(good(answer)["totals"]["discount"])

        for number in range(CHANGES):
            name = f"change-{number}"
            benefit = {"type": "threshold", "tiers": [{"at_least": 30_000, "discount": 4_000}]}
            only = {"channels_any": ["app"]}
            document = {"name": "满300减40", "benefit": benefit, "condition": only, **FOR_ALL}
            good(client.post("/api/v1/promotions", json={"id": name, "document": document}))
            assert discount() == 0
            for verb, wanted in (("publish", 4_000), ("pause", 0)):
                good(client.post(f"/api/v1/promotions/{name}/{verb}"))
                changed_at = time.monotonic()
                until(lambda w=wanted: discount() == w, 5)
                took.append(time.monotonic() - changed_at)
    with capsys.disabled():
        print(f"\nchange → decision: p95 {p95(took):.2f} s, longest {max(took):.2f} s")
    # One straggler is the machine's; the promise is what nearly all see.
    assert p95(took) <= CHANGE_TO_DECISION_S
    assert max(took) <= 3 * CHANGE_TO_DECISION_S


def signed_in(system: System, token: str) -> tuple[httpx.Client, str]:
    """Return a browser with its session cookie, and its CSRF token."""
    browser = httpx.Client(base_url=system.base_url, timeout=10)
    answer = browser.post("/api/v1/session", json={"token": token})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    return browser, good(answer)["csrf_token"]


PLACEMENT = {"id": "csrf", "document": {"name": "p", "floor_minor": 1, "currency": "CNY"}}


def test_signing_in_csrf_and_the_viewer(system: System) -> None:
    link = json.loads(queqiao("sign-in", "--json", home=system.home).stdout)
    browser, csrf = signed_in(system, link["token"])
    with closing(browser):
        assert good(browser.get("/api/v1/session"))["user"]["role"] == "owner"
        refused = browser.post("/api/v1/placements", json=PLACEMENT)
        assert refused.status_code == 403, "a write needs the token that no foreign page has"
        wrong = browser.post("/api/v1/placements", json=PLACEMENT, headers={"X-CSRF-Token": "x"})
        assert wrong.status_code == 403
        browser.headers["X-CSRF-Token"] = csrf
        good(browser.post("/api/v1/placements", json=PLACEMENT))
        person = {"email": "viewer@example.com", "name": "v", "role": "viewer"}
        token = good(browser.post("/api/v1/users", json=person))["token"]
        viewer, viewer_csrf = signed_in(system, token)
        with closing(viewer):
            viewer.headers["X-CSRF-Token"] = viewer_csrf
            good(viewer.get("/api/v1/placements"))
            for method, path, body in (
                ("POST", "/api/v1/placements", PLACEMENT),
                ("POST", "/api/v1/placements/csrf/publish", {}),
                ("POST", "/api/v1/products/bulk", {"products": []}),
                ("POST", "/api/v1/users", person),
                ("GET", "/api/v1/keys", None),
            ):
                assert viewer.request(method, path, json=body).status_code == 403, path
        assert browser.delete("/api/v1/session").status_code == 204
        assert browser.get("/api/v1/session").status_code == 401
    actions = {row["action"] for row in audit_rows(system)}
    assert {"session.create", "session.delete"} <= actions


def audit_rows(system: System) -> list[dict[str, Any]]:
    with admin(system) as client:
        found: list[dict[str, Any]] = good(client.get("/api/v1/audit", params={"limit": 50}))[
            "items"
        ]
    return found


class Receiver(ThreadingHTTPServer):
    """A shop's server: refuses the first delivery, to see it come again."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Delivery)
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.refused = 0


class _Delivery(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        first = self.server.refused == 0
        if first:
            self.server.refused += 1
        else:
            self.server.taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(503 if first else 200)
        self.send_header("content-length", "0")
        if first:
            self.send_header("retry-after", "1")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def files_with(home: Path, text: bytes) -> list[Path]:
    """Return the files of a home that hold some bytes."""
    return [path for path in home.rglob("*") if path.is_file() and text in path.read_bytes()]


def test_a_webhook_is_delivered_signed_and_again_after_a_refusal(
    system: System, receiver: Receiver
) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    hook = {"name": "h", "url": url, "events": ["Product Added"]}
    event = {
        "type": "track",
        "event": "Product Added",
        "messageId": "hook-1",
        "userId": "u",
        "properties": {"sku": "S1"},
    }
    with admin(system) as client:
        once = {"Idempotency-Key": "hook"}
        body = {"id": "hook", "document": hook}
        made = good(client.post("/api/v1/webhooks", json=body, headers=once))
        secret = made["document"]["secret"]
        again = good(client.post("/api/v1/webhooks", json=body, headers=once))
        assert again["document"]["secret"] is None
        shown = good(client.get("/api/v1/webhooks/hook"))
        assert shown["document"]["secret"] != secret, "a secret is shown once"
        good(client.post("/api/v1/webhooks/hook/publish"))
        assert files_with(system.home, b"http://127.0.0.1:%d/hook" % receiver.server_port)
        assert not files_with(system.home, secret.encode()), "a secret lies in clear"
        url = f"{system.base_url}/v1/track"
        good(httpx.post(url, auth=(system.intake_key, ""), json=event))
        until(lambda: receiver.taken, 30)
        headers, body = receiver.taken[0]
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = b64decode(secret.removeprefix("whsec_"))
        expected = b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert f"v1,{expected}" in headers["webhook-signature"].split()
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
        assert b"hook-1" in body
        page = "/api/v1/webhook-deliveries"

        def delivered() -> Any:
            items = good(client.get(page, params={"webhook": "hook"}))["items"]
            return [item for item in items if item["status"] == "delivered"]

        assert until(delivered, 5)[0]["attempts"] == 2
        assert receiver.refused == 1
        assert len(receiver.taken) == 1
