"""The delivery of ads put together: what the roles need to tell conversions."""

from queqiao.decide.ads.delivery.conversion_endpoints import ConversionServices
from queqiao.decide.ads.delivery.conversions import Conversions
from queqiao.decide.ads.delivery.own_orders import ORDERS_MAX, OwnOrders
from queqiao.kernel.clock import Clock
from queqiao.ports.warehouse.base import Warehouse
from queqiao.wiring import adapters, secret_keys
from queqiao.wiring.freshness import Work
from queqiao.wiring.settings import Settings


def conversions(settings: Settings) -> Conversions:
    """Return what counts conversions."""
    return Conversions(adapters.ledger(settings), adapters.event_log(settings))


def conversion_services(settings: Settings) -> ConversionServices:
    """Return what the routes of conversions need."""
    signer = secret_keys.signer(settings.home, "postbacks")
    return ConversionServices(conversions(settings), signer, settings.server.public_url)


def own_orders(settings: Settings, warehouse: Warehouse, clock: Clock) -> Work:
    """Return the work that tells which of our own orders are owed to ads."""
    orders = OwnOrders(warehouse, conversions(settings))

    async def work() -> None:
        while await orders.tell(clock.now_us()) == ORDERS_MAX:
            pass

    return work
