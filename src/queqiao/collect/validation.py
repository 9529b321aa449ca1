"""From a call on the wire to an event for the log, or a refusal that names the field.

The free parts (context, properties, traits) travel as the bytes that came. They are parsed once to
know that they are sound (finite numbers, bounded depth, known fields of the right type) and are
never encoded again. A call is read in camelCase; one that has no ``messageId`` or no id of a person
in that spelling is read in snake_case as well.
"""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import cast

import msgspec
from msgspec import Raw, Struct

from queqiao.collect.amounts import check_amounts
from queqiao.collect.messages import (
    ID_CHARS_MAX,
    SegmentCall,
    decode_call,
    decode_object,
    decode_snake_call,
)
from queqiao.kernel import json
from queqiao.kernel.envelope import EMPTY, CallType, Envelope, encode_envelope
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.ids import IdSource
from queqiao.kernel.text import clean
from queqiao.kernel.vocabulary import EVENTS
from queqiao.ports.event_log.base import NewEvent

KNOWN_CONTEXTS_MAX = 2_048
KNOWN_CONTEXT_BYTES_MAX = 4_096
"""What the memory of sound contexts is bounded by."""
CALLS = frozenset({"identify", "track", "page", "screen", "group", "alias"})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EARLIEST_US = (datetime(1990, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LATEST_US = (datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND

_NO_TIME = b'"timestamp_us":0'
_NOT_RECEIVED = b'"received_at_us":0'

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


class Origin(Struct, frozen=True):
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
    """Turns calls into events. Remembers contexts that it found sound: clients repeat them."""

    def __init__(self, ids: IdSource) -> None:
        self._ids = ids
        self._contexts: set[bytes] = set()

    def event(
        self, raw: bytes | Raw, call: CallType | None, origin: Origin, own_id: str | None = None
    ) -> NewEvent:
        """Return the event for the log. ``call`` None means that the message names its type.

        ``own_id`` is given to a message without an id, instead of a new one. Raises InvalidInput.
        """
        if origin.suspicious:
            _look_closely(bytes(raw))
        message = parse(raw)
        kind = call or _call_type(message.type)
        event = message.event if kind == "track" else message.name
        if event and not event.isascii():
            event = clean(event, "event", ID_CHARS_MAX)
        user_id = _text(message.user_id, "userId")
        anonymous_id = _text(message.anonymous_id, "anonymousId")
        if user_id is None and anonymous_id is None:
            raise _refused("userId", _NO_IDENTITY)
        context = origin.context if message.context is EMPTY else message.context
        message.context = context if context is EMPTY else self._sound_context(context)
        check_parts(message, event if kind == "track" else None)
        if kind not in {"page", "screen"}:
            event = _required(kind, event, message)
        envelope = Envelope(
            _text(message.message_id, "messageId") or own_id or self._ids.new(),
            kind,
            _said_us(message),
            0,
            origin.source,
            event or None,
            anonymous_id,
            user_id,
            None,
            message.context,
            message.properties,
            message.traits,
        )
        content = encode_envelope(envelope)
        fingerprint = blake2b(content, digest_size=8).digest()
        body = _with_times(content, message, origin)
        return NewEvent(origin.source, envelope.message_id, body, fingerprint)

    def _sound_context(self, context: Raw) -> Raw:
        key = bytes(context)
        if key in self._contexts:
            return context
        sound = _sound(context, "context")
        if sound is context and len(key) <= KNOWN_CONTEXT_BYTES_MAX:
            if len(self._contexts) >= KNOWN_CONTEXTS_MAX:
                self._contexts.clear()
            self._contexts.add(key)
        return sound


def _with_times(content: bytes, message: SegmentCall, origin: Origin) -> bytes:
    """Put in the times that a retry changes. The fingerprint is of the content without them."""
    received = b'"received_at_us":%d' % origin.received_at_us
    sent = message.sent_at
    sent_us = origin.sent_at_us if sent is None else microseconds(sent, "sentAt")
    if sent_us is not None:
        received += b',"sent_at_us":%d' % sent_us
    body = content.replace(_NOT_RECEIVED, received, 1)
    if message.timestamp is None and message.original_timestamp is None:
        body = body.replace(_NO_TIME, b'"timestamp_us":%d' % origin.received_at_us, 1)
    return body


def parse(raw: bytes | Raw) -> SegmentCall:
    """Return the call as typed fields. Raises InvalidInput."""
    try:
        message = decode_call(raw)
        if message.message_id is None or (message.user_id is None and message.anonymous_id is None):
            _add_snake_case(message, raw)
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _refused("", _NOT_JSON) from error
    return message


def _add_snake_case(message: SegmentCall, raw: bytes | Raw) -> None:
    other = decode_snake_call(raw)
    for name in other.__struct_fields__:
        if getattr(message, name) is None:
            setattr(message, name, getattr(other, name))


def check_parts(message: SegmentCall, event: str | None) -> None:
    """Raise InvalidInput unless properties and traits are sound; null becomes empty.

    ``event`` names the track call whose properties the vocabulary may know.
    """
    if message.traits is not EMPTY:
        message.traits = _sound(message.traits, "traits")
    if message.properties is not EMPTY:
        message.properties = _sound(message.properties, "properties")
    check = _vocabulary.get(event) if event else None
    if check is not None:
        try:
            check_amounts(check(message.properties))
        except msgspec.ValidationError as error:
            raise InvalidInput(json.field_error(error, "properties")) from error


def _sound(part: Raw, path: str) -> Raw:
    """Return the part if it is an object of bounded depth with finite numbers."""
    try:
        content = decode_object(part)
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error, path)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _refused(path, _NOT_JSON) from error
    if content is None:
        return EMPTY
    raw = bytes(part)
    if len(raw) > 2 * json.DEPTH_MAX and raw.count(b"{") + raw.count(b"[") > json.DEPTH_MAX:
        _check_depth(raw, path)
    return part


def _check_depth(raw: bytes, path: str) -> None:
    try:
        json.check(raw)
    except InvalidInput as error:
        raise InvalidInput(*(FieldError(path, field.message) for field in error.fields)) from error


def _required(kind: CallType, event: str | None, message: SegmentCall) -> str | None:
    """Return the event's name, after a look at what each kind of call cannot do without."""
    if kind == "track":
        if not event:
            raise _refused("event", _MISSING)
        return event
    if kind == "group":
        message.properties = _linked(message.group_id, "groupId", "group_id")
    elif kind == "alias":
        message.properties = _linked(message.previous_id, "previousId", "previous_id")
    return None


def _linked(value: str | int | None, path: str, name: str) -> Raw:
    """Return the properties that hold the other id of a group or alias call."""
    text = _text(value, path)
    if text is None:
        raise _refused(path, _MISSING)
    return Raw(json.encode({name: text}))


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


def _text(value: str | int | None, path: str) -> str | None:
    """Return an id as text in NFC; an empty one is none."""
    if isinstance(value, str):
        return (value if value.isascii() else clean(value, path, ID_CHARS_MAX)) or None
    return None if value is None else str(value)


def _said_us(message: SegmentCall) -> int:
    moment = message.timestamp
    if moment is None:
        moment = message.original_timestamp
        if moment is None:
            return 0
    return microseconds(moment, "timestamp")


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
