"""The management API of offline files: uploads in parts, a look inside, imports as jobs."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from queqiao.collect.offline.file_kinds import KINDS, FileKind
from queqiao.collect.offline.file_rows import Reading, header_of, places_of
from queqiao.collect.offline.import_jobs import (
    BadCellFound,
    ImportEvents,
    ImportJob,
    ImportJobs,
    ImportPlan,
    ImportRows,
    Status,
)
from queqiao.collect.offline.mapping_document import IMPORT_MAPPING
from queqiao.collect.offline.proposals import folded, likely_kind, missing, proposed
from queqiao.collect.offline.tables import Form, form_of, rows_of
from queqiao.collect.uploads import PART_BYTES_MAX, NewUpload, Upload, Uploads
from queqiao.kernel.clock import format_rfc3339, zone_of
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Language, Request, Response, Route, json_response
from queqiao.kernel.ids import IdSource
from queqiao.kernel.money import exponent
from queqiao.kernel.paging import limit_of
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records

PREVIEW_ROWS = 20
CELL_CHARS_MAX = 200
JOBS_PAGE_MAX = 100
_TAGS = ("imports",)
_NO_OFFSET = Message("需要 Upload-Offset 请求头", "the header Upload-Offset is needed")


class ImportServices(Struct, frozen=True):
    """What the endpoints need; currency and zone are the shop's."""

    uploads: Uploads
    jobs: ImportJobs
    records: Records
    ids: IdSource
    currency: str
    timezone: str


class UploadView(Struct, frozen=True):
    """An upload; ``part_bytes_max`` bounds one part."""

    id: str
    name: str
    size: int
    offset: int
    complete: bool
    expires_at: str
    part_bytes_max: int = PART_BYTES_MAX


class Look(Struct, frozen=True, forbid_unknown_fields=True):
    """Which upload to look into; an encoding overrides the one that is found."""

    upload_id: str
    encoding: str = ""


class FieldView(Struct, frozen=True):
    """One field of a kind of file, in the caller's language."""

    name: str
    title: str
    required: bool


class KindView(Struct, frozen=True):
    """One kind of file: its fields, the columns proposed for them, and what is still missing."""

    name: FileKind
    title: str
    fields: list[FieldView]
    columns: dict[str, str]
    missing: list[str]


class SavedMapping(Struct, frozen=True):
    """A saved mapping whose columns are all in this file."""

    id: str
    name: str
    kind: FileKind
    columns: dict[str, str]


class Inspection(Struct, frozen=True):
    """What a file looks like. ``certain`` false: look whether the words read right."""

    name: str
    format: str
    encoding: str
    certain: bool
    delimiter: str
    header_row: int
    headers: list[str]
    rows: list[list[str]]
    kind: FileKind
    kinds: list[KindView]
    saved: list[SavedMapping]


class ProblemView(Struct, frozen=True):
    """A bad cell in the caller's language."""

    row: int
    field: str
    column: str
    reason: str


class JobView(Struct, frozen=True):
    """An import as the API shows it. Amounts are minor units by currency, returns negative."""

    id: str
    file: str
    plan: ImportPlan
    status: Status
    rows_total: int
    rows_read: int
    rows: ImportRows
    events: ImportEvents
    amounts_minor: dict[str, int]
    problems: list[ProblemView]
    problems_total: int
    samples: list[dict[str, Any]]
    failure: str
    created_at: str
    finished_at: str | None


class JobList(Struct, frozen=True):
    """The latest imports, newest first, without their problems and samples."""

    items: list[JobView]
    next_cursor: str | None = None


def upload_routes(services: ImportServices) -> list[Route]:
    """Return the routes of the upload protocol but for the parts."""
    desk = ImportDesk(services)
    words = Message("一个上传：已到的字节数", "An upload: how many bytes have come")
    one = "/api/v1/uploads/{id}"
    return [
        Route(
            "POST", "/api/v1/uploads", desk.create,
            Message("开始上传文件", "Begin an upload"),
            "write", NewUpload, UploadView, _TAGS, status=201,
        ),
        Route("GET", one, desk.upload, words, "read", response_type=UploadView, tags=_TAGS),
        Route("HEAD", one, desk.offset, words, "read", tags=_TAGS),
        Route("DELETE", one, desk.delete, Message("删除上传", "Drop an upload"), "write",
              tags=_TAGS, status=204),
    ]  # fmt: skip


def part_route(services: ImportServices) -> Route:
    """Return the route that takes parts; wiring keeps it from filling the audit trail."""
    return Route(
        "PATCH", "/api/v1/uploads/{id}", ImportDesk(services).part,
        Message("上传一段，从 Upload-Offset 起", "Send a part, from Upload-Offset on"),
        "write", None, UploadView, _TAGS, PART_BYTES_MAX,
    )  # fmt: skip


def import_routes(services: ImportServices) -> list[Route]:
    """Return the routes that look into files, import them and tell of it."""
    desk = ImportDesk(services)
    one = "/api/v1/jobs/{id}"
    return [
        Route(
            "POST", "/api/v1/imports/inspect", desk.inspect,
            Message("查看文件：编码、表头、映射", "Look into a file: encoding, header, mapping"),
            "read", Look, Inspection, _TAGS,
        ),
        Route(
            "POST", "/api/v1/imports", desk.start,
            Message("导入文件；dry_run 只检查", "Import a file; dry_run checks only"),
            "write", ImportPlan, JobView, _TAGS, status=202,
        ),
        Route("GET", "/api/v1/jobs", desk.jobs, Message("最近的导入", "The latest imports"),
              "read", response_type=JobList, tags=_TAGS),
        Route("GET", one, desk.job, Message("一次导入", "One import: progress and account"),
              "read", response_type=JobView, tags=_TAGS),
        Route("POST", one + "/cancel", desk.cancel, Message("取消导入", "Cancel an import"),
              "write", response_type=JobView, tags=_TAGS),
    ]  # fmt: skip


class ImportDesk:
    """Answers the calls. Files are read beside the event loop."""

    def __init__(self, services: ImportServices) -> None:
        self._services = services
        self._turn = asyncio.Lock()

    async def create(self, request: Request) -> Response:
        """Begin an upload, or find the one of the same content."""
        asked = request.decode(NewUpload)
        fresh = self._services.ids.new().replace("-", "")
        make = self._services.uploads.create
        found = await self._alone(lambda: make(asked, fresh, request.now_us))
        location = (("location", f"/api/v1/uploads/{found.id}"), *_offset_of(found))
        body = msgspec.json.encode(_upload_view(found))
        return Response(200 if found.offset else 201, body, headers=location)

    async def upload(self, request: Request) -> Response:
        """Return an upload."""
        found = self._services.uploads.get(request.params["id"])
        return Response(200, msgspec.json.encode(_upload_view(found)), headers=_offset_of(found))

    async def offset(self, request: Request) -> Response:
        """Return the offset as a header."""
        found = self._services.uploads.get(request.params["id"])
        return Response(200, b"", headers=_offset_of(found))

    async def part(self, request: Request) -> Response:
        """Take a part; it is on disk when this answers."""
        said = request.headers.get("upload-offset", "")
        if not (said.isascii() and said.isdecimal() and len(said) < 16):
            raise InvalidInput(FieldError("Upload-Offset", _NO_OFFSET))
        append = self._services.uploads.append
        found = await self._alone(lambda: append(request.params["id"], int(said), request.body))
        return Response(200, msgspec.json.encode(_upload_view(found)), headers=_offset_of(found))

    async def delete(self, request: Request) -> Response:
        """Drop an upload."""
        await self._alone(lambda: self._services.uploads.delete(request.params["id"]))
        return Response(204)

    async def _alone(self, work: Callable[[], Any]) -> Any:
        """Do work on uploads beside the event loop, one call at a time."""
        async with self._turn:
            return await asyncio.to_thread(work)

    async def inspect(self, request: Request) -> Response:
        """Tell what a file looks like and what its columns seem to be."""
        asked = request.decode(Look)
        if asked.encoding not in {"", "utf-8", "gb18030"}:
            message = Message("utf-8 或 gb18030", "utf-8 or gb18030")
            raise InvalidInput(FieldError("encoding", message))
        uploads = self._services.uploads
        path = uploads.path(asked.upload_id)
        form = await asyncio.to_thread(form_of, path, asked.encoding)
        header = await asyncio.to_thread(header_of, path, form)
        mappings = await self._live_mappings()
        saved = [SavedMapping(one.id, one.document.name, one.document.kind, one.document.columns)
                 for one in mappings if _fits(one.document.columns, header.cells)]  # fmt: skip
        rows = await asyncio.to_thread(_preview, path, form, header.number)
        kinds = [_kind_view(name, header.cells, request.language) for name in KINDS]
        return json_response(
            Inspection(
                uploads.get(asked.upload_id).name, form.format, form.encoding, form.certain,
                form.delimiter, header.number, header.cells, rows, likely_kind(header.cells),
                kinds, saved,
            )
        )  # fmt: skip

    async def start(self, request: Request) -> Response:
        """Begin an import; the answer says where its progress is."""
        plan = await self._whole(request.decode(ImportPlan))
        uploads = self._services.uploads
        await asyncio.to_thread(_try, uploads.path(plan.upload_id), plan)
        job_id = self._services.ids.new().replace("-", "")
        name = uploads.get(plan.upload_id).name
        job = self._services.jobs.create(ImportJob(job_id, name, plan, request.now_us))
        answer = json_response(_job_view(job, request.language), 202)
        answer.headers = (("location", f"/api/v1/jobs/{job.id}"),)
        return answer

    async def _whole(self, plan: ImportPlan) -> ImportPlan:
        """Return the plan with what the saved mapping and the shop say. Raises InvalidInput."""
        replace = msgspec.structs.replace
        if plan.mapping:
            mapping = await self._mapping(plan.mapping, plan.kind)
            plan = replace(
                plan,
                columns={**mapping.columns, **plan.columns},
                encoding=plan.encoding or mapping.encoding,
                currency=plan.currency or mapping.currency,
                timezone=plan.timezone or mapping.timezone,
            )
        currency = plan.currency or self._services.currency
        zone = plan.timezone or self._services.timezone
        exponent(currency)
        zone_of(zone)
        return replace(plan, currency=currency, timezone=zone)

    async def _mapping(self, name: str, kind: FileKind) -> Any:
        for stored in await self._live_mappings():
            if name in {stored.id, stored.document.name} and stored.document.kind == kind:
                return stored.document
        message = Message("没有这个已发布的映射", "there is no live mapping of that name and kind")
        raise InvalidInput(FieldError("mapping", message))

    async def _live_mappings(self) -> Any:
        return await self._services.records.read(lambda conn: documents.live(conn, IMPORT_MAPPING))

    async def jobs(self, request: Request) -> Response:
        """Return the latest imports."""
        found = await asyncio.to_thread(
            self._services.jobs.newest, limit_of(request, JOBS_PAGE_MAX)
        )
        return json_response(
            JobList([_job_view(job, request.language, brief=True) for job in found])
        )

    async def job(self, request: Request) -> Response:
        """Return one import."""
        found = self._services.jobs.get(request.params["id"])
        return json_response(_job_view(found, request.language))

    async def cancel(self, request: Request) -> Response:
        """Ask an import to end."""
        self._services.jobs.cancel(request.params["id"])
        return await self.job(request)


def _offset_of(found: Upload) -> tuple[tuple[str, str], ...]:
    return (("upload-offset", str(found.offset)), ("upload-length", str(found.size)))


def _upload_view(found: Upload) -> UploadView:
    expires = format_rfc3339(found.expires_at_us)
    return UploadView(found.id, found.name, found.size, found.offset, found.complete, expires)


def _preview(path: Path, form: Form, header: int) -> list[list[str]]:
    rows = []
    for row in rows_of(path, form):
        if row.number > header:
            rows.append([cell[:CELL_CHARS_MAX] for cell in row.cells])
        if len(rows) == PREVIEW_ROWS:
            break
    return rows


def _fits(columns: dict[str, str], headers: list[str]) -> bool:
    known = {folded(header) for header in headers}
    return all(folded(header) in known for header in columns.values() if header)


def _kind_view(name: FileKind, headers: list[str], language: Language) -> KindView:
    kind = KINDS[name]
    columns = proposed(kind, headers)
    fields = [
        FieldView(field.name, field.title.in_language(language), field.required)
        for field in kind.fields
    ]
    title = kind.title.in_language(language)
    return KindView(name, title, fields, columns, missing(kind, columns))


def _try(path: Path, plan: ImportPlan) -> None:
    """Raise InvalidInput for a mapping that does not fit the file, before there is a job."""
    header = header_of(path, form_of(path, plan.encoding))
    places_of(header.cells, Reading(plan.kind, plan.columns, plan.currency, zone_of(plan.timezone)))


def _job_view(job: ImportJob, language: Language, *, brief: bool = False) -> JobView:
    problems = [] if brief else job.problems
    return JobView(
        job.id,
        job.file,
        job.plan,
        job.status,
        job.rows_total,
        job.rows_read,
        job.rows,
        job.events,
        job.amounts_minor,
        [_problem_view(one, language) for one in problems],
        job.problems_total,
        [] if brief else [msgspec.json.decode(bytes(one)) for one in job.samples],
        job.failure.in_language(language) if job.failure else "",
        format_rfc3339(job.created_at_us),
        format_rfc3339(job.finished_at_us) if job.finished_at_us else None,
    )


def _problem_view(found: BadCellFound, language: Language) -> ProblemView:
    return ProblemView(found.row, found.field, found.column, found.reason.in_language(language))
