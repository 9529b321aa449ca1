"""The analytics role: loads the warehouse, and owns it when it runs in process."""

import asyncio

from queqiao.ports.rpc import RpcServer
from queqiao.ports.warehouse.remote import methods
from queqiao.process.loader import Loader
from queqiao.wiring import adapters
from queqiao.wiring.settings import Settings


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Load the warehouse and answer questions about it until ``stop`` is set."""
    warehouse = await asyncio.to_thread(adapters.owned_warehouse, settings)
    loader = Loader(
        adapters.event_log_reader(settings),
        warehouse,
        settings.home / "process.sqlite",
        settings.shop.currency,
        zone=settings.shop.timezone,
        enricher=adapters.enricher(settings),
    )
    await loader.open()
    server = RpcServer(methods(warehouse))
    await server.serve(settings.socket("analytics.rpc"))
    await loader.run(stop)
    await server.close()
    await loader.close()
    await asyncio.to_thread(warehouse.close)
