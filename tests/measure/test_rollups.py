"""Rollups give what raw events give, and a report of the past is the same bytes for ever."""

import random

import pytest
from tests.measure import shop
from tests.process.conftest import House

from queqiao.measure import compiler, query
from queqiao.measure.rolled import Piece
from queqiao.process.contracts import CUBES, Block, chain, sealed_blocks

LEVELS = (4, 6)
"""Blocks of 16 and 64 events, so that a few hundred events fill all kinds."""


@pytest.fixture
async def house(tmp_path):
    made = House(tmp_path)
    made.loader = made.new_loader(levels=LEVELS)
    await made.loader.open()
    yield made
    await made.loader.close()
    made.warehouse.close()
    made.log.close()


async def load(house: House, envelopes) -> None:
    await shop.append(house.log, envelopes)
    while await house.loader.step():
        pass


async def test_rollups_answer_exactly_as_raw_events_do(house, monkeypatch) -> None:
    chance = random.Random(7)
    await load(house, [shop.happening(chance, number) for number in range(400)])
    await house.loader.settle()
    used: set[str | None] = set()

    def noting(*arguments):
        found = choose(*arguments)
        pieces = found.pieces if found else [Piece(None, None, None)]
        used.update(piece.cube.name if piece.cube else None for piece in pieces)
        return found

    choose = compiler.rolled
    monkeypatch.setattr(compiler, "rolled", noting)
    for number in range(110):
        asked, as_of = shop.question(chance), chance.choice([None, chance.randrange(1, 400)])
        rolled = await shop.answer(house.warehouse, asked, as_of)
        with monkeypatch.context() as raw:
            raw.setattr(query, "sealed_blocks", no_blocks)
            assert await shop.answer(house.warehouse, asked, as_of) == rolled, (number, asked)
    assert used == {*(cube.name for cube in CUBES), None}


async def no_blocks(_warehouse) -> list[Block]:
    return []


async def test_a_report_of_the_past_is_the_same_bytes_for_ever(house) -> None:
    chance, asked_later = random.Random(23), random.Random(5)
    kept: list[tuple[dict, int, bytes]] = []
    for start in range(0, 350, 35):
        await load(house, [shop.happening(chance, start + number) for number in range(35)])
        loaded = house.loader.checkpoint.offset
        for asked in (shop.question(chance) for _ in range(3)):
            kept.append((asked, loaded, await shop.answer(house.warehouse, asked, loaded)))
        if start % 3 == 0:
            await house.loader.settle()
        if start % 4 == 0:
            await house.loader.close()
            house.loader = house.new_loader(levels=LEVELS)
            await house.loader.open()
        if start % 5 == 0:
            for table in ("events", "order_lines", "rollup_hour"):
                await house.warehouse.command(f"OPTIMIZE TABLE {table} FINAL")
        for asked, as_of, bytes_then in asked_later.sample(kept, min(5, len(kept))):
            assert await shop.answer(house.warehouse, asked, as_of) == bytes_then, (as_of, asked)
    for asked, as_of, bytes_then in kept:
        assert await shop.answer(house.warehouse, asked, as_of) == bytes_then, (as_of, asked)


async def test_a_block_that_a_crash_left_half_made_is_made_again(house) -> None:
    chance = random.Random(3)
    await load(house, [shop.happening(chance, number) for number in range(70)])
    await house.loader.settle()
    whole = await sums(house)
    blocks = set(await sealed_blocks(house.warehouse))
    assert blocks == {
        *(Block(first, first + 15, "Asia/Shanghai") for first in (1, 17, 33, 49)),
        Block(1, 64, "Asia/Shanghai"),
    }
    remove = "ALTER TABLE {} DELETE WHERE last = {} SETTINGS mutations_sync = 2"
    await house.warehouse.command(remove.format("rollup_blocks", 32))
    await house.warehouse.command(remove.format("rollup_minute", 32))
    await house.loader.close()
    house.loader = house.new_loader(levels=LEVELS)
    await house.loader.open()
    await house.loader.settle()
    assert await sums(house) == whole
    assert set(await sealed_blocks(house.warehouse)) == blocks


@pytest.mark.parametrize(
    "earlier",
    [
        "ALTER TABLE rollup_blocks DROP COLUMN made",
        "ALTER TABLE rollup_blocks UPDATE made = '' WHERE last = 16 SETTINGS mutations_sync = 2",
    ],
)
async def test_blocks_that_other_cubes_made_are_made_again(house, earlier) -> None:
    chance = random.Random(3)
    await load(house, [shop.happening(chance, number) for number in range(70)])
    await house.loader.settle()
    whole, blocks = await sums(house), set(await sealed_blocks(house.warehouse))
    await house.warehouse.command(earlier)
    await house.warehouse.command("DROP TABLE rollup_day SYNC")
    await house.loader.close()
    house.loader = house.new_loader(levels=LEVELS)
    await house.loader.open()
    assert await sealed_blocks(house.warehouse) == []
    await house.loader.settle()
    assert await sums(house) == whole
    assert set(await sealed_blocks(house.warehouse)) == blocks
    views = await house.ask("SELECT sum(views) FROM rollup_day WHERE first = 1 AND last = 64")
    raw = "SELECT countIf(event = 'Product Viewed') FROM events WHERE offset <= 64"
    assert views == await house.ask(raw)


async def sums(house: House) -> list:
    numbers = "first, last, sum(views), groupBitmapMerge(people)"
    sql = f"SELECT {numbers} FROM {{}} GROUP BY 1, 2 ORDER BY 1, 2"  # our own words
    return [await house.ask(sql.format(name)) for name in ("rollup_hour", "rollup_minute")]


def test_the_fewest_blocks_are_chained_and_none_beyond_what_is_asked() -> None:
    small = [Block(first, first + 3, "UTC") for first in range(1, 40, 4)]
    blocks = [*small, Block(1, 16, "UTC"), Block(17, 32, "UTC")]
    assert [one.last for one in chain(blocks, 37)] == [16, 32, 36]
    assert [one.last for one in chain(blocks, 31)] == [16, 20, 24, 28]
    assert chain(blocks, 3) == []
    assert chain(small[1:], 40) == []
