"""Invalid traffic through the running system: marked, not billed, given back, told apart."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from tests.system.commands import queqiao
from tests.system.things import Things, admin, decide, good, make_documents
from tests.system.waiting import until

pytestmark = pytest.mark.system

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Safari/537.36"
)
PERSON_S = 0.15
"""Nobody clicks sooner than ``fastest_click_ms`` after the decision."""
COUNTED = (
    "impressions", "clicks", "cost", "invalid_impressions", "invalid_clicks", "invalid_refunds",
)  # fmt: skip


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system behind a proxy, with the ranges of a cloud and few clicks allowed."""
    home = tmp_path_factory.mktemp("traffic")
    (home / "ranges").mkdir()
    (home / "ranges" / "cloud.txt").write_text("198.51.100.0/24\n")
    settings = home / "queqiao.toml"
    settings.write_text(
        '[server]\ntrusted_proxies = ["127.0.0.1"]\n'
        '[traffic]\nown_networks = ["127.0.0.0/8"]\nranges_folder = "ranges"\n'
        "clicks_per_person = 4\n"
    )
    with running_system(["--config", str(settings)], home=home) as system:
        yield system


def tell(system: System, path: str, agent: str = CHROME, address: str = "192.0.2.1") -> int:
    headers = {"user-agent": agent, "x-forwarded-for": address}
    return httpx.get(system.base_url + path, headers=headers).status_code


def report(client: httpx.Client, campaign: str) -> dict[str, int]:
    only = {"dimension": "campaign", "op": "in", "value": [campaign]}
    asked = {"metrics": list(COUNTED), "from": "2026-01-01", "to": "2100-01-01", "filters": [only]}
    found = good(client.post("/api/v1/reports/query", json=asked))
    names = [column["name"] for column in found["columns"]]
    row = found["rows"][0] if found["rows"] else [0] * len(names)
    return {name: int(row[names.index(name)] or 0) for name in COUNTED}


def told(client: httpx.Client, event: str) -> list[dict[str, Any]]:
    items = good(client.get("/api/v1/events", params={"event": event, "limit": 500}))["items"]
    return [item["properties"] for item in items]


def test_robots_clouds_and_floods_cost_nothing_and_are_told_apart(watched: System) -> None:
    things = Things("watched")
    with admin(watched) as client:
        make_documents(client, things)
        ad = decide(watched, things)
        time.sleep(PERSON_S)
        path = ad["tracking"]["click"]
        until(lambda: _refused(watched, client, path, "198.51.100.7", "data_centre"), 10)
        robot = decide(watched, things)["tracking"]
        time.sleep(PERSON_S)
        assert tell(watched, robot["impression"], "Googlebot/2.1") == 200
        assert tell(watched, robot["click"], "Googlebot/2.1") == 302
        reasons = {one["reason"]: one for one in told(client, "Ad Click Refused")}
        assert set(reasons) == {"declared_bot", "data_centre"}
        assert reasons["declared_bot"]["detail"] == "crawler: googlebot"
        assert told(client, "Ad Clicked") == []
        expected = dict.fromkeys(COUNTED, 0) | {"invalid_impressions": 1, "invalid_clicks": 2}
        until(lambda: report(client, "watched") == expected, 10)

        for _ in range(6):
            click = decide(watched, things)["tracking"]["click"]
            time.sleep(PERSON_S)
            assert tell(watched, click) == 302
        clicked, back = told(client, "Ad Clicked"), told(client, "Ad Click Refunded")
        assert len(clicked) == len(back) == 4
        price = sum(one["cost_minor"] for one in clicked)
        assert price == -sum(one["cost_minor"] for one in back) > 0
        expected |= {"invalid_clicks": 2 + 4 + 2, "invalid_refunds": price}
        until(lambda: report(client, "watched") == expected, 10)
    proof = queqiao("verify", "ledger", home=watched.home)
    assert proof.returncode == 0, proof.stdout + proof.stderr


def _refused(system: System, client: httpx.Client, path: str, address: str, reason: str) -> bool:
    """Tell a click from a cloud as soon as its ranges are read."""
    headers = {"authorization": f"Bearer {system.decide_key}"}
    body = {"items": [{"address": address}]}
    answer = httpx.post(f"{system.base_url}/api/v1/traffic/classify", headers=headers, json=body)
    if not good(answer)["invalid"]:
        return False
    assert tell(system, path, address=address) == 302
    return any(one["reason"] == reason for one in told(client, "Ad Click Refused"))


def test_traffic_is_judged_in_bulk_and_bad_input_names_its_path(watched: System) -> None:
    headers = {"authorization": f"Bearer {watched.decide_key}"}
    url = f"{watched.base_url}/api/v1/traffic/classify"
    items = [{"id": str(n), "user_agent": CHROME if n % 2 else "curl/8"} for n in range(5_000)]
    answer = good(httpx.post(url, headers=headers, json={"items": items}))
    assert answer["reasons"] == {"declared_bot": 2_500}
    assert answer["addresses"] == ["ranges"]
    wrong = httpx.post(url, headers=headers, json={"items": [{"address": "1.2"}]})
    assert wrong.status_code == 400
    assert wrong.json()["errors"][0]["path"] == "items[0].address"
    assert httpx.post(url, json={"items": items}).status_code == 401


def test_settings_that_are_no_networks_are_named(tmp_path: Path) -> None:
    file = tmp_path / "queqiao.toml"
    file.write_text('[traffic]\nown_networks = ["here"]\nfastest_click_ms = -1\n')
    refused = queqiao("config", "check", "--config", file, home=tmp_path)
    assert refused.returncode != 0
    said = refused.stdout + refused.stderr
    file.write_text('[traffic]\nown_networks = ["here"]\n')
    refused = queqiao("config", "check", "--config", file, home=tmp_path)
    said += refused.stdout + refused.stderr
    assert "traffic.fastest_click_ms" in said
    assert "traffic.own_networks[0]" in said
