"""What an operator watches: flows that add up, refusals by reason, all of it by the second."""

import asyncio

import msgspec
import pytest
from tests.process.conftest import House
from tests.promotions.flash_sales.counter import (
    EVENING_ID,
    MORNING_ID,
    NOW_US,
    STARTS_US,
    Counter,
    sale,
)

from queqiao.decide.promotions.flash_sales.cockpit import CockpitServices, cockpit_route
from queqiao.decide.promotions.flash_sales.contracts import FLASH_SALE
from queqiao.decide.promotions.flash_sales.documents import Queue
from queqiao.decide.promotions.flash_sales.series import KEPT_S, Settled, Story
from queqiao.decide.promotions.flash_sales.tally import REFUSED, RESERVED, Counted, Tally
from queqiao.kernel.clock import MINUTE_US, SECOND_US, FixedClock
from queqiao.kernel.errors import InvalidInput, NotFound, Refused
from queqiao.kernel.http import Request
from queqiao.measure.series_table import Batch, PointsWriter
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.wiring.flash_tally import answers_of, points

SEEN_US = NOW_US + 10 * SECOND_US


class Tower:
    """The console's route over a counter's ledger, log and counts, in a real warehouse."""

    def __init__(self, folder, counter: Counter, house: House) -> None:
        self.counter, self.house = counter, house
        self.records = SqliteRecords(folder / "records.sqlite")
        self.records.upgrade()
        self.writer = PointsWriter(house.warehouse, FixedClock(NOW_US))
        self.loaded = 0
        services = CockpitServices(
            self.records, counter.ledger, house.warehouse, answers_of(house.warehouse)
        )
        self.route = cockpit_route(services)

    def keep(self, document, state="live") -> None:
        edit = documents.Edit(SYSTEM, NOW_US)

        def store(conn):
            documents.create(conn, FLASH_SALE, "s", document, edit)
            if state != "draft":
                documents.transition(conn, FLASH_SALE, "s", "live", edit)
            if state == "paused":
                documents.transition(conn, FLASH_SALE, "s", "paused", edit)

        self.records.write_now(store)

    async def count(self, now_us: int, process: str = "decide-0") -> None:
        """Store what the counter's process counted, as it does every second."""
        counts = self.counter.tally.untold()
        await self.writer.store(Batch(points(counts, {"role": process}, now_us)))
        self.counter.tally.told(counts)

    async def load(self) -> None:
        events = EmbeddedEventLogReader(self.counter.folder / "log").read(self.loaded, 1_000)
        self.loaded += len(events)
        await self.house.load(*(event.body for event in events))

    async def look(self, now_us=SEEN_US, sale_id="s", **query):
        request = Request(
            "GET", "", {"id": sale_id}, query, {}, b"", "127.0.0.1", now_us, language="en"
        )
        return msgspec.json.decode((await self.route.handler(request)).body)


@pytest.fixture
async def tower(tmp_path, counter):
    house = House(tmp_path / "house")
    built = Tower(tmp_path, counter, house)
    await built.writer.open()
    await built.load()
    yield built
    built.records.close()
    await house.loader.close()
    house.warehouse.close()
    house.log.close()


async def test_flows_add_up_and_refusals_have_their_reasons(tower, counter):
    counter.show(sale(stock=4, limit_per_customer=None))
    tower.keep(sale(stock=4, limit_per_customer=None))
    keys = [(await counter.reserve(f"r{n}", f"u{n}"))["reservation_id"] for n in range(4)]
    await counter.reserve("r1", "u1", NOW_US + 1)
    for number in range(3):
        with pytest.raises(Refused):
            await counter.reserve(f"late-{number}", "u9")
    (unknown,) = await counter.batch({"request_id": "x", "customer_id": "u", "sku": "NONE"})
    assert unknown["reason"] == "not_in_sale"
    await tower.count(NOW_US)
    await counter.settle("commit", keys[0], "o1", NOW_US + SECOND_US)
    await counter.settle("commit", keys[1], "o2", NOW_US + SECOND_US)
    await counter.settle("release", keys[2], "", NOW_US + 2 * SECOND_US)
    await counter.settle("return", keys[0], "o1", NOW_US + 3 * SECOND_US)
    await tower.load()
    seen = await tower.look()
    assert seen["flow"] == {"reserved": 4, "sold": 2, "released": 1, "expired": 0, "returned": 1}
    assert seen["refusals"] == [
        {"reason": "sold_out", "count": 3, "lately": 3},
        {"reason": "not_in_sale", "count": 1, "lately": 1},
    ]
    item = seen["state"]["items"][0]
    assert (item["stock"], item["left"], item["reserved"], item["sold"]) == (4, 2, 1, 1)
    over_us = NOW_US + 20 * MINUTE_US
    await counter.ledger.expire(over_us)
    flow = (await tower.look(over_us))["flow"]
    assert flow == {"reserved": 4, "sold": 2, "released": 1, "expired": 1, "returned": 1}


async def test_seconds_stand_where_things_happened(tower, counter):
    tower.keep(sale())
    first = (await counter.reserve("r1", "u1"))["reservation_id"]
    await tower.count(NOW_US)
    await counter.reserve("r2", "u2")
    with pytest.raises(Refused):
        await counter.reserve("r3", "u2")
    await tower.count(NOW_US + 2 * SECOND_US)
    await counter.settle("commit", first, "o1", NOW_US + 3 * SECOND_US)
    await tower.load()
    seen = await tower.look(NOW_US + 8 * SECOND_US, seconds="6")
    by_second = seen["by_second"]
    assert by_second["starts_at"] == "2026-06-18T02:05:00Z"
    assert by_second["reserved"] == [1, 0, 1, 0, 0, 0]
    assert by_second["refused"] == [0, 0, 1, 0, 0, 0]
    assert by_second["sold"] == [0, 0, 0, 1, 0, 0]
    later = await tower.look(NOW_US + 12 * SECOND_US, seconds="6")
    assert sum(later["by_second"]["reserved"]) == 0
    assert (later["flow"]["reserved"], later["refusals"][0]["lately"]) == (2, 0)


async def test_processes_count_together_and_one_that_starts_again_goes_on(tower, counter):
    tower.keep(sale())
    for run, pieces in (("intake", 3), ("decide-0", 2)):
        counter.tally.reserved("s", MORNING_ID, pieces)
        await tower.count(NOW_US, run)
        counter.restart_tally()
    counter.tally.reserved("s", MORNING_ID, 1)
    await tower.count(NOW_US + SECOND_US, "decide-0")
    assert (await tower.look())["flow"]["reserved"] == 6


async def test_each_session_is_told_alone(tower, counter):
    tower.keep(sale(queue=Queue(5)))
    counter.tally.refused("s", EVENING_ID, "not_started")
    await tower.count(NOW_US)
    morning = await tower.look()
    assert [one["id"] for one in morning["sessions"]] == [MORNING_ID, EVENING_ID]
    assert (morning["state"]["session"]["id"], morning["refusals"]) == (MORNING_ID, [])
    assert morning["state"]["queue"]["admissions_per_s"] == 5
    evening = await tower.look(session=EVENING_ID)
    assert evening["refusals"][0]["reason"] == "not_started"
    with pytest.raises(InvalidInput):
        await tower.look(session="none")


@pytest.mark.parametrize(("state", "phase"), [("draft", "paused"), ("paused", "paused")])
async def test_a_sale_that_is_not_live_is_shown_too(tower, state, phase):
    tower.keep(sale(), state)
    seen = await tower.look()
    assert (seen["document_state"], seen["state"]["phase"]) == (state, phase)


async def test_who_looks_at_once_shares_an_answer(tower, counter, monkeypatch):
    tower.keep(sale())
    asked = 0
    balances = counter.ledger.balances

    async def counting(names):
        nonlocal asked
        asked += 1
        return await balances(names)

    monkeypatch.setattr(counter.ledger, "balances", counting)
    await asyncio.gather(*(tower.look(SEEN_US + n) for n in range(20)))
    assert asked == 1
    await tower.look(SEEN_US + SECOND_US)
    assert asked == 2
    edit = documents.Edit(SYSTEM, NOW_US)
    tower.records.write_now(
        lambda conn: documents.transition(conn, FLASH_SALE, "s", "paused", edit)
    )
    assert (await tower.look(SEEN_US + SECOND_US))["state"]["phase"] == "paused"


@pytest.mark.parametrize("seconds", ["0", "1801", "x", "", "-1", "12345"])
async def test_wrong_seconds_are_named(tower, seconds):
    tower.keep(sale())
    with pytest.raises(InvalidInput) as wrong:
        await tower.look(seconds=seconds)
    assert [field.path for field in wrong.value.fields] == ["seconds"]


async def test_an_unknown_sale_is_not_found(tower):
    with pytest.raises(NotFound):
        await tower.look(sale_id="none")


def test_what_was_told_is_not_told_again():
    tally = Tally()
    tally.reserved("s", "a", 2)
    tally.refused("s", "a", "sold_out")
    counts = tally.untold()
    assert [(one.metric, count) for one, count in counts] == [(RESERVED, 2), (REFUSED, 1)]
    assert tally.untold() == counts, "what was not written waits"
    tally.told(counts)
    assert tally.untold() == []
    tally.refused("s", "a", "sold_out")
    assert tally.untold() == [(Counted("s", "a", "sold_out"), 2)]


def test_old_seconds_are_kept_as_a_sum():
    story, now_s = Story(), STARTS_US // SECOND_US
    story.add(now_s - KEPT_S - 1, Settled(sold=3))
    story.add(now_s - KEPT_S, Settled(sold=4, released=1))
    story.gather(now_s)
    assert story.seconds == {0: Settled(sold=3), now_s - KEPT_S: Settled(4, 1)}
    assert story.total == Settled(7, 1)
