"""The webhook dispatcher as a loop of the scheduler."""

import asyncio
from random import SystemRandom
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, select, update

from queqiao.kernel import json
from queqiao.kernel.clock import DAY_US, Clock
from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.keyring.base import Keyring, is_sealed
from queqiao.ports.records.base import Records
from queqiao.ports.records.tables import document_revisions, documents
from queqiao.reach.contracts import WEBHOOK, secret_place
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
    dispatcher = Dispatcher(
        records, reader, clock, SystemRandom(), kept_us=kept_us, keyring=adapters.keyring(settings)
    )

    async def step() -> None:
        try:
            await dispatcher.step()
        except QueqiaoError as error:
            log.warning("webhooks put off", reason=str(error))

    await every(STEP_EVERY_S, stop, step)
    await dispatcher.close()


def seal_plain(conn: Connection, keyring: Keyring) -> int:
    """Seal the secrets that lie in clear from before there was a keyring; return how many did."""
    count = 0
    for table in (documents, document_revisions):
        c = table.c
        key = list(table.primary_key.columns)
        rows = conn.execute(select(*key, c.body).where(c.kind == WEBHOOK.name)).all()
        for row in rows:
            body = msgspec.json.decode(row.body, type=dict[str, Any])
            if not body.get("secret") or is_sealed(body["secret"]):
                continue
            body["secret"] = keyring.seal(body["secret"], secret_place(row.id))
            here = [column == getattr(row, column.name) for column in key]
            fresh = json.encode(body).decode()
            conn.execute(update(table).where(*here).values(body=fresh))
            count += 1
    return count
