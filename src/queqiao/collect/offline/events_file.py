"""Files of events: JSONL with one Segment call a line, or CSV with one call a row.

CSV columns: ``type`` (track by default), ``event``, ``messageId``, ``timestamp``, ``userId``,
``anonymousId``; any other column is a property by its name, empty cells left out. A call without a
message id gets one made from the file's bytes, so that importing the same file twice changes
nothing.
"""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from queqiao.collect.offline.report import ImportReport
from queqiao.collect.offline.sheets import open_text, rows_of
from queqiao.kernel import json
from queqiao.kernel.errors import FieldError, InvalidInput, Message

LINE_BYTES_MAX = 390_000
_SENT = Message("已发送的调用", "calls sent")
_BLANK = Message("空行", "blank lines")
_LARGE = Message("一行过长", "the line is too long")
_NOT_UTF8 = Message("文件不是 UTF-8 文本", "the file is not UTF-8 text")
_CALL_FIELDS = ("type", "event", "messageId", "timestamp", "userId", "anonymousId")


def read(path: Path, report: ImportReport) -> Iterator[bytes]:
    """Yield the calls of the file and fill the report."""
    tabular = path.name.removesuffix(".gz").lower().endswith((".csv", ".xlsx"))
    return _tabular(path, report) if tabular else _lines(path, report)


def _lines(path: Path, report: ImportReport) -> Iterator[bytes]:
    try:
        with open_text(path) as file:
            for number, text in enumerate(file, 1):
                report.rows = number
                if not text.strip():
                    report.count("blank", _BLANK)
                    continue
                call = _parsed(text.strip().encode(), number, report)
                if call is not None:
                    yield _identified(call, text.encode(), number, report)
    except UnicodeDecodeError as error:
        raise InvalidInput(FieldError("file", _NOT_UTF8)) from error


def _parsed(body: bytes, number: int, report: ImportReport) -> dict[str, Any] | None:
    """Return the call; one that no batch could carry is named as bad, the door judges the rest."""
    if len(body) > LINE_BYTES_MAX:
        report.refuse(number, "", "", _LARGE)
        return None
    try:
        return json.decode(body, dict[str, Any])
    except InvalidInput as error:
        report.refuse_for(error, number, "", error.fields[0].path if error.fields else "")
        return None


def _tabular(path: Path, report: ImportReport) -> Iterator[bytes]:
    for number, row in enumerate(rows_of(path), 1):
        report.rows = number
        call: dict[str, Any] = {name: row[name] for name in _CALL_FIELDS if row.get(name)}
        call.setdefault("type", "track")
        properties = {k: v for k, v in row.items() if v != "" and k not in _CALL_FIELDS}
        if properties:
            call["properties"] = properties
        yield _identified(call, msgspec.json.encode(row), number, report)


def _identified(call: dict[str, Any], content: bytes, number: int, report: ImportReport) -> bytes:
    if not (call.get("messageId") or call.get("message_id")):
        digest = blake2b(b"%d\0" % number + content, digest_size=16).hexdigest()
        call["messageId"] = f"import:{digest}"
    report.count("sent", _SENT)
    return msgspec.json.encode(call)
