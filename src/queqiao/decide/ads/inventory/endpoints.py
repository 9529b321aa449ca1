"""The management endpoints of inventory: what is free, and how booked deals are delivered."""

from datetime import date, timedelta

from queqiao.decide.ads.contracts import PLACEMENT
from queqiao.decide.ads.inventory.availability import (
    AHEAD_DAYS_MAX,
    Availability,
    Calendar,
    available,
)
from queqiao.decide.ads.inventory.booking import booked
from queqiao.decide.ads.inventory.deal import DEAL
from queqiao.decide.ads.inventory.delivery import DealDelivery, delivery
from queqiao.decide.ads.inventory.publishing import supplies_at
from queqiao.decide.ads.inventory.supply import Supplies, days_between
from queqiao.decide.ads.inventory.upkeep import deliveries_of, guaranteed, plan_at
from queqiao.kernel.clock import business_day
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.text import clean
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.ports.warehouse.base import Warehouse

DAYS_SHOWN = 30
"""So many days are told, from today, when none are asked for."""


class InventoryDesk:
    """Answers operators' questions about inventory."""

    def __init__(self, records: Records, warehouse: Warehouse, zone: str) -> None:
        self._records = records
        self._warehouse = warehouse
        self._zone = zone

    async def availability(self, placement_id: str, days: list[str], today: str) -> Availability:
        """Return what a placement has to give. Raises NotFound for an unknown placement."""
        await self._records.read(lambda conn: documents.get(conn, PLACEMENT, placement_id))
        supplies = await self._records.read(lambda conn: supplies_at(conn, today))
        deals = await self._records.read(guaranteed)
        calendar = Calendar(supplies)
        taken = booked(deals.values(), calendar)
        return available(placement_id, days, calendar, taken, _known(supplies, placement_id))

    async def delivery(self, deal_id: str, now_us: int) -> DealDelivery:
        """Return how a deal is delivered. Raises NotFound, InvalidInput for one not guaranteed."""
        stored = await self._records.read(lambda conn: documents.get(conn, DEAL, deal_id))
        deal = stored.document
        if deal.kind != "guaranteed":
            raise InvalidInput(FieldError("id", _NOT_BOOKED))
        today = business_day(now_us, self._zone)
        supplies = await self._records.read(lambda conn: supplies_at(conn, today))
        found = await deliveries_of(self._warehouse, {deal_id: deal}, now_us, self._zone)
        mine = [one for one in found if one.deal_id == deal_id]
        plan = await self._records.read(plan_at)
        return delivery((deal_id, deal), Calendar(supplies), mine, plan, today)

    def asked(self, request: Request) -> tuple[list[str], str]:
        """Return the days that a request asks for, and today. Raises InvalidInput."""
        today = business_day(request.now_us, self._zone)
        first = _day(request, "from", today)
        farthest = _later(today, AHEAD_DAYS_MAX)
        if not _later(today, -AHEAD_DAYS_MAX) <= first <= farthest:
            raise InvalidInput(FieldError("from", _TOO_FAR))
        last = _day(request, "to", min(farthest, _later(first, DAYS_SHOWN - 1)))
        if last < first:
            raise InvalidInput(FieldError("to", _BEFORE))
        if last > farthest:
            raise InvalidInput(FieldError("to", _TOO_FAR))
        return days_between(first, last), today


def handlers(desk: InventoryDesk) -> list[Route]:
    """Return the routes of the console role."""

    async def availability(request: Request) -> Response:
        name = clean(request.params["id"], "id", 128)
        return json_response(await desk.availability(name, *desk.asked(request)))

    async def delivered(request: Request) -> Response:
        name = clean(request.params["id"], "id", 128)
        return json_response(await desk.delivery(name, request.now_us))

    return [
        Route(
            "GET", "/api/v1/placements/{id}/availability", availability,
            Message("广告位每天还有多少可订", "What a placement has free, by day"),
            "read", response_type=Availability, tags=("ads",),
        ),
        Route(
            "GET", "/api/v1/deals/{id}/delivery", delivered,
            Message("保量合约的交付进度", "How a guaranteed deal is delivered"),
            "read", response_type=DealDelivery, tags=("ads",),
        ),
    ]  # fmt: skip


def _known(supplies: Supplies, placement_id: str) -> int:
    supply = supplies.placements.get(placement_id)
    return len(supply.counts) if supply else 0


def _day(request: Request, name: str, absent: str) -> str:
    said = request.query.get(name, absent)
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError as error:
        raise InvalidInput(FieldError(name, _NO_DAY)) from error


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days)).isoformat()


_NO_DAY = Message("须为日期，例如 2026-06-18", "must be a day such as 2026-06-18")
_BEFORE = Message("不能早于 from", "must not be before from")
_TOO_FAR = Message(
    f"离今天最多 {AHEAD_DAYS_MAX} 天", f"must be within {AHEAD_DAYS_MAX} days of today"
)
_NOT_BOOKED = Message("只有保量合约有交付进度", "is no guaranteed deal: only those are delivered")
