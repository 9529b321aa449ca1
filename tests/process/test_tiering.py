"""Tiering: old events move into the lake; no number moves, whatever is cut off on the way."""

import asyncio
import itertools
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.measure import shop
from tests.ports.clickhouse_server import FACE
from tests.process import conftest
from tests.process.conftest import House
from tests.process.test_backfill import new_backfill
from tests.process.tiered import DAYS, LATER_US, CutOff, CutOffError, TieredHouse

from queqiao.kernel.clock import DAY_US, MINUTE_US, format_rfc3339
from queqiao.kernel.errors import Broken, StorageFull
from queqiao.measure.funnels import funnel
from queqiao.measure.funnels_contracts import FunnelQuery, Step
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.consent import ANALYTICS
from queqiao.process.tier import LAKE_TABLE, Tier
from queqiao.process.tiering import Tiering
from queqiao.profile.people import profile, summaries

DIGEST = "SELECT count(), sum(cityHash64(* EXCEPT block_last)), sum(offset) FROM history"
FUNNEL = FunnelQuery(
    steps=[Step("Product Viewed"), Step("Product Added"), Step("Order Completed")],
    window_s=864_000,
    breakdown="channel",
)


@pytest.fixture
async def house(tmp_path):
    made = TieredHouse(tmp_path)
    yield made
    await made.close()


async def people(house: House) -> bytes:
    """Return the bytes of what is known of people."""
    found = await summaries(house.warehouse, LATER_US, 50)
    one = await profile(house.warehouse, found[0].person_id, LATER_US, [])
    return msgspec.json.encode((found, one))


async def funnels(house: House, as_of: int) -> bytes:
    asked = msgspec.structs.replace(FUNNEL, as_of=as_of)
    return msgspec.json.encode(await funnel(house.warehouse, asked))


async def test_every_answer_is_that_of_a_house_that_moves_nothing(tmp_path) -> None:
    """Events come, some late for days that lie in the lake already; blocks move in between."""
    told: list[list[tuple]] = []
    for name in ("whole", "tiered"):
        house = TieredHouse(tmp_path / "9-9" / name)  # a path that ends as a block does
        told.append([one async for one in lived(house, moves=name == "tiered")])
        assert await house.border() == (320 if name == "tiered" else 0)
        await house.close()
    for whole, tiered in zip(*told, strict=True):
        assert whole == tiered


async def lived(house: TieredHouse, *, moves: bool) -> AsyncIterator[tuple]:
    """Live through the same history; yield what was asked with the bytes of each answer."""
    chance, moving = random.Random(11), random.Random(3)
    for start in range(0, 320, 80):
        await house.fill(chance, range(start, start + 80))
        if moves and start:
            now_us = shop.START_US + (start - 40) * 7 * shop.MINUTE_US + DAYS * DAY_US
            await house.tiering.open()
            while await house.tiering.advance(now_us) and moving.random() < 0.7:
                pass
        for _ in range(7):
            asked, as_of = shop.question(chance), chance.randrange(1, start + 81)
            moment = format_rfc3339(shop.START_US + as_of * 7 * shop.MINUTE_US)
            for at in (None, as_of, moment):
                yield asked, at, await shop.answer(house.warehouse, asked, at)
            yield FUNNEL, as_of, await funnels(house, as_of)
        yield "people", start, await people(house)
    if moves:
        await house.move()
        assert await house.ask("SELECT count() FROM events") == [[0]]
    yield "people", 320, await people(house)
    yield DIGEST, 320, await house.ask(DIGEST)


async def test_only_whole_sealed_blocks_that_are_old_enough_move(house) -> None:
    await house.fill(random.Random(1), range(100))
    last_of_first_us = shop.START_US + 31 * 7 * shop.MINUTE_US + shop.MINUTE_US
    await house.move(last_of_first_us + DAYS * DAY_US)
    assert await house.border() == 0, "the last of them is not older than so many days"
    house.tiering = Tiering(house.warehouse, house.tier, DAYS)
    await house.move(last_of_first_us + DAYS * DAY_US + 1)
    assert await house.border() == 32
    await house.move(LATER_US + 1)
    assert await house.border() == 96, "the rest is of no sealed block"
    state = await house.tiering.state()
    assert (state.warehouse.rows, state.lake.rows, state.files) == (4, 96, 3)
    files = [house.lake.read(LAKE_TABLE, one) for one in house.lake.partitions(LAKE_TABLE)]
    assert sorted(offset for one in files for offset in one["offset"].to_pylist()) == [
        *range(1, 97)
    ]


async def test_nothing_moves_by_the_setting_and_what_lies_in_the_lake_stays(house) -> None:
    await house.fill(random.Random(1), range(64))
    before = await house.ask(DIGEST)
    never = Tiering(house.warehouse, house.tier, 0)
    await never.open()
    assert not await never.advance(LATER_US * 2)
    await house.move()
    again = Tiering(house.warehouse, house.tier, 0)
    await again.open()
    assert not await again.advance(LATER_US * 2)
    assert (await again.state()).lake.rows == 64
    assert await house.ask(DIGEST) == before


@pytest.mark.parametrize("done", [False, True])
async def test_cut_off_at_any_call_it_ends_exactly(house, done) -> None:
    await house.fill(random.Random(5), range(420))
    before = await house.ask(DIGEST)
    assert await cuts(house, done=done) > 20, "of moving a block"
    while await house.border() < 416:
        await house.tiering.advance(LATER_US)
    assert await cuts(house, done=done) > 10, "of removing what was moved"
    await house.move()
    assert await house.ask(DIGEST) == before
    assert await house.ask("SELECT count(), min(offset) FROM events") == [[4, 417]]


async def cuts(house: TieredHouse, *, done: bool) -> int:
    """Cut one step off at each of its calls in turn; return at how many. No row is ever lost."""
    before = await house.ask(DIGEST)
    for at in itertools.count(1):
        count = [0]
        warehouse, lake = (
            CutOff(one, count, at, done=done) for one in (house.warehouse, house.lake)
        )
        tiering = Tiering(warehouse, Tier(warehouse, lake), DAYS)
        try:
            await tiering.open()
            await tiering.advance(LATER_US)
        except CutOffError:
            assert await house.ask(DIGEST) == before, (at, "no row is lost or seen twice")
            await house.tiering.open()  # as the next process does
            assert await house.ask(DIGEST) == before, (at, "nor after a start")
            named = [one.partition for one in await house.tier.files()]
            assert house.lake.partitions(LAKE_TABLE) == named, at
        else:
            break
    return at - 1


async def test_no_row_is_removed_that_the_view_does_not_find_elsewhere(house, monkeypatch) -> None:
    await house.fill(random.Random(5), range(40))
    before, exclusive, failures = await house.ask(DIGEST), house.warehouse.exclusive, [StorageFull]

    async def failing_once(statements) -> None:
        if failures:
            raise failures.pop()
        await exclusive(statements)

    monkeypatch.setattr(house.warehouse, "exclusive", failing_once)
    with pytest.raises(StorageFull):
        await house.tiering.advance(LATER_US)
    for minute in range(1, 4):  # the role lives on
        await house.tiering.advance(LATER_US + minute * MINUTE_US)
        await house.removed()
        assert await house.ask(DIGEST) == before
    assert await house.ask("SELECT count() FROM events") == [[40 - await house.border()]]


async def test_a_file_that_is_not_as_the_rows_are_deletes_nothing(house, monkeypatch) -> None:
    await house.fill(random.Random(1), range(40))
    command = house.warehouse.command

    async def lossy(sql: str) -> None:
        await command(sql.replace(" ORDER BY ", " AND offset != 7 ORDER BY "))

    monkeypatch.setattr(house.warehouse, "command", lossy)
    await house.tiering.open()
    with pytest.raises(Broken, match="not written"):
        await house.tiering.advance(LATER_US)
    monkeypatch.undo()
    assert (await house.tier.files(), house.lake.partitions(LAKE_TABLE)) == ([], [])
    assert await house.ask("SELECT count() FROM events") == [[40]]


async def test_an_engine_that_does_not_see_the_lake_moves_nothing_and_says_why(
    house, tmp_path, monkeypatch
) -> None:
    await house.fill(random.Random(1), range(40))
    elsewhere = [str(tmp_path / "elsewhere.parquet"), "/proc/no/such/folder/x.parquet"]
    for path in elsewhere:
        monkeypatch.setattr(house.lake, "stage", lambda *_, path=path: path)
        tiering = Tiering(house.warehouse, house.tier, DAYS)
        await tiering.open()
        assert not await tiering.advance(LATER_US)
        state = await tiering.state()
        assert "raw_days = 0" in state.refused["en"]
        assert (state.up_to_offset, state.warehouse.rows) == (0, 40)
    assert house.lake.partitions(LAKE_TABLE) == []


async def test_an_engine_of_another_process_that_sees_the_lake_moves_as_ours_does(
    tmp_path, monkeypatch
) -> None:
    """Over HTTP to a small face of the engine; it is no ClickHouse server, but not this process."""
    command = [sys.executable, str(FACE), str(tmp_path / "elsewhere")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as face:  # noqa: ASYNC220  # a test waits
        url = f"clickhouse://127.0.0.1:{int(face.stdout.readline())}/default"
        monkeypatch.setattr(conftest, "open_warehouse", lambda _: open_warehouse(url))
        house = TieredHouse(tmp_path)
        try:
            await house.fill(random.Random(1), range(70))
            before = await house.ask(DIGEST)
            await house.move()
            assert (await house.tiering.state()).refused is None
            assert await house.border() == 64
            assert await house.ask("SELECT count() FROM events") == [[6]]
            assert await house.ask(DIGEST) == before
        finally:
            await house.close()
            face.kill()  # told to end, the engine in it now and then never does


async def test_a_full_disk_at_the_start_is_no_refusal(house, monkeypatch) -> None:
    await house.fill(random.Random(1), range(40))

    def full(*_: str) -> str:
        raise StorageFull

    with monkeypatch.context() as disk:
        disk.setattr(house.lake, "stage", full)
        await house.tiering.open()
        with pytest.raises(StorageFull):
            await house.tiering.advance(LATER_US)
    assert not await house.tiering.advance(LATER_US), "what failed is tried again a minute later"
    state = await house.tiering.state()
    assert state.looked_at == format_rfc3339(LATER_US)
    assert state.failed == {language: StorageFull().explain(language) for language in ("zh", "en")}
    await house.move(LATER_US + MINUTE_US)
    state = await house.tiering.state()
    assert (state.failed, state.looked_at) == (None, format_rfc3339(LATER_US + MINUTE_US))
    assert await house.border() == 32


async def test_files_before_an_offset_are_not_even_opened(house) -> None:
    await house.fill(random.Random(1), range(140))
    await house.move()
    files = await house.tier.files()
    for file in files[:2]:
        Path(house.lake.place(LAKE_TABLE, file.partition)).write_bytes(b"no Parquet")
    after = f"offset > {files[1].last}"
    with pytest.raises(Broken):
        await house.ask(f"SELECT count(), min(offset) FROM history WHERE {after}")
    found = (
        f"SELECT count(), min(offset) FROM history WHERE {after} AND block_last > {files[1].last}"
    )
    assert await house.ask(found) == [[76, 65]]


async def test_a_lake_that_lost_a_file_is_no_silent_loss(house) -> None:
    await house.fill(random.Random(1), range(70))
    await house.move()
    lost = house.lake.partitions(LAKE_TABLE)[0]
    house.lake.remove(LAKE_TABLE, lost)
    with pytest.raises(Broken, match=lost):
        await house.tiering.open()


async def test_history_that_is_made_again_leaves_the_lake_and_returns(house) -> None:
    await house.fill(random.Random(1), range(100))
    await house.move()
    question = {"metrics": ["orders", "gmv", "views"], "granularity": "day"}
    before = await shop.answer(house.warehouse, question, 90)
    backfill = new_backfill(house, ANALYTICS)
    backfill.start("second", "settings", 1)
    while await backfill.advance(2):
        assert await shop.answer(house.warehouse, question, 90) == before
    assert await house.border() == 0
    assert await house.ask("SELECT count(), uniqExact(consent) FROM history") == [[100, 1]]
    house.loader._rollups = house.new_loader(levels=(4, 6))._rollups
    await house.loader._rollups.open()
    await house.loader.settle()
    await house.move(LATER_US * 2)
    assert await house.border() == 96
    named = [one.partition for one in await house.tier.files()]
    assert house.lake.partitions(LAKE_TABLE) == named
    assert len(named) == 6
    assert await house.ask("SELECT count(), min(offset) FROM events") == [[4, 97]]
    assert await house.ask("SELECT count(), uniqExact(offset) FROM history") == [[100, 100]]
    assert await shop.answer(house.warehouse, question, 90) == before


async def test_columns_of_a_later_version_have_their_defaults_in_old_files(house) -> None:
    await house.fill(random.Random(1), range(40))
    await house.move()
    structure = "schema_version UInt32"
    later = await house.tier.source(*await house.tier.files())
    assert structure in later
    later = later.replace(structure, f"allowed UInt8 DEFAULT 7, {structure}")
    assert await house.ask(f"SELECT min(allowed), count() FROM {later}") == [[7, 32]]


async def test_files_are_replaced_under_running_questions(house) -> None:
    await house.fill(random.Random(2), range(130))
    await house.move()
    (before,), stop, asked = (
        await house.ask("SELECT count(), sum(person) FROM history"),
        asyncio.Event(),
        0,
    )

    async def look() -> None:
        nonlocal asked
        while not stop.is_set():
            assert await house.ask("SELECT count(), sum(person) FROM history") == [before]
            asked += 1

    looking = [asyncio.create_task(look()) for _ in range(2)]
    files = await house.tier.files()
    for turn in range(12):
        file = files[turn % len(files)]
        assert await house.tier.rewrite(file, "offset % 2 = 0", {"ip": f"'{turn}'"}) == 16
    stop.set()
    await asyncio.gather(*looking)
    assert asked > 12
    assert await house.ask("SELECT uniqExact(ip) FROM history WHERE offset % 2 = 1") == [[1]]
    for file in await house.tier.files():
        sums = (
            f"SELECT count(), sum(cityHash64(*)), max(_size) FROM {await house.tier.source(file)}"
        )
        ((count, digest, size),) = await house.ask(sums)
        assert (count, digest, size) == (file.rows, file.digest, file.bytes)
