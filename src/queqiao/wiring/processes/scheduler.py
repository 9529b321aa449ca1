"""The scheduler role: segments, learning, webhooks, the lake; each by its own clock."""

import asyncio
from datetime import date, timedelta

import structlog

from queqiao.decide.ads.delivery import own_orders
from queqiao.decide.ads.inventory.upkeep import InventoryUpkeep
from queqiao.decide.ads.openrtb import shades
from queqiao.decide.ads.pacing import guarantees, pacer
from queqiao.decide.ads.traffic.afterwards import Afterwards
from queqiao.decide.ads.wallets.payments import Payments
from queqiao.decide.promotions.cards.moves import Moves
from queqiao.decide.promotions.coupons.gifts import Giver
from queqiao.decide.promotions.engagements.engaging import TELL_EVERY_S, tell_ended
from queqiao.decide.promotions.loyalty.hot_endpoints import accounts_of_orders
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.redemptions.settlement import SETTLE_EVERY_S, Settlement
from queqiao.kernel.clock import Clock, business_day
from queqiao.kernel.errors import QueqiaoError, Unavailable
from queqiao.operate import approvals, schedules
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Documents
from queqiao.ports.warehouse.base import Warehouse
from queqiao.profile import snapshots
from queqiao.profile.contracts import SEGMENT
from queqiao.wiring import (
    adapters,
    delivery,
    frequency_caps,
    kinds,
    referrals,
    retention,
    secret_keys,
    traffic,
    webhooks,
)
from queqiao.wiring.freshness import Freshness, Work
from queqiao.wiring.role import every
from queqiao.wiring.schedule import AtMoment, Schedule
from queqiao.wiring.schedule import server as schedule_server
from queqiao.wiring.settings import Settings

log = structlog.get_logger()

FLOORS_EVERY_S = 3_600.0
"""Floors are learned from weeks of auctions: an hour more or less changes little."""

SUPPLY_EVERY_S = 60.0
"""Half a year of slots by day: what a forecast needs, not what a minute changes."""

COUNTS_EVERY_S = 30.0

CLICKS_EVERY_S = 300.0
"""How soon clicks that only the day shows to be nobody's are given back."""

SAMPLE_EVERY_S = 60.0
"""How often the sample that forecasts are made of is made anew, where that is quick."""

CHANGES_EVERY_S = 1.0
"""How late a scheduled change may be, beside the second in which all roles learn of it."""

CARDS_EVERY_S = 5.0
"""How soon money that was left on its way comes to its card, and what expired is written off."""

POINTS_EVERY_S = 5.0
"""How soon points that were left half moved get there, and what the clock brings is told."""

GIFTS_EVERY_S = 1.0
"""How soon coupons given to a segment begin to be given."""

CATALOGUE_EVERY_S = 60.0
"""How often the lake's catalogue is compared with the lake: how long after an outage of it engines
that go by it may see a former state."""


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Do the scheduled work until ``stop`` is set."""
    clock = adapters.clock(settings)
    records, warehouse = adapters.records(settings), adapters.warehouse(settings)
    pace = settings.schedule

    async def lake(now_us: int) -> None:
        await publish_lake(settings, warehouse, now_us)

    schedule = Schedule(
        warehouse, records, adapters.event_log_reader(settings), lake, settings.shop.timezone
    )
    server = schedule_server(schedule)
    await server.serve(settings.socket("scheduler.rpc"))

    async def catch_up() -> None:
        await tell_catalogue(settings)

    async def forget() -> None:
        await retention.cut(records, settings.retention, clock)

    inventory = InventoryUpkeep(warehouse, records, settings.shop.timezone)

    async def live_segments() -> object:
        live = await Documents(records).live(SEGMENT)
        return [(stored.id, stored.revision) for stored in live]

    keeper = points_keeper(settings, records)
    points = accounts_of_orders(
        keeper, secret_keys.key(settings.home, "points"), referrals.of_orders(settings, keeper)
    )
    settlement = Settlement(warehouse, keeper.ledger, keeper.event_log, points)

    async def settle() -> None:
        await settlement.settle(clock.now_us())

    def at_turn(count: AtMoment) -> Work:
        return schedule.by_clock(count, clock.now_us)

    coupon_secret = secret_keys.key(settings.home, "coupons")
    giver = Giver(records, adapters.event_log(settings), coupon_secret, clock)
    fresh = Freshness(warehouse, clock)
    works: list[tuple[float, str, Work]] = [
        (
            pace.segments_every_s,
            "segments",
            fresh.only("segments", at_turn(schedule.count_segments), live_segments),
        ),
        (
            pace.recommendations_every_s,
            "recommendations",
            fresh.only("items", at_turn(schedule.learn_items)),
        ),
        (
            own_orders.EVERY_S,
            "ad conversions",
            delivery.own_orders(settings, warehouse, clock),
        ),
        (FLOORS_EVERY_S, "ads floors", fresh.only("floors", at_turn(inventory.learn_floors))),
        (SUPPLY_EVERY_S, "ads supply", fresh.only("supply", at_turn(inventory.count_supply))),
        (
            COUNTS_EVERY_S,
            "booked deals",
            fresh.only("deals", at_turn(inventory.plan_deals), inventory.deals),
        ),
        (COUNTS_EVERY_S, "ads counts", fresh.only("clicks", at_turn(schedule.count_clicks))),
        (
            CLICKS_EVERY_S,
            "invalid clicks",
            fresh.only("invalid clicks", invalid_clicks(settings, warehouse, clock)),
        ),
        (
            SAMPLE_EVERY_S,
            "ads opportunities",
            fresh.only("opportunities", at_turn(schedule.sample_opportunities)),
        ),
        (pace.lake_every_s, "lake", fresh.only("lake", schedule.lake_by_clock(clock.now_us))),
        (CATALOGUE_EVERY_S, "catalogue", catch_up),
        (retention.EVERY_S, "retention", forget),
        (GIFTS_EVERY_S, "coupon gifts", giver.run),
        (CARDS_EVERY_S, "cards", card_upkeep(settings, records, clock)),
        (CARDS_EVERY_S, "ad payments", payment_upkeep(settings, records, clock)),
        (shades.EVERY_S, "ad shading", ad_shading(records, warehouse, clock)),
        (pacer.EVERY_S, "ad pacing", ad_pacing(settings, records, warehouse, clock)),
        (guarantees.EVERY_S, "ad guarantee", ad_guarantee(settings, records, warehouse, clock)),
        (SETTLE_EVERY_S, "redemptions", settle),
        (POINTS_EVERY_S, "points", points_upkeep(keeper, clock)),
        (POINTS_EVERY_S, "referrals", referrals.upkeep(settings, keeper, clock)),
        (frequency_caps.EVERY_S, "frequency caps", frequency_caps.upkeep(settings, clock, records)),
        (TELL_EVERY_S, "engagements", lambda: told(records, adapters.event_log(settings), clock)),
        (CHANGES_EVERY_S, "scheduled changes", scheduled_changes(settings, records, clock)),
    ]
    tasks = [every(seconds, stop, patient(name, work)) for seconds, name, work in works]
    await asyncio.gather(*tasks, webhooks.deliver(settings, records, clock, stop))
    await server.close()
    records.close()


def card_upkeep(settings: Settings, records: Records, clock: Clock) -> Work:
    """Return the work that brings cards' money where it belongs."""
    moves = Moves(adapters.ledger(settings), records)

    async def work() -> None:
        await moves.finish_all(clock.now_us())
        await moves.write_off(clock.now_us())

    return work


def invalid_clicks(settings: Settings, warehouse: Warehouse, clock: Clock) -> Work:
    """Return the work that gives back clicks which only the day shows to be nobody's."""
    ledger, event_log = adapters.ledger(settings), adapters.event_log(settings)
    bounds = traffic.day_bounds(settings.traffic)
    afterwards = Afterwards(warehouse, ledger, event_log, bounds)

    async def work() -> None:
        await afterwards.look(clock.now_us())

    return work


def payment_upkeep(settings: Settings, records: Records, clock: Clock) -> Work:
    """Return the work that finishes what advertisers paid."""
    payments = Payments(adapters.ledger(settings), records)

    async def work() -> None:
        await payments.finish_all(clock.now_us())

    return work


def ad_pacing(settings: Settings, records: Records, warehouse: Warehouse, clock: Clock) -> Work:
    """Return the work that steers the campaigns which bid by themselves."""
    steering = pacer.Pacer(records, adapters.ledger(settings), warehouse, settings.shop.timezone)

    async def work() -> None:
        await steering.run(clock.now_us())

    return work


def ad_shading(records: Records, warehouse: Warehouse, clock: Clock) -> Work:
    """Return the work that learns what bids win in foreign first-price auctions."""

    async def work() -> None:
        await shades.learn(records, warehouse, clock.now_us())

    return work


def ad_guarantee(settings: Settings, records: Records, warehouse: Warehouse, clock: Clock) -> Work:
    """Return the work that keeps the cost guarantee of automatic bids."""
    ledger, event_log = adapters.ledger(settings), adapters.event_log(settings)
    reader = adapters.event_log_reader(settings)
    kept = guarantees.Guarantees(
        records, ledger, warehouse, event_log, settings.shop.timezone, end_of_log=reader.end
    )

    async def work() -> None:
        await kept.run(clock.now_us())

    return work


def points_keeper(settings: Settings, records: Records) -> Keeper:
    """Return what keeps the accounts of points."""
    ledger, event_log = adapters.ledger(settings), adapters.event_log(settings)
    return Keeper(ledger, records, event_log, settings.shop.timezone)


def points_upkeep(keeper: Keeper, clock: Clock) -> Work:
    """Return the work that does to points what the clock brings."""

    async def work() -> None:
        await keeper.keep_due(clock.now_us())

    return work


async def told(records: Records, event_log: EventLog, clock: Clock) -> None:
    """Tell of groups, bargains and deposits that have ended."""
    await tell_ended(records, event_log, clock.now_us())


def scheduled_changes(settings: Settings, records: Records, clock: Clock) -> Work:
    """Return the work that does what operators have scheduled, and ends what nobody approved."""
    handlings = kinds.handlings(adapters.keyring(settings), settings)

    async def change() -> None:
        now_us = clock.now_us()
        await schedules.carry_out(records, kinds.KINDS, handlings, now_us)
        await records.write(lambda conn: approvals.expire(conn, now_us))

    return change


def patient(name: str, work: Work) -> Work:
    """Return the work such that a part that is away just now makes it wait for its next turn."""

    async def attempt() -> None:
        try:
            await work()
        except Unavailable:
            log.debug("scheduled work waits for a role", work=name)
        except QueqiaoError as error:
            log.warning("scheduled work put off", work=name, reason=str(error))

    return attempt


async def publish_lake(settings: Settings, warehouse: Warehouse, now_us: int) -> None:
    """Write yesterday's profiles to the lake; late events of that day are in the next writing."""
    zone = settings.shop.timezone
    today = date.fromisoformat(business_day(now_us, zone))
    yesterday = (today - timedelta(days=1)).isoformat()
    lake = await asyncio.to_thread(adapters.lake, settings)
    await snapshots.publish_day(warehouse, lake, yesterday, zone)


async def tell_catalogue(settings: Settings) -> None:
    """Make good what the catalogue was not told, while it was away for instance."""
    lake = await asyncio.to_thread(adapters.catalogued_lake, settings)
    if lake is None:
        return
    try:
        wrong = await asyncio.to_thread(lake.catch_up)
    except QueqiaoError as error:
        log.warning("the lake's catalogue is behind", reason=error.explain("en"))
        return
    if wrong:
        log.info("the lake's catalogue has caught up", partitions=wrong)
