"""From a call on the wire to an event for the log, or a refusal that names the field.

The free parts (context, properties, traits) travel as the bytes that came. They are parsed once to
know that they are sound (finite numbers, bounded depth, known fields of the right type) and are
never encoded again.
"""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import cast

import msgspec
from msgspec import Raw, Struct

from queqiao.collect.messages import Moment, Name, SegmentCall, decode_call, decode_object
from queqiao.kernel import json
from queqiao.kernel.envelope import EMPTY, CallType, Envelope, encode_envelope
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.ids import IdSource
from queqiao.kernel.text import clean
from queqiao.kernel.vocabulary import EVENTS
from queqiao.ports.event_log.base import NewEvent

ID_CHARS_MAX = 256
EVENT_CHARS_MAX = 256
CALLS = frozenset({"identify", "track", "page", "screen", "group", "alias"})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EARLIEST_US = (datetime(1990, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LATEST_US = (datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND

_CHECKED_PARTS_MAX = 2048
_CHECKED_PART_BYTES_MAX = 4096

_vocabulary = {name: msgspec.json.Decoder(kind).decode for name, kind in EVENTS.items()}

_MISSING = Message("缺少必填字段", "is required")
_NOT_JSON = Message("不是合法的 JSON", "not well-formed JSON")
_NOT_UTF8 = Message("不是合法的 UTF-8", "not UTF-8")
_NO_IDENTITY = Message(
    "userId 与 anonymousId 至少要有一个", "one of userId and anonymousId is required"
)
_NO_TYPE = Message(
    "应为 identify、track、page、screen、group、alias 之一",
    "must be one of identify, track, page, screen, group, alias",
)
_ODD_TIME = Message("时间须在 1990 年至 2100 年之间", "must lie between the years 1990 and 2100")


class Origin(Struct, frozen=True, gc=False):
    """What all calls of a request share. ``context`` stands in where a call brings none."""

    source: str
    received_at_us: int
    sent_at_us: int | None = None
    context: Raw = EMPTY
    suspicious: bool = False
    """The body holds what only a close look can judge: an escaped NUL, or bytes beyond UTF-8."""


def looks_suspicious(body: bytes) -> bool:
    """Say whether each call must be looked at closely. One quick pass for the usual body."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return b"\\u0000" in body


class Validator:
    """Turns calls into events. Remembers free parts that it found sound: contexts repeat."""

    def __init__(self, ids: IdSource) -> None:
        self._ids = ids
        self._sound: set[bytes] = set()

    def event(
        self, raw: bytes | Raw, call: CallType | None, origin: Origin, own_id: str | None = None
    ) -> NewEvent:
        """Return the event for the log. ``call`` None means that the message names its type.

        ``own_id`` is given to a message without an id, instead of a new one. Raises InvalidInput.
        """
        if origin.suspicious:
            _look_closely(bytes(raw))
        return self._event(parse(raw), call, origin, own_id)

    def _event(
        self, message: SegmentCall, call: CallType | None, origin: Origin, own_id: str | None
    ) -> NewEvent:
        kind = call or _call_type(message.type)
        event = _event_name(message, kind)
        user_id = _name(message.user_id, message.user_id_2, "userId")
        anonymous_id = _name(message.anonymous_id, message.anonymous_id_2, "anonymousId")
        if user_id is None and anonymous_id is None:
            raise _refused("userId", _NO_IDENTITY)
        message_id = _name(message.message_id, message.message_id_2, "messageId")
        said_us = _said_us(message)
        context = self._context(message, origin)
        properties = self._properties(message, kind, event)
        traits = self._free(message.traits, "traits")
        message_id = message_id or own_id or self._ids.new()
        body = encode_envelope(
            Envelope(
                message_id,
                kind,
                origin.received_at_us if said_us is None else said_us,
                origin.received_at_us,
                origin.source,
                event,
                anonymous_id,
                user_id,
                _sent_us(message, origin),
                Raw(context) if context else EMPTY,
                Raw(properties) if properties else EMPTY,
                Raw(traits) if traits else EMPTY,
            )
        )
        head = f"{kind}\0{event}\0{anonymous_id}\0{user_id}\0{said_us}\0".encode()
        content = b"\0".join((head, context, properties, traits))
        return NewEvent(origin.source, message_id, body, blake2b(content, digest_size=8).digest())

    def _context(self, message: SegmentCall, origin: Origin) -> bytes:
        part = bytes(message.context)
        if not part:
            part = bytes(origin.context)
        if part in self._sound:
            return part
        part = _sound_part(part, "context")
        if len(part) <= _CHECKED_PART_BYTES_MAX:
            if len(self._sound) >= _CHECKED_PARTS_MAX:
                self._sound.clear()
            self._sound.add(part)
        return part

    def _properties(self, message: SegmentCall, kind: CallType, event: str | None) -> bytes:
        if kind == "group":
            return _linked(message.group_id, message.group_id_2, "groupId", "group_id")
        if kind == "alias":
            return _linked(message.previous_id, message.previous_id_2, "previousId", "previous_id")
        part = self._free(message.properties, "properties")
        check = _vocabulary.get(event) if kind == "track" and event else None
        if check is not None:
            try:
                check(part or b"{}")
            except msgspec.ValidationError as error:
                raise InvalidInput(json.field_error(error, "properties")) from error
        return part

    def _free(self, raw: Raw, path: str) -> bytes:
        part = bytes(raw)
        return _sound_part(part, path) if part else part


def parse(raw: bytes | Raw) -> SegmentCall:
    """Return the call as typed fields. Raises InvalidInput."""
    try:
        return decode_call(raw)
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _refused("", _NOT_JSON) from error


def _refused(path: str, message: Message) -> InvalidInput:
    return InvalidInput(FieldError(path, message))


def _look_closely(raw: bytes) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise _refused("", _NOT_UTF8) from error
    json.check(raw)


def _call_type(said: str | None) -> CallType:
    if said not in CALLS:
        raise _refused("type", _NO_TYPE)
    return cast("CallType", said)


def _event_name(message: SegmentCall, kind: CallType) -> str | None:
    if kind == "track":
        name = message.event
        if not name:
            raise _refused("event", _MISSING)
    elif kind in {"page", "screen"}:
        name = message.name
    else:
        return None
    if name is not None and (len(name) > EVENT_CHARS_MAX or not name.isascii()):
        name = clean(name, "event" if kind == "track" else "name", EVENT_CHARS_MAX)
    return name or None


def _name(camel: Name, snake: Name, path: str) -> str | None:
    value = snake if camel is None else camel
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else str(value)
    if len(text) > ID_CHARS_MAX or not text.isascii():
        text = clean(text, path, ID_CHARS_MAX)
    return text


def _linked(camel: Name, snake: Name, path: str, name: str) -> bytes:
    """Return the properties that hold the other id of a group or alias call."""
    value = _name(camel, snake, path)
    if value is None:
        raise _refused(path, _MISSING)
    return json.encode({name: value})


def _said_us(message: SegmentCall) -> int | None:
    moment = message.timestamp
    if moment is None:
        moment = message.original_timestamp or message.original_timestamp_2
        if moment is None:
            return None
    return microseconds(moment, "timestamp")


def _sent_us(message: SegmentCall, origin: Origin) -> int | None:
    moment = message.sent_at or message.sent_at_2
    return origin.sent_at_us if moment is None else microseconds(moment, "sentAt")


def microseconds(moment: datetime | int, path: str) -> int:
    """Return a time as microseconds; one without an offset is UTC. Raises InvalidInput."""
    if isinstance(moment, int):
        us = moment * 1000
    else:
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        us = (aware - _EPOCH) // _MICROSECOND
    if not _EARLIEST_US <= us < _LATEST_US:
        raise _refused(path, _ODD_TIME)
    return us


def _sound_part(part: bytes, path: str) -> bytes:
    """Return a free part if it is an object of bounded depth with finite numbers; null is empty."""
    if part == b"null":
        return b""
    try:
        if part.count(b"{") + part.count(b"[") > json.DEPTH_MAX:
            json.check(part)
        decode_object(part)
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error, path)) from error
    except InvalidInput as error:
        raise InvalidInput(*(FieldError(path, field.message) for field in error.fields)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _refused(path, _NOT_JSON) from error
    return part


__all__ = ["Moment", "Origin", "Validator", "looks_suspicious", "microseconds", "parse"]
