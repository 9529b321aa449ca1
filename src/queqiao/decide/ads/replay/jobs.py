"""Replays as jobs: started, watched, cancelled, and found again; each is a file of the home."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from queqiao.decide.ads.replay import auctions
from queqiao.decide.ads.replay.auctions import Span
from queqiao.decide.ads.replay.change import NewCampaign, NewFloor
from queqiao.decide.ads.replay.messages import AuctionReplayResult, Status
from queqiao.decide.ads.replay.replay import Past, Replay
from queqiao.kernel.errors import Message, NotFound, QueqiaoError, TooManyRequests
from queqiao.kernel.whole_file import replace_whole
from queqiao.ports.warehouse.base import Warehouse

log = structlog.get_logger()

RUNNING_MAX = 2
"""How many replays run at once; they share one thread."""

RETRY_S = 10
KEPT_MAX = 50
"""How many replays are kept; the oldest go."""

_BUSY = Message("重演正忙，请稍后再试", "replays are busy; try again soon")
_BROKEN = Message("系统出错，请查看日志", "the system is at fault; its log says more")
_INTERRUPTED = Message("中途被重启打断，请重新开始", "interrupted by a restart; start it again")


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


class Jobs:
    """The replays of a home. One process runs them; a restart ends those that ran."""

    def __init__(self, folder: Path, warehouse: Warehouse) -> None:
        self._folder = folder
        self._warehouse = warehouse
        self._running: dict[str, Job] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="auction replay")
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, job_id: str, plan: Plan) -> Job:
        """Begin a replay and return at once. Raises TooManyRequests."""
        if len(self._running) >= RUNNING_MAX:
            raise TooManyRequests(_BUSY, retry_after_s=RETRY_S)
        job = Job(job_id, "running", plan.now_us, plan.span.from_us, plan.span.until_us)
        self._save(job)
        self._running[job_id] = job
        self._make_room()
        task = asyncio.create_task(self._run(job, plan))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    def get(self, job_id: str) -> Job:
        """Return a replay as it stands. Raises NotFound."""
        if job_id in self._running:
            return self._running[job_id]
        if not job_id.isalnum() or len(job_id) > 64:
            raise NotFound
        try:
            job = msgspec.json.decode(self._file(job_id).read_bytes(), type=Job)
        except (FileNotFoundError, msgspec.DecodeError) as error:
            raise NotFound from error
        if job.status == "running":
            job.status, job.failure = "failed", _INTERRUPTED
        return job

    def cancel(self, job_id: str) -> Job:
        """End a replay. Raises NotFound."""
        job = self.get(job_id)
        if job.status == "running":
            job.status = "cancelled"
        return job

    async def _run(self, job: Job, plan: Plan) -> None:
        try:
            await self._read(job, plan)
        except QueqiaoError as error:
            job.status = "failed"
            job.failure = Message(error.explain("zh"), error.explain("en"))
        except Exception:
            log.exception("a replay of auctions has failed")
            job.status, job.failure = "failed", _BROKEN
        finally:
            del self._running[job.id]
            self._save(job)

    async def _read(self, job: Job, plan: Plan) -> None:
        loop = asyncio.get_running_loop()
        job.auctions_total = await auctions.count(self._warehouse, plan.span)
        became = await auctions.outcomes(self._warehouse, plan.span)
        replay = Replay(plan.past, plan.campaign, plan.floor)
        async for rows in auctions.read(self._warehouse, plan.span):
            await loop.run_in_executor(self._thread, replay.take_rows, rows, plan.span, became)
            job.auctions_read += len(rows)
            if job.status == "cancelled":
                return
        result = await loop.run_in_executor(self._thread, replay.result)
        if job.status == "running":
            job.result, job.status = result, "done"

    def _save(self, job: Job) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_whole(self._file(job.id), msgspec.json.encode(job))

    def _make_room(self) -> None:
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
        for file in files[:-KEPT_MAX]:
            if file.stem not in self._running:
                file.unlink(missing_ok=True)

    def _file(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.json"
