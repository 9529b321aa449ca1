"""The Segment HTTP API: one request in, its events into the log, what was refused kept."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Raw

from queqiao.collect.bad_rows import BadRowsLog
from queqiao.collect.bodies import unpack
from queqiao.collect.contracts import (
    BATCH_BYTES_MAX,
    BATCH_EVENTS_MAX,
    SINGLE_BYTES_MAX,
    BadRow,
    BadRowCode,
)
from queqiao.collect.messages import (
    SegmentBatch,
    SegmentCall,
    SegmentCalls,
    decode_batch,
    decode_calls,
    decode_moment,
    decode_write_key,
)
from queqiao.collect.validation import (
    Origin,
    Validator,
    lacks_ids,
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
    QueqiaoError,
    TooLarge,
    Unauthenticated,
)
from queqiao.kernel.http import Request
from queqiao.ports.event_log.base import EventLog, NewEvent

_CONFLICT = Message(
    "同一 messageId 已有不同内容的事件", "another event with this messageId is already stored"
)
_NOT_JSON = Message("不是合法的 JSON", "not well-formed JSON")

SourceOf = Callable[[str], str | None]
"""Returns the source that a write key stands for."""


class SegmentIntake:
    """Takes calls and batches. Returns only after everything of a request is on disk."""

    def __init__(
        self, log: EventLog, bad_rows: BadRowsLog, validator: Validator, source_of: SourceOf
    ) -> None:
        self._log = log
        self._bad_rows = bad_rows
        self._validator = validator
        self._source_of = source_of

    async def take_one(self, request: Request, call: CallType) -> None:
        """Store one call. Raises InvalidInput when it is refused; it is kept as a bad row then."""
        source = self._source_of_header(request)
        body = unpack(request.body, request.headers.get("content-encoding"), SINGLE_BYTES_MAX)
        if source is None:
            source = self._source_of_body(body)
        origin = Origin(source, request.now_us, suspicious=looks_suspicious(body))
        try:
            event = self._validator.event(body, call, origin)
        except InvalidInput as refusal:
            await self._bad_rows.keep([_row(origin, body, call, "invalid", refusal)])
            raise
        await self._store([event], lambda: [body], origin, call, [])

    async def take_batch(self, request: Request) -> None:
        """Store the valid calls of a batch; keep the others as bad rows."""
        source = self._source_of_header(request)
        body = unpack(request.body, request.headers.get("content-encoding"), BATCH_BYTES_MAX)
        if source is None:
            source = self._source_of_body(body)
        suspicious = looks_suspicious(body)
        batch = None if suspicious else _calls(body)
        if batch is not None:
            origin = Origin(source, request.now_us, _sent_us(batch), batch.context)
            events = self._events_of(batch.batch, origin)
            if events is not None:
                await self._store(events, lambda: decode_batch(body).batch, origin, None, [])
                return
        await self._take_one_by_one(body, source, request.now_us, suspicious=suspicious)

    def _events_of(self, calls: Sequence[SegmentCall], origin: Origin) -> list[NewEvent] | None:
        """Return the events of parsed calls, or None when one of them needs a closer look."""
        if any(map(lacks_ids, calls)):
            return None
        event_of = self._validator.event_of
        try:
            return [event_of(call, None, origin) for call in calls]
        except InvalidInput:
            return None

    async def _take_one_by_one(
        self, body: bytes, source: str, now_us: int, *, suspicious: bool
    ) -> None:
        try:
            batch = _batch(body)
        except InvalidInput as refusal:
            origin = Origin(source, now_us)
            await self._bad_rows.keep([_row(origin, body, None, "not_json", refusal)])
            raise
        origin = Origin(source, now_us, _sent_us(batch), batch.context, suspicious)
        await self._take_what_is_valid(batch.batch, origin)

    async def _take_what_is_valid(self, calls: Sequence[Raw], origin: Origin) -> None:
        events: list[NewEvent] = []
        bodies: list[Raw] = []
        refused: list[BadRow] = []
        for raw in calls:
            try:
                events.append(self._validator.event(raw, None, origin))
                bodies.append(raw)
            except InvalidInput as refusal:
                refused.append(_row(origin, bytes(raw), None, "invalid", refusal))
        await self._store(events, lambda: bodies, origin, None, refused)

    async def _store(
        self,
        events: Sequence[NewEvent],
        bodies_of: Callable[[], Sequence[bytes | Raw]],
        origin: Origin,
        call: CallType | None,
        refused: list[BadRow],
    ) -> None:
        outcomes = await self._log.append(events) if events else ()
        conflicts = [
            index for index, outcome in enumerate(outcomes) if outcome.status == "conflict"
        ]
        if conflicts:
            bodies, refusal = bodies_of(), InvalidInput(FieldError("messageId", _CONFLICT))
            refused += [
                _row(origin, bytes(bodies[index]), call, "conflict", refusal) for index in conflicts
            ]
        if refused:
            await self._bad_rows.keep(refused)

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


def _calls(body: bytes) -> SegmentCalls | None:
    """Return a batch parsed at once, or None when it must be looked at call by call."""
    try:
        batch = decode_calls(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return batch if len(batch.batch) <= BATCH_EVENTS_MAX else None


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


def _sent_us(batch: SegmentBatch | SegmentCalls) -> int | None:
    """Return when the batch was sent; a time that cannot be read counts as not said."""
    raw = batch.sent_at_snake if batch.sent_at is EMPTY else batch.sent_at
    if raw is EMPTY:
        return None
    try:
        moment = decode_moment(raw)
        return None if moment is None else microseconds(moment, "sentAt")
    except (msgspec.MsgspecError, UnicodeError, InvalidInput):
        return None


def _row(
    origin: Origin, body: bytes, call: CallType | None, code: BadRowCode, refusal: QueqiaoError
) -> BadRow:
    first = refusal.fields[0] if refusal.fields else FieldError("", refusal.title)
    return BadRow(
        received_at_us=origin.received_at_us,
        source=origin.source,
        code=code,
        path=first.path,
        reason=first.message,
        body=body,
        call=call,
        sent_at_us=origin.sent_at_us,
        whole_body=code == "not_json",
    )
