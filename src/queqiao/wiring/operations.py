"""Every management endpoint of the stages, built for the console role."""

from collections.abc import Sequence
from random import SystemRandom
from typing import Any

from sqlalchemy import Connection

from queqiao.catalog.endpoints import CatalogServices
from queqiao.catalog.endpoints import handlers as catalog_handlers
from queqiao.collect import schemas_check
from queqiao.collect.bad_row_groups import BadRowGroups
from queqiao.collect.bad_row_groups_endpoints import handlers as bad_row_group_handlers
from queqiao.collect.endpoints import CollectServices
from queqiao.collect.endpoints import handlers as collect_handlers
from queqiao.collect.offline.import_endpoints import (
    ImportServices,
    import_routes,
    part_route,
    upload_routes,
)
from queqiao.collect.rpc_methods import RemoteBadRows
from queqiao.collect.schemas_calls import remote_refusals
from queqiao.collect.schemas_endpoints import SchemaServices
from queqiao.collect.schemas_endpoints import handlers as schema_handlers
from queqiao.decide.ads.inventory.endpoints import InventoryDesk
from queqiao.decide.ads.inventory.endpoints import handlers as inventory_handlers
from queqiao.decide.ads.pacing.office import PacingOffice
from queqiao.decide.ads.pacing.office import handlers as pacing_handlers
from queqiao.decide.ads.wallets.endpoints import handlers as wallet_handlers
from queqiao.decide.ads.wallets.office import WalletOffice
from queqiao.decide.promotions.cards.endpoints import handlers as card_handlers
from queqiao.decide.promotions.cards.endpoints import void_route
from queqiao.decide.promotions.cards.operators import CardOffice
from queqiao.decide.promotions.coupons.creation import RefuseDangers
from queqiao.decide.promotions.coupons.endpoints import CouponServices
from queqiao.decide.promotions.coupons.endpoints import handlers as coupon_handlers
from queqiao.decide.promotions.flash_sales.cockpit import CockpitServices, cockpit_route
from queqiao.decide.promotions.flash_sales.reconciling import ReconcilingServices
from queqiao.decide.promotions.flash_sales.reconciling import handlers as flash_handlers
from queqiao.decide.promotions.redemptions.endpoints import handlers as redemption_handlers
from queqiao.decide.promotions.referrals.endpoints import handlers as referral_handlers
from queqiao.kernel.http import Route
from queqiao.kernel.ids import IdSource
from queqiao.measure.endpoints import MeasureServices
from queqiao.measure.endpoints import handlers as measure_handlers
from queqiao.measure.series_endpoints import SeriesServices, series_routes
from queqiao.measure.series_table import PointsStore
from queqiao.operate import going_live
from queqiao.operate.contracts import Operation, Services
from queqiao.ports.records.documents import Stored
from queqiao.ports.rpc import RpcClient
from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import RemoteBackfill, RemoteTiering, watermark
from queqiao.process.corrections_endpoints import CorrectionServices
from queqiao.process.corrections_endpoints import handlers as correction_handlers
from queqiao.process.erasure_endpoints import ErasureServices, RemoteErasures
from queqiao.process.erasure_endpoints import handlers as erasure_handlers
from queqiao.profile.endpoints import ProfileServices
from queqiao.profile.endpoints import handlers as profile_handlers
from queqiao.profile.merge import MergeServices
from queqiao.profile.merge import handlers as merge_handlers
from queqiao.reach.endpoints import routes as reach_routes
from queqiao.wiring import (
    adapters,
    auction_replays,
    flash_tally,
    forecasts,
    kinds,
    landing_pages,
    ledger_desk,
    own_metrics,
    pipeline_desk,
    points_desk,
    promotion_effects,
    rehearsals,
    schedule_desk,
    secret_keys,
    shop_desk,
)
from queqiao.wiring.live import console_reader
from queqiao.wiring.parameters import PART
from queqiao.wiring.receipts import moved_by
from queqiao.wiring.settings import Settings

_MARKED = (
    "SELECT if(event = '', type, event) AS name, schema_version, count() FROM history"
    " WHERE schema_fault != '' GROUP BY name, schema_version LIMIT 10000"
)


def operations(settings: Settings, services: Services) -> Sequence[Any]:
    """Return what the console answers beside documents, people, sessions and audit."""
    records, signer = services.records, services.signer
    warehouse = adapters.warehouse(settings)
    coupons = CouponServices(
        records,
        secret_keys.key(settings.home, "coupons"),
        adapters.ledger(settings),
        warehouse,
        adapters.event_log(settings),
        IdSource(services.clock, SystemRandom().getrandbits),
        refuse_dangers(settings),
    )
    office = CardOffice(records, coupons.ledger, coupons.secret)
    groups = BadRowGroups(settings.home / "bad_rows")
    return [
        *collect_handlers(_collect(settings, services, warehouse, groups)),
        *bad_row_group_handlers(groups),
        *catalog_handlers(CatalogServices(records, signer)),
        *profile_handlers(_profiles(settings, services, warehouse)),
        *merge_handlers(_merges(settings, services, warehouse)),
        *coupon_handlers(coupons),
        *flash_handlers(ReconcilingServices(records, coupons.ledger, warehouse)),
        cockpit_route(
            CockpitServices(records, coupons.ledger, warehouse, flash_tally.answers_of(warehouse))
        ),
        *card_handlers(office),
        *pacing_handlers(PacingOffice(records, coupons.ledger, warehouse, settings.shop.timezone)),
        *inventory_handlers(InventoryDesk(records, warehouse, settings.shop.timezone)),
        *wallet_handlers(WalletOffice(records, coupons.ledger, warehouse, settings.shop.timezone)),
        Operation(void_route(office), audits=True),
        *forecasts.routes(settings, records),
        *auction_replays.routes(settings, records, warehouse, _ids(services)),
        *points_desk.routes(settings, records),
        *referral_handlers(records, signer),
        *measure_handlers(MeasureServices(warehouse)),
        *promotion_effects.routes(settings, records, warehouse),
        *_series(settings, warehouse),
        *correction_handlers(CorrectionServices(warehouse, signer, settings.shop.timezone)),
        *erasure_handlers(_erasures(settings, services)),
        *reach_routes(records, signer),
        *landing_pages.console_routes(settings, records),
        *ledger_desk.routes(adapters.ledger(settings)),
        *redemption_handlers(adapters.ledger(settings), warehouse, records),
        *schedule_desk.routes(settings),
        *_shop(settings, warehouse),
        *_ways(settings, services, warehouse, groups),
        *rehearsals.routes(settings, records, warehouse, _ids(services)),
        *_schemas(settings, services, warehouse),
        *_imports(settings, services),
    ]


def refuse_dangers(settings: Settings) -> RefuseDangers:
    """Return what asks, of a document that goes live, whether another person must allow it."""
    handlings = kinds.handlings(adapters.keyring(settings), settings)

    def refuse(conn: Connection, stored: Stored, path: str) -> None:
        going_live.refuse_dangers(conn, stored, handlings[stored.kind], path)

    return refuse


def _collect(
    settings: Settings, services: Services, warehouse: Warehouse, groups: BadRowGroups
) -> CollectServices:
    zone = settings.shop.timezone
    client = RpcClient(settings.socket("intake.rpc"))
    return CollectServices(
        log=adapters.event_log(settings),
        bad_rows=RemoteBadRows(client),
        signer=services.signer,
        loaded=lambda: loaded(warehouse),
        moved=lambda offset: moved_by(warehouse, offset, zone),
        refused=groups.named,
    )


def _profiles(settings: Settings, services: Services, warehouse: Warehouse) -> ProfileServices:
    live = console_reader(settings, services.clock)
    return ProfileServices(warehouse, services.records, services.signer, live)


def _ways(
    settings: Settings, services: Services, warehouse: Warehouse, groups: BadRowGroups
) -> list[Any]:
    """Return what shows the way of the data: sources and the pipeline."""
    reader = adapters.event_log_reader(settings)
    client = RpcClient(settings.socket("analytics.rpc"))
    upkeep = pipeline_desk.Upkeep(RemoteTiering(client).state, RemoteBackfill(client).state)
    desk = pipeline_desk.PipelineDesk(reader, warehouse, groups, services.clock, upkeep)
    return pipeline_desk.routes(desk)


def _schemas(settings: Settings, services: Services, warehouse: Warehouse) -> list[Route]:
    """Return the registry of schemas, as the intake and the warehouse know it."""

    async def marked() -> dict[tuple[str, int], int]:
        rows = (await warehouse.query(_MARKED)).rows
        return {(name, version): count for name, version, count in rows}

    refusals = remote_refusals(RpcClient(settings.socket("intake.rpc")))
    return [
        *schema_handlers(SchemaServices(services.records, refusals, marked)),
        *schemas_check.routes(),
    ]


def _imports(settings: Settings, services: Services) -> list[Any]:
    """Return uploads and imports. A part leaves no audit row: the import it serves leaves one."""
    jobs, uploads = adapters.imports(settings)
    ids = _ids(services)
    shop = settings.shop
    given = ImportServices(uploads, jobs, services.records, ids, shop.currency, shop.timezone)
    part = Operation(part_route(given), PART, audits=True)
    return [*upload_routes(given), part, *import_routes(given)]


def _erasures(settings: Settings, services: Services) -> ErasureServices:
    desk = RemoteErasures(RpcClient(settings.socket("analytics.rpc")))
    return ErasureServices(desk, _ids(services))


def _merges(settings: Settings, services: Services, warehouse: Warehouse) -> MergeServices:
    ids = _ids(services)
    return MergeServices(warehouse, adapters.event_log(settings), ids)


def _shop(settings: Settings, warehouse: Warehouse) -> list[Route]:
    reader = adapters.event_log_reader(settings)
    return shop_desk.routes(settings, reader, lambda: loaded(warehouse))


def _series(settings: Settings, warehouse: Warehouse) -> list[Route]:
    store = PointsStore(RpcClient(settings.socket("analytics.rpc")))
    reader = adapters.event_log_reader(settings)
    return [
        *series_routes(SeriesServices(warehouse, store)),
        own_metrics.route(settings, reader, lambda: loaded(warehouse)),
    ]


async def loaded(warehouse: Warehouse) -> int:
    """Return up to which offset the warehouse is loaded."""
    return (await watermark(warehouse)).offset


def _ids(services: Services) -> IdSource:
    return IdSource(services.clock, SystemRandom().getrandbits)
