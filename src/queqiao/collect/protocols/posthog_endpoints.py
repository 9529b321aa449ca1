"""PostHog's ways in: capture v0, capture v1 with a result for each event, and flags (none).

Capture v0 finds its write key in ``api_key`` or ``token``, in the body or the query; v1 as a Bearer
token. A store is all or nothing here, so v1 never answers ``retry`` for one event: while the store
stands still the whole request is 503, which the client repeats under the same request id.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw, Struct, field

from queqiao.collect.bodies import unpack
from queqiao.collect.messages import decode_moment
from queqiao.collect.protocols.intake import (
    PROTOCOL_BYTES_MAX,
    ProtocolIntake,
    frame_of,
    items_of,
    protocol_routes,
    text_in,
)
from queqiao.collect.protocols.reading import MISSING, NOT_JSON, refused
from queqiao.collect.taking import Verdict
from queqiao.collect.validation import microseconds
from queqiao.kernel.errors import InvalidInput, Message
from queqiao.kernel.http import Language, Request, Response, Route, json_response
from queqiao.kernel.ids import IdSource

CAPTURE_PATHS = (
    "/batch",
    "/batch/",
    "/capture",
    "/capture/",
    "/e",
    "/e/",
    "/i/v0/e",
    "/i/v0/e/",
    "/i/v0/ai/batch/",
)
EVENTS_PATH = "/i/v1/analytics/events"
FLAGS_PATHS = ("/flags", "/flags/", "/decide", "/decide/")

_KEY = Message(
    "请把写入密钥放在 api_key 字段（v1 用 Bearer）",
    "send the write key as api_key (as a Bearer token in v1)",
)
_FORM_FIELDS_MAX = 20


class CaptureBody(Struct, omit_defaults=True):
    """One event, or a batch of them, as capture v0 takes it; an array of events goes as well."""

    api_key: str | None = None
    event: str | None = None
    distinct_id: str | None = None
    uuid: str | None = None
    timestamp: str | None = None
    properties: dict[str, Any] | None = None
    batch: list[dict[str, Any]] | None = None
    sent_at: str | None = None


class Captured(Struct):
    """The answer of capture v0."""

    status: int = 1


class EventsBody(Struct, omit_defaults=True):
    """A batch as capture v1 takes it."""

    batch: list[dict[str, Any]]
    created_at: str | None = None
    historical_migration: bool = False


class EventResult(Struct, omit_defaults=True):
    """What became of one event: ``ok``, or ``drop`` with the reason. It is kept as a bad row."""

    result: str
    details: str | None = None


class EventResults(Struct):
    """The answer of capture v1, by the events' ``uuid``."""

    results: dict[str, EventResult]


class FlagsBody(Struct, omit_defaults=True):
    """Who asks for flags."""

    api_key: str | None = None
    token: str | None = None
    distinct_id: str | None = None


class Flags(Struct, rename="camel"):
    """The flags of a person. There are none here, in every form that clients read."""

    request_id: str
    evaluated_at: int
    flags: dict[str, Any] = field(default_factory=dict)
    feature_flags: dict[str, Any] = field(default_factory=dict)
    feature_flag_payloads: dict[str, Any] = field(default_factory=dict)
    errors_while_computing_flags: bool = False
    supported_compression: list[str] = field(default_factory=lambda: ["gzip", "gzip-js"])
    session_recording: bool = False
    site_apps: list[str] = field(default_factory=list)
    has_feature_flags: bool = False


def posthog_routes(intake: ProtocolIntake, ids: IdSource) -> list[Route]:
    """Return the routes of the protocol."""
    desk = _Desk(intake, ids)
    words = Message("PostHog 事件（capture v0）", "Take PostHog events, capture v0")
    found = protocol_routes(CAPTURE_PATHS, desk.capture, words, CaptureBody, Captured)
    words = Message("PostHog 事件（capture v1）", "Take PostHog events, capture v1")
    found += protocol_routes((EVENTS_PATH,), desk.events, words, EventsBody, EventResults)
    words = Message("PostHog 功能开关：一个也没有", "PostHog feature flags: there are none")
    return found + protocol_routes(FLAGS_PATHS, desk.flags, words, FlagsBody, Flags)


class _Desk:
    def __init__(self, intake: ProtocolIntake, ids: IdSource) -> None:
        self._intake = intake
        self._ids = ids

    async def capture(self, request: Request) -> Response:
        """Take what capture v0 takes. A refused event that came alone answers 400."""
        body = _body(request)
        source = self._intake.source(request, _keys(request, body), _KEY)
        try:
            originals, sent_at, alone = _originals(body)
        except InvalidInput as error:
            await self._intake.keep_whole(body, source, request.now_us, error)
            raise
        verdicts = await self._intake.take(originals, source, request.now_us, _moment_us(sent_at))
        if alone and verdicts[0].status == "invalid" and verdicts[0].refusal is not None:
            raise InvalidInput(verdicts[0].refusal)
        return json_response(Captured())

    async def events(self, request: Request) -> Response:
        """Take what capture v1 takes, and say of each event what became of it."""
        source = self._intake.source(request, (), _KEY)
        body = _body(request)
        try:
            frame = frame_of(body)
            if "batch" not in frame:
                raise refused("batch", MISSING)
            originals = items_of(frame["batch"], "batch")
        except InvalidInput as error:
            await self._intake.keep_whole(body, source, request.now_us, error)
            raise
        said = request.headers.get("posthog-request-timestamp", "")
        sent_at = _moment_us(msgspec.json.encode(said))
        verdicts = await self._intake.take(originals, source, request.now_us, sent_at)
        return json_response(EventResults(_results(originals, verdicts, request.language)))

    async def flags(self, request: Request) -> Response:
        """Answer that there are no flags, to who has a key."""
        self._intake.source(request, _keys(request, _body(request)), _KEY)
        return json_response(Flags(self._ids.new(), request.now_us // 1000))


def _body(request: Request) -> bytes:
    """Return the JSON of a request; some clients send it as a form's ``data``, in base64."""
    encoding = request.headers.get("content-encoding")
    body = unpack(request.body, encoding, PROTOCOL_BYTES_MAX)
    if not body.startswith(b"data="):
        return body.strip()
    try:
        form = dict(parse_qsl(body.decode(), max_num_fields=_FORM_FIELDS_MAX))
        data = form.get("data", "").encode()
        return data if data[:1] in {b"{", b"["} else b64decode(data.replace(b" ", b"+"))
    except (ValueError, Base64Error) as error:
        raise refused("data", NOT_JSON) from error


def _originals(body: bytes) -> tuple[list[bytes], Raw | None, bool]:
    """Return the bytes of each event, when they were sent, and whether one came alone."""
    if body[:1] == b"[":
        return items_of(body, ""), None, False
    frame = frame_of(body)
    if "batch" in frame:
        return items_of(frame["batch"], "batch"), frame.get("sent_at"), False
    return [body], frame.get("sent_at"), True


def _keys(request: Request, body: bytes) -> list[str | None]:
    """Return where a key may be: the query, the body, its first event, that one's properties."""
    found = [request.query.get("api_key"), request.query.get("token")]
    try:
        items = items_of(body, "")[:1] if body[:1] == b"[" else [body]
        for item in items:
            frame = frame_of(item)
            inner = frame.get("properties", Raw(b"{}"))
            found += [text_in(frame, "api_key"), text_in(frame, "token")]
            found.append(text_in(frame_of(bytes(inner)), "token"))
    except InvalidInput:
        return found  # without a key nobody is told what is wrong with the body
    return found


def _moment_us(raw: Raw | bytes | None) -> int | None:
    """Return when a request was sent; a time that cannot be read counts as not said."""
    if raw is None:
        return None
    try:
        moment = decode_moment(raw)
        return None if moment is None else microseconds(moment, "sent_at")
    except (msgspec.MsgspecError, UnicodeError, InvalidInput):
        return None


def _results(
    originals: list[bytes], verdicts: list[Verdict], language: Language
) -> dict[str, EventResult]:
    found = {}
    for original, verdict in zip(originals, verdicts, strict=True):
        uuid = _uuid_of(original)
        if uuid is not None:
            found[uuid] = _result(verdict, language)
    return found


def _result(verdict: Verdict, language: Language) -> EventResult:
    fault = verdict.refusal
    if fault is None:
        return EventResult("ok")
    reason = fault.message.in_language(language)
    return EventResult("drop", f"{fault.path}: {reason}" if fault.path else reason)


def _uuid_of(original: bytes) -> str | None:
    try:
        return text_in(frame_of(original), "uuid")
    except InvalidInput:
        return None  # what is no object has no id to answer by
