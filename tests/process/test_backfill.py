"""Backfill: history again by a changed transform; reports see all of it before, or all after."""

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.measure import shop
from tests.process import conftest
from tests.process.conftest import House, event
from tests.process.test_killed import shop as killed_shop

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Unavailable
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.process.backfill import Backfill, BackfillState, Swapped
from queqiao.process.consent import ANALYTICS
from queqiao.process.enrichment.enricher import Enricher
from queqiao.process.loader import Loader, Pace
from queqiao.process.state import ROWS_VERSION
from queqiao.wiring.processes import analytics

PROGRAM = Path(__file__).parent / "killed_backfill.py"
ROUNDS = 3
SWAP_US = conftest.T0 + 9_000_000
QUESTION = {"metrics": ["orders", "gmv", "views"], "granularity": "day"}
CONSENTS = "SELECT consent, count() FROM events GROUP BY consent ORDER BY consent"


def new_backfill(house: House, consent: int) -> Backfill:
    def make(prefix: str, state: Path) -> Loader:
        reader, enricher = (
            EmbeddedEventLogReader(house.folder / "log"),
            Enricher(default_consent=consent),
        )
        return Loader(reader, house.warehouse, state, enricher=enricher, prefix=prefix)

    house.loader._enricher = Enricher(default_consent=consent)
    return Backfill(house.warehouse, house.loader, make, house.folder / "process.sqlite")


async def test_history_is_made_again_while_live_events_come(house, monkeypatch) -> None:
    monkeypatch.setattr("queqiao.process.loader.EVENTS_IN_BATCH_MAX", 40)
    chance = random.Random(1)
    bodies = [conftest.encode_envelope(shop.happening(chance, number)) for number in range(200)]
    await house.load(*bodies[:120])
    (before,) = await house.ask(CONSENTS)
    answer = await shop.answer(house.warehouse, QUESTION, 120)
    backfill = new_backfill(house, ANALYTICS)
    backfill.start("second", "settings", 1)
    for body in bodies[120:]:
        await house.load(body)
        assert await shop.answer(house.warehouse, QUESTION, 120) == answer
        if not await backfill.advance(SWAP_US):
            break
        (now,) = await house.ask(CONSENTS)
        assert now[0] in {before[0], ANALYTICS}, "a report sees the old set or the new one"
    assert not backfill.active
    assert (await house.ask(CONSENTS)) == [[ANALYTICS, house.loader.checkpoint.offset]]
    await house.load(event("A", 1, anon="later"))
    assert (await house.ask(CONSENTS)) == [[ANALYTICS, house.loader.checkpoint.offset]]
    assert await shop.answer(house.warehouse, QUESTION, 120) == answer


class Stumbling:
    """A warehouse that fails once, at the first statement that holds some words."""

    def __init__(self, inner) -> None:
        self.inner = inner
        self.words: str | None = None

    def __getattr__(self, name: str):
        return getattr(self.inner, name)

    async def command(self, sql: str) -> None:
        self.stumble(sql)
        await self.inner.command(sql)

    async def exclusive(self, statements) -> None:
        self.stumble(" ".join(statements))
        await self.inner.exclusive(statements)

    async def insert(self, table: str, rows, *, gathered: bool = False) -> None:
        self.stumble(f"INSERT {table}")
        await self.inner.insert(table, rows, gathered=gathered)

    def stumble(self, sql: str) -> None:
        if self.words is not None and self.words in sql:
            self.words = None
            raise Unavailable


@pytest.mark.parametrize(
    "words", ["INSERT shadow_events", "MODIFY COMMENT", "EXCHANGE", "DROP TABLE IF EXISTS shadow_"]
)
async def test_what_fails_once_is_gone_on_from_while_events_come(house, words) -> None:
    stumbling = house.warehouse = Stumbling(house.warehouse)
    house.loader = house.new_loader(pace=Pace(poll_s=0.001, retry_s=0.001))
    await house.load(*(event("A", n, anon=f"d{n % 3}") for n in range(20)))
    backfill = new_backfill(house, ANALYTICS)
    backfill.start("second", "settings", 1)
    stop, failed, sent = asyncio.Event(), 0, 20
    stumbling.words = words
    running = asyncio.create_task(house.loader.run(stop))
    while backfill.active:
        await conftest.append(house.log, [event("A", sent, anon=f"d{sent % 3}")], sent)
        sent += 1
        try:
            await backfill.advance(SWAP_US)
        except Unavailable:
            failed += 1
            await asyncio.sleep(0.05)  # the live loader looks meanwhile
    for _ in range(500):
        if house.loader.checkpoint.offset == sent:
            break
        await asyncio.sleep(0.01)
    stop.set()
    await running
    assert (failed, stumbling.words) == (1, None)
    assert await house.ask("SELECT offset FROM events ORDER BY offset") == [
        [offset] for offset in range(1, sent + 1)
    ]
    assert await house.ask("SELECT uniqExact(session_id), count() FROM sessions") == [[3, 3]]
    assert await house.ask(CONSENTS) == [[ANALYTICS, sent]]


async def test_one_that_is_filling_can_be_rolled_back(house, monkeypatch) -> None:
    monkeypatch.setattr("queqiao.process.loader.EVENTS_IN_BATCH_MAX", 5)
    await house.load(*(event("A", n, anon="d") for n in range(20)))
    before = await house.ask(CONSENTS)
    backfill = new_backfill(house, ANALYTICS)
    backfill.start("second", "settings", 1)
    await backfill.advance(SWAP_US)
    assert backfill.offset == 5
    await backfill.abandon()
    assert not backfill.active
    assert await house.ask(CONSENTS) == before
    assert not await backfill.advance(SWAP_US)
    assert await house.ask("SELECT name FROM system.tables WHERE name LIKE 'shadow_%'") == []


async def test_queries_never_see_half_a_swap(house) -> None:
    for name in ("one", "two"):
        for prefix, value in (("", 1), ("shadow_", 2)):
            await house.warehouse.command(
                f"CREATE TABLE {prefix}{name} ENGINE = MergeTree ORDER BY x AS SELECT {value} AS x"
            )
    stop, seen = asyncio.Event(), set()

    async def look() -> None:
        while not stop.is_set():
            (row,) = await house.ask("SELECT (SELECT x FROM one), (SELECT x FROM two)")
            seen.add(tuple(row))

    looking = [asyncio.create_task(look()) for _ in range(2)]
    swap = [f"EXCHANGE TABLES {name} AND shadow_{name}" for name in ("one", "two")]
    for _ in range(20):
        await house.warehouse.exclusive(swap)
    stop.set()
    await asyncio.gather(*looking)
    assert seen <= {(1, 1), (2, 2)}


def made_by(house: House, name: str, consent: int) -> Loader:
    """Return the live loader of a start with other settings, which that name is of."""
    return house.new_loader(made_by=name, enricher=Enricher(default_consent=consent))


async def start_again(house: House, name: str, consent: int) -> Backfill:
    """Start with some settings, as the analytics role does; return its backfill."""
    await house.loader.close()
    house.loader = made_by(house, name, consent)
    await house.loader.open()

    def make(prefix: str, state: Path) -> Loader:
        reader = EmbeddedEventLogReader(house.folder / "log")
        enricher = Enricher(default_consent=consent)
        return Loader(
            reader, house.warehouse, state, prefix=prefix, enricher=enricher, made_by=name
        )

    backfill = Backfill(house.warehouse, house.loader, make, house.folder / "process.sqlite")
    await analytics.begin(backfill, house.loader, name, now_us=conftest.T0)
    return backfill


async def test_other_settings_begin_one_and_the_same_ones_none(house, monkeypatch) -> None:
    monkeypatch.setattr("queqiao.process.loader.EVENTS_IN_BATCH_MAX", 5)
    house.loader = made_by(house, "one", 7)
    await house.load(*(event("A", n, anon="d") for n in range(20)))
    assert not (await start_again(house, "one", 7)).active
    for number, (name, consent) in enumerate([("two", 3), ("one", 7), ("two", 3)]):
        backfill = await start_again(house, name, consent)
        assert backfill.state().phase == "filling"
        assert await backfill.advance(SWAP_US)
        assert (backfill.state().offset, backfill.state().of_offset) == (5, 20), number
        while await backfill.advance(SWAP_US):
            pass
        assert await house.ask(CONSENTS) == [[consent, 20]], "back to what was once is a change too"
        again = await start_again(house, name, consent)
        assert not again.active
        begun_at, swapped_at = format_rfc3339(conftest.T0), format_rfc3339(SWAP_US)
        assert again.state() == BackfillState(
            "none", 20, 20, "", "", Swapped("settings", begun_at, swapped_at, 20)
        )


async def test_what_was_swapped_last_outlives_one_that_is_given_up(house) -> None:
    await house.load(*(event("A", n, anon="d") for n in range(3)))
    backfill = new_backfill(house, ANALYTICS)
    backfill.start("one", "asked", conftest.T0)
    while await backfill.advance(SWAP_US):
        pass
    last = Swapped("asked", format_rfc3339(conftest.T0), format_rfc3339(SWAP_US), 3)
    backfill.start("two", "version", SWAP_US)
    state = new_backfill(house, ANALYTICS).state()
    assert (state.phase, state.cause, state.last) == ("filling", "version", last)
    await backfill.abandon()
    assert backfill.state() == BackfillState("none", 3, 3, "", "", last)


async def test_settings_that_change_once_more_begin_it_anew(house, monkeypatch) -> None:
    monkeypatch.setattr("queqiao.process.loader.EVENTS_IN_BATCH_MAX", 5)
    house.loader = made_by(house, "one", 7)
    await house.load(*(event("A", n, anon="d") for n in range(20)))
    begun = await start_again(house, "two", 3)
    await begun.advance(SWAP_US)
    await begun.close()
    again = await start_again(house, "three", 1)
    while await again.advance(SWAP_US):
        pass
    assert await house.ask(CONSENTS) == [[1, 20]]
    begun = await start_again(house, "two", 3)
    await begun.advance(SWAP_US)
    await begun.close()
    assert not (await start_again(house, "three", 1)).active, "the rows are of these settings"
    assert await house.ask("SELECT name FROM system.tables WHERE name LIKE 'shadow_%'") == []


async def test_a_state_from_before_stamps_is_of_its_version(house) -> None:
    await house.load(event("A", 1, anon="d"))
    await house.loader.close()
    for version, outdated_by in ((ROWS_VERSION, ""), (ROWS_VERSION - 1, "version")):
        with sqlite3.connect(house.folder / "process.sqlite") as file:
            file.execute("DROP TABLE made_by")
            file.execute(f"PRAGMA user_version = {version}")
        house.loader = made_by(house, "settings", 7)
        await house.loader.open()
        assert house.loader.outdated_by == outdated_by
        await house.loader.close()
    house.loader = house.new_loader()
    await house.loader.open()


def run(folder: Path, log: Path, consent: int, stamp: str) -> subprocess.Popen:
    command = [sys.executable, str(PROGRAM), str(folder), str(log), str(consent), stamp]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def whole(folder: Path, log: Path, consent: int, stamp: str = "") -> str:
    with run(folder, log, consent, stamp) as process:
        assert process.stdout.readline() == "ready\n"
        *_, answer = process.stdout.read().splitlines()  # the log's words come before it
    assert process.returncode == 0
    return answer


async def test_killed_at_random_points_it_goes_on_or_never_was(tmp_path) -> None:
    log = EmbeddedEventLog(tmp_path / "log")
    await conftest.append(log, killed_shop(random.Random(4))[:1000])
    log.close()
    chance = random.Random(8)
    before = whole(tmp_path / "killed", tmp_path / "log", 7)
    for number in range(ROUNDS):
        stamp = "second" if number == 0 else ""
        with run(tmp_path / "killed", tmp_path / "log", 0, stamp) as process:
            assert process.stdout.readline() == "ready\n"
            after_s = chance.uniform(0.0, 1.5)
            threading.Timer(after_s, process.send_signal, [signal.SIGKILL]).start()
            process.stdout.read()
        assert process.returncode in {0, -signal.SIGKILL}
    again = whole(tmp_path / "killed", tmp_path / "log", 0)
    assert again == whole(tmp_path / "fresh", tmp_path / "log", 0)
    assert again != before
