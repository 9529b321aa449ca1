"""The delivery of ads put together: who may ask for them, and how conversions are told."""

from collections.abc import Callable
from typing import NamedTuple

from queqiao.decide.ads.decisions import Decider
from queqiao.decide.ads.delivery.asks import Asks
from queqiao.decide.ads.delivery.conversion_endpoints import ConversionServices
from queqiao.decide.ads.delivery.conversions import Conversions
from queqiao.decide.ads.delivery.hot_endpoints import DeliveryServices
from queqiao.decide.ads.delivery.own_orders import ORDERS_MAX, OwnOrders
from queqiao.decide.ads.hot_state import AdsSnapshot
from queqiao.decide.ads.traffic.caller import Callers
from queqiao.kernel.clock import Clock
from queqiao.kernel.tokens import Signer
from queqiao.ports.warehouse.base import Warehouse
from queqiao.reach.landing_pages.claims import PURPOSE as VISITOR_PURPOSE
from queqiao.reach.landing_pages.claims import Visitors
from queqiao.wiring import adapters, secret_keys
from queqiao.wiring.freshness import Work
from queqiao.wiring.settings import Settings


class Public(NamedTuple):
    """Who may ask without a secret: by which write keys, and from where."""

    source_of: Callable[[str], str | None]
    callers: Callers


def delivery_services(
    settings: Settings, hot: Callable[[], AdsSnapshot], decider: Decider, public: Public
) -> DeliveryServices:
    """Return what the routes of pages, players and apps need."""
    signer: Signer = secret_keys.signer(settings.home, VISITOR_PURPOSE)
    judge = public.callers.judge
    return DeliveryServices(
        hot,
        decider.decide,
        public.source_of,
        Visitors(signer).customer,
        lambda agent, address: judge(agent, address).valid,
        Asks(settings.ads.asks_per_address_per_minute),
        settings.server.public_url.rstrip("/"),
    )


def conversions(settings: Settings) -> Conversions:
    """Return what counts conversions."""
    return Conversions(adapters.ledger(settings), adapters.event_log(settings))


def conversion_services(settings: Settings) -> ConversionServices:
    """Return what the routes of conversions need."""
    signer = secret_keys.signer(settings.home, "postbacks")
    return ConversionServices(conversions(settings), signer, settings.server.public_url.rstrip("/"))


def own_orders(settings: Settings, warehouse: Warehouse, clock: Clock) -> Work:
    """Return the work that tells which of our own orders are owed to ads."""
    orders = OwnOrders(warehouse, conversions(settings))

    async def work() -> None:
        while await orders.tell(clock.now_us()) == ORDERS_MAX:
            pass

    return work
