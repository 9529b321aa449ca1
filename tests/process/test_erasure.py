"""Erasure: no file holds the ids any more, no number moves, whoever comes back is somebody new."""

import asyncio
from pathlib import Path

import pyarrow as pa
import pytest
from tests.measure import shop
from tests.process.conftest import MINUTE, event

from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.process.ddl import EVENTS
from queqiao.process.erasure import CLEARED, Eraser, without
from queqiao.process.erasure_book import ErasureBook, Subject

USER, DEVICE, SECRET = "user-0451-erase-me", "device-7f3a-erase-me", "harbour-street-12"
KEPT_USER, SHARED = "user-0452-stays", "device-shared"
SOLD = [{"sku": "cup", "price_minor": 900, "quantity": 2}]
AT_ONCE = (
    "old_parts_lifetime = 0, cleanup_delay_period = 1, cleanup_delay_period_random_add = 0,"
    " max_cleanup_delay_period = 1, cleanup_thread_preferred_points_per_iteration = 0"
)
"""Settings with which the engine deletes old parts in a second, instead of eight minutes."""
TABLES = ("events", "order_lines", "identities", "sessions", "unprocessed")
QUESTIONS = [
    {"metrics": ["visitors", "sessions", "views"], "dimensions": ["channel"]},
    {"metrics": ["orders", "gmv", "net", "units"], "dimensions": ["currency"]},
    {"metrics": ["visitors", "orders"], "granularity": "day"},
]


@pytest.fixture
def lake(tmp_path):
    return ParquetFolder(tmp_path / "lake")


@pytest.fixture
def book(tmp_path):
    made = ErasureBook(tmp_path / "erasures.sqlite", bytes(32))
    yield made
    made.close()


async def fill(house) -> None:
    await house.load(
        event("Product Viewed", 0, anon=DEVICE, address=SECRET, sku="cup"),
        event(None, 1, anon=DEVICE, user=USER, kind="identify"),
        event("Order Completed", 2, user=USER, order_id="o1", products=SOLD, receiver=SECRET),
        event("Product Viewed", 3, anon=SHARED, user=USER, sku="cup"),
        event("Product Viewed", 4, anon=SHARED, user=KEPT_USER, sku="tea"),
        event("Order Refunded", 5, user=USER, order_id="never", note=SECRET),
        event("Product Viewed", 6, anon="other", sku="cup"),
    )


async def erase(house, lake, book, subject: Subject) -> None:
    book.request("e1", subject, 1)
    eraser = Eraser(house.warehouse, lake, house.loader, book)
    for table in TABLES:
        await house.warehouse.command(f"ALTER TABLE {table} MODIFY SETTING {AT_ONCE}")
        await house.warehouse.command(f"DETACH TABLE {table} SYNC")
        await house.warehouse.command(f"ATTACH TABLE {table}")
    while (found := book.find("e1")).phase != "done":
        await eraser.advance(2)
        await asyncio.sleep(0.05)  # the engine deletes old parts by its own clock
    assert (found.cutoff, found.finished_at_us) == (7, 2)


def holding(folder: Path, *words: str) -> list[str]:
    """Return the files that hold one of the words."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [
        f"{path}: {word}" for path in files for word in words if word.encode() in path.read_bytes()
    ]


async def plain(house) -> None:
    """Write the parts without compression, so that their bytes can be looked at."""
    for table in TABLES:
        columns = await house.ask(
            "SELECT name FROM system.columns WHERE database = currentDatabase()"
            f" AND table = '{table}' AND type = 'String'"
        )
        for (name,) in columns:
            modify = f"ALTER TABLE {table} MODIFY COLUMN {name} String CODEC(NONE)"
            await house.warehouse.command(modify)


async def test_no_file_holds_the_ids_and_no_number_moves(house, lake, book, tmp_path) -> None:
    await house.load()
    await plain(house)
    await fill(house)
    lake.publish("profiles", "day=2026-06-01", pa.table({"person_id": [USER, KEPT_USER]}))
    words = (USER, DEVICE, SECRET)
    places = [tmp_path / name for name in ("warehouse", "lake")]
    assert all(any(word in one for one in holding(places[0], *words)) for word in words)
    before = [await shop.answer(house.warehouse, asked, 7) for asked in QUESTIONS]
    await erase(house, lake, book, Subject(user_id=USER))
    for place in places:
        assert holding(place, *words) == []
    for path in tmp_path.glob("*.sqlite*"):
        assert not any(word.encode() in path.read_bytes() for word in words), path
    assert [await shop.answer(house.warehouse, asked, 7) for asked in QUESTIONS] == before
    assert await house.ask("SELECT offset, person_id, user_id FROM events ORDER BY offset") == [
        [1, "erased:1", ""], [2, "erased:2", ""], [3, "erased:2", ""], [4, "erased:2", ""],
        [5, KEPT_USER, KEPT_USER], [6, "erased:2", ""], [7, "other", ""],
    ]  # fmt: skip
    assert await house.ask("SELECT person_id, sum(amount_minor) FROM order_lines GROUP BY 1") == [
        ["erased:2", 1800]
    ]
    assert lake.read("profiles", "day=2026-06-01").to_pylist() == [{"person_id": KEPT_USER}]


async def test_whoever_comes_back_is_somebody_new(house, lake, book) -> None:
    await fill(house)
    await erase(house, lake, book, Subject(user_id=USER))
    await house.load(event("A", 8, user=USER), event("A", 40 * MINUTE, anon=SHARED))
    assert await house.ask("SELECT person_id, person FROM events WHERE offset > 7") == [
        [USER, 8], [KEPT_USER, 5],
    ]  # fmt: skip
    assert (book.cutoff_of([USER]), book.cutoff_of([KEPT_USER]), book.cutoff_max()) == (7, 0, 7)


async def test_a_crash_in_the_middle_is_gone_on_from(house, lake, book) -> None:
    await fill(house)
    book.request("e1", Subject(anonymous_id=DEVICE), 1)
    await Eraser(house.warehouse, lake, house.loader, book).advance(2)
    assert book.find("e1").phase == "erasing"
    insert, failing = house.warehouse.command, [True]

    async def command(sql: str) -> None:
        if "ALTER TABLE events" in sql and failing.pop():
            raise OSError("cut off")
        await insert(sql)

    house.warehouse.command = command
    with pytest.raises(OSError, match="cut off"):
        await Eraser(house.warehouse, lake, house.loader, book).advance(3)
    del house.warehouse.command
    await erase(house, lake, book, Subject(anonymous_id=DEVICE))
    assert await house.ask("SELECT count() FROM events WHERE anonymous_id != ''") == [[3]]
    assert book.find("e1").events == 2


def test_every_cleared_column_is_there() -> None:
    assert set(CLEARED) <= set(EVENTS.columns)


@pytest.mark.parametrize("columns", [("person_id",), ("person_id", "user_id", "anonymous_id")])
def test_a_day_of_the_lake_without_rows_stays_as_it_is(columns: tuple[str, ...]) -> None:
    rows = pa.table({name: pa.array([], pa.string()) for name in columns})
    assert without(rows, ["somebody"], 9) is rows
