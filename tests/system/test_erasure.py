"""One of two people is erased, and no file of the home says anything of them any more.

Everything that lies in the home is looked through in the form in which it can be read: the log by
its reader, Parquet by Arrow, tables by the engine, all else byte by byte.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from bench.harness import System, running_system
from tests.system.commands import queqiao
from tests.system.things import admin, good
from tests.system.waiting import until

from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.journal import JournalReader
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.ddl import FACTS

pytestmark = pytest.mark.system

ERASED = {
    "user": "user-7Qx2-erased", "device": "device-7Qx2-erased", "phone": "13912345670",
    "mail": "wang.fang@mail.example", "name": "王芳芳", "address": "203.0.113.77",
}  # fmt: skip
KEPT = {
    "user": "user-8Ry3-stays", "device": "device-8Ry3-stays", "phone": "13812345671",
    "mail": "li.lei@mail.example", "name": "李雷雷", "address": "203.0.113.78",
}  # fmt: skip
FAST = (
    "old_parts_lifetime = 0, cleanup_delay_period = 1, cleanup_delay_period_random_add = 0,"
    " max_cleanup_delay_period = 1, cleanup_thread_preferred_points_per_iteration = 0"
)
"""Settings with which the engine deletes old parts in a second, instead of eight minutes."""
READABLE = ("log ", "bad_rows ", "table ", "words of records.sqlite")
QUESTIONS = [
    {"metrics": ["visitors", "sessions", "views"], "granularity": "day"},
    {"metrics": ["orders", "gmv", "net", "units"], "dimensions": ["currency"]},
]


def calls_of(who: dict[str, str], number: int) -> list[dict[str, Any]]:
    """Return what one person does: comes, logs in, says their phone, buys, writes a comment."""
    context = {
        "ip": who["address"], "traits": {"phone": who["phone"]},
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0",
        "page": {"url": f"https://shop.example/?email={who['mail']}&utm_source=mail"},
    }  # fmt: skip
    device = {"anonymousId": who["device"], "context": context}
    sold = [{"sku": "S1", "price_minor": 1_500, "quantity": 2}]
    calls: list[dict[str, Any]] = [
        {"type": "track", "event": "Product Viewed", **device, "properties": {"sku": "S1"}},
        {"type": "identify", **device, "userId": who["user"],
         "traits": {"name": who["name"], "email": who["mail"], "phone": who["phone"]}},
        {"type": "track", "event": "Order Completed", "userId": who["user"],
         "properties": {"order_id": f"o{number}", "products": sold, "receiver": who["name"]}},
        {"type": "track", "event": "Commented", **device, "properties": {"text": who["name"]}},
        {"type": "alias", "userId": who["user"], "previousId": who["device"]},
    ]  # fmt: skip
    return [
        call | {"messageId": f"{number}-{at}", "timestamp": f"2026-06-18T10:{at:02}:00Z"}
        for at, call in enumerate(calls)
    ]


def send(system: System) -> list[dict[str, Any]]:
    calls = calls_of(ERASED, 1) + calls_of(KEPT, 2)
    auth = (system.intake_key, "")
    good(httpx.post(f"{system.base_url}/v1/batch", auth=auth, json={"batch": calls}))
    for who in (ERASED, KEPT):  # refused: a bad row, by id, by phone, and without being JSON
        wrong = {"userId": who["user"], "event": 7, "timestamp": "never"}
        for body in (wrong, {"event": "", "context": {"traits": {"phone": who["phone"]}}}):
            assert httpx.post(f"{system.base_url}/v1/track", auth=auth, json=body).is_error
        torn = f'{{"userId":"{who["user"]}","event":"Torn'
        assert httpx.post(f"{system.base_url}/v1/track", auth=auth, content=torn).is_error
    until(lambda: pipeline(system)["loaded"] == len(calls), 20)
    return calls


def pipeline(system: System) -> dict[str, Any]:
    with admin(system) as client:
        return good(client.get("/api/v1/pipeline"))


def answers(system: System, as_of: int) -> list[Any]:
    with admin(system) as client:
        return [
            good(client.post("/api/v1/reports/query", json=asked | {"as_of": as_of}))
            for asked in QUESTIONS
        ]


def publish_webhook(system: System) -> None:
    """A receiver that answers nothing: its deliveries wait, with the events in them."""
    hook = {
        "id": "hook",
        "document": {"name": "all", "url": "http://127.0.0.1:9/", "events": ["*"]},
    }
    with admin(system) as client:
        good(client.post("/api/v1/webhooks", json=hook))
        good(client.post("/api/v1/webhooks/hook/publish"))


def deliveries(system: System) -> list[dict[str, Any]]:
    with admin(system) as client:
        return good(client.get("/api/v1/webhook-deliveries", params={"limit": 100}))["items"]


def make_quick(home: Path) -> None:
    """Let the engine delete old parts at once; only while the system is stopped."""

    async def alter() -> None:
        warehouse = open_warehouse(f"chdb://{home}/warehouse")
        for table in FACTS:
            await warehouse.command(f"ALTER TABLE {table.name} MODIFY SETTING {FAST}")
        warehouse.close()

    asyncio.run(alter())


def erase(system: System) -> dict[str, Any]:
    with admin(system) as client:
        asked = good(client.post("/api/v1/erasures", json={"user_id": ERASED["user"]}))
        path = f"/api/v1/erasures/{asked['id']}"
        return until(lambda: done_of(good(client.get(path))), 60, 0.3)


def done_of(view: dict[str, Any]) -> dict[str, Any] | None:
    return view if view["state"] == "done" else None


def told(home: Path) -> Iterator[tuple[str, bytes]]:
    """Yield everything that the home holds, under names that say where."""
    reader = EmbeddedEventLogReader(home / "log")
    for event in reader.read(0, 1_000):
        yield f"log {event.offset}", event.body
    for records in reader.records(0):
        yield f"ids of the log from {records.first}", b" ".join(records.ids()[0])
        yield f"dictionary at {records.first}", records.dictionary
    reader.close()
    for folder in ("bad_rows", "ledger"):
        for frame in JournalReader(home / folder).read():
            yield f"{folder} {frame.position}", frame.payload
    for path in home.rglob("*"):
        if not path.is_file():
            continue
        yield str(path.relative_to(home)), path.read_bytes()
        if path.suffix == ".parquet":
            yield f"rows of {path.name}", repr(pq.read_table(path).to_pylist()).encode()
        if path.suffix == ".sqlite":
            with sqlite3.connect(path) as file:
                yield f"words of {path.name}", "\n".join(file.iterdump()).encode()
    yield from asyncio.run(rows_of(home))


async def rows_of(home: Path) -> list[tuple[str, bytes]]:
    warehouse = open_warehouse(f"chdb://{home}/warehouse")
    sql = "SELECT name FROM system.tables WHERE database = currentDatabase()"
    found = []
    for (name,) in (await warehouse.query(sql)).rows:
        rows = (await warehouse.query(f"SELECT * FROM {name}")).rows
        found.append((f"table {name}", repr(rows).encode()))
    sql = "SELECT count() FROM system.parts WHERE database = currentDatabase() AND NOT active"
    assert (await warehouse.query(sql)).rows == [[0]]
    warehouse.close()
    return found


def places(home: Path, who: dict[str, str]) -> list[str]:
    """Return where the home says something of a person."""
    words = {what: word.encode() for what, word in who.items()}
    words["mobile"] = f"+86{who['phone']}".encode()
    words["escaped"] = who["name"].encode("unicode_escape")
    return sorted(
        {f"{what} in {place}" for place, held in told(home) for what, word in words.items()
         if word in held}
    )  # fmt: skip


def readable(found: list[str]) -> list[str]:
    """Return the places but files as they are, whose names come and go."""
    return [one for one in found if one.partition(" in ")[2].startswith(READABLE)]


def test_nothing_of_one_person_stays_and_all_of_the_other(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_system(home=home) as system:
        publish_webhook(system)
        calls = send(system)
        until(lambda: len(deliveries(system)) == len(calls), 20)
        before = answers(system, len(calls))
        ran = queqiao("transforms", "run", "identity", home=home)
        assert ran.returncode == 0, ran.stderr
    make_quick(home)
    for who in (ERASED, KEPT):
        held = places(home, who)
        for place in ("log ", "bad_rows", "table events", "words of records.sqlite", "transforms"):
            assert any(place in one for one in held), (place, held)
    kept = places(home, KEPT)
    with running_system(home=home) as system:
        view = erase(system)
        assert (view["up_to_offset"], view["events"]) == (10, 5)
        assert answers(system, len(calls)) == before
        given_up = [one for one in deliveries(system) if one["event_offset"] <= 5]
        assert {one["error"] for one in given_up} == {"erased"}
        with admin(system) as client:
            again = client.post(f"/api/v1/webhook-deliveries/{given_up[0]['id']}/retry")
            assert again.status_code == 409
        auth = (system.intake_key, "")
        good(httpx.post(f"{system.base_url}/v1/batch", auth=auth, json={"batch": calls}))
        assert pipeline(system)["loaded"] == len(calls), "what comes again is a duplicate still"
    assert places(home, ERASED) == []
    assert readable(places(home, KEPT)) == readable(kept), "the other person is untouched"
    with running_system(home=home) as system:
        told_by = queqiao("backfill", "--json", home=system.home)
        assert told_by.returncode == 0, told_by.stderr
        assert answers(system, len(calls)) == before
    assert places(home, ERASED) == []


def test_a_restored_backup_whose_log_is_ahead_of_its_tables_is_rid_of_them(tmp_path: Path) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    with running_system(home=home) as system:
        publish_webhook(system)
        calls = send(system)
        until(lambda: len(deliveries(system)) == len(calls), 20)
        before = answers(system, len(calls))
    make_quick(home)
    tables = ("warehouse", "process.sqlite*")
    shutil.copytree(home, backup, symlinks=True, ignore=shutil.ignore_patterns("run", *tables))
    with running_system(home=home) as system:
        erase(system)
    shutil.copy(home / "erasures.sqlite", backup / "erasures.sqlite")
    with running_system(home=backup) as system:
        until(lambda: pipeline(system)["loaded"] == len(calls), 20)
        assert answers(system, len(calls)) == before
        given_up = [one["event_offset"] for one in deliveries(system) if one["error"] == "erased"]
        assert sorted(given_up) == [1, 2, 3, 4, 5]
    assert readable(places(backup, ERASED)) == []
    assert readable(places(backup, KEPT)) != []
