"""Works on the import jobs of a home, one after another, from where the last process was."""

import asyncio

import structlog
from msgspec import Struct

from queqiao.collect.offline.file_door import FileDoor
from queqiao.collect.offline.import_jobs import ImportJob, ImportJobs, failure_of
from queqiao.collect.offline.import_run import Importer
from queqiao.collect.uploads import Uploads
from queqiao.kernel.clock import Clock
from queqiao.kernel.errors import Message, QueqiaoError, StorageFull, Unavailable

log = structlog.get_logger()

LOOK_EVERY_S = 0.3
_BROKEN = Message("导入程序出错，已记入日志", "the import broke; see the log")


class ImportWorker(Struct, frozen=True):
    """What the work needs."""

    jobs: ImportJobs
    uploads: Uploads
    door: FileDoor
    clock: Clock

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set. The reading is done beside the event loop."""
        while not stop.is_set():
            for job in await asyncio.to_thread(self.jobs.waiting):
                if stop.is_set():
                    return
                await self._work_on(job, stop)
            try:
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
            except TimeoutError:
                continue

    async def _work_on(self, job: ImportJob, stop: asyncio.Event) -> None:
        try:
            path = self.uploads.path(job.plan.upload_id)
            importer = Importer(self.jobs, job, path, self.clock)
            await importer.run(self.door, stop.is_set)
        except (Unavailable, StorageFull) as error:
            log.warning("an import waits", job=job.id, reason=str(error))
        except QueqiaoError as error:
            self._fail(job, failure_of(error))
        except Exception as error:
            log.exception("an import broke", job=job.id, error=repr(error))
            self._fail(job, _BROKEN)

    def _fail(self, job: ImportJob, failure: Message) -> None:
        job.status, job.failure = "failed", failure
        job.finished_at_us = self.clock.now_us()
        self.jobs.save(job)
