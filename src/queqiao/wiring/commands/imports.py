"""Files of the offline side from the command line: uploaded in parts, imported as a job."""

import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.progress import BarColumn, Progress, TextColumn

from queqiao.collect.uploads import PART_BYTES_MAX
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.money import format_minor
from queqiao.wiring import local_system
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.terminal import err, out
from queqiao.wiring.local_system import Address
from queqiao.wiring.settings import Settings

TIMEOUT_S = 120.0
LOOK_EVERY_S = 0.2
CHUNK_BYTES = 1 << 20


class FileImport(msgspec.Struct, frozen=True):
    """What the command says of a file. ``columns`` go before those that are recognised."""

    kind: str
    path: Path
    columns: Mapping[str, str] = {}
    mapping: str = ""
    encoding: str = ""
    currency: str = ""
    timezone: str = ""
    dry_run: bool = False


def import_offline(known: Settings, address: Address, asked: FileImport, *, as_json: bool) -> bool:
    """Import a file and print its account; say whether every row of data was taken."""
    headers = {
        "authorization": f"Bearer {local_system.key(known, 'admin')}",
        "accept-language": language(),
    }
    with httpx.Client(base_url=address.base_url, headers=headers, timeout=TIMEOUT_S) as http:
        upload = _uploaded(http, asked.path)
        job = _finished(http, _started(http, upload, asked))
    out.print(msgspec.json.encode(job).decode() if as_json else _account(job))
    lost = job["events"]["conflict"] + job["events"]["refused"]
    rows = job["rows"]
    return job["status"] == "done" and not (rows["bad"] + rows["held"] + lost)


def _uploaded(http: httpx.Client, path: Path) -> str:
    """Return the id of the upload; one that was cut off goes on where it was."""
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
        said = {"name": path.name, "size": path.stat().st_size, "sha256": digest.hexdigest()}
        found = _checked(http.post("/api/v1/uploads", json=said))
        while not found["complete"]:
            file.seek(found["offset"])
            found = _checked(
                http.patch(
                    f"/api/v1/uploads/{found['id']}",
                    content=file.read(PART_BYTES_MAX),
                    headers={"upload-offset": str(found["offset"])},
                )
            )
    return str(found["id"])


def _started(http: httpx.Client, upload: str, asked: FileImport) -> dict[str, Any]:
    columns = dict(asked.columns)
    if not asked.mapping:
        look = {"upload_id": upload, "encoding": asked.encoding}
        found = _checked(http.post("/api/v1/imports/inspect", json=look))
        proposed = next(one["columns"] for one in found["kinds"] if one["name"] == asked.kind)
        columns = {**proposed, **columns}
    plan = {
        "upload_id": upload,
        "kind": asked.kind,
        "columns": columns,
        "mapping": asked.mapping,
        "encoding": asked.encoding,
        "currency": asked.currency,
        "timezone": asked.timezone,
        "dry_run": asked.dry_run,
    }
    return _checked(http.post("/api/v1/imports", json=plan))


def _finished(http: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """Return the job once it is over, with its progress on the terminal meanwhile."""
    words = TextColumn("{task.description}")
    with Progress(words, BarColumn(), console=err, transient=True) as bar:
        task = bar.add_task(job["file"], total=None)
        while job["status"] in {"queued", "running"}:
            time.sleep(LOOK_EVERY_S)
            job = _checked(http.get(f"/api/v1/jobs/{job['id']}"))
            bar.update(task, total=job["rows_total"] or None, completed=job["rows_read"])
    return job


def _account(job: dict[str, Any]) -> str:
    chinese = language() == "zh"
    titles = _TITLES_ZH if chinese else _TITLES_EN
    lines = [f"{job['file']}: {job['status']} {job['failure']}".rstrip()]
    counted = {**job["rows"], **{f"events.{name}": n for name, n in job["events"].items()}}
    lines += [f"  {n:>9}  {titles[name]}" for name, n in counted.items() if n]
    for currency, minor in job["amounts_minor"].items():
        lines.append(f"  {currency} {format_minor(minor, currency)}")
    row = "第 {} 行" if chinese else "row {}"
    lines += [
        f"  {row.format(one['row'])}  {one['column']}: {one['reason']}" for one in job["problems"]
    ]
    return "\n".join(lines)


_TITLES_EN = {
    "taken": "rows taken", "bad": "bad rows", "held": "rows of a document with a bad row",
    "repeated": "rows that repeat a number", "not_sold": "rows cancelled or unpaid",
    "summary": "rows of totals", "blank": "blank rows", "events.would": "events it would become",
    "events.stored": "events added", "events.known": "events there already",
    "events.conflict": "events known with other content",
    "events.refused": "events that break a schema",
}  # fmt: skip
_TITLES_ZH = {
    "taken": "行已采用", "bad": "行有错", "held": "行的同单有错，等待修正", "repeated": "行重号",
    "not_sold": "行取消或未付款", "summary": "合计行", "blank": "空行",
    "events.would": "个事件会新增", "events.stored": "个事件新增", "events.known": "个事件早已有",
    "events.conflict": "个事件与已有内容不同", "events.refused": "个事件不符合模式",
}  # fmt: skip


def _checked(answer: httpx.Response) -> dict[str, Any]:
    """Return an answer's JSON. Raises InvalidInput with the server's words for a problem."""
    body: dict[str, Any] = answer.json()
    if answer.is_success:
        return body
    words = f"{body.get('title', '')} {body.get('detail', '')}".strip()
    told = [
        FieldError(one["path"], Message(one["detail"], one["detail"]))
        for one in body.get("errors", [])
    ]
    raise InvalidInput(*told, detail=Message(words, words))
