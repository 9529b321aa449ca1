"""The ledger role: the one writer of scarce counts, or who expires them on a server."""

import asyncio

import structlog

from queqiao.kernel.clock import Clock
from queqiao.kernel.errors import Unavailable
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.ledger.remote import methods
from queqiao.ports.rpc import RpcServer
from queqiao.wiring import adapters
from queqiao.wiring.garbage import rare_collections
from queqiao.wiring.role import every, stop_when_broken
from queqiao.wiring.settings import Settings

log = structlog.get_logger()

EXPIRE_EVERY_S = 5.0


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Keep the ledger and answer the other roles until ``stop`` is set."""
    ledger = adapters.owned_ledger(settings)
    rare_collections()
    server = RpcServer(methods(ledger))
    await server.serve(settings.socket("ledger.rpc"))
    watching = asyncio.create_task(stop_when_broken([ledger], stop))
    await expire(ledger, adapters.clock(settings), stop)
    await server.close()
    await ledger.close()
    fault = await watching
    if fault is not None:
        raise fault


async def expire(ledger: Ledger, clock: Clock, stop: asyncio.Event) -> None:
    """Free what was reserved and neither used nor given back in its time."""

    async def once() -> None:
        try:
            await ledger.expire(clock.now_us())
        except Unavailable as error:
            log.warning("reservations expire later", reason=str(error))

    await every(EXPIRE_EVERY_S, stop, once)
