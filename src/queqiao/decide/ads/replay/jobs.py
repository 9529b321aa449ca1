"""Replays as jobs: started, watched, cancelled, and found again; each is a file of the home."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from queqiao.decide.ads.replay import auctions
from queqiao.decide.ads.replay.auctions import Span
from queqiao.decide.ads.replay.change import NewCampaign, NewFloor
from queqiao.decide.ads.replay.messages import AuctionReplayResult
from queqiao.decide.ads.replay.replay import Past, Replay
from queqiao.kernel.errors import Message
from queqiao.kernel.kept_jobs import KeptJobs, Status
from queqiao.ports.warehouse.base import Warehouse

_BUSY = Message("重演正忙，请稍后再试", "replays are busy; try again soon")


class Job(msgspec.Struct):
    """One replay and how far it is."""

    id: str
    status: Status
    created_at_us: int
    from_us: int
    until_us: int
    auctions_total: int = 0
    auctions_read: int = 0
    result: AuctionReplayResult | None = None
    failure: Message | None = None


class Plan(NamedTuple):
    """What a replay needs: the span, the change, and what is known beside the log."""

    span: Span
    campaign: NewCampaign | None
    floor: NewFloor | None
    past: Past
    now_us: int


class Jobs(KeptJobs[Job]):
    """The replays of a home."""

    def __init__(self, folder: Path, warehouse: Warehouse) -> None:
        super().__init__(folder, Job, "auction replay", _BUSY)
        self._warehouse = warehouse

    def start(self, job_id: str, plan: Plan) -> Job:
        """Begin a replay and return at once. Raises TooManyRequests."""
        job = Job(job_id, "running", plan.now_us, plan.span.from_us, plan.span.until_us)
        return self._begin(job, partial(self._read, job, plan))

    async def _read(self, job: Job, plan: Plan) -> None:
        job.auctions_total = await auctions.count(self._warehouse, plan.span)
        became = await auctions.outcomes(self._warehouse, plan.span)
        replay = Replay(plan.past, plan.campaign, plan.floor)
        async for rows in auctions.read(self._warehouse, plan.span):
            await self._aside(replay.take_rows, rows, plan.span, became)
            job.auctions_read += len(rows)
            if job.status == "cancelled":
                return
        result = await self._aside(replay.result)
        if job.status == "running":
            job.result, job.status = result, "done"
