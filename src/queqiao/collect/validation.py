"""From a call on the wire to an event for the log, or a refusal that names the field.

The free parts (context, properties, traits) travel as the bytes that came. They are parsed once to
know that they are sound (finite numbers, bounded depth, known fields of the right type) and are
never encoded again. A call is read in camelCase; one that has no ``messageId`` or no id of a person
in that spelling is read in snake_case as well.
"""

from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec
from msgspec import Raw, Struct
from xxhash import xxh3_64_digest

from queqiao.collect.known import check_known
from queqiao.collect.messages import (
    ID_CHARS_MAX,
    Content,
    SegmentCall,
    decode_call,
    decode_object,
    decode_snake_call,
    decode_traits,
    encode_content,
)
from queqiao.collect.schemas import SchemaHolder, Schemas
from queqiao.kernel import json
from queqiao.kernel.envelope import EMPTY, CallType
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.ids import IdSource
from queqiao.kernel.text import clean
from queqiao.ports.event_log.base import NewEvent

CALLS = frozenset({"identify", "track", "page", "screen", "group", "alias"})

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY_S = 86_400
_SECOND_US = 1_000_000
EARLIEST_US = (datetime(1990, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND
LATEST_US = (datetime(2100, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND

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
_ID_NUMBER_END = 10**ID_CHARS_MAX
_LONG_ID = Message(f"最多 {ID_CHARS_MAX} 个字符", f"at most {ID_CHARS_MAX} characters")
_ODD_TIME = Message("时间须在 1990 年至 2100 年之间", "must lie between the years 1990 and 2100")


class Origin(Struct):
    """What all calls of a request share. ``context`` stands in where a call brings none."""

    source: str
    received_at_us: int
    sent_at_us: int | None = None
    context: Raw = EMPTY
    suspicious: bool = False
    """The body holds what only a close look can judge: an escaped NUL, or bytes beyond UTF-8."""
    sound: bool = False
    """The whole body was judged sound (see ``soundness``): its parts need no parse to know it."""
    client_ip: str = ""
    """The caller's address, where a browser calls: a server's says nothing of the shopper."""
    times: bytes = b""
    """How the envelope of a call ends that does not say itself when it was sent."""

    def __post_init__(self) -> None:
        """Prepare what each call repeats."""
        self.times = _times(self.received_at_us, self.sent_at_us, self.client_ip)


def _times(received_at_us: int, sent_at_us: int | None, client_ip: str) -> bytes:
    sent = b"" if sent_at_us is None else b',"sent_at_us":%d' % sent_at_us
    client = b',"client_ip":%b' % json.encode(client_ip) if client_ip else b""
    return b',"received_at_us":%d%b%b}' % (received_at_us, sent, client)


def looks_suspicious(body: bytes) -> bool:
    """Say whether each call must be looked at closely. One quick pass for the usual body."""
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            return True
    return b"\\u0000" in body


class Validator:
    """Turns calls into events. ``schemas`` holds what is registered beside the vocabulary."""

    def __init__(self, ids: IdSource, schemas: SchemaHolder | None = None) -> None:
        self._ids = ids
        self._schemas = schemas or SchemaHolder()

    @property
    def schemas(self) -> Schemas:
        """The registered schemas of this moment."""
        return self._schemas.now

    def event(
        self, raw: bytes | Raw, call: CallType | None, origin: Origin, own_id: str | None = None
    ) -> NewEvent:
        """Return the event for the log. ``call`` None means that the message names its type.

        ``own_id`` is given to a message without an id, instead of a new one. Raises InvalidInput.
        """
        if origin.suspicious:
            _look_closely(bytes(raw))
        return self.event_of(parse(raw), call, origin, own_id)

    def event_of(
        self, message: SegmentCall, call: CallType | None, origin: Origin, own_id: str | None = None
    ) -> NewEvent:
        """Return the event of a call that was parsed, from a body that is not suspicious."""
        kind = call or _call_type(message.type)
        event = message.event if kind == "track" else message.name
        if event and not event.isascii():
            event = clean(event, "event", ID_CHARS_MAX)
        user_id = _text(message.user_id, "userId")
        anonymous_id = _text(message.anonymous_id, "anonymousId")
        if user_id is None and anonymous_id is None:
            raise _refused("userId", _NO_IDENTITY)
        context = _judge_parts(message, kind, origin)
        if kind == "track":
            _check_known(event, message.properties)
        schemas = self._schemas.now
        mark = schemas.mark(kind, event, message.properties, message.traits) if schemas.any else b""
        if kind not in {"page", "screen"}:
            event = _required(kind, event, message)
        message_id = _text(message.message_id, "messageId") or own_id or self._ids.new()
        said_us = _said_us(message)
        content = encode_content(
            Content(
                message_id,
                kind,
                origin.source,
                said_us,
                event or None,
                anonymous_id,
                user_id,
                context,
                message.properties,
                message.traits,
            )
        )
        times = origin.times if message.sent_at is None else _own_times(message.sent_at, origin)
        if not said_us:
            times = b',"timestamp_us":%d%b' % (origin.received_at_us, times)
        return NewEvent(
            origin.source, message_id, content[:-1] + mark + times, xxh3_64_digest(content)
        )


def _judge_parts(message: SegmentCall, kind: CallType, origin: Origin) -> Raw:
    """Judge the free parts of a call in place; null becomes empty. Returns its context."""
    context = origin.context if message.context is EMPTY else message.context
    judge = _plain if origin.sound else _sound
    if context is not EMPTY:
        context = judge(context, "context")
    if kind == "identify" and message.traits is EMPTY:
        message.traits = traits_within(context)
    elif message.traits is not EMPTY:
        message.traits = judge(message.traits, "traits")
    if message.properties is not EMPTY:
        message.properties = judge(message.properties, "properties")
    return context


def traits_within(context: Raw) -> Raw:
    """Return the traits of an identify call that brings them in its context, as RudderStack does.

    Raises InvalidInput.
    """
    if b'"traits"' not in bytes(context):
        return EMPTY
    found = decode_traits(context).traits
    return EMPTY if found is EMPTY else _sound(found, "context.traits")


def _own_times(sent_at: datetime | int, origin: Origin) -> bytes:
    return _times(origin.received_at_us, microseconds(sent_at, "sentAt"), origin.client_ip)


def parse(raw: bytes | Raw) -> SegmentCall:
    """Return the call as typed fields. Raises InvalidInput."""
    try:
        message = decode_call(raw)
        if lacks_ids(message):
            _add_snake_case(message, raw)
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _refused("", _NOT_JSON) from error
    return message


def lacks_ids(message: SegmentCall) -> bool:
    """Say whether a call may be one in snake_case: an id is missing that every call carries."""
    return message.message_id is None or (message.user_id is None and message.anonymous_id is None)


def _add_snake_case(message: SegmentCall, raw: bytes | Raw) -> None:
    other = decode_snake_call(raw)
    for name in other.__struct_fields__:
        if getattr(message, name) is None:
            setattr(message, name, getattr(other, name))


def _check_known(event: str | None, properties: Raw) -> None:
    """Raise InvalidInput unless the properties are what the vocabulary says of this event."""
    try:
        check_known(event, bytes(properties))
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error, "properties")) from error


def _plain(part: Raw, path: str) -> Raw:
    """Return a part of a body that is sound throughout, if it is an object of bounded depth."""
    raw = bytes(part)
    if not raw.startswith(b"{"):
        return _sound(part, path)
    if len(raw) > 2 * json.DEPTH_MAX and raw.count(b"{") + raw.count(b"[") > json.DEPTH_MAX:
        _check_depth(raw, path)
    return part


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
    if value is None:
        return None
    if isinstance(value, str):
        return (value if value.isascii() else clean(value, path, ID_CHARS_MAX)) or None
    if abs(value) >= _ID_NUMBER_END:  # asked before the digits are written out
        raise _refused(path, _LONG_ID)
    return str(value)


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
        since = aware - EPOCH
        us = (since.days * _DAY_S + since.seconds) * _SECOND_US + since.microseconds
    if not EARLIEST_US <= us < LATEST_US:
        raise _refused(path, _ODD_TIME)
    return us
