"""What a person just did, in a running system: told, left out, counted, not needed to answer."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from tests.ports.redis_servers import free_port
from tests.system.things import FOR_ALL, admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.system

BOUGHT = [{"sku": "pot", "price_minor": 900, "quantity": 1}]
STEPS: list[tuple[str, dict[str, Any]]] = [
    ("Product Viewed", {"sku": "cup"}),
    ("Product Added", {"sku": "cup", "quantity": 1}),
    ("Order Completed", {"order_id": "o1", "products": BOUGHT}),
]


def track(system: System) -> None:
    events = [
        {"type": "track", "event": name, "anonymousId": "d", "userId": "u", "messageId": name}
        | {"properties": properties}
        for name, properties in STEPS
    ]
    answer = httpx.post(
        f"{system.base_url}/v1/batch",
        json={"batch": events},
        auth=(system.intake_key, ""),
        timeout=30,
    )
    assert answer.status_code == 200, answer.text


def recommended(system: System) -> dict[str, Any]:
    answer = httpx.post(
        f"{system.base_url}/api/v1/recommendations",
        json={"user": {"anonymous_id": "d"}, "n": 5},
        headers={"authorization": f"Bearer {system.decide_key}"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


NEWCOMERS = {
    "name": "newcomers",
    "benefit": {"type": "fixed", "amount": 100},
    "condition": {"first_purchase": True},
    **FOR_ALL,
}


OF_OLD = {
    "name": "regulars",
    "benefit": {"type": "fixed", "amount": 100},
    "condition": {"all": [{"orders_at_least": 1}, {"tags_any": ["vip"]}]},
    **FOR_ALL,
}


def told_of(system: System, promotion: dict[str, Any]) -> str | None:
    """Quote a cart of the user: why the promotion is not given; None where it is."""
    question = {"cart": {"lines": [{"sku": "x", "price": 900}]}, "customer": {"id": "u"}}
    answer = httpx.post(
        f"{system.base_url}/api/v1/promotions/quote",
        json={**question, "promotions": [promotion]},
        headers={"authorization": f"Bearer {system.decide_key}"},
        timeout=30,
    )
    refused = good(answer)["refused"]
    return refused[0]["reason"] if refused else None


def send(system: System, key: str, order_id: str) -> None:
    """Tell of an order and a tag by a key, in the words of any SDK."""
    calls = [
        {
            "type": "identify",
            "userId": "u",
            "messageId": f"i{order_id}",
            "traits": {"tags": ["vip"]},
        },
        {"type": "track", "event": "Order Completed", "userId": "u", "messageId": order_id}
        | {"properties": {"order_id": order_id, "products": BOUGHT}},
    ]
    sent = httpx.post(
        f"{system.base_url}/v1/batch", json={"batch": calls}, auth=(key, ""), timeout=30
    )
    assert sent.status_code == 200, sent.text


def test_a_browser_s_word_opens_no_price_and_a_server_s_does(tmp_path: Path) -> None:
    with running_system(home=tmp_path / "home") as system, admin(system) as client:
        key = {"scope": "intake", "source": "page"}
        page = good(client.post("/api/v1/keys", json=key | {"name": "page"}))
        assert page["key"]["trusted"] is False
        taken = client.post("/api/v1/keys", json=key | {"name": "till", "trusted": True})
        assert (taken.status_code, taken.json()["errors"][0]["path"]) == (400, "source")
        until(lambda: told_of(system, NEWCOMERS) is None, 60)
        until(lambda: client.get(f"/v1/projects/{page['secret']}/settings").is_success, 60)
        send(system, page["secret"], "forged")
        until(lambda: profile_orders(client) == 1, 60)
        behind = good(client.get("/api/v1/system"))["log_end"]
        until(lambda: good(client.get("/api/v1/system"))["loaded"] >= behind, 60)
        assert told_of(system, NEWCOMERS) is None, "not even a discount of his can a stranger close"
        assert told_of(system, OF_OLD) is not None
        send(system, system.intake_key, "real")
        until(lambda: told_of(system, OF_OLD) is None, 60)
        assert told_of(system, NEWCOMERS) == "not_first_purchase"
        marked = client.patch(f"/api/v1/keys/{page['key']['id']}", json={"trusted": True})
        assert good(marked)["trusted"] is True
        seen = {**OF_OLD, "condition": {"orders_at_least": 2}}
        until(lambda: told_of(system, seen) is None, 60)


def profile_orders(client: httpx.Client) -> int:
    found = client.get("/api/v1/profiles/u")
    return int(found.json()["orders"]) if found.is_success else 0


def told_of_newcomers(system: System) -> list[str | None]:
    """Quote a cart of the user and of nobody: what is said of the newcomers' promotion to each."""
    said = []
    for customer in ({"id": "u"}, {"id": "v"}, {}):
        question = {"cart": {"lines": [{"sku": "x", "price": 900}]}, "customer": customer}
        answer = httpx.post(
            f"{system.base_url}/api/v1/promotions/quote",
            json={**question, "promotions": [NEWCOMERS]},
            headers={"authorization": f"Bearer {system.decide_key}"},
            timeout=30,
        )
        quoted = good(answer)
        said.append(quoted["refused"][0]["reason"] if quoted["refused"] else None)
    return said


def test_a_newcomer_is_one_until_the_first_order(tmp_path: Path) -> None:
    with running_system(home=tmp_path / "home") as system:
        until(lambda: told_of_newcomers(system) == [None, None, "customer_unknown"], 60)
        track(system)
        ordered = ["not_first_purchase", None, "customer_unknown"]
        until(lambda: told_of_newcomers(system) == ordered, 60)


def test_what_a_person_just_did_is_known_within_seconds(tmp_path: Path) -> None:
    with running_system(home=tmp_path / "home") as system, admin(system) as client:
        assert recommended(system)["person"] == "unknown"
        track(system)
        until(lambda: recommended(system)["person"] == "known", 60)
        lately = good(client.get("/api/v1/profiles/u"))["lately"]
        assert [one["sku"] for one in lately["carted"]] == ["cup"]
        assert [one["sku"] for one in lately["bought"]] == ["pot"]
        assert (lately["views"], lately["carts"], lately["orders"]) == (1, 1, 1)
        metrics = client.get("/metrics").text
        assert 'queqiao_live_rows_reads_total{role="decide-0",outcome="hit"}' in metrics


def test_a_store_that_is_away_costs_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "queqiao.toml"
    file.write_text(f'[ports]\nprofile_rows = "redis://127.0.0.1:{free_port()}/0"\n')
    with running_system(["--config", str(file)], home=tmp_path / "home") as system:
        for _ in range(5):
            began = time.monotonic()
            assert recommended(system)["person"] == "unavailable"
            assert time.monotonic() - began < 5
