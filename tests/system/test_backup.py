"""A backup of a system under load: all of it as of one offset, and a system that starts on it.

Up to that offset the two give the same events and the same reports, byte for byte; no event is
there without what it spent, and none is there twice.
"""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from bench.harness import System, running_system
from tests.system.commands import queqiao
from tests.system.test_kill import Load, doubled, set_up_ads, set_up_coupons, spent
from tests.system.things import ask_warehouse

from queqiao.kernel.errors import Conflict, InvalidInput
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.wiring.backup import NAME, Backup, back_up
from queqiao.wiring.settings import Ports, Settings

pytestmark = pytest.mark.system

SENDERS = 2
LOADED_WITHIN_S = 60
METRICS = ["orders", "gross", "views", "visitors", "sessions", "impressions", "clicks", "cost"]


async def figures(admin: httpx.AsyncClient, as_of: int) -> Any:
    asked = {"metrics": METRICS, "granularity": "minute", "as_of": as_of, "dimensions": []}
    answer = await admin.post("/api/v1/reports/query", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def until_loaded(admin: httpx.AsyncClient, offset: int) -> None:
    deadline = time.monotonic() + LOADED_WITHIN_S
    while (await admin.get("/api/v1/system")).json()["loaded"] < offset:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


def client_of(system: System) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {system.admin_key}"}
    return httpx.AsyncClient(base_url=system.base_url, headers=headers, timeout=60)


@pytest.mark.timeout(300)
async def test_a_system_on_a_backup_of_a_running_one_is_as_that_was(tmp_path: Path) -> None:
    home, target = tmp_path / "home", tmp_path / "backup"
    with running_system(home=home) as system:
        load = Load(system)
        async with client_of(system) as admin:
            await set_up_ads(admin)
            await set_up_coupons(admin)
            clients = [asyncio.create_task(load.send_events(n)) for n in range(SENDERS)]
            clients += [asyncio.create_task(load.redeem()), asyncio.create_task(load.click())]
            try:
                await asyncio.sleep(3)
                taken, redeemed = set(load.acknowledged), set(load.redeemed)
                done = await asyncio.to_thread(queqiao, "backup", target, "--json", home=home)
                assert done.returncode == 0, done.stderr
                later = len(load.acknowledged)
                await asyncio.sleep(1)
                assert len(load.acknowledged) > later, "it took events all the time"
            finally:
                load.stopped.set()
                await asyncio.gather(*clients)
            offset = msgspec.json.decode(done.stdout, type=Backup).offset
            await until_loaded(admin, offset)
            before = await figures(admin, offset)
    assert before["rows"]
    assert events_up_to(target, offset) == events_up_to(home, offset)
    with running_system(home=target) as restored:
        async with client_of(restored) as admin:
            await until_loaded(admin, offset)
            assert await figures(admin, offset) == before
            assert await doubled(restored) == {}
            await check_counts(restored, admin, taken, redeemed)


def test_a_target_that_is_there_or_in_the_home_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with pytest.raises(InvalidInput, match="no such folder"):
        back_up(settings, tmp_path / "backup")
    settings.home.mkdir()
    with pytest.raises(InvalidInput, match="outside the home"):
        back_up(settings, settings.home / "backup")
    elsewhere = msgspec.structs.replace(settings, ports=Ports(ledger=f"file:{tmp_path}/ledger"))
    with pytest.raises(InvalidInput, match=r"ports\.ledger: its data lie outside"):
        back_up(elsewhere, tmp_path / "backup")
    assert back_up(settings, tmp_path / "backup").offset == 0
    with pytest.raises(Conflict, match="there already"):
        back_up(settings, tmp_path / "backup")


def test_what_an_unfinished_one_left_is_nobodys(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    (settings.home / "secrets").mkdir(parents=True)
    (settings.home / "secrets" / "key").write_text("k")
    left = tmp_path / "backup.unfinished" / "secrets"
    left.mkdir(parents=True)
    (left / "another").write_text("x")
    back_up(settings, tmp_path / "backup")
    found = {path.name for path in (tmp_path / "backup" / "secrets").iterdir()}
    assert found == {"key"}
    assert msgspec.json.decode((tmp_path / "backup" / NAME).read_bytes(), type=Backup).offset == 0
    assert not left.exists()


def test_how_far_loaders_and_transforms_were_is_left_and_databases_are_whole_wherever_they_lie(
    tmp_path: Path,
) -> None:
    settings = Settings(home=tmp_path / "home", ports=Ports(records="sqlite:data/shop.db"))
    (settings.home / "data").mkdir(parents=True)
    (settings.home / "transforms" / "state").mkdir(parents=True)
    for name in ("process.sqlite", "shadow.sqlite", "backfill.json"):
        (settings.home / name).write_text("how far")
    with closing(sqlite3.connect(settings.home / "data" / "shop.db")) as records:
        records.execute("PRAGMA journal_mode = WAL")
        records.execute("CREATE TABLE kept (word TEXT)")
        records.execute("INSERT INTO kept VALUES ('written, and not in the file yet')")
        records.commit()
        assert (settings.home / "data" / "shop.db-wal").stat().st_size > 0
        back_up(settings, tmp_path / "backup")
    found = {str(path.relative_to(tmp_path / "backup")) for path in (tmp_path / "backup").iterdir()}
    assert found.isdisjoint({"process.sqlite", "shadow.sqlite", "backfill.json", "transforms"})
    assert {path.name for path in (tmp_path / "backup" / "data").iterdir()} == {"shop.db"}
    with closing(sqlite3.connect(tmp_path / "backup" / "data" / "shop.db")) as copy:
        assert copy.execute("SELECT count() FROM kept").fetchone() == (1,)


def test_a_log_below_a_folder_of_the_home_is_not_copied_byte_by_byte(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, ports=Ports(event_log="file:data/log"))
    with pytest.raises(InvalidInput, match=r"ports\.event_log: must lie in the home itself"):
        back_up(settings, tmp_path.with_name("backup"))


async def check_counts(
    restored: System, admin: httpx.AsyncClient, taken: set[str], redeemed: set[str]
) -> None:
    """What was acknowledged before the backup began is in it; what events cost was spent."""
    views = "SELECT message_id FROM events WHERE event = 'Product Viewed'"
    rows = await asyncio.to_thread(ask_warehouse, restored, views)
    assert {row[0] for row in rows} >= taken
    assert taken
    spent_minor = await spent(admin, "ads:budget:kill:")
    asked = {"metrics": ["cost"], "dimensions": [], "from": "2026-01-01", "to": "2100-01-01"}
    answer = (await admin.post("/api/v1/reports/query", json=asked)).json()
    assert 0 < int(answer["rows"][0][0]) <= spent_minor
    assert await spent(admin, "coupon:kill:code:KILL") >= len(redeemed) > 0
    assert (await admin.get("/api/v1/ledger/proof")).json()["balanced"] is True


def events_up_to(home: Path, offset: int) -> list[Any]:
    reader = EmbeddedEventLogReader(home / "log")
    try:
        return reader.read(0, offset)
    finally:
        reader.close()
