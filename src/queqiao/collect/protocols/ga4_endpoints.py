"""GA4's Measurement Protocol. ``api_secret`` is the write key; ``measurement_id`` may be anything.

As Google's server does, ``/mp/collect`` answers 204 whatever becomes of the events: what is refused
is kept as a bad row. ``/debug/mp/collect`` stores nothing and tells what would be refused.
"""

import re
from typing import Any

from msgspec import Raw, Struct

from queqiao.collect.bodies import unpack
from queqiao.collect.contracts import BATCH_EVENTS_MAX
from queqiao.collect.protocols.incoming import incoming_calls
from queqiao.collect.protocols.intake import (
    PROTOCOL_BYTES_MAX,
    ProtocolIntake,
    frame_of,
    items_of,
    protocol_routes,
    text_in,
)
from queqiao.collect.protocols.reading import MISSING, encode, refused
from queqiao.collect.validation import Origin, Validator, looks_suspicious
from queqiao.kernel.errors import FieldError, InvalidInput, Message, TooLarge
from queqiao.kernel.http import Language, Request, Response, Route, json_response

COLLECT_PATH = "/mp/collect"
DEBUG_PATH = "/debug/mp/collect"

_KEY = Message("请把写入密钥作为 api_secret", "send the write key as api_secret")
_NAME = re.compile(r"[^\W\d_]\w{0,39}")
_ODD_NAME = Message(
    "Google 只收字母开头、由字母数字下划线组成、最多 40 个字符的事件名；这里照收",
    "Google takes letters, digits and underscores, a letter first, 40 at most; we store it",
)
_TOO_MUCH = Message(
    "事件太多，或事件之外的内容对这么多事件来说太大；请分批发送",
    "too many events, or too much beside so many; send fewer at once",
)
_OWN_PATHS = (
    ("events[0]", "events[{0}]"),
    ("userId", "client_id"),
    ("anonymousId", "client_id"),
    ("event", "events[{0}].name"),
    ("timestamp", "timestamp_micros"),
    ("traits", "user_properties"),
    ("properties.products[", "events[{0}].params.items["),
    ("properties.order_id", "events[{0}].params.transaction_id"),
    ("properties.revenue", "events[{0}].params.value"),
    ("properties.subtotal", "events[{0}].params.value"),
    ("properties.total", "events[{0}].params.value"),
    ("properties", "events[{0}].params"),
)


class CollectBody(Struct, omit_defaults=True):
    """A request of the Measurement Protocol."""

    events: list[dict[str, Any]]
    client_id: str | None = None
    app_instance_id: str | None = None
    user_id: str | None = None
    timestamp_micros: int | None = None
    user_properties: dict[str, Any] | None = None


class ValidationMessage(Struct, rename="camel"):
    """What is wrong with one field."""

    field_path: str
    description: str
    validation_code: str


class Validation(Struct, rename="camel"):
    """The answer of the debug path; empty when everything would be stored."""

    validation_messages: list[ValidationMessage]


def ga4_routes(intake: ProtocolIntake, validator: Validator) -> list[Route]:
    """Return the routes of the protocol."""
    desk = _Desk(intake, validator)
    words = Message("GA4 事件（Measurement Protocol）", "Take GA4 Measurement Protocol events")
    found = protocol_routes((COLLECT_PATH,), desk.collect, words, CollectBody, None, status=204)
    words = Message("校验 GA4 事件，不存", "Say what is wrong with GA4 events; nothing is stored")
    return found + protocol_routes((DEBUG_PATH,), desk.debug, words, CollectBody, Validation)


class _Desk:
    def __init__(self, intake: ProtocolIntake, validator: Validator) -> None:
        self._intake = intake
        self._validator = validator

    async def collect(self, request: Request) -> Response:
        """Store the events of a request."""
        source = self._intake.source(request, (request.query.get("api_secret"),), _KEY)
        body = unpack(request.body, request.headers.get("content-encoding"), PROTOCOL_BYTES_MAX)
        try:
            originals = _originals(body)
        except InvalidInput as error:
            await self._intake.keep_whole(body, source, request.now_us, error)
            raise
        await self._intake.take(originals, source, request.now_us)
        return Response(204)

    async def debug(self, request: Request) -> Response:
        """Say what is wrong with the events of a request."""
        source = self._intake.source(request, (request.query.get("api_secret"),), _KEY)
        body = unpack(request.body, request.headers.get("content-encoding"), PROTOCOL_BYTES_MAX)
        try:
            originals = _originals(body)
            if not originals:
                raise refused("events", MISSING)
            found = self._faults(originals, source, request)
        except InvalidInput as error:
            found = [_message(fault, 0, request.language) for fault in _fields_of(error)]
        return json_response(Validation(found))

    def _faults(
        self, originals: list[bytes], source: str, request: Request
    ) -> list[ValidationMessage]:
        found = []
        groups = incoming_calls("ga4", originals, request.now_us)
        for number, (original, calls) in enumerate(zip(originals, groups, strict=True)):
            found += _name_faults(original, number, request.language)
            for call in calls:
                suspicious = looks_suspicious(bytes(call.body))
                origin = Origin(source, request.now_us, suspicious=suspicious)
                try:
                    if call.refusal is not None:
                        raise call.refusal
                    self._validator.event(call.body, None, origin, call.own_id)
                except InvalidInput as error:
                    found += [_message(f, number, request.language) for f in _fields_of(error)]
        return found


def _originals(body: bytes) -> list[bytes]:
    """Return a request for each event: what stands beside the events goes with every one."""
    frame = frame_of(body)
    events = frame.pop("events", None)
    if events is None:
        raise refused("events", MISSING)
    raw = bytes(events).strip()
    items = [raw] if raw[:1] == b"{" else items_of(raw, "events")
    if len(items) == 1:
        return [body]
    shared = b"".join(encode(name) + b":" + bytes(value) + b"," for name, value in frame.items())
    if len(items) > BATCH_EVENTS_MAX or len(items) * len(shared) > PROTOCOL_BYTES_MAX:
        raise TooLarge(_TOO_MUCH)
    return [b"{" + shared + b'"events":[' + item + b"]}" for item in items]


def _fields_of(error: InvalidInput) -> tuple[FieldError, ...]:
    return error.fields or (FieldError("", error.title),)


def _message(fault: FieldError, number: int, language: Language) -> ValidationMessage:
    is_missing = "required" in fault.message.en
    code = "VALUE_REQUIRED" if is_missing else "VALUE_INVALID"
    return ValidationMessage(
        _own_path(fault.path, number), fault.message.in_language(language), code
    )


def _own_path(path: str, number: int) -> str:
    """Return the path in the request as it was sent."""
    for ours, theirs in _OWN_PATHS:
        rest = path.removeprefix(ours)
        if path.startswith(ours) and (not rest or ours[-1] == "[" or rest[0] in ".["):
            return theirs.format(number) + rest
    return path


def _name_faults(original: bytes, number: int, language: Language) -> list[ValidationMessage]:
    """Return a word about a name that Google's own server would not take."""
    try:
        events = frame_of(original).get("events", Raw(b"[]"))
        raw = bytes(events).strip()
        event = raw if raw[:1] == b"{" else items_of(raw, "events")[0]
        name = text_in(frame_of(event), "name")
    except InvalidInput:
        return []  # the translation tells what is wrong
    if not name or _NAME.fullmatch(name):
        return []
    path = f"events[{number}].name"
    return [ValidationMessage(path, _ODD_NAME.in_language(language), "NAME_INVALID")]
