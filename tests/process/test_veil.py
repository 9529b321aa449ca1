"""Erased people stay erased when the log is read again, and no row but theirs tells of it.

A history with erasures in it is loaded, then made again by a backfill from the log, whose events of
the erased were rewritten; or were not, where a log cannot do that. Each table must hold the same
rows as before: what is counted as it was, who it was as little as before, and whoever came back the
same new person.
"""

import random
import sqlite3
from pathlib import Path

import pytest
from tests.measure import shop
from tests.process.conftest import MINUTE, House, eraser_of, event

from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.kernel.own_events import OWN_SOURCE
from queqiao.ports.event_log.base import StoredEvent
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.process.backfill import Backfill
from queqiao.process.ddl import FACTS
from queqiao.process.erasure_book import ErasureBook, Subject
from queqiao.process.loader import Loader
from queqiao.process.stitching_events import MERGED, SEPARATED

USERS = [f"user-{n}-of-the-shop" for n in range(6)]
DEVICES = [f"device-{n}-of-the-shop" for n in range(6)]
QUESTIONS = [
    {"metrics": ["visitors", "sessions", "views", "clicks"], "granularity": "day"},
    {"metrics": ["orders", "gmv", "net", "units"], "dimensions": ["campaign"]},
]


def history(chance: random.Random, numbers: range) -> list[bytes]:
    """Return events of people who share devices, log in and out, say phones, click and buy."""
    made = []
    for number in numbers:
        user = chance.choice(USERS) if chance.random() < 0.5 else None
        anon = chance.choice(DEVICES) if user is None or chance.random() < 0.6 else None
        at = number * 4 * MINUTE
        context = {"traits": {"phone": f"1390000000{chance.randrange(8)}"}, "ip": "203.0.113.9"}
        who = {"user": user, "anon": anon, "context": context if chance.random() < 0.2 else {}}
        name = chance.choice(["Product Viewed", "Ad Clicked", "Order Completed", "Order Refunded"])
        given = {"sku": "s", "campaign_id": f"c{chance.randrange(3)}", "note": user}
        if name.startswith("Order"):
            given = {"order_id": f"o{number // 3}", "total_minor": 700, "note": anon}
        made.append(event(name, at, **who, **given))
        if chance.random() < 0.05:
            made.append(_alias(at + 1, chance.choice(USERS), chance.choice(DEVICES)))
        if chance.random() < 0.05:
            made.append(_order(at + 2, chance))
    return made


def _alias(at: int, user: str, device: str) -> bytes:
    return event(None, at, user=user, kind="alias", previous_id=device)


def _order(at: int, chance: random.Random) -> bytes:
    """An operator's word about who is who."""
    one, other = chance.sample([*USERS, *DEVICES], 2)
    users = [id_ for id_ in (one, other) if id_ in USERS]
    name = chance.choice([MERGED, SEPARATED])
    envelope = decode_envelope(event(name, at, user=one, id=one, other=other, users=users))
    envelope.source = OWN_SOURCE
    return encode_envelope(envelope)


class Keeping:
    """A log that keeps what it holds, as one on Kafka does."""

    async def rewrite(self, _events: list[StoredEvent]) -> bool:
        return False


class Shop:
    """A house with a book of erasures and a backfill."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.book = ErasureBook(folder / "erasures.sqlite", bytes(32))
        self.lake = ParquetFolder(folder / "lake")
        self.state = folder / "process.sqlite"
        self.backfill = Backfill(house.warehouse, house.loader, self._make, self.state)
        self.erased: set[str] = set()
        self.log: Keeping | None = None

    def _make(self, prefix: str, state: Path) -> Loader:
        reader = EmbeddedEventLogReader(self.house.folder / "log")
        return Loader(reader, self.house.warehouse, state, prefix=prefix, veil=self.book.veil())

    async def erase(self, name: str, subject: Subject) -> None:
        eraser = eraser_of(self.house, self.lake, self.book, log=self.log or self.house.log)
        self.book.request(name, subject, 1)
        await eraser.advance(2)
        self.erased |= set(self.book.subject(name).numbers)
        await eraser.advance(3)
        found = self.book.find(name)
        assert found is not None
        assert found.phase == "removing"
        self.book.done(name, 4)

    async def make_again(self) -> None:
        self.backfill.start("again", "asked", 5)
        while await self.backfill.advance(6):
            pass

    async def tables(self) -> dict[str, list]:
        """Return all rows of all tables, in an order of their own."""
        return {
            table.name: await self.house.ask(f"SELECT * FROM {table.name} ORDER BY ALL")
            for table in FACTS
        }

    def remembered(self) -> str:
        """Return all that the machines remember, in words."""
        with sqlite3.connect(self.state) as file:
            return repr(file.execute("SELECT kind, key, value FROM state").fetchall())

    async def answers(self) -> list[bytes]:
        return [
            await shop.answer(self.house.warehouse, asked, at)
            for asked in QUESTIONS
            for at in (20, self.house.loader.checkpoint.offset)
        ]


@pytest.fixture
async def made(house, tmp_path):
    made = Shop(house, tmp_path)
    yield made
    await made.backfill.close()
    made.book.close()


@pytest.mark.parametrize(
    ("seed", "log"), [(1, "rewritten"), (2, "rewritten"), (7, "rewritten"), (3, "kept")]
)
async def test_a_backfill_makes_every_row_as_the_erasures_left_it(
    made, seed, log, monkeypatch
) -> None:
    made.log = Keeping() if log == "kept" else None
    monkeypatch.setattr("queqiao.process.loader.EVENTS_IN_BATCH_MAX", 60)
    chance = random.Random(seed)
    await made.house.load(*history(chance, range(50)))
    await made.erase("e1", Subject(user_id=USERS[0]))
    await made.house.load(*history(chance, range(50, 120)))
    await made.erase("e2", Subject(anonymous_id=DEVICES[1]))
    await made.erase("e3", Subject(user_id=USERS[0]))  # who had come back
    await made.house.load(*history(chance, range(120, 160)))
    before, answers, state = await made.tables(), await made.answers(), made.remembered()
    await made.make_again()
    after = await made.tables()
    for name, rows in before.items():
        assert after[name] == rows, name
    assert await made.answers() == answers
    assert made.remembered() == state
    assert {row[7] for row in before["events"] if row[7].startswith("erased:")}


def logged_of(made: Shop) -> str:
    """Return all that the log says, but message ids: those of these tests are made of ids."""
    found = EmbeddedEventLogReader(made.house.folder / "log").read(0, 10_000)
    envelopes = [decode_envelope(one.body) for one in found]
    for one in envelopes:
        one.message_id = ""
    return repr(list(map(encode_envelope, envelopes)))


async def test_nothing_of_an_erased_person_comes_back(made) -> None:
    await made.house.load(*history(random.Random(4), range(80)))
    await made.erase("e1", Subject(user_id=USERS[0]))
    await made.erase("e2", Subject(anonymous_id=DEVICES[1]))
    assert {USERS[0], DEVICES[1]} <= made.erased
    logged = logged_of(made)
    assert [one for one in made.erased if one in logged] == []
    await made.make_again()
    told = repr(await made.tables()) + made.remembered()
    assert [one for one in made.erased if one in told] == []
    assert USERS[3] in told
    assert USERS[3] in logged
    # Whoever comes with the id now is somebody new, before and after one more backfill.
    await made.house.load(event("A", 90 * 4 * MINUTE, user=USERS[0]))
    offset = made.house.loader.checkpoint.offset
    for _ in range(2):
        last = f"SELECT person_id, person FROM events WHERE offset = {offset}"
        assert await made.house.ask(last) == [[USERS[0], offset]]
        await made.make_again()


async def test_a_lost_warehouse_is_loaded_again_without_the_erased(made, tmp_path) -> None:
    await made.house.load(*history(random.Random(5), range(60)))
    await made.erase("e1", Subject(user_id=USERS[2]))
    before = await made.tables()
    for table in FACTS:
        await made.house.warehouse.command(f"TRUNCATE TABLE {table.name}")
    fresh = made._make("", tmp_path / "fresh.sqlite")
    await fresh.open()
    while await fresh.step():
        pass
    assert await made.tables() == before
    await fresh.close()


async def test_who_was_erased_last_is_forgotten_once_and_not_at_every_look(made, tmp_path) -> None:
    await made.house.load(*history(random.Random(6), range(20)))
    await made.erase("e1", Subject(user_id=USERS[1]))
    fresh = made._make("shadow_", tmp_path / "fresh.sqlite")
    await fresh.open()
    forgotten = []
    forget = fresh._machines.forget_people
    fresh._machines.forget_people = lambda names: forgotten.append(forget(names))
    for _ in range(4):
        await fresh.step()
    await fresh.close()
    assert len(forgotten) == 1


def test_a_book_of_before_keeps_who_was_erased(tmp_path) -> None:
    path = tmp_path / "erasures.sqlite"
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE tombstone (digest BLOB PRIMARY KEY, cutoff INTEGER NOT NULL)")
        file.execute("INSERT INTO tombstone VALUES (x'07', 9)")
    for _ in range(2):
        book = ErasureBook(path, bytes(32))
        assert book.cutoffs() == {b"\x07": [9]}
        book.close()
