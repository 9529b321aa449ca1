"""Erasure: no file holds the ids any more, no number moves, whoever comes back is somebody new."""

import asyncio
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from tests.measure import shop
from tests.process.conftest import MINUTE, T0, append, eraser_of, event
from tests.process.tiered import CutOff, CutOffError

from queqiao.kernel.clock import DAY_US
from queqiao.kernel.envelope import EMPTY, decode_envelope, encode_envelope
from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.process import erasure_log
from queqiao.process.ddl import EVENTS
from queqiao.process.erased import CLEARED
from queqiao.process.erasure import without
from queqiao.process.erasure_book import Subject
from queqiao.process.machines import Machines
from queqiao.process.tier import Tier
from queqiao.process.tiering import Tiering

USER, DEVICE, SECRET = "user-0451-erase-me", "device-7f3a-erase-me", "harbour-street-12"
WHO = ("person_id", "user_id")
SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/17.4 Safari/605.1.15"
)
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
    eraser = eraser_of(house, lake, book)
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
    for _ in range(200):  # the engine names a part that it is deleting so, and says no more of it
        if not any(places[0].rglob("delete_tmp_*")):
            break
        await asyncio.sleep(0.05)
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


def told(lake) -> str:
    """Return all that the lake's events hold, as text: the files are compressed."""
    return repr([lake.read("events", one).to_pylist() for one in lake.partitions("events")])


async def tiered(house, lake) -> Tier:
    """Return the tier after all blocks of two events moved into it: six of the seven events."""
    house.loader = house.new_loader(levels=(1, 2))
    await fill(house)
    await house.loader.settle()
    tier = Tier(house.warehouse, lake)
    tiering = Tiering(house.warehouse, tier, 1)
    await tiering.open()
    while await tiering.advance(T0 + 100 * DAY_US):
        pass
    assert [(one.first, one.last) for one in await tier.files()] == [(1, 2), (3, 4), (5, 6)]
    return tier


async def test_what_lies_in_the_lake_is_erased_by_the_same_words(house, lake, book) -> None:
    tier = await tiered(house, lake)
    words = (USER, DEVICE, SECRET)
    assert all(word in told(lake) for word in words)
    everything = f"SELECT {', '.join(EVENTS.columns)} FROM history ORDER BY offset"
    before = [await shop.answer(house.warehouse, asked, at) for asked in QUESTIONS for at in (3, 7)]
    rows = await house.ask(everything)
    stray = (await tier.source(*await tier.files())).partition("(")[2].split("{")[0].strip(
        "'"
    ) + "block=9"
    await house.warehouse.command(
        f"INSERT INTO FUNCTION file('{stray}/.unfinished.parquet', Parquet) SELECT '{SECRET}' AS a"
    )
    await erase(house, lake, book, Subject(user_id=USER))
    assert book.find("e1").events == 5
    assert not any(word in told(lake) for word in words)
    assert list(Path(stray).glob(".unfinished*")) == [], "what a killed move left is gone"
    assert [
        await shop.answer(house.warehouse, asked, at) for asked in QUESTIONS for at in (3, 7)
    ] == before
    after = await house.ask(everything)
    kept = [at for at, name in enumerate(EVENTS.columns) if name not in {*CLEARED, *WHO}]
    assert [[row[at] for at in kept] for row in after] == [[row[at] for at in kept] for row in rows]
    assert await house.ask("SELECT offset, person_id, user_id FROM history ORDER BY offset") == [
        [1, "erased:1", ""], [2, "erased:2", ""], [3, "erased:2", ""], [4, "erased:2", ""],
        [5, KEPT_USER, KEPT_USER], [6, "erased:2", ""], [7, "other", ""],
    ]  # fmt: skip
    assert await house.ask("SELECT DISTINCT message_id FROM unprocessed") == [[""]]
    assert [after[4], after[6]] == [rows[4], rows[6]], "others' rows are untouched"


@pytest.mark.parametrize("done", [False, True])
async def test_cut_off_at_any_call_the_lake_is_erased_by_the_next(house, lake, book, done) -> None:
    tier = await tiered(house, lake)
    before = [await shop.answer(house.warehouse, asked, 7) for asked in QUESTIONS]
    book.request("e1", Subject(user_id=USER), 1)
    cut, at = True, 0
    while cut:
        at, count = at + 1, [0]
        parts = [CutOff(one, count, at, done=done) for one in (house.warehouse, lake)]
        try:
            await eraser_of(house, parts[1], book, warehouse=parts[0]).advance(2)
        except CutOffError:
            assert [await shop.answer(house.warehouse, one, 7) for one in QUESTIONS] == before
            await Tiering(house.warehouse, tier, 1).open()
        else:
            cut = book.find("e1").phase != "removing"
    assert at > 20
    assert not any(word in told(lake) for word in (USER, DEVICE, SECRET))
    assert [await shop.answer(house.warehouse, asked, 7) for asked in QUESTIONS] == before
    for file in await tier.files():
        sums = f"SELECT count(), max(_size), sum(cityHash64(*)) FROM {await tier.source(file)}"
        assert await house.ask(sums) == [[file.rows, file.bytes, file.digest]]


async def test_whoever_comes_back_is_somebody_new(house, lake, book) -> None:
    await fill(house)
    await erase(house, lake, book, Subject(user_id=USER))
    await house.load(event("A", 8, user=USER), event("A", 40 * MINUTE, anon=SHARED))
    assert await house.ask("SELECT person_id, person FROM events WHERE offset > 7") == [
        [USER, 8], [KEPT_USER, 5],
    ]  # fmt: skip
    found = [book.cutoffs().get(book.digest(one)) for one in (USER, DEVICE, KEPT_USER)]
    assert found == [[7], [7], None]


async def test_who_comes_back_while_rows_are_erased_is_one_person(house, lake, book) -> None:
    await fill(house)
    book.request("e1", Subject(user_id=USER), 1)
    eraser = eraser_of(house, lake, book)
    await eraser.advance(2)
    await house.load(event("A", 8, user=USER))
    await eraser.recover(2)
    await eraser.advance(3)
    await eraser.recover(2)
    await house.load(event("A", 9, user=USER))
    assert await house.ask("SELECT person_id, person FROM events WHERE offset > 7") == [
        [USER, 8], [USER, 8],
    ]  # fmt: skip


@pytest.mark.parametrize("killed", [True, False])
async def test_nothing_is_loaded_before_the_machines_have_forgotten(
    house, lake, book, monkeypatch, killed
) -> None:
    """Forgetting fails after it was planned, with the process or without."""
    await fill(house)
    book.request("e1", Subject(user_id=USER), 1)
    eraser, forget = eraser_of(house, lake, book), Machines.forget_people
    monkeypatch.setattr(Machines, "forget_people", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await eraser.advance(2)
    monkeypatch.setattr(Machines, "forget_people", forget)
    if killed:
        await house.loader.close()
        house.loader = house.new_loader()
        await house.loader.open()
        eraser = eraser_of(house, lake, book)
        await eraser.recover(2)
    await append(house.log, [event("A", 8, user=USER)], 7)
    assert await house.loader._load_one() == 1
    assert await house.ask("SELECT person FROM events WHERE offset = 8") == [[8]]
    assert book.find("e1").phase == "erasing"


def renamed(body: bytes) -> bytes:
    """Return an event under a message id that names nobody."""
    envelope = decode_envelope(body)
    envelope.message_id = "a-message"
    return encode_envelope(envelope)


async def test_the_log_says_no_more_of_it_than_rows_do(house, lake, book, tmp_path) -> None:
    said = {"email": "who@shop.example", "name": "欧阳", "city": "上海"}
    await fill(house)
    await house.load(
        event(None, 20, user=USER, kind="identify", context={"ip": "203.0.113.9", "traits": said,
              "userAgent": SAFARI, "page": {"url": f"https://s.example/{SECRET}?gclid=1"}}),
        renamed(event(None, 21, user="new-id", anon=USER, kind="alias", previous_id="older")),
        event(None, 22, user=KEPT_USER, kind="alias", previous_id=USER),
        event("Of a wrong clock", 10**10 * MINUTE, user=USER, note=SECRET),  # it has no row
    )  # fmt: skip
    before = EmbeddedEventLogReader(tmp_path / "log").read(0, 100)
    row = "SELECT browser, os, device_class, traffic_channel, country FROM events WHERE offset = 8"
    kept = await house.ask(row)
    book.request("e1", Subject(user_id=USER), 1)
    await eraser_of(house, lake, book).advance(2)
    eraser = eraser_of(house, lake, book)
    await eraser.advance(3)
    after = EmbeddedEventLogReader(tmp_path / "log").read(0, 100)
    told = " ".join(one.body.decode() for one in after)
    words = (USER, DEVICE, SECRET, "203.0.113", "shop.example", "欧阳", "Macintosh")
    assert [word for word in words if word in told] == []
    assert [one.body for one in after if one.offset in (5, 7)] == [before[4].body, before[6].body]
    assert "older" in told
    assert await house.ask(row) == kept == [["Safari", "macOS", "desktop", "paid_search", ""]]
    assert KEPT_USER in decode_envelope(after[9].body).user_id
    assert decode_envelope(after[2].body).properties == msgspec.Raw(
        b'{"order_id":"o1","products":[{"sku":"cup","price_minor":900,"quantity":2}]}'
    )
    envelope = decode_envelope(after[7].body)
    assert (envelope.message_id, envelope.traits, envelope.context) == ("", EMPTY, EMPTY)
    assert [
        await house.log.find(f"m{number}") for number in (2, 7)
    ] == [[after[2]], [after[7]]]  # fmt: skip


async def test_a_click_of_somebody_erased_stays_on_its_bill(house, lake, book, tmp_path) -> None:
    """In its row and in the log: an advertiser's invoice adds up whoever clicked."""
    bill = "ads:billed:brand:2026-05"
    click = decode_envelope(event("Ad Clicked", 0, user=USER, cost_minor=7, bill=bill, seen=SECRET))
    click.source = ADS_SOURCE
    await house.load(encode_envelope(click))
    book.request("e1", Subject(user_id=USER), 1)
    for at_us in (2, 3):
        await eraser_of(house, lake, book).advance(at_us)
    (row,) = await house.ask("SELECT cost_minor, properties FROM events")
    assert row == [7, '{"bill":"ads:billed:brand:2026-05"}']
    (kept,) = EmbeddedEventLogReader(tmp_path / "log").read(0, 9)
    left = msgspec.json.decode(decode_envelope(kept.body).properties)
    assert left == {"cost_minor": 7, "bill": bill}


async def test_a_crash_in_the_middle_is_gone_on_from(house, lake, book) -> None:
    await fill(house)
    book.request("e1", Subject(anonymous_id=DEVICE), 1)
    await eraser_of(house, lake, book).advance(2)
    assert book.find("e1").phase == "erasing"
    insert, failing = house.warehouse.command, [True]

    async def command(sql: str) -> None:
        if "ALTER TABLE events" in sql and failing.pop():
            raise OSError("cut off")
        await insert(sql)

    house.warehouse.command = command
    with pytest.raises(OSError, match="cut off"):
        await eraser_of(house, lake, book).advance(3)
    del house.warehouse.command
    await erase(house, lake, book, Subject(anonymous_id=DEVICE))
    assert await house.ask("SELECT count() FROM events WHERE anonymous_id != ''") == [[3]]
    assert book.find("e1").events == 2


def test_every_cleared_column_is_there() -> None:
    assert set(CLEARED) <= set(EVENTS.columns)


def test_a_day_of_the_lake_without_rows_stays_as_it_is() -> None:
    rows = pa.table({"person_id": pa.array([], pa.string())})
    assert without(rows, ["somebody"]) is rows


async def test_a_persons_events_are_rewritten_in_as_many_calls_as_they_take(
    house, lake, book, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(erasure_log, "EVENTS_AT_ONCE", 3)
    monkeypatch.setattr(erasure_log, "OFFSETS_AT_ONCE", 4)
    monkeypatch.setattr(erasure_log, "BLOCK", 8)
    calls, rewrite = [], house.log.rewrite
    await house.load(*(event("A", n, user=USER if n % 2 else KEPT_USER) for n in range(30)))

    async def counted(events) -> bool:
        calls.append([one.offset for one in events])
        return await rewrite(events)

    monkeypatch.setattr(house.log, "rewrite", counted)
    book.request("e1", Subject(user_id=USER), 1)
    eraser = eraser_of(house, lake, book)
    await eraser.advance(2)
    await eraser.advance(3)
    assert calls == [[n, n + 2, n + 4] for n in range(2, 31, 6)]
    logged = repr(EmbeddedEventLogReader(tmp_path / "log").read(0, 100))
    assert (USER in logged, logged.count(f'"{KEPT_USER}"')) == (False, 15)
