"""The whole Online Retail file through the public intake and the loader, to the exact figures."""

import msgspec
import pytest

from queqiao.collect.offline.import_file import import_file
from queqiao.measure.contracts import ReportQuery
from queqiao.measure.query import report
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.loader import Loader

FIGURES = ["gross", "credit_notes", "net", "invoices", "credit_note_count", "orders"]
FOUR = {"550193": "PADS", "561226": "PADS", "568200": "PADS", "568375": "BANK CHARGES"}


@pytest.fixture
def file(shared_data):
    return shared_data / "online_retail/onlineretail.csv.gz"


async def load(door):
    warehouse = open_warehouse(f"chdb://{door.folder}/warehouse")
    loader = Loader(door.reader, warehouse, door.folder / "process.sqlite", "GBP")
    await loader.open()
    while await loader.step():
        pass
    await loader.close()
    return warehouse


async def ask(warehouse, **query):
    query["timezone"] = "Europe/London"
    return (await report(warehouse, msgspec.convert(query, ReportQuery))).rows


async def test_the_figures_are_exact_to_the_penny(door, file) -> None:
    seen = []
    account = await import_file(
        "online-retail", file, door.client(), progress=lambda rows, sent: seen.append((rows, sent))
    )
    assert seen[-1] == (541_909, account.events)
    check_account(account)
    warehouse = await load(door)
    try:
        await check_reports(warehouse)
        await check_bad_rows(door, warehouse, account)
    finally:
        warehouse.close()


def check_account(account) -> None:
    assert (account.rows, account.accounted) == (541_909, True)
    assert {name: (one.rows, one.documents) for name, one in account.classes.items()} == {
        "sale": (530_099, 19_959),
        "credit": (9_288, 3_836),
        "adjustment": (3, 3),
        "write_off": (1_336, 1_336),
        "free": (779, 766),
        "free_on_order": (400, 0),
        "bad": (4, 0),
    }
    assert account.totals == {
        "gross_minor": 1_064_456_042,
        "credit_notes_minor": -89_681_249,
        "net_minor": 974_774_793,
        "invoices": 22_064,
        "credit_notes": 3_836,
    }
    assert {one.document: one.sent for one in account.bad_rows} == dict.fromkeys(FOUR, True)
    text = account.as_text("en")
    assert all(f"{number}  UnitPrice: {sku}" in text for number, sku in FOUR.items())
    assert "gross GBP 10644560.42" in text
    assert account.as_json()["accounted"] is True


async def check_bad_rows(door, warehouse, account) -> None:
    """Each of the four lies among the bad rows of the door, with its reason."""
    kept = door.bad_rows.newest(100, None)
    at_door = [msgspec.json.decode(one.row.body)["properties"]["order_id"] for one in kept]
    assert sorted(at_door) == sorted(FOUR)
    assert {one.row.path for one in kept} == {"properties.products[0].price"}
    assert all("whole minor units" in one.row.reason.en for one in kept)
    late = await warehouse.query("SELECT count() FROM unprocessed")
    assert late.rows == [[0]]
    assert door.reader.end() == account.events - len(kept)


async def check_reports(warehouse) -> None:
    assert await ask(warehouse, metrics=FIGURES) == [
        [1_064_456_042, -89_681_249, 974_774_793, 22_064, 3_836, 19_959]
    ]
    november = {"from": "2011-11-01", "to": "2011-12-01"}
    assert await ask(warehouse, metrics=["gross"], **november) == [[150_949_633]]
    by_month = await ask(warehouse, metrics=["gross"], granularity="month")
    assert ["2011-11-01", 150_949_633] in by_month
    assert sum(row[1] for row in by_month) == 1_064_456_042
