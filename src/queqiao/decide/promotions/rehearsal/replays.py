"""Replays as jobs: started, watched, cancelled, and found again; each is a file of the home."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.rehearsal import past_orders
from queqiao.decide.promotions.rehearsal.past_orders import Span
from queqiao.decide.promotions.rehearsal.replay import PastOrder, Replay, Replayed
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook
from queqiao.kernel.clock import SECOND_US, parse_rfc3339
from queqiao.kernel.errors import Message
from queqiao.kernel.kept_jobs import KeptJobs, Status
from queqiao.ports.warehouse.base import Warehouse

SegmentsOf = Callable[[str], Collection[str]]
_BUSY = Message("重算正忙，请稍后再试", "replays are busy; try again soon")


class ReplayJob(msgspec.Struct):
    """One replay and how far it is. ``result`` is of the orders read so far."""

    id: str
    status: Status
    created_at_us: int
    from_us: int
    until_us: int
    currency: str
    orders_total: int = 0
    orders_read: int = 0
    result: Replayed | None = None
    failure: Message | None = None


class Plan(NamedTuple):
    """What a replay needs: today's rules, the same with the drafts, and the span of orders.

    ``segments_of`` says in which segments a customer is today.
    """

    live: Rulebook
    draft: Rulebook
    drafts: tuple[InlinePromotion, ...]
    span: Span
    segments_of: SegmentsOf
    profile: Profile | str | None
    now_us: int
    zone: str


class Replays(KeptJobs[ReplayJob]):
    """The replays of a home."""

    def __init__(self, folder: Path, warehouse: Warehouse) -> None:
        super().__init__(folder, ReplayJob, "replay", _BUSY)
        self._warehouse = warehouse

    def start(self, job_id: str, plan: Plan) -> ReplayJob:
        """Begin a replay and return at once. Raises TooManyRequests."""
        from_us, until_us, currency = plan.span
        job = ReplayJob(job_id, "running", plan.now_us, from_us, until_us, currency)
        return self._begin(job, partial(self._read, job, plan))

    async def _read(self, job: ReplayJob, plan: Plan) -> None:
        job.orders_total = await past_orders.count(self._warehouse, plan.span)
        replay = Replay(plan.live.shop, plan.draft, plan.profile, when(plan))
        async for orders in past_orders.read(self._warehouse, plan.span, plan.segments_of):
            await self._aside(replay.take, orders)
            job.orders_read += len(orders)
            job.result = replay.result
            if job.status == "cancelled":
                return
        job.result, job.status = replay.result, "done"


def when(plan: Plan) -> Callable[[PastOrder], int]:
    """Return when an order is priced: at its own time of day, on the day the draft is in force.

    That is today, or the day on which the last draft starts, if that is later.
    """
    starts = [parse_rfc3339(one.starts_at) for one in plan.drafts if one.starts_at is not None]
    begin_us, zone = max([plan.now_us, *starts]), ZoneInfo(plan.zone)
    day = datetime.fromtimestamp(begin_us / SECOND_US, zone).date()

    def at_us(order: PastOrder) -> int:
        clock = datetime.fromtimestamp(order.placed_us / SECOND_US, zone).timetz()
        moment = int(datetime.combine(day, clock).timestamp() * SECOND_US)
        if moment >= begin_us:
            return moment
        later = datetime.combine(day + timedelta(days=1), clock)
        return int(later.timestamp() * SECOND_US)

    return at_us
