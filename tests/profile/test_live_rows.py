"""Live rows: from the log into their store, once each; made anew; erased; read in time."""

# ruff: noqa: F811  # fixtures of another room

import asyncio
import random
from collections import Counter
from types import MappingProxyType

import msgspec
import pytest
import structlog
from tests.process.conftest import T0, House, append, book, event, house, lake  # noqa: F401
from tests.process.test_backfill import new_backfill
from tests.process.test_erasure import DEVICE, KEPT_USER, SHARED, USER, erase, fill
from tests.profile.cut_off import CutOff, CutOffError

from queqiao.kernel.clock import HOUR_US
from queqiao.kernel.errors import Conflict, Refused, Unavailable
from queqiao.ports.profile_rows.sqlite import SqliteRows
from queqiao.process.consent import EVERYTHING
from queqiao.process.erasure import Eraser
from queqiao.process.erasure_book import Subject
from queqiao.profile import live_rows, live_state
from queqiao.profile.live import EMPTY, FAMILIES, decoded
from queqiao.profile.live_reader import UNKNOWN, LiveReader
from queqiao.profile.live_rows import LiveRows
from queqiao.profile.live_state import Trust

ZONE = "Asia/Shanghai"
NOW_US = T0 + HOUR_US


class HandClock:
    def __init__(self, at_us=NOW_US):
        self.at_us = at_us

    def now_us(self):
        return self.at_us


class Away:
    """A store that does not answer, or not in time."""

    def __init__(self, rows=None):
        self.rows, self.slow_s, self.asked = rows, 0.0, 0

    async def get(self, keys):
        self.asked += 1
        await asyncio.sleep(self.slow_s)
        if self.rows is None:
            raise Unavailable
        return await self.rows.get(keys)


class Shop:
    """A house with live rows."""

    def __init__(self, house):
        self.house = house
        self.clock = HandClock()
        self.rows = SqliteRows(house.folder / "rows.sqlite", FAMILIES)
        self.made_by = "first"
        self.trusted = Trust(("web",))
        self.writer = self.new_writer(self.rows)

    def new_writer(self, rows):
        return LiveRows(
            rows,
            self.house.warehouse,
            self.clock,
            loaded=lambda: self.house.loader.checkpoint.offset,
            behind=lambda: False,
            made_by=lambda: self.made_by,
            trust=self.trust,
            zone=ZONE,
        )

    async def trust(self):
        return self.trusted

    async def catch_up(self, writer=None):
        while await (writer or self.writer).advance():
            pass

    async def told(self, *ids):
        return await LiveReader(self.rows, self.clock, ZONE, 2.0).told(ids, self.clock.at_us)

    async def everybody(self):
        """Return all rows of the generation that is read, by person."""
        state = (await live_state.read(self.rows)).state
        found, cursor = {}, None
        while True:
            page = await self.rows.scan(f"{state.read.generation}/", cursor, 100)
            found |= {key.partition("/")[2]: decoded(row) for key, row in page.rows}
            cursor = page.cursor
            if cursor is None:
                return found


@pytest.fixture
async def shop(house):
    made = Shop(house)
    yield made
    await made.rows.close()


async def seen(condition):
    for _ in range(1_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("not seen within ten seconds")


def skus(goods):
    return [one.sku for one in goods]


async def test_events_become_what_is_told(shop):
    await shop.house.load(
        event("Product Viewed", 0, anon="d", sku="cup"),
        event("Product Added", 1, anon="d", sku="cup", quantity=1),
        event(None, 2, anon="d", user="u", kind="identify"),
        event("Product Viewed", 3, anon="d", user="u", sku="tea"),
        event("Order Completed", 4, user="u", order_id="o1",
              products=[{"sku": "pot", "price_minor": 900, "quantity": 2},
                        {"sku": "jar", "price_minor": 100, "quantity": 1}]),
        event("Product Viewed", 5, anon="other", sku="pot"),
    )  # fmt: skip
    await shop.catch_up()
    user, device = await shop.told("u"), await shop.told("d")
    assert user.known == "known"
    assert (skus(user.recent.viewed), skus(user.recent.bought)) == (["tea"], ["pot", "jar"])
    assert user.recent.today.orders == 1
    assert skus(device.recent.viewed) == ["tea", "cup"]  # the device leads to its user
    assert skus(device.recent.carted) == ["cup"]
    assert await shop.told("nobody") == UNKNOWN
    assert await shop.told() == UNKNOWN
    assert await shop.told("", "") == UNKNOWN


async def test_a_second_completion_of_an_order_is_one_order(shop):
    order = {"order_id": "o1", "products": [{"sku": "pot", "price_minor": 900, "quantity": 2}]}
    await shop.house.load(*(event("Order Completed", at, user="u", **order) for at in range(3)))
    await shop.catch_up()
    assert (await shop.told("u")).recent.today.orders == 1


async def test_who_does_not_allow_it_has_no_row_and_who_takes_it_back_is_forgotten(shop):
    no = {"consent": {"personalization": False}}
    await shop.house.load(
        event("Product Viewed", 0, anon="never", sku="cup", context=no),
        event("Product Viewed", 1, anon="once", sku="cup"),
        event("Product Viewed", 2, anon="once", sku="tea", context=no),
    )
    await shop.catch_up()
    assert await shop.told("never") == UNKNOWN
    assert await shop.told("once") == UNKNOWN


def bodies(count, seed=3):
    chance = random.Random(seed)
    for at in range(count):
        user = chance.choice([None, "u1", "u2"])
        anon = chance.choice(["d1", "d2", "d3"])
        name = chance.choice(["Product Viewed"] * 6 + ["Product Added", "Product Removed", "order"])
        sku = f"s{chance.randrange(40)}"
        if name == "order":
            goods = [{"sku": sku, "price_minor": 5, "quantity": 1}]
            yield event(
                "Order Completed", at, anon=anon, user=user, order_id=f"o{at}", products=goods
            )
        else:
            yield event(name, at, anon=anon, user=user, sku=sku)


def without_position(rows):
    """Return rows without the offset up to which their batch went."""
    return {key: msgspec.structs.replace(row, position=0) for key, row in rows.items()}


async def test_an_answer_that_would_be_too_long_is_asked_for_in_parts(shop, monkeypatch):
    await shop.house.load(*bodies(150))
    await shop.catch_up(shop.new_writer(shop.rows))
    whole = without_position(await shop.everybody())
    shop.rows, plain = SqliteRows(shop.house.folder / "parts.sqlite", FAMILIES), shop.rows
    ask, refused = shop.house.warehouse.query, []

    async def bounded(sql, parameters=MappingProxyType({})):
        if parameters.get("last", 0) - parameters.get("after", 0) > 7:
            refused.append(sql)
            raise Refused(reason="query_too_many_rows")
        return await ask(sql, parameters)

    monkeypatch.setattr(shop.house.warehouse, "query", bounded)
    await shop.catch_up(shop.new_writer(shop.rows))
    assert without_position(await shop.everybody()) == whole
    assert refused
    await plain.close()


@pytest.mark.parametrize("after", [False, True])
async def test_a_writer_that_is_cut_off_anywhere_counts_nothing_twice(shop, monkeypatch, after):
    monkeypatch.setattr(live_rows, "EVENTS_AT_ONCE", 10)
    await shop.house.load(*bodies(150))
    cuts = 0
    for writes in range(1, 40):
        try:
            await shop.catch_up(shop.new_writer(CutOff(shop.rows, writes % 5 + 1, after=after)))
            break
        except CutOffError:
            cuts += 1
    await shop.catch_up(shop.new_writer(shop.rows))
    found = await shop.everybody()
    other = SqliteRows(shop.house.folder / "other.sqlite", FAMILIES)
    shop.rows, broken = other, shop.rows
    await shop.catch_up(shop.new_writer(other))
    assert cuts > 3
    assert found == await shop.everybody()
    totals = Counter()
    for row in found.values():
        totals["views"] += row.counts.views
        totals["orders"] += row.counts.orders
    (counted,) = await shop.house.ask(
        "SELECT countIf(event = 'Product Viewed'), countIf(event = 'Order Completed') FROM events"
    )
    assert [totals["views"], totals["orders"]] == counted
    await broken.close()


async def test_history_processed_again_makes_equal_rows_while_the_old_are_read(shop, monkeypatch):
    monkeypatch.setattr(live_rows, "EVENTS_AT_ONCE", 40)
    await shop.house.load(*bodies(100))
    await shop.catch_up()
    before = await shop.everybody()
    backfill = new_backfill(shop.house, EVERYTHING)
    backfill.start("second", "asked", 1)
    while await backfill.advance(NOW_US):
        pass
    shop.made_by = "second"
    told = [await shop.told("u1")]
    while await shop.writer.advance():
        told.append(await shop.told("u1"))
        assert told[-1] == told[0]
    state = (await live_state.read(shop.rows)).state
    assert (state.read.generation, state.next, state.old) == (2, None, [])
    assert await shop.everybody() == before
    assert (await shop.rows.scan("1/")).rows == []
    assert len(told) > 3
    await backfill.close()


async def test_new_events_are_told_while_rows_are_made_anew(shop, monkeypatch):
    monkeypatch.setattr(live_rows, "EVENTS_AT_ONCE", 10)
    await shop.house.load(*bodies(60))
    await shop.catch_up()
    shop.made_by = "second"
    await shop.writer.advance()
    await shop.house.load(event("Product Viewed", 99, user="new", sku="cup"))
    await shop.writer.advance()
    assert (await live_state.read(shop.rows)).state.next is not None
    assert skus((await shop.told("new")).recent.viewed) == ["cup"]


async def test_a_restored_warehouse_makes_rows_anew(shop):
    await shop.house.load(*bodies(30))
    await shop.catch_up()
    stored = await live_state.read(shop.rows)
    ahead = live_state.Building(1, stored.state.read.stamp, 1_000)
    await live_state.write(shop.rows, stored, live_state.LiveState(ahead))
    before = await shop.everybody()
    await shop.catch_up(shop.new_writer(shop.rows))
    state = (await live_state.read(shop.rows)).state
    assert (state.read.generation, state.read.offset) == (2, 30)
    assert await shop.everybody() == before


async def test_a_store_that_lost_its_rows_gets_them_back(shop):
    await shop.house.load(*bodies(30))
    await shop.catch_up()
    before = await shop.everybody()
    keys = [key for key, _ in (await shop.rows.scan("", None, 1000)).rows]
    await shop.rows.delete(keys)
    await shop.house.load(event("Product Viewed", 99, user="new", sku="cup"))
    with pytest.raises(Conflict):  # the checkpoint is gone: what the writer knows holds no more
        await shop.catch_up()
    await shop.catch_up()
    found = await shop.everybody()
    assert found.pop("new").counts.views == 1
    assert found == before


async def test_of_two_writers_one_finds_out(shop):
    await shop.house.load(*bodies(10))
    other = shop.new_writer(shop.rows)
    await shop.catch_up()
    await shop.catch_up(other)
    await shop.house.load(*bodies(5, seed=9))
    await shop.catch_up()
    with pytest.raises(Conflict, match="another writer"):
        await shop.catch_up(other)
    before = await shop.everybody()
    await shop.catch_up(other)  # it looks anew, and has nothing left to do
    assert await shop.everybody() == before


async def test_old_events_in_a_new_import_cost_nothing_and_are_not_told(shop):
    shop.clock.at_us = T0 + 40 * 24 * HOUR_US
    await shop.house.load(*bodies(20))
    await shop.catch_up()
    assert all(row == EMPTY for row in (await shop.everybody()).values()), "of buyers alone"
    await shop.house.load(event("Product Viewed", 40 * 24 * HOUR_US, user="u", sku="cup"))
    await shop.catch_up()
    assert {key for key, row in (await shop.everybody()).items() if row != EMPTY} == {"u"}


async def test_an_erasure_empties_the_rows_and_whoever_comes_back_is_new(
    shop,
    house,
    lake,
    book,
    monkeypatch,
):
    class Elsewhere:
        async def clear(self, subject, offsets):
            await shop.writer.forget(list(subject.numbers))

    monkeypatch.setattr(
        "tests.process.test_erasure.eraser_of",
        lambda *known: eraser_with(*known, elsewhere=Elsewhere()),
    )
    await fill(house)
    await shop.catch_up()
    before = await shop.everybody()
    assert (before[USER].viewed, before[DEVICE].viewed, before[SHARED].link.user) != ((), (), "")
    await erase(house, lake, book, Subject(user_id=USER))
    await shop.catch_up()
    found = await shop.everybody()
    assert not {USER, DEVICE} & set(found)
    assert found[KEPT_USER] == before[KEPT_USER]
    assert found[SHARED].link.user != USER
    held = b"".join(file.read_bytes() for file in house.folder.glob("rows.sqlite*"))
    assert USER.encode() not in held
    assert DEVICE.encode() not in held
    await house.load(event("Product Viewed", 50, user=USER, sku="new"))
    await shop.catch_up()
    assert skus((await shop.told(USER)).recent.viewed) == ["new"]
    shop.made_by = "second"
    kept = await shop.everybody()
    await shop.catch_up()
    assert {name: row.viewed for name, row in (await shop.everybody()).items()} == {
        name: row.viewed for name, row in kept.items()
    }


def eraser_with(house, lake, book, **changed) -> Eraser:
    from tests.process.conftest import eraser_of  # noqa: PLC0415

    return eraser_of(house, lake, book, **changed)


async def test_the_writer_waits_for_its_store_and_for_the_loader(shop):
    await shop.house.load(*bodies(10))
    busy, stop = [True], asyncio.Event()
    writer = shop.new_writer(Away())
    writer._behind = lambda: busy[0]
    with structlog.testing.capture_logs() as logs:
        running = asyncio.create_task(writer.run(stop))
        await asyncio.sleep(0.4)
        assert logs == []
        busy[0] = False
        await seen(lambda: bool(logs))
        writer._rows = shop.rows
        await seen(lambda: writer._is_near)
        stop.set()
        await running
    assert logs[0]["event"] == "live rows wait for their store"
    assert len(await shop.everybody()) > 1
