"""``queqiao import online-retail`` on a fresh home: the reports say exactly the known figures."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from tests.system.commands import queqiao
from tests.system.things import admin, ask_warehouse, good

pytestmark = pytest.mark.system

ROWS = 541_909
CLASSES = {
    "sale": (530_099, 19_959),
    "credit": (9_288, 3_836),
    "adjustment": (3, 3),
    "write_off": (1_336, 1_336),
    "free": (779, 766),
    "free_on_order": (400, 0),
    "bad": (4, 0),
}
"""Rows and documents of each class."""
FOUR = {"550193": "PADS", "561226": "PADS", "568200": "PADS", "568375": "BANK CHARGES"}
"""The documents whose price is no whole minor unit, with their SKU."""
GBP = {"dimension": "currency", "op": "in", "value": ["GBP"]}
YEARS = {"from": "2010-01-01", "to": "2012-01-01", "timezone": "Europe/London", "filters": [GBP]}
FIGURES = {
    "gross": 1_064_456_042,
    "credit_notes": -89_681_249,
    "net": 974_774_793,
    "invoices": 22_064,
    "credit_note_count": 3_836,
    "orders": 19_959,
}
GROSS_2011_11 = 150_949_633


def ask(client: httpx.Client, metrics: list[str], **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = good(
        client.post("/api/v1/reports/query", json={"metrics": metrics, **YEARS, **query})
    )
    return found


def run_import(system: System, file: Path, *options: str) -> str:
    done = queqiao("import", "online-retail", file, *options, home=system.home, timeout_s=280)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_account(account: dict[str, Any]) -> None:
    assert (account["rows"], account["accounted"]) == (ROWS, True)
    classes = account["classes"].items()
    assert {name: (one["rows"], one["documents"]) for name, one in classes} == CLASSES
    assert account["totals"] == {
        "gross_minor": FIGURES["gross"],
        "credit_notes_minor": FIGURES["credit_notes"],
        "net_minor": FIGURES["net"],
        "invoices": FIGURES["invoices"],
        "credit_notes": FIGURES["credit_note_count"],
    }
    assert {bad["document"]: bad["sent"] for bad in account["bad_rows"]} == dict.fromkeys(
        FOUR, True
    )
    assert all(bad["reason"]["en"] and bad["reason"]["zh"] for bad in account["bad_rows"])


def check_bad_rows(client: httpx.Client, account: dict[str, Any]) -> None:
    """Each of the four lies among the bad rows of the door, with its reason; none came later."""
    kept = good(client.get("/api/v1/bad-rows"))["items"]
    bodies = [json.loads(one["text"]) for one in kept]
    assert sorted(body["properties"]["order_id"] for body in bodies) == sorted(FOUR)
    assert {one["path"] for one in kept} == {"properties.products[0].price"}
    assert all("whole minor units" in one["reason"] for one in kept)
    log_end = good(client.get("/api/v1/system"))["log_end"]
    assert log_end == account["events"] - len(kept)


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
        account = json.loads(run_import(system, file, "--json"))
        check_account(account)
        check_reports(client)
        check_bad_rows(client, account)
        assert ask_warehouse(system, "SELECT count() FROM unprocessed") == [[0]]

        log_end = good(client.get("/api/v1/system"))["log_end"]
        again = run_import(system, file)
        assert "gross GBP 10644560.42" in again
        assert all(f"{number}  UnitPrice: {sku}" in again for number, sku in FOUR.items())
        assert good(client.get("/api/v1/system"))["log_end"] == log_end, "the same event twice"
        check_reports(client)
