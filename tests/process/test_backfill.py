"""Backfill: history again by a changed transform; reports see all of it before, or all after."""

import asyncio
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.measure import shop
from tests.process import conftest
from tests.process.conftest import House, event
from tests.process.test_killed import shop as killed_shop

from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.process.backfill import Backfill
from queqiao.process.consent import ANALYTICS
from queqiao.process.enrichment.enricher import Enricher
from queqiao.process.loader import Loader

PROGRAM = Path(__file__).parent / "killed_backfill.py"
ROUNDS = 3
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
    backfill.start("second")
    for body in bodies[120:]:
        await house.load(body)
        assert await shop.answer(house.warehouse, QUESTION, 120) == answer
        if not await backfill.advance():
            break
        (now,) = await house.ask(CONSENTS)
        assert now[0] in {before[0], ANALYTICS}, "a report sees the old set or the new one"
    assert not backfill.active
    assert (await house.ask(CONSENTS)) == [[ANALYTICS, house.loader.checkpoint.offset]]
    await house.load(event("A", 1, anon="later"))
    assert (await house.ask(CONSENTS)) == [[ANALYTICS, house.loader.checkpoint.offset]]
    assert await shop.answer(house.warehouse, QUESTION, 120) == answer


async def test_one_that_is_filling_can_be_rolled_back(house, monkeypatch) -> None:
    monkeypatch.setattr("queqiao.process.loader.EVENTS_IN_BATCH_MAX", 5)
    await house.load(*(event("A", n, anon="d") for n in range(20)))
    before = await house.ask(CONSENTS)
    backfill = new_backfill(house, ANALYTICS)
    backfill.start("second")
    await backfill.advance()
    assert backfill.offset == 5
    await backfill.abandon()
    assert not backfill.active
    assert await house.ask(CONSENTS) == before
    assert not await backfill.advance()
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
