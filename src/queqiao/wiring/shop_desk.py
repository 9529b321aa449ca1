"""The management routes about the system itself: its processes, and the shop it serves."""

from collections.abc import Awaitable, Callable

import msgspec

from queqiao import __version__
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.ports.event_log.base import EventLogReader
from queqiao.wiring.settings import Settings
from queqiao.wiring.system_status import SystemView, system


class ShopView(msgspec.Struct, frozen=True):
    """What the console shows of the shop."""

    name: str
    timezone: str
    currency: str


def routes(
    settings: Settings, reader: EventLogReader, loaded: Callable[[], Awaitable[int]]
) -> list[Route]:
    """Return the routes."""

    async def show_system(_request: Request) -> Response:
        return json_response(await system(settings, __version__, reader.end, loaded))

    async def show_shop(_request: Request) -> Response:
        shop = settings.shop
        return json_response(ShopView(shop.name, shop.timezone, shop.currency))

    processes = Message(
        "系统的进程、内存与入库延迟", "The system's processes, memory and loading lag"
    )
    return [
        Route(
            "GET", "/api/v1/system", show_system, processes, "read", None, SystemView, ("system",)
        ),
        Route(
            "GET",
            "/api/v1/shop",
            show_shop,
            Message("店铺的名称、时区和币种", "The shop's name, time zone and currency"),
            "read",
            None,
            ShopView,
            ("system",),
        ),
    ]
