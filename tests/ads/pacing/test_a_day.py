"""A day with the real parts: decisions, notices, ledger, log, warehouse and the pacer's own job."""

import random

import msgspec
import numpy as np
import pytest
from tests.ads.shop import campaign, placement

from queqiao.decide.ads.contracts import CAMPAIGN
from queqiao.decide.ads.groups.document import AD_GROUP, AdGroup
from queqiao.decide.ads.hot_state import snapshot
from queqiao.decide.ads.pacing import book, control
from queqiao.decide.ads.pacing.day import TICK_US
from queqiao.decide.ads.pacing.document import BidStrategy
from queqiao.decide.ads.pacing.messages import CampaignPacing
from queqiao.decide.ads.pacing.office import PacingOffice, handlers
from queqiao.decide.ads.pacing.pacer import Pacer
from queqiao.kernel.clock import HOUR_US, SECOND_US, format_rfc3339, parse_rfc3339
from queqiao.kernel.errors import NotFound
from queqiao.kernel.http import Request
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.records import artifacts, documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.documents import Edit
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.ports.warehouse.clickhouse import open_warehouse
from queqiao.process.loader import Loader

BEGINS_US = parse_rfc3339("2026-06-18T08:00:00+08:00")
HOURS = 2
ASKED_A_TICK = 60
CLICKED = 0.5


@pytest.fixture
async def day(shop, tmp_path):
    """A shop whose day can be lived through, tick after tick."""
    warehouse = open_warehouse(f"chdb://{tmp_path}/warehouse")
    loader = Loader(
        EmbeddedEventLogReader(tmp_path / "log"), warehouse, tmp_path / "process.sqlite", "CNY"
    )
    await loader.open()
    records = SqliteRecords(tmp_path / "records.sqlite")
    records.upgrade()
    yield Lived(shop, warehouse, loader, records)
    await loader.close()
    warehouse.close()
    records.close()


class Lived:
    def __init__(self, shop, warehouse, loader, records):
        self.shop, self.warehouse, self.loader, self.records = shop, warehouse, loader, records
        self.chance = random.Random(7)
        self.pacer = Pacer(records, shop.ledger, warehouse, "Asia/Shanghai")

    async def publish(self, live):
        def write(conn):
            documents.create(conn, CAMPAIGN, live.id, live.document, Edit(SYSTEM, BEGINS_US))
            documents.transition(conn, CAMPAIGN, live.id, "live", Edit(SYSTEM, BEGINS_US))

        await self.records.write(write)

    async def steer(self, now_us):
        """Load what happened, run the job, and take in what it published, as ``decide`` does."""
        while await self.loader.step():
            pass
        await self.pacer.run(now_us)
        found = await self.records.read(lambda conn: artifacts.get(conn, control.ARTIFACT))
        controls = control.decode(found[1]) if found else control.NO_CONTROLS
        stored = await self.records.read(lambda conn: documents.live(conn, CAMPAIGN))
        live = list(control.controlled(stored, controls))
        shares = control.shares_of(live, controls)
        self.shop.hot = snapshot([placement()], live, shares=shares)

    async def tick(self, begins_us, asked):
        """Let shoppers come evenly through a tick, of whom some click a second later."""
        for number in range(asked):
            at_us = begins_us + number * (TICK_US // asked)
            body = {"placements": [{"id": "home"}], "user": {"anonymous_id": f"p{at_us}"}}
            for ad in (await self.shop.ask(body, at_us))["decisions"]:
                if self.chance.random() < CLICKED:
                    await self.shop.tell(ad["tracking"]["click"], at_us + SECOND_US)

    async def kept(self, name):
        found = await self.records.read(lambda conn: artifacts.get(conn, book.ARTIFACT))
        return book.decode(found[1]).campaigns[name]

    async def spend_by_tick(self, name, ticks=HOURS * 6):
        spent = []
        for tick in range(ticks):
            begins_us = BEGINS_US + tick * TICK_US
            await self.steer(begins_us + 2 * SECOND_US)
            await self.tick(begins_us + 3 * SECOND_US, ASKED_A_TICK)
            balances = await self.shop.ledger.balances([f"ads:budget:{name}:2026-06-18"])
            spent.append(next(iter(balances.values())).spent)
        return np.array(spent, float)


def rmse(spent, kept):
    """Return how far cumulative spend is from the plan that is shown, by tick."""
    first = kept.settings[0].tick
    plan = np.array(kept.plan_ppm[first : first + len(spent)]) / control.UNIT
    return np.sqrt(np.mean((spent - plan) ** 2))


def window():
    return {
        "starts_at": format_rfc3339(BEGINS_US),
        "ends_at": format_rfc3339(BEGINS_US + HOURS * HOUR_US),
    }


async def test_a_manual_bid_is_spread_over_the_day(day):
    await day.publish(campaign("rival", 40, budget=10_000_000))
    even = BidStrategy(pacing="even")
    await day.publish(campaign("even", 90, budget=6_000, strategy=even, **window()))
    spent, kept = await day.spend_by_tick("even"), await day.kept("even")
    assert rmse(spent / 6_000, kept) < 0.06
    assert spent[-1] > 0.95 * 6_000
    assert len(kept.settings) == len(spent)
    assert {each.bid_minor for each in kept.settings} == {90}
    assert any(0 < each.probability_ppm < control.UNIT for each in kept.settings)
    await is_shown(day, "even", spent)


async def is_shown(day, name, spent):
    """The endpoint tells the same day."""
    office = PacingOffice(day.records, day.shop.ledger, day.warehouse, "Asia/Shanghai")
    (route,) = handlers(office)
    now_us = BEGINS_US + HOURS * HOUR_US - 60 * SECOND_US
    request = Request("GET", "", {"id": name}, {}, {}, b"", "127.0.0.1", now_us)
    told = msgspec.json.decode((await route.handler(request)).body, type=CampaignPacing)
    assert (told.day, told.budget_minor, told.spent_minor) == ("2026-06-18", 6_000, spent[-1])
    assert told.left_minor == 6_000 - told.spent_minor - told.leased_minor
    assert len(told.plan) == 48
    by_half_hour = [point.spent_minor for point in told.plan[16:20]]
    assert by_half_hour == [spent[2], spent[5], spent[8], spent[11]]
    assert [point.spent_minor for point in told.plan[20:]] == [None] * 28
    assert told.plan[-1].planned_minor == 6_000
    assert len(told.multipliers) == len(spent)
    assert (told.learning.state, told.learning.wanted) == ("learned", "click")
    with pytest.raises(NotFound):
        await office.pacing("nobody", now_us)


async def test_an_automatic_bid_is_steered_along_the_plan(day):
    for number, bid_minor in enumerate((30, 38, 45, 52, 60)):
        await day.publish(campaign(f"rival{number}", bid_minor, budget=2_000, **window()))
    wanted = BidStrategy(kind="max_delivery", wanted="click", pacing="even")
    await day.publish(campaign("auto", 200, budget=6_000, strategy=wanted, **window()))
    spent, kept = await day.spend_by_tick("auto"), await day.kept("auto")
    assert rmse(spent / 6_000, kept) < 0.08
    assert spent[-1] > 0.95 * 6_000
    assert all(each.bid_minor <= 200 for each in kept.settings)


async def test_a_job_that_starts_anew_goes_on_with_the_day(day):
    even = campaign("even", 90, budget=6_000, strategy=BidStrategy(pacing="even"), **window())
    await day.publish(even)
    await day.spend_by_tick("even", 3)
    before = await day.records.read(lambda conn: artifacts.get(conn, book.ARTIFACT))
    day.pacer = Pacer(day.records, day.shop.ledger, day.warehouse, "Asia/Shanghai")
    at_us = BEGINS_US + 2 * TICK_US + 4 * SECOND_US
    assert await day.pacer.run(at_us) == 0
    assert await day.records.read(lambda conn: artifacts.get(conn, book.ARTIFACT)) == before
    assert await day.pacer.run(BEGINS_US + 3 * TICK_US) == 1
    kept = await day.kept("even")
    assert [each.tick - kept.settings[0].tick for each in kept.settings] == [0, 1, 2, 3]
    assert await day.pacer.run(BEGINS_US + HOURS * HOUR_US) == 0
    found = await day.records.read(lambda conn: artifacts.get(conn, book.ARTIFACT))
    assert book.decode(found[1]).campaigns == {}


async def test_a_campaign_of_ad_groups_is_steered_by_their_highest_bid(day):
    strategy = BidStrategy(kind="max_delivery", wanted="click", pacing="even")
    ours = campaign("grouped", 0, budget=6_000, strategy=strategy, creatives=[], placements=[])
    await day.publish(ours)
    edit = Edit(SYSTEM, BEGINS_US)
    groups = {"g1": ("home", 80), "g2": ("cart", 200)}

    def write(conn):
        for name, (place, bid_minor) in groups.items():
            group = AdGroup(
                name=name, campaign="grouped", placements=[place], bid_minor=bid_minor,
                creatives=["c"],
            )  # fmt: skip
            documents.create(conn, AD_GROUP, name, group, edit)
            documents.transition(conn, AD_GROUP, name, "live", edit)

    await day.records.write(write)
    await day.pacer.run(BEGINS_US + SECOND_US)
    (setting,) = (await day.kept("grouped")).settings
    assert (setting.bid_minor, setting.multiplier_ppm) == (100, control.UNIT // 2)
