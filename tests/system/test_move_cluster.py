"""The steps of docs/operating/cluster.md, run as they stand there: a living store moves to servers.

Clients send events, redeem coupons and click ads all the time, by their own retries; afterwards
what they were answered is compared with what is there. When all is moved and nothing runs yet, both
sides are compared. At the end the warehouse is deleted and filled again from Kafka: reports of
before the move say the same.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx
import psycopg
import pytest
from bench.harness import System
from sqlalchemy import Table, select
from tests.ports.records.filled import all_tables
from tests.ports.redis_servers import free_port
from tests.system.page_steps import Shell, names_in, steps_of
from tests.system.test_kill import Load, doubled, set_up_ads, set_up_coupons, spent
from tests.system.things import ask_warehouse
from tests.system.waiting import until

from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.ports.records.base import Records
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.wiring import adapters, lakes, local_system
from queqiao.wiring.settings import Settings, read
from queqiao_client import Client

pytestmark = [pytest.mark.engines, pytest.mark.system]

PAGE = "operating/cluster.md"
SENDERS = 2
CAUGHT_UP_WITHIN_S = 120.0
METRICS = ["orders", "gross", "net", "views", "visitors", "impressions", "clicks", "cost"]
SOURCE = "moved"
WITHOUT_WAREHOUSE = """
kill -TERM "$SYSTEM"
wait "$SYSTEM"
rm -r "$QUEQIAO_HOME/warehouse" "$QUEQIAO_HOME"/process.sqlite*
queqiao serve --port "$PORT" &
SYSTEM=$!
until curl -fs "http://127.0.0.1:$PORT/readyz" > /dev/null; do sleep 0.1; done
"""


def places(home: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Return what the first step names: a home, a port, and empty places on real servers."""
    given, name = request.getfixturevalue, f"cluster_{token_hex(4)}"
    postgresql = given("postgresql_url")
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    return {
        "QUEQIAO_HOME": str(home),
        "PORT": str(free_port()),
        "EVENT_LOG": f"kafka://{given('kafka_bootstrap')}/{name}",
        "RECORDS": f"{postgresql.rpartition('/')[0]}/{name}",
        "LEDGER": f"{given('redis_url')}?prefix={name}",
        "ROWS": f"{given('redis_url')}?prefix={name}",
        "LAKE": f"{given('hdfs_url')}/{name}",
        "CATALOGUE": f"{given('metastore_url')}/{name}",
    }


class Sdk:
    """A shop's program with our own client: what it hands over is in a spool until it is taken."""

    def __init__(self, system: System, spool: Path) -> None:
        self._client = Client(system.intake_key, system.base_url, spool=spool)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self.ids: set[str] = set()
        self._thread.start()

    def _send(self) -> None:
        while not self._stopped.is_set():
            name = f"sdk-{len(self.ids)}"
            self._client.track("Product Viewed", {"sku": "S1"}, user_id="sdk", message_id=name)
            self.ids.add(name)
            time.sleep(0.02)

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        assert self._client.flush(CAUGHT_UP_WITHIN_S)
        self._client.close()


class Pauses:
    """Who asks for the store's page once in a while, and how long it had to wait for an answer."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.longest_s = 0.0

    async def watch(self) -> None:
        before, last = len(self._load.acknowledged), time.monotonic()
        while not self._load.stopped.is_set():
            if len(self._load.acknowledged) > before:
                before, last = len(self._load.acknowledged), time.monotonic()
            self.longest_s = max(self.longest_s, time.monotonic() - last)
            await asyncio.sleep(0.01)


def system_at(home: Path, port: str) -> System:
    settings = Settings(home=home)
    keys = [local_system.key(settings, s, "test", SOURCE) for s in ("admin", "intake", "decide")]
    found = local_system.address(home)
    assert found is not None
    return System(f"http://127.0.0.1:{port}", *keys, home, found.pid, "")


async def figures(admin: httpx.AsyncClient, as_of: int) -> Any:
    """Return the reports of all days over the events up to an offset."""
    asked = {"metrics": METRICS, "granularity": "day", "from": "2026-01-01", "to": "2028-01-01"}
    answer = await admin.post("/api/v1/reports/query", json={**asked, "as_of": as_of})
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


async def caught_up(admin: httpx.AsyncClient) -> dict[str, Any]:
    """Return the state of the system once everything that was taken is loaded."""
    deadline = time.monotonic() + CAUGHT_UP_WITHIN_S
    while True:
        shown: dict[str, Any] = (await admin.get("/api/v1/system")).json()
        if not shown["lag_events"]:
            return shown
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)


def until_lived(home: Path) -> None:
    """Return when the demo's store has lived through its past, and something lies in the lake."""
    for file in ("store/*.lived", "lake/profiles/*/data.parquet"):
        until(lambda file=file: list(home.glob(file)), CAUGHT_UP_WITHIN_S, 0.2)


@pytest.mark.timeout(900)
async def test_a_living_store_moves_and_nothing_is_lost(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    exports, *steps = steps_of(PAGE)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "queqiao.toml").write_text("[schedule]\nlake_every_s = 2\n")
    given = places(home, request)
    assert names_in(exports) == given.keys()
    start, prepare, ahead, pause, look = steps
    with Shell(tmp_path / "shell.log", **given) as shell:
        await asyncio.to_thread(shell.run, start)
        system = await asyncio.to_thread(system_at, home, given["PORT"])
        headers = {"authorization": f"Bearer {system.admin_key}"}
        load, sdk = Load(system), Sdk(system, tmp_path / "spool")
        pauses = Pauses(load)
        async with httpx.AsyncClient(
            base_url=system.base_url, headers=headers, timeout=60
        ) as admin:
            await set_up_ads(admin)
            await set_up_coupons(admin)
            await asyncio.to_thread(until_lived, home)
            clients = [asyncio.create_task(load.send_events(n)) for n in range(SENDERS)]
            clients += [
                asyncio.create_task(one) for one in (load.redeem(), load.click(), pauses.watch())
            ]
            try:
                await asyncio.to_thread(shell.run, prepare)
                await asyncio.to_thread(shell.run, ahead)
                as_of = (await admin.get("/api/v1/system")).json()["loaded"]
                before = await figures(admin, as_of)
                move, start_there = split(pause)
                await asyncio.to_thread(shell.run, move)
                events = await asyncio.to_thread(compare, home)
                record_property("events_moved", events)
                await asyncio.to_thread(shell.run, start_there)
                taken = len(load.acknowledged)
                await asyncio.sleep(5)
                assert len(load.acknowledged) > taken, "events flow again"
            finally:
                load.stopped.set()
                await asyncio.gather(*clients)
                await asyncio.to_thread(sdk.stop)
            assert before
            assert await figures(admin, as_of) == before
            await check(system, admin, load, sdk)
            await until_live(admin)
        await asyncio.to_thread(shell.run, look)
        in_its_catalogue(read(home / "queqiao.toml", home))
        await asyncio.to_thread(shell.run, WITHOUT_WAREHOUSE)
        async with httpx.AsyncClient(
            base_url=system.base_url, headers=headers, timeout=60
        ) as admin:
            assert (await caught_up(admin))["loaded"] > as_of
            assert await figures(admin, as_of) == before
    record_property("longest_wait_s", round(pauses.longest_s, 1))
    record_property("acknowledged", len(load.acknowledged) + len(sdk.ids))
    record_property("redeemed", len(load.redeemed))


def split(pause: str) -> tuple[str, str]:
    """Part the page's step: what is done while nothing runs, and the start on the servers."""
    before, found, after = pause.partition("queqiao demo")
    assert found
    return before, found + after


def compare(home: Path) -> int:
    """Compare both sides, port by port; return how many events there are."""
    settings = read(home / "cluster.toml", home)
    the_same_records(home, settings)
    the_same_lake(home, settings)
    return the_same_events(home, settings)


def the_same_records(home: Path, settings: Settings) -> None:
    old, new = SqliteRecords(home / "records.sqlite"), adapters.records(settings)
    for table in all_tables():
        assert rows_of(new, table) == rows_of(old, table), table.name
    new.close()
    old.close()


def rows_of(records: Records, table: Table) -> list[str]:
    return records.read_now(lambda conn: sorted(map(repr, conn.execute(select(table)))))


def the_same_lake(home: Path, settings: Settings) -> None:
    old, new = ParquetFolder(home / "lake"), lakes.bare(settings)
    assert old.partitions("profiles")
    for table in lakes.TABLES:
        assert new.partitions(table) == old.partitions(table)
        for partition in old.partitions(table):
            assert new.read(table, partition).equals(old.read(table, partition))


async def until_live(admin: httpx.AsyncClient) -> None:
    """Return when the rows of what people did lately know somebody: they fill by themselves."""
    deadline = time.monotonic() + CAUGHT_UP_WITHIN_S
    while (await admin.get("/api/v1/profiles/sdk")).json()["lately"]["known"] != "known":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)


async def check(system: System, admin: httpx.AsyncClient, load: Load, sdk: Sdk) -> None:
    """Compare what was answered with what is there."""
    await caught_up(admin)
    ours = f"SELECT message_id FROM events WHERE source = '{SOURCE}' AND event = 'Product Viewed'"
    rows = [row[0] for row in await asyncio.to_thread(ask_warehouse, system, ours)]
    assert len(rows) == len(set(rows))
    assert set(rows) == load.acknowledged | sdk.ids
    orders = f"SELECT count() FROM events WHERE source = '{SOURCE}' AND event = 'Order Completed'"
    assert int((await asyncio.to_thread(ask_warehouse, system, orders))[0][0]) == load.orders
    assert await doubled(system) == {}
    assert load.clicked_minor
    assert await spent(admin, "ads:budget:kill:") == load.clicked_minor
    assert await spent(admin, "coupon:kill:code:KILL") == len(load.redeemed)
    assert (await admin.get("/api/v1/ledger/proof")).json()["balanced"] is True


def the_same_events(home: Path, settings: Settings) -> int:
    """Compare the embedded log, which stays as it was, with the topic; return how many events."""
    old, new = EmbeddedEventLogReader(home / "log"), adapters.event_log_reader(settings)
    end = old.end()
    assert new.end() == end > 0
    for after in range(0, end, 5_000):
        count = min(5_000, end - after)
        assert new.read(after, count) == old.read(after, count)
    old.close()
    return end


def in_its_catalogue(settings: Settings) -> None:
    """The lake holds something, and the metastore knows it."""
    lake = adapters.catalogued_lake(settings)
    assert lake is not None
    assert lake.partitions("profiles")
    assert lake.catch_up() == 0
