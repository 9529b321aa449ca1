"""Replays as jobs: started, watched, cancelled, and found again; each is a file of the home."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import structlog

from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.rehearsal import past_orders
from queqiao.decide.promotions.rehearsal.past_orders import Span
from queqiao.decide.promotions.rehearsal.replay import PastOrder, Replay, Replayed
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook
from queqiao.kernel.clock import SECOND_US, parse_rfc3339
from queqiao.kernel.errors import Message, NotFound, QueqiaoError, TooManyRequests
from queqiao.kernel.whole_file import replace_whole
from queqiao.ports.warehouse.base import Warehouse

log = structlog.get_logger()

RUNNING_MAX = 2
"""How many replays run at once; they share one thread."""

RETRY_S = 10
KEPT_MAX = 50
"""How many replays are kept; the oldest go."""

SegmentsOf = Callable[[str], Collection[str]]
Status = Literal["running", "done", "failed", "cancelled"]
_BUSY = Message("重算正忙，请稍后再试", "replays are busy; try again soon")
_BROKEN = Message("系统出错，请查看日志", "the system is at fault; its log says more")
_INTERRUPTED = Message("中途被重启打断，请重新开始", "interrupted by a restart; start it again")


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


class Replays:
    """The replays of a home. One process runs them; a restart ends those that ran."""

    def __init__(self, folder: Path, warehouse: Warehouse) -> None:
        self._folder = folder
        self._warehouse = warehouse
        self._running: dict[str, ReplayJob] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="replay")
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, job_id: str, plan: Plan) -> ReplayJob:
        """Begin a replay and return at once."""
        if len(self._running) >= RUNNING_MAX:
            raise TooManyRequests(_BUSY, retry_after_s=RETRY_S)
        from_us, until_us, currency = plan.span
        job = ReplayJob(job_id, "running", plan.now_us, from_us, until_us, currency)
        self._save(job)
        self._running[job_id] = job
        self._make_room()
        task = asyncio.create_task(self._run(job, plan))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    def get(self, job_id: str) -> ReplayJob:
        """Return a replay as it stands. Raises NotFound."""
        if job_id in self._running:
            return self._running[job_id]
        if not job_id.isalnum() or len(job_id) > 64:
            raise NotFound
        try:
            job = msgspec.json.decode(self._file(job_id).read_bytes(), type=ReplayJob)
        except (FileNotFoundError, msgspec.DecodeError) as error:
            raise NotFound from error
        if job.status == "running":
            job.status, job.failure = "failed", _INTERRUPTED
        return job

    def cancel(self, job_id: str) -> ReplayJob:
        """End a replay; what it has read stays. Raises NotFound."""
        job = self.get(job_id)
        if job.status == "running":
            job.status = "cancelled"
        return job

    async def _run(self, job: ReplayJob, plan: Plan) -> None:
        try:
            await self._read(job, plan)
        except QueqiaoError as error:
            job.status = "failed"
            job.failure = Message(error.explain("zh"), error.explain("en"))
        except Exception:
            log.exception("a replay has failed")
            job.status, job.failure = "failed", _BROKEN
        finally:
            del self._running[job.id]
            self._save(job)

    async def _read(self, job: ReplayJob, plan: Plan) -> None:
        loop = asyncio.get_running_loop()
        job.orders_total = await past_orders.count(self._warehouse, plan.span)
        replay = Replay(plan.live.shop, plan.draft, plan.profile, when(plan))
        async for orders in past_orders.read(self._warehouse, plan.span, plan.segments_of):
            await loop.run_in_executor(self._thread, replay.take, orders)
            job.orders_read += len(orders)
            job.result = replay.result
            if job.status == "cancelled":
                return
        job.result, job.status = replay.result, "done"

    def _save(self, job: ReplayJob) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_whole(self._file(job.id), msgspec.json.encode(job))

    def _make_room(self) -> None:
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
        for file in files[:-KEPT_MAX]:
            if file.stem not in self._running:
                file.unlink(missing_ok=True)

    def _file(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.json"


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
