"""The scheduler role: segments, learning, webhooks, the lake; each by its own clock."""

import asyncio
from datetime import date, timedelta

import structlog

from queqiao.decide.ads import counts
from queqiao.decide.recommend.contracts import ARTIFACT as ITEMS_ARTIFACT
from queqiao.decide.recommend.model import encode_model
from queqiao.decide.recommend.training import train
from queqiao.kernel.clock import Clock, SystemClock, business_day
from queqiao.kernel.errors import QueqiaoError, Unavailable
from queqiao.ports.records import artifacts
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Documents
from queqiao.ports.warehouse.base import Warehouse
from queqiao.profile import segments, snapshots
from queqiao.profile.contracts import SEGMENT
from queqiao.wiring import adapters, webhooks
from queqiao.wiring.freshness import Freshness, Work
from queqiao.wiring.role import every
from queqiao.wiring.settings import Settings

log = structlog.get_logger()

COUNTS_EVERY_S = 30.0


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Do the scheduled work until ``stop`` is set."""
    clock = SystemClock()
    records, warehouse = adapters.records(settings), adapters.warehouse(settings)
    schedule = settings.schedule

    async def lake() -> None:
        await publish_lake(settings, warehouse, clock)

    async def count_segments() -> None:
        await segments.refresh(warehouse, records, clock.now_us())

    async def learn_items() -> None:
        await learn(warehouse, records, clock)

    async def count_clicks() -> None:
        await count_ads(warehouse, records, clock)

    async def live_segments() -> object:
        live = await Documents(records).live(SEGMENT)
        return [(stored.id, stored.revision) for stored in live]

    fresh = Freshness(warehouse, clock)
    works: list[tuple[float, str, Work]] = [
        (
            schedule.segments_every_s,
            "segments",
            fresh.only("segments", count_segments, live_segments),
        ),
        (schedule.recommendations_every_s, "recommendations", fresh.only("items", learn_items)),
        (COUNTS_EVERY_S, "ads counts", fresh.only("clicks", count_clicks)),
        (schedule.lake_every_s, "lake", fresh.only("lake", lake)),
    ]
    tasks = [every(seconds, stop, patient(name, work)) for seconds, name, work in works]
    await asyncio.gather(*tasks, webhooks.deliver(settings, records, clock, stop))
    records.close()


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


async def learn(warehouse: Warehouse, records: Records, clock: Clock) -> None:
    """Learn which items go together, and publish it for the decide role."""
    now_us = clock.now_us()
    model = await train(warehouse, now_us)
    if model is not None:
        body = encode_model(model)
        await records.write(lambda conn: artifacts.put(conn, ITEMS_ARTIFACT, body, now_us))


async def count_ads(warehouse: Warehouse, records: Records, clock: Clock) -> None:
    """Count what became of past ads, and publish it for the decide role."""
    now_us = clock.now_us()
    body = counts.encode(await counts.count(warehouse, now_us))
    await records.write(lambda conn: artifacts.put(conn, counts.ARTIFACT, body, now_us))


async def publish_lake(settings: Settings, warehouse: Warehouse, clock: Clock) -> None:
    """Write yesterday's profiles to the lake; late events of that day are in the next writing."""
    zone = settings.shop.timezone
    today = date.fromisoformat(business_day(clock.now_us(), zone))
    yesterday = (today - timedelta(days=1)).isoformat()
    await snapshots.publish_day(warehouse, adapters.lake(settings), yesterday, zone)
