"""The Segment HTTP API: one request in, its events into the log, what was refused kept."""

from collections.abc import Callable

import msgspec

from queqiao.collect.bodies import unpack
from queqiao.collect.contracts import (
    BATCH_BYTES_MAX,
    BATCH_EVENTS_MAX,
    SINGLE_BYTES_MAX,
)
from queqiao.collect.messages import (
    SegmentBatch,
    SegmentCalls,
    decode_batch,
    decode_moment,
    decode_write_key,
)
from queqiao.collect.taking import Incoming, Taking
from queqiao.collect.validation import (
    Origin,
    looks_suspicious,
    microseconds,
)
from queqiao.collect.write_keys import basic_user
from queqiao.kernel import json
from queqiao.kernel.envelope import EMPTY, CallType
from queqiao.kernel.errors import (
    FieldError,
    Forbidden,
    InvalidInput,
    Message,
    TooLarge,
    Unauthenticated,
)
from queqiao.kernel.http import Request

_NOT_JSON = Message("不是合法的 JSON", "not well-formed JSON")

SourceOf = Callable[[str], str | None]
"""Returns the source that a write key stands for."""


class SegmentIntake:
    """Takes calls and batches. Returns only after everything of a request is on disk."""

    def __init__(self, taking: Taking, source_of: SourceOf) -> None:
        self._taking = taking
        self._source_of = source_of

    async def take_one(self, request: Request, call: CallType) -> None:
        """Store one call. Raises InvalidInput when it is refused; it is kept as a bad row then."""
        source = self._source_of_header(request)
        body = unpack(request.body, request.headers.get("content-encoding"), SINGLE_BYTES_MAX)
        if source is None:
            source = self._source_of_body(body)
        origin = Origin(
            source,
            request.now_us,
            suspicious=looks_suspicious(body),
            client_ip=browser_address(request),
        )
        (verdict,) = await self._taking.take([Incoming(body, call)], origin)
        if verdict.status == "invalid" and verdict.refusal is not None:
            raise InvalidInput(verdict.refusal)

    async def take_batch(self, request: Request) -> None:
        """Store the valid calls of a batch; keep the others as bad rows."""
        source = self._source_of_header(request)
        body = unpack(request.body, request.headers.get("content-encoding"), BATCH_BYTES_MAX)
        if source is None:
            source = self._source_of_body(body)
        try:
            batch = _batch(body)
        except InvalidInput as refusal:
            await self._taking.keep_whole(body, Origin(source, request.now_us), refusal)
            raise
        origin = Origin(
            source,
            request.now_us,
            sent_us(batch),
            batch.context,
            looks_suspicious(body),
            client_ip=browser_address(request),
        )
        await self._taking.take([Incoming(raw) for raw in batch.batch], origin)

    def _source_of_header(self, request: Request) -> str | None:
        principal = request.principal
        if principal is not None:
            if not principal.may("intake"):
                raise Forbidden(Message("需要 intake 权限的密钥", "needs a key of scope intake"))
            return principal.source or principal.id
        key = basic_user(request.headers.get("authorization"))
        return self._source_of(key) if key else None

    def _source_of_body(self, body: bytes) -> str:
        key = _write_key(body)
        source = self._source_of(key) if key else None
        if source is None:
            raise Unauthenticated(
                Message(
                    "请用写入密钥作为 Basic 用户名，或放在 writeKey 字段",
                    "send the write key as the Basic user name or in writeKey",
                )
            )
        return source


def _batch(body: bytes) -> SegmentBatch:
    try:
        batch = decode_batch(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidInput(FieldError("", _NOT_JSON)) from error
    if len(batch.batch) > BATCH_EVENTS_MAX:
        raise TooLarge(
            Message(
                f"每批最多 {BATCH_EVENTS_MAX} 个事件", f"at most {BATCH_EVENTS_MAX} events a batch"
            )
        )
    return batch


def _write_key(body: bytes) -> str | None:
    try:
        found = decode_write_key(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None  # without a key nobody is told what is wrong with the body
    return found.camel or found.snake


def browser_address(request: Request) -> str:
    """Return the caller's address if a browser called from a page: it says where that page is."""
    return request.client if "origin" in request.headers else ""


def sent_us(batch: SegmentBatch | SegmentCalls) -> int | None:
    """Return when the batch was sent; a time that cannot be read counts as not said."""
    raw = batch.sent_at_snake if batch.sent_at is EMPTY else batch.sent_at
    if raw is EMPTY:
        return None
    try:
        moment = decode_moment(raw)
        return None if moment is None else microseconds(moment, "sentAt")
    except (msgspec.MsgspecError, UnicodeError, InvalidInput):
        return None
