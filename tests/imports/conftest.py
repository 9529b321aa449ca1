"""The real door in process, and imports over it."""

import random
from pathlib import Path

import pytest

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.offline.file_door import DoorHere
from queqiao.collect.offline.file_kinds import KINDS
from queqiao.collect.offline.file_rows import header_of
from queqiao.collect.offline.import_jobs import ImportJob, ImportJobs, ImportPlan
from queqiao.collect.offline.import_run import Importer
from queqiao.collect.offline.proposals import proposed
from queqiao.collect.offline.tables import form_of
from queqiao.collect.taking import Taking
from queqiao.collect.validation import Validator
from queqiao.kernel.clock import SystemClock
from queqiao.kernel.envelope import decode_envelope
from queqiao.kernel.ids import IdSource
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader


class Shop:
    """A door, and the imports that go through it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = EmbeddedEventLog(folder / "log")
        self.bad_rows = BadRowsLog(folder / "bad_rows")
        ids = IdSource(SystemClock(), random.Random(1).getrandbits)
        self.door = DoorHere(Taking(self.log, self.bad_rows, Validator(ids)))
        self.jobs = ImportJobs(folder / "imports")

    def importer(self, content: bytes, kind="receipts", job_id="job", **plan) -> Importer:
        """Return the importer of a file with the proposed mapping, or of a known job."""
        path = self.folder / f"{job_id}.file"
        path.write_bytes(content)
        header = header_of(path, form_of(path)).cells
        columns = proposed(KINDS[kind], header)
        given = {"columns": columns, "currency": "CNY", "timezone": "Asia/Shanghai", **plan}
        job = ImportJob(job_id, "f", ImportPlan("u" + job_id, kind, **given), 1)
        return Importer(self.jobs, self.jobs.create(job), path, SystemClock())

    async def run(self, content: bytes, kind="receipts", job_id="job", **plan) -> ImportJob:
        """Import to the end and return the account."""
        importer = self.importer(content, kind, job_id, **plan)
        assert await importer.run(self.door, lambda: False)
        rows = self.jobs.get(job_id).rows
        told = sum(getattr(rows, name) for name in rows.__struct_fields__)
        assert told == importer.job.rows_total, "every row is in exactly one class"
        return self.jobs.get(job_id)

    def events(self):
        reader = EmbeddedEventLogReader(self.folder / "log")
        return [decode_envelope(one.body) for one in reader.read(0, 100_000)]

    def close(self) -> None:
        self.bad_rows.close()
        self.log.close()


@pytest.fixture
def shop(tmp_path):
    made = Shop(tmp_path)
    yield made
    made.close()
