"""The analytics role: loads the warehouse, and owns it when it runs in process."""

import asyncio

import structlog

from queqiao.kernel.clock import SystemClock
from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.rpc import RpcServer
from queqiao.ports.warehouse.remote import methods
from queqiao.process import erasure_endpoints
from queqiao.process.erasure import Eraser
from queqiao.process.erasure_book import ErasureBook
from queqiao.process.loader import Loader
from queqiao.wiring import adapters, secret_keys
from queqiao.wiring.role import every
from queqiao.wiring.settings import Settings

log = structlog.get_logger()

ERASE_EVERY_S = 2.0
"""How often the book of erasures is looked into."""


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
    book = ErasureBook(
        settings.home / "erasures.sqlite", secret_keys.key(settings.home, "erasures")
    )
    eraser = Eraser(warehouse, adapters.lake(settings), loader, book)
    server = RpcServer({**methods(warehouse), **erasure_endpoints.methods(book)})
    await server.serve(settings.socket("analytics.rpc"))
    await asyncio.gather(loader.run(stop), every(ERASE_EVERY_S, stop, lambda: erase(eraser)))
    await server.close()
    book.close()
    await loader.close()
    await asyncio.to_thread(warehouse.close)


async def erase(eraser: Eraser) -> None:
    """Do the next piece of an erasure; what fails is tried again later."""
    try:
        await eraser.advance(SystemClock().now_us())
    except (QueqiaoError, OSError) as error:
        log.warning("erasing failed, trying again", error=str(error))
