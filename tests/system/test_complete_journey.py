"""``queqiao demo --data`` on a real system: what its reports say is what the files say."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from bench.harness import System, running_system
from tests.system.journey_slice import cut
from tests.system.things import admin, ask_warehouse, good
from tests.system.waiting import until

from queqiao.demo.journey_documents import campaign_name
from queqiao.demo.journey_events import households
from queqiao.demo.journey_files import (
    CURRENCY,
    ZONE,
    Transaction,
    rows_of,
    sales_total_minor,
    transactions,
)

pytestmark = pytest.mark.system

YEAR: dict[str, Any] = {
    "from": "2017-01-01T00:00:00-05:00",
    "to": "2018-01-02T00:00:00-05:00",
    "timezone": ZONE,
    "filters": [{"dimension": "currency", "op": "in", "value": [CURRENCY]}],
}
WHOLE_SALES_MINOR = 23_393_524


def check_sales(client: httpx.Client, folder: Path) -> None:
    asked = {"metrics": ["gross", "orders", "units"], **YEAR}
    (row,) = good(client.post("/api/v1/reports/query", json=asked))["rows"]
    lines = [line for line in transactions(folder) if isinstance(line, Transaction)]
    assert row == [
        sales_total_minor(folder),
        len({line.basket_id for line in lines}),
        sum(line.quantity for line in lines),
    ]


def check_goods(client: httpx.Client, system: System, folder: Path) -> None:
    named = {row["product_id"] for row in rows_of(folder, "products")}
    sold = ask_warehouse(system, "SELECT DISTINCT product_id FROM order_lines")
    for (product,) in sold[:20]:
        assert product in named
        assert good(client.get(f"/api/v1/products/{product}"))["product_id"] == product


def check_redemptions(client: httpx.Client, folder: Path) -> None:
    """Each campaign's counter in the ledger has the uses that the file has, and the books hold."""
    rows = {tuple(row.values()): row for row in rows_of(folder, "coupon_redemptions")}
    wanted = Counter(campaign_name(row["campaign_id"]) for row in rows.values())
    assert wanted
    for name, uses in wanted.items():
        answer = good(client.get("/api/v1/ledger/balances", params={"prefix": f"coupon:{name}:t"}))
        found = {item["counter"]: item["spent"] for item in answer["items"]}
        assert found == {f"coupon:{name}:total": uses}
    assert good(client.get("/api/v1/ledger/proof"))["balanced"]


def check_impressions(system: System, folder: Path) -> None:
    """The warehouse has as many of each place as the file."""
    wanted = Counter(
        f"display-{row['display_location']}"
        if row["display_location"] != "0"
        else f"mailer-{row['mailer_location']}"
        for row in rows_of(folder, "promotions_sample")
    )
    found = ask_warehouse(
        system,
        "SELECT placement_id, count() FROM events WHERE event = 'Promotion Viewed'"
        " GROUP BY placement_id",
    )
    assert dict(found) == wanted


def check_demographics(client: httpx.Client, system: System, folder: Path) -> None:
    """A segment on a trait has as many members as the file has households in that band."""
    rows = list(rows_of(folder, "demographics"))
    for column, field in (("age", "age_band"), ("income", "income_band")):
        for band, households_of in Counter(row[column] for row in rows).items():
            expression = {"field": field, "op": "=", "value": band}
            answer = client.post("/api/v1/segments/preview", json={"expression": expression})
            assert good(answer)["count"] == households_of, (field, band)
    people = ask_warehouse(system, "SELECT uniqExact(user_id) FROM events WHERE user_id != ''")
    assert people == [[sum(1 for _ in households(folder))]]
    profile = good(client.get(f"/api/v1/profiles/{rows[0]['household_id']}"))
    assert profile["demographics"]["age_band"] == rows[0]["age"]


def replayed(folder: Path, home: Path, within_s: float) -> float:
    """Replay a folder by the command, to its end, and look at every kind of it.

    Returns after how many seconds everything was loaded.
    """
    with running_system(["--data", str(folder)], "demo", home) as system, admin(system) as client:
        begun_s = time.monotonic()
        lived = home / "store" / f"{folder.name}.lived"
        until(lived.exists, within_s, 0.2)
        until(lambda: good(client.get("/api/v1/system"))["lag_events"] == 0, 60, 0.2)
        loaded_s = time.monotonic() - begun_s
        check_sales(client, folder)
        check_goods(client, system, folder)
        check_redemptions(client, folder)
        check_impressions(system, folder)
        check_demographics(client, system, folder)
        assert not good(client.get("/api/v1/bad-rows"))["items"]
    return loaded_s


def test_the_first_weeks_of_a_real_retailer(shared_data: Path, tmp_path: Path) -> None:
    folder = cut(shared_data / "complete_journey", 2, tmp_path / "weeks")
    replayed(folder, tmp_path / "home", within_s=120)


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_the_whole_year_of_a_real_retailer(
    shared_data: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    folder = shared_data / "complete_journey"
    assert sales_total_minor(folder) == WHOLE_SALES_MINOR
    record_property("loaded_s", round(replayed(folder, tmp_path / "home", within_s=900), 1))
