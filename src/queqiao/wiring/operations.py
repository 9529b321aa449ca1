"""Every management endpoint of the stages, built for the console role."""

from collections.abc import Sequence
from typing import Any

from queqiao.catalog.endpoints import CatalogServices
from queqiao.catalog.endpoints import handlers as catalog_handlers
from queqiao.decide.promotions.endpoints import CouponServices
from queqiao.decide.promotions.endpoints import handlers as coupon_handlers
from queqiao.kernel.http import Route
from queqiao.measure.endpoints import MeasureServices
from queqiao.measure.endpoints import handlers as measure_handlers
from queqiao.operate.contracts import Services
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import watermark
from queqiao.profile.endpoints import ProfileServices
from queqiao.profile.endpoints import handlers as profile_handlers
from queqiao.reach.endpoints import routes as reach_routes
from queqiao.wiring import adapters, ledger_desk, secret_keys, shop_desk
from queqiao.wiring.settings import Settings


def operations(settings: Settings, services: Services) -> Sequence[Any]:
    """Return what the console answers beside documents, people, sessions and audit."""
    records, signer = services.records, services.signer
    warehouse = adapters.warehouse(settings)
    coupons = CouponServices(records, secret_keys.key(settings.home, "coupons"))
    return [
        *catalog_handlers(CatalogServices(records, signer)),
        *profile_handlers(ProfileServices(warehouse, records, signer)),
        *coupon_handlers(coupons),
        *measure_handlers(MeasureServices(warehouse)),
        *reach_routes(records, signer),
        *ledger_desk.routes(adapters.ledger(settings)),
        *_shop(settings, warehouse),
    ]


def _shop(settings: Settings, warehouse: Warehouse) -> list[Route]:
    reader = adapters.event_log_reader(settings)
    return shop_desk.routes(settings, reader, lambda: loaded(warehouse))


async def loaded(warehouse: Warehouse) -> int:
    """Return up to which offset the warehouse is loaded."""
    return (await watermark(warehouse)).offset
