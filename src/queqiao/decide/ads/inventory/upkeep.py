"""What is done by the clock: supply is counted, booked deals planned, floors learned."""

import asyncio
from collections.abc import Mapping

from sqlalchemy import Connection

from queqiao.decide.ads.contracts import PLACEMENT
from queqiao.decide.ads.inventory import plan as planning
from queqiao.decide.ads.inventory import reserve_log, supply
from queqiao.decide.ads.inventory.booked import Bookings
from queqiao.decide.ads.inventory.deal import DEAL, Deal
from queqiao.decide.ads.inventory.deliveries import Delivered, delivered, slots_lately
from queqiao.decide.ads.inventory.plan import NO_PLAN, Known, Plan
from queqiao.decide.ads.inventory.publishing import supplies_at
from queqiao.kernel.clock import business_day, day_start_us
from queqiao.ports.records import artifacts, documents
from queqiao.ports.records.base import Records
from queqiao.ports.warehouse.base import Warehouse


class InventoryUpkeep:
    """Counts and plans from the warehouse, and tells by artifacts."""

    def __init__(self, warehouse: Warehouse, records: Records, zone: str) -> None:
        self._warehouse = warehouse
        self._records = records
        self._zone = zone

    async def count_supply(self, now_us: int) -> None:
        """Publish how many slots each placement had."""
        body = supply.encode(await supply.count(self._warehouse, now_us, self._zone))
        await self._records.write(lambda conn: artifacts.put(conn, supply.ARTIFACT, body, now_us))

    async def learn_floors(self, now_us: int) -> None:
        """Publish the floors of the placements that ask for learned ones."""
        live = await self._records.read(lambda conn: documents.live(conn, PLACEMENT))
        asking = {one.id: one.document for one in live if one.document.dynamic_floor is not None}
        seen = {}
        if asking:
            seen = await reserve_log.auctions(self._warehouse, [*asking], now_us, self._zone)
        body = reserve_log.encode(await asyncio.to_thread(reserve_log.learn, asking, seen))
        name = reserve_log.ARTIFACT
        await self._records.write(lambda conn: artifacts.put(conn, name, body, now_us))

    async def deals(self) -> object:
        """Return what tells one set of live deals from another."""
        live = await self._records.read(lambda conn: documents.live(conn, DEAL))
        return [(one.id, one.revision) for one in live]

    async def plan_deals(self, now_us: int) -> None:
        """Publish which share of which placements each booked deal takes."""
        today = business_day(now_us, self._zone)
        deals = await self._records.read(guaranteed)
        before = await self._records.read(plan_at)
        if not deals and not before.deals:
            return
        known = Known(
            supplies=await self._records.read(lambda conn: supplies_at(conn, today)),
            delivered=await deliveries_of(self._warehouse, deals, now_us, self._zone),
            lately=await slots_lately(self._warehouse, now_us) if deals else {},
            before=before,
            zone=self._zone,
        )
        body = planning.encode(planning.plan(deals, known, now_us))
        await self._records.write(lambda conn: artifacts.put(conn, planning.ARTIFACT, body, now_us))


def guaranteed(conn: Connection) -> dict[str, Deal]:
    """Return the live guaranteed deals by id."""
    return {
        one.id: one.document
        for one in documents.live(conn, DEAL)
        if one.document.kind == "guaranteed"
    }


def plan_at(conn: Connection) -> Plan:
    """Return the plan that was published last."""
    found = artifacts.get(conn, planning.ARTIFACT)
    return planning.decode(found[1]) if found else NO_PLAN


def bookings_at(conn: Connection) -> Bookings:
    """Return the shares of the published plan, as far as the deals are still live."""
    return planning.bookings(plan_at(conn), guaranteed(conn))


async def deliveries_of(
    warehouse: Warehouse, deals: Mapping[str, Deal], now_us: int, zone: str
) -> list[Delivered]:
    """Return what guaranteed deals delivered since the first of them began."""
    if not deals:
        return []
    since_us = min(day_start_us(deal.from_day or "", zone) for deal in deals.values())
    campaigns = [deal.campaign or "" for deal in deals.values()]
    return await delivered(warehouse, campaigns, since_us, now_us, zone)
