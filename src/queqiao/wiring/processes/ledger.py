"""The ledger role: the one writer of scarce counts."""

import asyncio

from queqiao.kernel.clock import Clock, SystemClock
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.ledger.remote import methods
from queqiao.ports.rpc import RpcServer
from queqiao.wiring import adapters
from queqiao.wiring.role import every
from queqiao.wiring.settings import Settings

EXPIRE_EVERY_S = 5.0


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Keep the ledger and answer the other roles until ``stop`` is set."""
    ledger = adapters.owned_ledger(settings)
    server = RpcServer(methods(ledger))
    await server.serve(settings.socket("ledger.rpc"))
    await expire(ledger, SystemClock(), stop)
    await server.close()
    await ledger.close()


async def expire(ledger: Ledger, clock: Clock, stop: asyncio.Event) -> None:
    """Free what was reserved and neither used nor given back in its time."""

    async def once() -> None:
        await ledger.expire(clock.now_us())

    await every(EXPIRE_EVERY_S, stop, once)
