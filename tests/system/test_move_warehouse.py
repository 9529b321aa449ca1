"""Another warehouse: it begins empty, and ``queqiao backfill`` fills it from the log, exactly.

The server is ClickHouse's HTTP interface in front of the in-process engine: see
``docs/operating/clickhouse.md`` for what that shows, and what it does not.
"""

from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from tests.ports.clickhouse_server import face_port  # noqa: F401  # a fixture
from tests.system.commands import queqiao
from tests.system.test_kill import order_of
from tests.system.things import admin, good
from tests.system.waiting import until

pytestmark = pytest.mark.system

ORDERS = 60


def send(system: System, numbers: range) -> None:
    auth = (system.intake_key, "")
    batch = [order_of(sender, number) for number in numbers for sender in range(2)]
    good(httpx.post(f"{system.base_url}/v1/batch", auth=auth, json={"batch": batch}))


def loaded(system: System) -> int:
    """Return how many events are loaded, once all are."""
    with admin(system) as client:
        shown = until(lambda: _without_lag(client), 30)
    return int(shown["loaded"])


def _without_lag(client: httpx.Client) -> dict[str, Any] | None:
    shown: dict[str, Any] = good(client.get("/api/v1/system"))
    return None if shown["lag_events"] else shown


def figures(system: System, as_of: int) -> Any:
    metrics = ["orders", "gross", "visitors", "sessions"]
    asked = {"metrics": metrics, "dimensions": [], "as_of": as_of, "granularity": "hour"}
    with admin(system) as client:
        return good(client.post("/api/v1/reports/query", json=asked))


@pytest.mark.timeout(180)
def test_reports_are_the_same_on_another_warehouse(tmp_path: Path, face_port: int) -> None:  # noqa: F811
    settings, home = tmp_path / "queqiao.toml", tmp_path / "home"
    settings.write_text("")
    options = ["--config", str(settings)]
    with running_system(options, home=home) as system:
        send(system, range(ORDERS))
        as_of = loaded(system)
        before = figures(system, as_of)
    assert before["rows"]
    settings.write_text(f'[ports]\nwarehouse = "clickhouse://127.0.0.1:{face_port}/default"\n')
    with running_system(options, home=home) as system:
        send(system, range(ORDERS, ORDERS + 10))
        done = queqiao("backfill", "--config", settings, home=home)
        assert done.returncode == 0, done.stderr
        assert loaded(system) == as_of + 20
        assert figures(system, as_of) == before
        now = figures(system, as_of + 20)["rows"]
        assert sum(row[1] for row in now) == 2 * (ORDERS + 10)
