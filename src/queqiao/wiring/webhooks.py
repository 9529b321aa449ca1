"""The webhook dispatcher as a loop of the scheduler."""

import asyncio
from random import SystemRandom

import structlog

from queqiao.kernel.clock import DAY_US, Clock
from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.records.base import Records
from queqiao.reach.dispatcher import Dispatcher
from queqiao.wiring import adapters
from queqiao.wiring.role import every
from queqiao.wiring.settings import Settings

log = structlog.get_logger()

STEP_EVERY_S = 0.5


async def deliver(settings: Settings, records: Records, clock: Clock, stop: asyncio.Event) -> None:
    """Deliver webhooks until ``stop`` is set."""
    reader = adapters.event_log_reader(settings)
    kept_us = settings.retention.deliveries_days * DAY_US
    dispatcher = Dispatcher(records, reader, clock, SystemRandom(), kept_us=kept_us)

    async def step() -> None:
        try:
            await dispatcher.step()
        except QueqiaoError as error:
            log.warning("webhooks put off", reason=str(error))

    await every(STEP_EVERY_S, stop, step)
    await dispatcher.close()
