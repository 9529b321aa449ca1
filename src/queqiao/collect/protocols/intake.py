"""What every foreign protocol does alike: who sends, what is in it, and onto the disk."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec
from msgspec import Raw

from queqiao.collect.contracts import BATCH_EVENTS_MAX, Protocol
from queqiao.collect.protocols.incoming import incoming_calls
from queqiao.collect.protocols.reading import NOT_JSON
from queqiao.collect.taking import Taking, Verdict
from queqiao.collect.validation import Origin, looks_suspicious
from queqiao.collect.write_keys import SourceOf, source_of_request
from queqiao.kernel import cors, json
from queqiao.kernel.errors import (
    FieldError,
    InvalidInput,
    Message,
    QueqiaoError,
    TooLarge,
)
from queqiao.kernel.http import Request, Response, Route

PROTOCOL_BYTES_MAX = 8_000_000
"""Bound of a request after decompression: posthog-python fills batches up to 6 MB."""
TAGS = ("intake",)

decode_object = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode

_RANK = ("stored", "duplicate", "conflict", "invalid")


class ProtocolIntake:
    """Takes the messages of one protocol."""

    def __init__(self, protocol: Protocol, taking: Taking, source_of: SourceOf) -> None:
        self._protocol = protocol
        self._taking = taking
        self._source_of = source_of

    def source(self, request: Request, keys: Iterable[object], cure: Message) -> str:
        """Return the source of a request. Raises Unauthenticated or Forbidden."""
        return source_of_request(request, keys, self._source_of, cure)

    async def take(
        self, originals: Sequence[bytes], source: str, now_us: int, sent_at_us: int | None = None
    ) -> list[Verdict]:
        """Store what is right, keep what is not; a verdict for each message, the worst of its own.

        Returns after everything is on disk. Raises StorageFull or Unavailable.
        """
        if len(originals) > BATCH_EVENTS_MAX:
            words = f"每批最多 {BATCH_EVENTS_MAX} 个事件", f"at most {BATCH_EVENTS_MAX} events"
            raise TooLarge(Message(*words))
        groups = incoming_calls(self._protocol, originals, now_us)
        flat = [(number, call) for number, calls in enumerate(groups) for call in calls]
        suspicious = any(looks_suspicious(bytes(call.body)) for _, call in flat)
        origin = Origin(source, now_us, sent_at_us, suspicious=suspicious)
        verdicts = await self._taking.take([call for _, call in flat], origin)
        numbered = zip((number for number, _ in flat), verdicts, strict=True)
        return [
            max((verdict for _, verdict in group), key=lambda one: _RANK.index(one.status))
            for _, group in groupby(numbered, key=lambda pair: pair[0])
        ]

    async def keep_whole(self, body: bytes, source: str, now_us: int, error: InvalidInput) -> None:
        """Keep a request in which no event could be told."""
        await self._taking.keep_whole(body, Origin(source, now_us), error, self._protocol)


def frame_of(body: bytes) -> dict[str, Raw]:
    """Return a request's fields as bytes, so that one wrong event spoils no other.

    Raises InvalidInput.
    """
    try:
        return decode_object(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidInput(FieldError("", NOT_JSON)) from error


def items_of(raw: Raw | bytes, path: str) -> list[bytes]:
    """Return the bytes of each item of a JSON array. Raises InvalidInput at ``path``."""
    try:
        return [bytes(item) for item in _decode_list(raw)]
    except msgspec.ValidationError as error:
        raise InvalidInput(json.field_error(error, path)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidInput(FieldError(path, NOT_JSON)) from error


def text_in(frame: dict[str, Raw], name: str) -> str | None:
    """Return a text field, or None: what is wrong with it is not told to who has no key."""
    raw = frame.get(name)
    if raw is None:
        return None
    try:
        return _decode_text(raw)
    except (msgspec.MsgspecError, UnicodeError):
        return None


Handler = Callable[[Request], Awaitable[Response]]


def protocol_routes(
    paths: Iterable[str],
    handler: Handler,
    summary: Message,
    request_type: Any,
    response_type: Any,
    *,
    with_cookies: bool = False,
    status: int = 200,
) -> list[Route]:
    """Return the POST routes of the paths, their preflights, and refusals that a page may read."""

    async def post(request: Request) -> Response:
        lines = cors.with_cookies(request) if with_cookies else cors.ANY_SITE
        try:
            answer = await handler(request)
        except QueqiaoError as error:
            return cors.refusal(error, request, (*lines, cors.EXPOSED))
        answer.headers = (*answer.headers, *lines)
        return answer

    async def preflight(request: Request) -> Response:
        return cors.preflight(request)

    asked = Message("跨域预检", "Answer a browser's preflight")
    found = []
    for path in paths:
        found.append(
            Route(
                "POST",
                path,
                post,
                summary,
                request_type=request_type,
                response_type=response_type,
                tags=TAGS,
                body_max=PROTOCOL_BYTES_MAX,
                authenticates_itself=True,
                status=status,
            )
        )
        found.append(Route("OPTIONS", path, preflight, asked, tags=TAGS, status=204))
    return found
