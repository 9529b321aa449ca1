"""Import jobs on disk: what was asked, how far it is, what came of it.

A job is a file under ``home/imports``, replaced whole after every batch. So it is read by one
process and worked on by another, and goes on after a kill.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from queqiao.collect.offline.file_kinds import FileKind
from queqiao.kernel.errors import Conflict, Message, NotFound, QueqiaoError
from queqiao.kernel.vocabulary import FILES_SOURCE
from queqiao.kernel.whole_file import replace_whole

JOBS_MAX = 200
PROBLEMS_MAX = 500
SAMPLES_MAX = 5
Status = Literal["queued", "running", "done", "failed", "cancelled"]
Name = Annotated[str, Meta(max_length=200)]
Word = Annotated[str, Meta(max_length=64)]


class ImportPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be imported and how. ``columns`` is our field to the file's header.

    ``mapping`` names a saved mapping, which ``columns`` goes before. ``encoding`` empty: as found.
    """

    upload_id: Word
    kind: FileKind
    columns: dict[str, Name] = {}
    mapping: Name = ""
    encoding: Literal["", "utf-8", "gb18030"] = ""
    currency: Annotated[str, Meta(pattern="^([A-Z]{3})?$")] = ""
    timezone: Word = ""
    source: Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,64}$")] = FILES_SOURCE
    dry_run: bool = False


class BadCellFound(Struct, frozen=True):
    """One bad cell: the row as a spreadsheet counts, the column by the file's own header."""

    row: int
    field: str
    column: str
    reason: Message


class ImportRows(Struct):
    """Every row below the header, in exactly one class."""

    taken: int = 0
    bad: int = 0
    held: int = 0
    repeated: int = 0
    not_sold: int = 0
    summary: int = 0
    blank: int = 0


class ImportEvents(Struct):
    """What became of the events that the taken rows made; ``would`` counts those of a dry run."""

    would: int = 0
    stored: int = 0
    known: int = 0
    conflict: int = 0
    refused: int = 0


class ImportJob(Struct):
    """The state of a job. ``units`` is the number of documents dealt with so far: the checkpoint.

    ``amounts_minor`` sums what the events say was paid, returns negative, by currency.
    """

    id: str
    file: str
    plan: ImportPlan
    created_at_us: int
    status: Status = "queued"
    rows_total: int = 0
    rows_read: int = 0
    units: int = 0
    rows: ImportRows = field(default_factory=ImportRows)
    events: ImportEvents = field(default_factory=ImportEvents)
    amounts_minor: dict[str, int] = {}
    problems: list[BadCellFound] = []
    problems_total: int = 0
    samples: list[msgspec.Raw] = []
    message_ids: list[str] = []
    failure: Message | None = None
    started_at_us: int = 0
    finished_at_us: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in {"done", "failed", "cancelled"}


class ImportJobs:
    """The jobs of a home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, job: ImportJob) -> ImportJob:
        """Write a new job; the same id again is the same job. The oldest finished ones go."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._file(job.id).exists():
            self._make_room()
            self.save(job)
        return self.get(job.id)

    def _make_room(self) -> None:
        known = self.newest(10 * JOBS_MAX)
        over = [job for job in known if job.is_over]
        waiting = len(known) - len(over)
        if waiting >= JOBS_MAX:
            raise Conflict(Message("等待中的导入太多", "too many imports are waiting"))
        for job in over[JOBS_MAX - waiting - 1 :]:
            self._file(job.id).unlink(missing_ok=True)
            self._cancel_file(job.id).unlink(missing_ok=True)

    def save(self, job: ImportJob) -> None:
        """Replace the state whole; it is on disk when this returns."""
        replace_whole(self._file(job.id), msgspec.json.encode(job))

    def get(self, job_id: str) -> ImportJob:
        """Return a job. Raises NotFound."""
        if not job_id.isalnum() or len(job_id) > 64:
            raise NotFound
        try:
            return msgspec.json.decode(self._file(job_id).read_bytes(), type=ImportJob)
        except FileNotFoundError as error:
            raise NotFound from error

    def newest(self, limit: int) -> list[ImportJob]:
        """Return the latest jobs, newest first."""
        found = []
        for file in self._folder.glob("*.json"):
            try:
                found.append(self.get(file.stem))
            except (NotFound, msgspec.DecodeError):
                continue  # deleted meanwhile, or of another version: no job that could be shown
        return sorted(found, key=lambda job: (job.created_at_us, job.id), reverse=True)[:limit]

    def waiting(self) -> list[ImportJob]:
        """Return the jobs that are not over, oldest first."""
        return [job for job in reversed(self.newest(10 * JOBS_MAX)) if not job.is_over]

    def cancel(self, job_id: str) -> None:
        """Ask a job to end; what it has sent stays. Raises NotFound."""
        self.get(job_id)
        self._cancel_file(job_id).touch()

    def is_cancelled(self, job_id: str) -> bool:
        """Whether somebody asked the job to end."""
        return self._cancel_file(job_id).exists()

    def _file(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.json"

    def _cancel_file(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.cancel"


def failure_of(error: QueqiaoError) -> Message:
    """Return an error as one sentence."""
    return Message(error.explain("zh"), error.explain("en"))
