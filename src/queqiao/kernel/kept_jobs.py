"""Long work that is started, watched, cancelled and found again; each job is a file of the home.

One process runs them, on one thread; a restart ends those that ran.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

import msgspec
import structlog

from queqiao.kernel.errors import Message, NotFound, QueqiaoError, TooManyRequests
from queqiao.kernel.whole_file import replace_whole

log = structlog.get_logger()

RUNNING_MAX = 2
"""How many jobs of a kind run at once; they share one thread."""

RETRY_S = 10
KEPT_MAX = 50
"""How many jobs of a kind are kept; the oldest go."""

Status = Literal["running", "done", "failed", "cancelled"]

_BROKEN = Message("系统出错，请查看日志", "the system is at fault; its log says more")
_INTERRUPTED = Message("中途被重启打断，请重新开始", "interrupted by a restart; start it again")

T = TypeVar("T")


class KeptJob(Protocol):
    """What a job tells beside its own figures. ``failure`` says why where it failed."""

    id: str
    status: Status
    failure: Message | None


J = TypeVar("J", bound=KeptJob)


class KeptJobs(Generic[J]):
    """The jobs of one kind in a folder. ``busy`` is told to whoever starts one too many."""

    def __init__(self, folder: Path, kind: type[J], name: str, busy: Message) -> None:
        self._folder = folder
        self._kind = kind
        self._name = name
        self._busy = busy
        self._running: dict[str, J] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._tasks: set[asyncio.Task[None]] = set()

    def get(self, job_id: str) -> J:
        """Return a job as it stands. Raises NotFound."""
        if job_id in self._running:
            return self._running[job_id]
        if not job_id.isalnum() or len(job_id) > 64:
            raise NotFound
        try:
            job = msgspec.json.decode(self._file(job_id).read_bytes(), type=self._kind)
        except (FileNotFoundError, msgspec.DecodeError) as error:
            raise NotFound from error
        if job.status == "running":
            job.status, job.failure = "failed", _INTERRUPTED
        return job

    def cancel(self, job_id: str) -> J:
        """End a job; what it has done so far stays. Raises NotFound."""
        job = self.get(job_id)
        if job.status == "running":
            job.status = "cancelled"
        return job

    def _begin(self, job: J, work: Callable[[], Awaitable[None]]) -> J:
        """Begin a job and return at once. Raises TooManyRequests.

        ``work`` looks at the job's status now and then, and sets it when it is done.
        """
        if len(self._running) >= RUNNING_MAX:
            raise TooManyRequests(self._busy, retry_after_s=RETRY_S)
        self._save(job)
        self._running[job.id] = job
        self._make_room()
        task = asyncio.create_task(self._run(job, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    async def _aside(self, function: Callable[..., T], *arguments: Any) -> T:
        """Compute something on the thread that jobs of this kind share."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, function, *arguments)

    async def _run(self, job: J, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except QueqiaoError as error:
            job.status = "failed"
            job.failure = Message(error.explain("zh"), error.explain("en"))
        except Exception:
            log.exception("a job has failed", kind=self._name)
            job.status, job.failure = "failed", _BROKEN
        finally:
            del self._running[job.id]
            self._save(job)

    def _save(self, job: J) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_whole(self._file(job.id), msgspec.json.encode(job))

    def _make_room(self) -> None:
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
        for file in files[:-KEPT_MAX]:
            if file.stem not in self._running:
                file.unlink(missing_ok=True)

    def _file(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.json"
