"""``queqiao import online-retail`` on a fresh home: the reports say exactly the known figures."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from tests.system.commands import queqiao
from tests.system.things import admin, good

pytestmark = pytest.mark.system

ROWS = 541_909
FOUR = {"550193", "561226", "568200", "568375"}
GBP = {"dimension": "currency", "op": "in", "value": ["GBP"]}
YEARS = {"from": "2010-01-01", "to": "2012-01-01", "timezone": "Europe/London", "filters": [GBP]}
FIGURES = {
    "gross": 1_064_456_042,
    "credit_notes": -89_681_249,
    "net": 974_774_793,
    "invoices": 22_064,
    "credit_note_count": 3_836,
}
GROSS_2011_11 = 150_949_633


def ask(client: httpx.Client, metrics: list[str], **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = good(
        client.post("/api/v1/reports/query", json={"metrics": metrics, **YEARS, **query})
    )
    return found


def run_import(system: System, file: Path) -> dict[str, Any]:
    done = queqiao("import", "online-retail", file, "--json", home=system.home, timeout_s=280)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check_account(account: dict[str, Any]) -> None:
    assert (account["rows"], account["accounted"]) == (ROWS, True)
    assert sum(one["rows"] for one in account["classes"].values()) == ROWS
    assert {bad["document"] for bad in account["bad_rows"]} == FOUR
    assert all(bad["reason"]["en"] and bad["reason"]["zh"] for bad in account["bad_rows"])
    assert account["classes"]["bad"]["rows"] == len(FOUR)
    assert account["totals"]["gross_minor"] == FIGURES["gross"]


def check_reports(client: httpx.Client) -> None:
    whole = ask(client, list(FIGURES))
    assert [column["name"] for column in whole["columns"]] == list(FIGURES)
    assert whole["rows"] == [list(FIGURES.values())]
    assert whole["watermark"] is not None
    month = ask(client, ["gross"], **{"from": "2011-11-01", "to": "2011-12-01"})
    assert month["rows"] == [[GROSS_2011_11]]
    days = ask(client, ["gross"], granularity="day")
    assert sum(row[-1] for row in days["rows"]) == FIGURES["gross"]


@pytest.mark.timeout(600)
def test_the_figures_of_online_retail(shared_data: Path) -> None:
    file = shared_data / "online_retail/onlineretail.csv.gz"
    with running_system() as system, admin(system) as client:
        account = run_import(system, file)
        check_account(account)
        check_reports(client)
        bad_rows = good(client.get("/api/v1/bad-rows"))["items"]
        assert len(bad_rows) == len(FOUR)
        log_end = good(client.get("/api/v1/system"))["log_end"]

        again = run_import(system, file)
        assert again["totals"] == account["totals"]
        assert good(client.get("/api/v1/system"))["log_end"] == log_end, "the same event twice"
        check_reports(client)
