"""The collector in the whole system: lines to events, the machine to lines of a chart."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.collect_logs.conftest import lines

from queqiao.collect.probes.exposition import parse
from queqiao.kernel.clock import SystemClock, format_rfc3339
from queqiao.wiring import local_system
from queqiao.wiring.settings import Settings
from queqiao.wiring.supervisor import statuses

pytestmark = pytest.mark.system

CONFIG = """
[logs]
files = [{{source = "nginx", paths = ["{log}"]}}]
look_every_s = 0.05
[probes]
every_s = 1
"""


@pytest.fixture
def system(tmp_path: Path) -> Iterator[httpx.Client]:
    config = tmp_path / "queqiao.toml"
    config.write_text(CONFIG.format(log=tmp_path / "access.log"))
    home = tmp_path / "home"
    options = ["--config", str(config), "--port", "0"]
    with local_system.started(home, options) as address:
        key = local_system.key(Settings(home=home), "admin")
        headers = {"authorization": f"Bearer {key}"}
        with httpx.Client(base_url=address.base_url, headers=headers, timeout=20) as client:
            yield client


def until(condition, seconds: float = 30):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
    return found


def asked(client: httpx.Client, **line: object) -> list[dict]:
    now_us = SystemClock().now_us()
    query = {
        "from": format_rfc3339(now_us - 120_000_000),
        "to": format_rfc3339(now_us + 1_000_000),
        "series": [line],
        "business": [{"metric": "orders"}],
    }
    answer = client.post("/api/v1/metrics/series/query", json=query)
    assert answer.status_code == 200, answer.text
    *found, orders = answer.json()["lines"]
    assert orders["unit"] == "count"
    assert all(len(one["values"]) == len(orders["values"]) for one in found)
    return [one for one in found if any(value is not None for value in one["values"])]


def test_logs_and_metrics_through_the_whole_system(system: httpx.Client, tmp_path: Path) -> None:
    log, home = tmp_path / "access.log", tmp_path / "home"
    log.write_bytes(lines(1, 2) + b"nonsense\n")

    def paths() -> list[str]:
        items = system.get("/api/v1/events", params={"event": "Request Served"}).json()["items"]
        return sorted(one["properties"]["path"] for one in items)

    until(lambda: paths() == ["/p/1", "/p/2"])
    for number in (3, 4, 5):
        (pid,) = [one.pid for one in statuses(home) if one.name == "collector"]
        os.kill(pid, signal.SIGKILL)
        with log.open("ab") as stream:
            stream.write(lines(number))
    until(lambda: paths() == [f"/p/{number}" for number in range(1, 6)])
    (bad,) = system.get("/api/v1/bad-rows").json()["items"]
    assert (bad["source"], bad["text"]) == ("nginx", "nonsense")

    roles = until(
        lambda: asked(
            system, series="process_proportional_memory_bytes", function="max", group_by=["role"]
        )
    )
    assert {"intake", "analytics", "collector"} <= {one["labels"]["role"] for one in roles}
    assert until(lambda: asked(system, series="node_cpu_seconds_total", function="rate"))
    assert until(lambda: asked(system, series="queqiao_http_answer_seconds", function="p95"))
    (stored,) = until(lambda: asked(system, series="queqiao_events_stored_total", function="max"))
    assert max(filter(None, stored["values"])) >= 1

    point = {"name": "shop_temperature_celsius", "value": 21.5, "labels": {"shop": "鹊桥"}}
    taken = system.post("/api/v1/metrics/points", json={"points": [point]})
    assert taken.json() == {"stored": 1}
    (line,) = asked(system, series="shop_temperature_celsius", group_by=["shop"])
    assert (line["labels"], line["values"][-1]) == ({"shop": "鹊桥"}, 21.5)
    names = [one["name"] for one in system.get("/api/v1/metrics/series").json()["items"]]
    assert {"shop_temperature_celsius", "node_load1"} <= set(names)

    exposed = system.get("/metrics")
    assert exposed.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = parse(exposed.text)
    assert found.wrong_lines == 0
    assert {"queqiao_events_stored_total", "queqiao_events_waiting", "node_load1"} <= {
        one.name for one in found.samples
    }
    assert httpx.get(f"{system.base_url}/metrics").status_code == 401
