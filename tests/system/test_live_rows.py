"""What a person just did, in a running system: told, left out, counted, not needed to answer."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from tests.ports.redis_servers import free_port
from tests.system.things import admin, good
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
}


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
