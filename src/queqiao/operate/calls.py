"""What every endpoint reads from a call: who acts, dry run, revision, page, idempotency key."""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from queqiao.kernel import json
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    Message,
    Unauthenticated,
)
from queqiao.kernel.http import Request, Response
from queqiao.kernel.paging import dry_run_of
from queqiao.operate.contracts import Parameter
from queqiao.ports.records.audit import Actor
from queqiao.ports.records.base import Records
from queqiao.ports.records.tables import idempotency

TRACE_HEADER = "queqiao-trace"
"""Set by the application on every request it hands to a handler."""
ANSWERS_KEPT_US = 7 * DAY_US

_ETAG = re.compile(r'(?:W/)?"?(\d{1,9})"?', re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

DRY_RUN = Parameter(
    "dry_run", Message("true：只检查，不写入", "true: check only, write nothing"), bool
)
IF_MATCH = Parameter(
    "If-Match", Message("所依据的版本 (ETag)", "the revision you read (ETag)"), str, "header"
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    Message("重试时返回第一次的结果", "a retry returns the first answer"),
    str,
    "header",
)
PAGE = (
    Parameter("limit", Message("每页条数，1 到 200", "items a page, 1 to 200"), int),
    Parameter("cursor", Message("上一页给出的 next_cursor", "next_cursor of the page before")),
)


def actor_of(request: Request) -> Actor:
    """Return who acts, for audit. Raises Unauthenticated on a call without a principal."""
    if request.principal is None:
        raise Unauthenticated
    principal = request.principal
    return Actor(principal.id, principal.name, request.client, trace_of(request))


def trace_of(request: Request) -> str:
    """Return the trace id that a problem document of this request would carry."""
    return request.headers.get(TRACE_HEADER, "")


def expected_revision(request: Request) -> int | None:
    """Return the revision in ``If-Match``, None when absent or ``*``. Raises InvalidInput."""
    said = request.headers.get("if-match", "*").strip()
    if said == "*":
        return None
    found = _ETAG.fullmatch(said)
    if found is None:
        message = Message('应为 ETag，例如 "3"', 'an ETag such as "3"')
        raise InvalidInput(FieldError("If-Match", message))
    return int(found[1])


def answer_once(
    request: Request, conn: Connection, work: Callable[[], Response], secrets: tuple[str, ...] = ()
) -> Response:
    """Return ``work()``, or the first answer when this Idempotency-Key was used before.

    The answer is stored in the transaction of the write itself, so a retry after a crash runs the
    work exactly when nothing was stored. Top-level fields named in ``secrets`` are stored as null.
    Raises Conflict when the key came with another request.
    """
    key = _key_of(request)
    if key is None or dry_run_of(request):
        return work()
    who, fingerprint = actor_of(request).id, _fingerprint(request)
    here = (idempotency.c.principal == who, idempotency.c.key == key)
    known = conn.execute(select(idempotency).where(*here)).first()
    if known is None:
        answer = work()
        row = {"principal": who, "key": key, "fingerprint": fingerprint}
        _store(conn, row, _without(answer, secrets), request)
        return answer
    if known.fingerprint != fingerprint:
        text = Message("这个 Idempotency-Key 已用于另一个请求", "the key came with another request")
        raise Conflict(text)
    headers = tuple((name, value) for name, value in msgspec.json.decode(known.headers))
    return Response(known.status, bytes(known.response), headers=headers)


class _TriedError(Exception):
    """Carries the answer of a dry run out of the transaction, which rolls back."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer
        super().__init__()


async def write_once(
    records: Records, request: Request, work: Callable[[Connection], Response]
) -> Response:
    """Do the work in a transaction, once for an Idempotency-Key; a dry run keeps nothing of it.

    A dry run does all of the work, and answers as if it were kept.
    """
    is_dry = dry_run_of(request)

    def attempt(conn: Connection) -> Response:
        answer = answer_once(request, conn, lambda: work(conn))
        if is_dry:
            raise _TriedError(answer)
        return answer

    try:
        return await records.write(attempt)
    except _TriedError as tried:
        return tried.answer


def _key_of(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        message = Message("1 到 255 个可见 ASCII 字符", "1 to 255 visible ASCII characters")
        raise InvalidInput(FieldError("Idempotency-Key", message))
    return key


def _fingerprint(request: Request) -> str:
    what = [request.method, request.path, request.query, request.headers.get("if-match", "")]
    return sha256(json.encode(what) + request.body).hexdigest()


def _without(answer: Response, secrets: tuple[str, ...]) -> Response:
    if not secrets:
        return answer
    body = msgspec.json.decode(answer.body, type=dict[str, Any])
    for secret in secrets:
        place, _, name = secret.rpartition(".")
        where = body[place] if place else body
        where[name] = None
    return Response(answer.status, json.encode(body), answer.content_type, answer.headers)


def _store(conn: Connection, row: dict[str, str], answer: Response, request: Request) -> None:
    old = idempotency.c.at_us < request.now_us - ANSWERS_KEPT_US
    conn.execute(delete(idempotency).where(old))
    headers = json.encode(answer.headers).decode()
    values = {"status": answer.status, "headers": headers, "response": answer.body}
    conn.execute(insert(idempotency).values(**row, **values, at_us=request.now_us))
